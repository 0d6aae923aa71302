"""The resources as Python objects. Their fields are those of the kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from zaffre.errors import ZaffreError
from zaffre.kinds import (
    environment,
    job_ports,
    job_settings,
    schedule,
    scoring_settings,
    step,
)
from zaffre.kinds.document import Document
from zaffre.ml.deployment_parts import (
    CodeConfiguration,
    DataCollector,
    DefaultScaleSettings,
    DeploymentCollection,
    OnlineRequestSettings,
    ProbeSettings,
    RequestLogging,
    TargetUtilizationScaleSettings,
)
from zaffre.ml.entity import Entity, Part
from zaffre.ml.local_fields import locals_of
from zaffre.ml.nodes import Node, component_of

__all__ = [
    "AmlCompute",
    "BatchDeployment",
    "BatchEndpoint",
    "BatchRetrySettings",
    "BuildContext",
    "CodeConfiguration",
    "CommandJob",
    "CommandJobLimits",
    "Component",
    "Compute",
    "ComputeInstance",
    "CronTrigger",
    "Data",
    "DataCollector",
    "DataTrigger",
    "Datastore",
    "DefaultScaleSettings",
    "DeploymentCollection",
    "Entity",
    "Environment",
    "Input",
    "Job",
    "JobResourceConfiguration",
    "JobSchedule",
    "KubernetesOnlineDeployment",
    "KubernetesOnlineEndpoint",
    "LocalCompute",
    "LocalDatastore",
    "ManagedOnlineDeployment",
    "ManagedOnlineEndpoint",
    "Model",
    "ModelBatchDeployment",
    "ModelBatchDeploymentSettings",
    "OnlineDeployment",
    "OnlineEndpoint",
    "OnlineRequestSettings",
    "Output",
    "PipelineComponentBatchDeployment",
    "PipelineJob",
    "PredictionView",
    "ProbeSettings",
    "QueueSettings",
    "RecurrencePattern",
    "RecurrenceTrigger",
    "RequestLogging",
    "ResourceConfiguration",
    "Schedule",
    "TargetUtilizationScaleSettings",
    "Workspace",
]


class Workspace(Entity, kind="workspace"):
    """The scope of everything else."""


class Compute(Entity, kind="compute"):
    """Where work runs."""


class LocalCompute(Compute):
    """This machine, with so many jobs at a time."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "local", **fields})


class AmlCompute(Compute):
    """A cluster of a cloud; here a name for the local pool."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "amlcompute", **fields})


class ComputeInstance(Compute):
    """A machine for one person; here a name for the local pool."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "computeinstance", **fields})


class Datastore(Entity, kind="datastore"):
    """A place that holds data."""


class LocalDatastore(Datastore):
    """A folder of the server's machine."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "local", **fields})


class Data(Entity, kind="data"):
    """A file, folder or table under a name and a version."""


class BuildContext(Part, model=environment.BuildContext):
    """A folder with a Dockerfile."""


class Environment(Entity, kind="environment"):
    """The interpreter that code runs in."""


class Model(Entity, kind="model"):
    """Files that predict, under a name and a version."""


class Input(Part, model=job_ports.JobInput):
    """Data that a job reads."""


class Output(Part, model=job_ports.JobOutput):
    """A file or folder that a job writes."""


class JobResourceConfiguration(Part, model=job_settings.JobResources):
    """How much of a compute a job takes."""


ResourceConfiguration = JobResourceConfiguration


class CommandJobLimits(Part, model=job_settings.CommandLimits):
    """What ends a job early."""


class QueueSettings(Part, model=job_settings.QueueSettings):
    """How urgent a job is."""


class Component(Entity, kind="component"):
    """A step for pipelines: typed inputs and outputs, under a name and a version."""

    def __call__(self, **inputs: Any) -> Node:
        """Make a step of the pipeline that is being built."""
        if "revision" in self._document:
            return Node(self.as_field(), self.to_document(), inputs)
        document = placed_document("component", self)
        return Node(document, document, inputs)


class Job(Entity, kind="job"):
    """One run of work, with what it needs and what came of it."""

    _look: Callable[[], Mapping[str, Any]] | None = None

    def refresh(self) -> Job:
        """Look at the job again, where it came from a workspace."""
        if self._look is not None:
            self._fill(Document(self._look()))
        return self

    def _repr_html_(self) -> str:
        try:
            self.refresh()
        except ZaffreError:
            return super()._repr_html_() + "<i>as it was when the server was last reached</i>"
        return super()._repr_html_()


class CommandJob(Job):
    """One command, run once in an environment."""

    def __call__(self, **inputs: Any) -> Node:
        """Make a step of the pipeline that is being built."""
        document = component_of({**self._document, **placed_document("job", self, own=True)})
        return Node(document, document, inputs)


class PipelineJob(Job):
    """Steps wired by their inputs and outputs."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "pipeline", **fields})

    def dump(self, path: Path | str | None = None) -> str:
        """Give the pipeline as YAML, and write it to a file if one is named."""
        text = yaml.safe_dump(self.to_document(), sort_keys=False, allow_unicode=True)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text


