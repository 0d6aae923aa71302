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
from zaffre.ml.entity import Entity, Part, placed_document
from zaffre.ml.local_fields import locals_of
from zaffre.ml.nodes import Node, component_of
from zaffre.ml.served import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    OnlineDeployment,
    OnlineEndpoint,
    PipelineComponentBatchDeployment,
)

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


class LiteralInput(Part, model=step.ComponentInput):
    """A text, number or boolean, written as an input with a type; it stands for its default."""

    def as_field(self) -> Any:
        """Give the value."""
        return self.get("default")

    def declared(self) -> dict[str, Any]:
        """Give what a component declares for it."""
        return dict(self)


class Input(Part, model=job_ports.JobInput):
    """Data that a job reads; of a type such as `string`, a literal with its `default`."""

    def __new__(cls, *args: Any, **fields: Any) -> Any:
        """Give an input, or a literal."""
        if fields.get("type") in step.LITERALS:
            return LiteralInput(*args, **fields)
        return super().__new__(cls)


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

    _built: Mapping[str, Any] | None = None

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "pipeline", **fields})

    @property
    def component(self) -> Any:
        """Give the component that it runs, or that its function made, which can be registered."""
        if self._built is not None:
            return Component.from_document(self._built)
        return self._document.get("component")

    @component.setter
    def component(self, value: Any) -> None:
        self._document["component"] = value

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


class PredictionView(Entity, kind="prediction_view"):
    """The newest prediction of each entity, whether a batch or an endpoint made it."""


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
