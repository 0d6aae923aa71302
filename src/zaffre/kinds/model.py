"""The model: files that predict, under a name and a version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Action, Kind, Spec, Status

ModelType = Annotated[Literal["custom_model", "mlflow_model", "triton_model"], AnyCase]


class ModelSpec(Spec):
    """A version of a model: any files, or a folder as MLflow writes it (`mlflow_model`)."""

    type: ModelType = Field(
        default="custom_model",
        title="Type",
        description="`mlflow_model` can be served without a script.",
    )
    path: str = Field(
        title="Path",
        description="Local path, `azureml://jobs/JOB/outputs/NAME`, or `runs:/RUN/PATH`.",
    )
    flavors: dict[str, JsonValue] | None = Field(
        default=None, title="Flavors", description="Flavors as the MLmodel file lists them."
    )
    stage: str | None = Field(
        default=None,
        title="Stage",
        description="Where it is in its life: `Staging`, `Production`.",
    )


class ModelContainer(Spec):
    """A name under which versions of a model are kept: what is said of the name as a whole."""

    aliases: dict[str, str] = Field(
        default_factory=dict, title="Aliases", description="Words that mean a version: `champion`."
    )


class ModelStatus(Status):
    """What the model holds and where it came from."""

    tree: str | None = Field(default=None, title="Content", description="Digest of the content.")
    file: str | None = Field(
        default=None, title="File", description="Name of the file, when the model is one file."
    )
    folder: str | None = Field(
        default=None,
        title="Folder",
        description="Last part of the path it came from: its name under AZUREML_MODEL_DIR.",
    )
    job_name: str | None = Field(default=None, title="Job", description="Job that made it.")
    model_id: str | None = Field(
        default=None, title="Logged model", description="Id of the logged model that it is."
    )
    run_link: str | None = Field(
        default=None, title="Run link", description="Address of the run in another server."
    )
    last_number: int | None = Field(
        default=None,
        title="Last number",
        description="Of a name as a whole: the highest version ever given.",
    )
    file_count: int | None = Field(
        default=None, title="Files", description="How many files it holds."
    )
    total_bytes: int | None = Field(
        default=None, title="Size", description="How many bytes it holds."
    )


MODEL = Kind(
    name="model",
    noun="model",
    plural="models",
    title="Model",
    spec=ModelSpec,
    status=ModelStatus,
    columns=("name", "version", "type", "job_name", "created_at"),
    actions=(
        Action("download", "Copy the model's files to a local folder."),
        Action("package", "Make a folder or zip that serves the model without Zaffre."),
    ),
    versioned=True,
    container=ModelContainer,
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/model.schema.json
name: diabetes
type: mlflow_model
path: ./model
description: Ridge regression on ten measurements.
""",
)
