"""Prediction views: one answer for each entity, from a batch over history and what came since."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from zaffre.kinds.job_ports import AssetType
from zaffre.kinds.part import Part
from zaffre.kinds.resource import Action, Kind, Spec, Status

Column = Annotated[str, Field(min_length=1, max_length=255)]


class PredictionViewSpec(Spec):
    """The newest prediction of each entity, whether a batch or an online deployment made it."""

    entity_key: Column = Field(
        title="Entity", description="Column that says whom a prediction is of."
    )
    event_time: Column = Field(
        default="event_time",
        title="Event time",
        description="Column that says when what the prediction is of happened.",
    )
    prediction_column: Column = Field(
        default="prediction",
        title="Prediction",
        description="Column of the batch's output that holds the prediction.",
    )
    batch_endpoint: str | None = Field(
        default=None,
        title="Batch endpoint",
        description="Cold path: each of its jobs that completes becomes the view's history.",
    )
    batch_deployment: str | None = Field(
        default=None,
        title="Batch deployment",
        description="Only jobs of this deployment of the batch endpoint.",
    )
    batch_input: str | None = Field(
        default=None,
        title="Batch input",
        description="Data that `refresh` scores, as `azureml:NAME@latest`.",
    )
    batch_input_type: AssetType = Field(
        default="uri_folder", title="Input type", description="What `batch_input` leads to."
    )
    batch_request: dict[str, JsonValue] = Field(
        default_factory=dict,
        title="Batch request",
        description="All that `refresh` says to the batch endpoint, as in the file of "
        "`batch-endpoint invoke -f`, where `batch_input` is not enough.",
    )
    batch_output: str = Field(
        default="score",
        title="Batch output",
        description="Output of the batch's job that holds its rows (CSV, JSON lines or Parquet).",
    )
    batch_columns: list[str] = Field(
        default_factory=list,
        title="Batch columns",
        description="Names of the columns in order, where the output's files have no header.",
    )
    online_endpoint: str | None = Field(
        default=None,
        title="Online endpoint",
        description="Hot path: its answers belong to the view as soon as they are given.",
    )
    online_deployment: str | None = Field(
        default=None,
        title="Online deployment",
        description="Only answers of this deployment of the online endpoint.",
    )
    keep_hot_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        title="Keep hot",
        description="Days after which a hot prediction goes that the batch covers.",
    )
    valid_hours: float | None = Field(
        default=None,
        gt=0,
        le=876_000,
        title="Valid",
        description="Hours after its event for which a prediction is given; else for ever.",
    )


class ViewLoad(Part):
    """A batch on its way into the view."""

    job: str = Field(title="Job", description="Job that made it.")
    output: str = Field(title="Output", description="Output of the job that holds its rows.")
    state: str = Field(
        default="Waiting",
        title="State",
        description="`Waiting` for the job, then `Loaded`, `Superseded` by a newer one, `Failed`.",
    )
    asked_at: str = Field(title="Asked", description="When it was asked for, in UTC.")
    ended_at: str | None = Field(default=None, title="Ended", description="When it was settled.")
    rows: int | None = Field(default=None, title="Rows", description="How many it has.")
    watermark: str | None = Field(
        default=None, title="Watermark", description="The last event that it has seen, in UTC."
    )
    error: str | None = Field(default=None, title="Error", description="Why it failed.")


class PredictionViewStatus(Status):
    """What the view is made of now."""

    hidden: ClassVar[frozenset[str]] = frozenset({"room"})

    room: str = Field(default="", title="Room", description="What its predictions lie under.")
    provisioning_state: str = Field(
        default="Succeeded", title="State", description="`Updating` while a batch is awaited."
    )
    batch_job: str | None = Field(
        default=None, title="Batch job", description="Job whose rows are the history now."
    )
    batch_rows: int = Field(default=0, title="Batch rows", description="How many it has.")
    watermark: str | None = Field(
        default=None, title="Watermark", description="The last event that the batch has seen."
    )
    loads: tuple[ViewLoad, ...] = Field(
        default=(), title="Loads", description="The last batches, newest first."
    )
    hot_rows: int = Field(
        default=0, title="Hot rows", description="Hot predictions taken in so far."
    )
    hot_unread: int = Field(
        default=0,
        title="Unread",
        description="Answers of which rows are not in the view, as they say not of whom.",
    )
    hot_unread_why: str | None = Field(
        default=None, title="Why unread", description="What was wrong with the last of them."
    )


PREDICTION_VIEW = Kind(
    name="prediction_view",
    noun="prediction-view",
    plural="prediction-views",
    title="Prediction view",
    spec=PredictionViewSpec,
    status=PredictionViewStatus,
    columns=("name", "provisioning_state", "batch_job", "watermark", "hot_rows", "created_at"),
    actions=(
        Action("get", "Give the prediction of an entity that counts."),
        Action("load", "Let the output of a job become the view's history."),
        Action("refresh", "Start a batch over history whose output takes the place of the last."),
        Action("export", "Write what counts of every entity to a file."),
    ),
    example="""\
name: churn-now
entity_key: customer
event_time: seen_at
batch_endpoint: churn-nightly
batch_input: azureml:customers@latest
online_endpoint: churn
""",
)