class RecurrencePattern(Part, model=schedule.RecurrencePattern):
    """At which hours, minutes and days something recurs."""


class CronTrigger(Part, model=schedule.Trigger):
    """A cron expression."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("cron", fields))


class RecurrenceTrigger(Part, model=schedule.Trigger):
    """Something that recurs."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("recurrence", fields))


class DataTrigger(Part, model=schedule.Trigger):
    """Data that changes."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("data", fields))


def _trigger(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a trigger; times may be given as such."""
    for name in ("start_time", "end_time"):
        if hasattr(fields.get(name), "isoformat"):
            fields[name] = fields[name].isoformat()
    return {**fields, "type": kind}


class Schedule(Entity, kind="schedule"):
    """Creates jobs by itself: by the clock, or when data changes."""

    def __init__(self, **fields: Any) -> None:
        job = fields.get("create_job")
        if isinstance(job, Job) and "revision" not in job.to_dict():
            document = job.to_document()
            for local in locals_of("job", document, job.base_path):
                local.holder[local.name] = str(local.path)
            fields["create_job"] = document
        super().__init__(**fields)


class JobSchedule(Schedule):
    """The same, by Azure's name."""


def placed_document(kind: str, entity: Entity, *, own: bool = False) -> dict[str, Any]:
    """Give a document whose local paths do not depend on where it lies.

    With `own`, only what stands at its top that is no input.
    """
    document = entity.to_document()
    document.pop("$schema", None)
    for local in list(locals_of(kind, document, entity.base_path)):
        local.holder[local.name] = str(local.path)
    if own:
        return {name: document[name] for name in ("code", "environment") if name in document}
    return document


class OnlineEndpoint(Entity, kind="online_endpoint"):
    """A stable address that answers requests."""


class ManagedOnlineEndpoint(OnlineEndpoint):
    """An online endpoint that this server keeps."""


class KubernetesOnlineEndpoint(OnlineEndpoint):
    """An online endpoint written for a cluster; this machine serves it."""


class OnlineDeployment(Entity, kind="online_deployment"):
    """A model, its scoring script and its environment, behind an endpoint."""


class ManagedOnlineDeployment(OnlineDeployment):
    """A deployment that this server keeps."""


class KubernetesOnlineDeployment(OnlineDeployment):
    """A deployment written for a cluster; this machine serves it."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "kubernetes", **fields})


class PredictionView(Entity, kind="prediction_view"):
    """The newest prediction of each entity, whether a batch or an endpoint made it."""


class BatchEndpoint(Entity, kind="batch_endpoint"):
    """A stable address that scores whole data sets."""


class BatchRetrySettings(Part, model=step.RetrySettings):
    """How often a mini-batch is tried again, and how long it may take."""


class ModelBatchDeploymentSettings(Part, model=scoring_settings.ScoringSettings):
    """How data is cut, tried again and written."""


class BatchDeployment(Entity, kind="batch_deployment"):
    """A model with settings at its top, or any batch deployment of the workspace."""

    def __init__(self, **fields: Any) -> None:
        code, script = fields.pop("code_path", None), fields.pop("scoring_script", None)
        if code and script:
            fields["code_configuration"] = CodeConfiguration(str(code), str(script))
        super().__init__(**fields)


class ModelBatchDeployment(BatchDeployment):
    """A model that scores data file by file."""


class PipelineComponentBatchDeployment(BatchDeployment):
    """A pipeline that a batch endpoint runs: a component's, or that of a job."""

    def __init__(self, **fields: Any) -> None:
        component, job = fields.get("component"), fields.get("job_definition")
        if isinstance(component, Component) and "revision" not in component.to_dict():
            fields["component"] = placed_document("component", component)
        if isinstance(job, Job):
            fields["job_definition"] = f"azureml:{job.name}"
        super().__init__(**{"type": "pipeline", **fields})


ENTITIES = (
    Workspace,
    Compute,
    Datastore,
    Data,
    Environment,
    Component,
    Model,
    Job,
    Schedule,
    OnlineEndpoint,
    OnlineDeployment,
    PredictionView,
    BatchEndpoint,
    BatchDeployment,
)


def entity_of(kind: str) -> type[Entity]:
    """Give the entity of a kind by its name."""
    return next(entity for entity in ENTITIES if entity.kind.name == kind)
