"""Batch deployments: the model or the pipeline that a batch endpoint runs over data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.deployment_settings import CodeConfiguration
from zaffre.kinds.inline import EnvironmentChoice, ModelChoice
from zaffre.kinds.job_settings import JobResources
from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status
from zaffre.kinds.scoring_settings import ScoringSettings
from zaffre.kinds.step import ComponentChoice


class ModelBatchDeploymentSpec(ScoringSettings, Spec):
    """A model that scores data file by file, with a script or without.

    Settings may stand under `settings` or, as in older documents, at the top; the former win.
    """

    type: Annotated[Literal["model"], AnyCase] = Field(
        default="model", title="Type", description="Kind of deployment."
    )
    model: ModelChoice | None = Field(
        default=None, title="Model", description="`azureml:NAME:VERSION`, or a model written here."
    )
    code_configuration: CodeConfiguration | None = Field(
        default=None,
        title="Code",
        description="Script with `init()` and `run(paths)`; many models need none.",
    )
    environment: EnvironmentChoice | None = Field(
        default=None,
        title="Environment",
        description="`azureml:NAME:VERSION`, a curated name, or an environment written here.",
    )
    compute: str | None = Field(
        default=None, title="Compute", description="Where its jobs run; unknown: the local pool."
    )
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How many instances score at a time."
    )
    settings: ScoringSettings | None = Field(
        default=None, title="Settings", description="How data is cut, tried again and written."
    )


class PipelineBatchDeploymentSpec(Spec):
    """A pipeline that the endpoint runs: its inputs and outputs are those of an invocation."""

    type: Annotated[Literal["pipeline"], AnyCase] = Field(
        default="pipeline", title="Type", description="Kind of deployment."
    )
    component: ComponentChoice | None = Field(
        default=None,
        title="Component",
        description="Pipeline component: its file, `azureml:NAME:VERSION`, or written here.",
    )
    job_definition: str | None = Field(
        default=None,
        title="Job",
        description="`azureml:JOB`: a pipeline job whose steps are run, in place of a component.",
    )
    settings: dict[str, JsonValue] = Field(
        default_factory=dict,
        title="Settings",
        description="`default_compute`, `default_datastore`, `default_environment`, "
        "`continue_on_step_failure`, `force_rerun`.",
    )


class ScoringTask(Part):
    """A model deployment as it was pinned: what its jobs score with."""

    model_tree: str | None = Field(
        default=None, title="Model", description="Digest of what AZUREML_MODEL_DIR holds."
    )
    model_reference: str = Field(
        default="", title="Model reference", description="The version that it is."
    )
    model_type: str = Field(default="", title="Model type", description="Type of the model.")
    code_tree: str | None = Field(default=None, title="Code", description="Digest of its files.")
    script: str | None = Field(default=None, title="Script", description="None: the model alone.")
    environment: JsonValue = Field(
        default=None, title="Environment", description="The environment as it was pinned."
    )


class BatchDeploymentStatus(Status):
    """What the deployment runs."""

    hidden: ClassVar[frozenset[str]] = frozenset({"task", "pipeline"})

    task: ScoringTask | None = Field(
        default=None, title="Task", description="What a model deployment scores with."
    )
    pipeline: dict[str, JsonValue] | None = Field(
        default=None, title="Pipeline", description="The job that a pipeline deployment becomes."
    )
    model_version: str | None = Field(
        default=None,
        title="Model version",
        description="What `model` meant when it was stored: `NAME:VERSION` where registered.",
    )
    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the deployment can be invoked."
    )


BATCH_DEPLOYMENT = Kind(
    name="batch_deployment",
    noun="batch-deployment",
    plural="batch-deployments",
    title="Batch deployment",
    spec=ModelBatchDeploymentSpec,
    status=BatchDeploymentStatus,
    columns=("name", "endpoint_name", "type", "model_version", "created_at"),
    actions=(Action("list-jobs", "List the jobs of its invocations, newest first."),),
    parent="batch_endpoint",
    parent_field="endpoint_name",
    variants={"model": ModelBatchDeploymentSpec, "pipeline": PipelineBatchDeploymentSpec},
    default_variant="model",
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: ridge
endpoint_name: diabetes-batch
type: model
model: azureml:diabetes@latest
compute: azureml:batch-cluster
resources:
  instance_count: 2
settings:
  mini_batch_size: 10
  max_concurrency_per_instance: 1
  output_action: append_row
  output_file_name: predictions.csv
  retry_settings:
    max_retries: 3
    timeout: 300
  error_threshold: -1
""",
)
