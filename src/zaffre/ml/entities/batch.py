"""Batch endpoints and their deployments."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import scoring_settings
from zaffre.ml.entities.deployment_parts import CodeConfiguration
from zaffre.ml.entities.job_parts import RetrySettings
from zaffre.ml.entities.jobs import Job
from zaffre.ml.entities.steps import Component
from zaffre.ml.entity import Entity, Part, placed_document


class BatchEndpoint(Entity, kind="batch_endpoint"):
    """A stable address that scores whole data sets."""


BatchRetrySettings = RetrySettings


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
