"""Endpoints and deployments as Python objects."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import scoring_settings, step
from zaffre.ml.deployment_parts import CodeConfiguration
from zaffre.ml.entity import Entity, Part, placed_document


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
        if isinstance(component, Entity) and "revision" not in component.to_dict():
            fields["component"] = placed_document("component", component)
        if isinstance(job, Entity):
            fields["job_definition"] = f"azureml:{job.name}"
        super().__init__(**{"type": "pipeline", **fields})
