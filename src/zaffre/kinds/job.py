"""The job: one run of work, with what it needs and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.inline import EnvironmentChoice
from zaffre.kinds.job_ports import InputChoice, Literal_, OutputChoice
from zaffre.kinds.job_settings import (
    CommandLimits,
    Distribution,
    JobIdentity,
    JobResources,
    JobService,
    QueueSettings,
)
from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.processed import Processed
from zaffre.kinds.resource import Action, Kind, Spec, Status
from zaffre.kinds.sweep import SweepJobSpec

NOT_YET = ("automl", "spark", "import", "finetuning")
"""Types of jobs that a later version brings."""


class CommandJobSpec(Spec):
    """One command, run once in an environment, with inputs, outputs and a folder of code."""

    type: Annotated[Literal["command"], AnyCase] = Field(
        default="command", title="Type", description="Kind of job."
    )
    command: str = Field(
        min_length=1,
        title="Command",
        description="Shell text. `${{inputs.x}}` and `${{outputs.x}}` stand for values and paths.",
    )
    environment: EnvironmentChoice = Field(
        title="Environment",
        description="`azureml:NAME:VERSION`, a curated name, or an environment written here.",
    )
    code: str | None = Field(
        default=None, title="Code", description="Folder that is copied to where the command runs."
    )
    inputs: dict[str, InputChoice] = Field(
        default_factory=dict, title="Inputs", description="Literals and data, by name."
    )
    outputs: dict[str, OutputChoice] = Field(
        default_factory=dict,
        title="Outputs",
        description="Files and folders the job writes, by name.",
    )
    environment_variables: dict[str, str] = Field(
        default_factory=dict,
        title="Environment variables",
        description="Variables that the command sees.",
    )
    compute: str | None = Field(
        default=None,
        title="Compute",
        description="Where to run; unknown names mean the local pool.",
    )
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How much of the compute to take."
    )
    distribution: Distribution | None = Field(
        default=None, title="Distribution", description="How several processes find each other."
    )
    limits: CommandLimits | None = Field(
        default=None, title="Limits", description="What ends it early."
    )
    services: dict[str, JobService | None] = Field(
        default_factory=dict,
        title="Services",
        description="Ways to look in. Accepted, not started.",
    )
    identity: JobIdentity | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    queue_settings: QueueSettings | None = Field(
        default=None, title="Queue", description="How urgent it is."
    )
    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people; need not be unique."
    )
    experiment_name: str | None = Field(
        default=None, title="Experiment", description="Experiment that the run belongs to."
    )
    parent_job_name: str | None = Field(
        default=None, title="Parent", description="Job that this one is a part of."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on."""
        return tuple((field, text) for field, text in _NOT_ACTED_ON if getattr(self, field))


_NOT_ACTED_ON = (
    ("identity", "There is no cloud identity here: the job acts as the one who submits it."),
    ("services", "Services are not started: read the log and the files of the job instead."),
)


class JobError(Part):
    """Why a job failed."""

    code: str = Field(default="failed", title="Code", description="Stable word for the cause.")
    message: str = Field(title="Message", description="What happened.")


class JobUsage(Part):
    """What a job consumed."""

    cpu_seconds: float = Field(default=0, title="CPU", description="Seconds of processor time.")
    peak_memory_bytes: int = Field(default=0, title="Memory", description="Most memory at a time.")
    wall_seconds: float = Field(default=0, title="Time", description="Seconds from start to end.")
    memory_byte_seconds: int = Field(
        default=0, title="Memory over time", description="Bytes times the seconds they were held."
    )
    gpu_seconds: float = Field(
        default=0, title="GPUs", description="Seconds that it held GPUs, added up over them."
    )
    cost: float | None = Field(
        default=None, title="Cost", description="By the price of its compute, if it has one."
    )


class OutputResult(Part):
    """What an output holds after the job."""

    type: str = Field(title="Type", description="Type of the output.")
    tree: str | None = Field(default=None, title="Content", description="Digest of the content.")
    file: str | None = Field(
        default=None, title="File", description="Its name, when it is one file."
    )
    path: str | None = Field(
        default=None, title="Path", description="Where it is kept, if not here."
    )
    asset: str | None = Field(
        default=None, title="Asset", description="What it was registered as."
    )


class StepStatus(Part):
    """How one step of a pipeline goes."""

    job: str = Field(default="", title="Job", description="The job that the step became.")
    status: str = Field(default="NotStarted", title="Status", description="State of the step.")
    reused: str | None = Field(
        default=None, title="Reused", description="The earlier job whose results it has."
    )
    waits_for: str | None = Field(
        default=None, title="Waits for", description="A job of another pipeline that does it now."
    )
    attempt: int = Field(default=1, title="Attempt", description="How often it was tried.")
    started_at: float | None = Field(default=None, title="Started", description="When it began.")
    ended_at: float | None = Field(default=None, title="Ended", description="When it ended.")
    error: str | None = Field(default=None, title="Error", description="Why it failed.")
    results: dict[str, OutputResult] = Field(
        default_factory=dict, title="Results", description="What its outputs hold."
    )
    values: dict[str, Literal_] = Field(
        default_factory=dict,
        title="Values",
        description="Its outputs that are literals; of a condition, how it came out.",
    )
    iteration: int | None = Field(
        default=None, title="Iteration", description="How often a loop has run its body."
    )
    previous: str | None = Field(
        default=None, title="Previous", description="The job of a loop's iteration before."
    )
    note: str | None = Field(default=None, title="Note", description="Why it was skipped.")
    processed: Processed | None = Field(
        default=None, title="Processed", description="How much of its data it processed."
    )


class TrialStatus(Part):
    """One trial of a sweep: what it tries, and how it goes."""

    number: int = Field(title="Number", description="Its place in the sweep, counted from 0.")
    job: str | None = Field(default=None, title="Job", description="The job that it is.")
    params: dict[str, JsonValue] = Field(
        default_factory=dict, title="Parameters", description="The values that it tries."
    )
    status: str = Field(default="NotStarted", title="Status", description="State of the trial.")
    value: float | None = Field(
        default=None, title="Value", description="Last value of the metric."
    )
    stopped: str | None = Field(
        default=None, title="Stopped", description="The policy that stopped it early."
    )
    error: str | None = Field(default=None, title="Error", description="Why it failed.")
    started_at: float | None = Field(default=None, title="Started", description="When it began.")
    ended_at: float | None = Field(default=None, title="Ended", description="When it ended.")


class TrackedRunSpec(Spec):
    """A run that a program outside logged over MLflow's protocol; it is shown beside the jobs."""

    type: Literal["run"] = Field(default="run", title="Type", description="Kind of job.")
    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people."
    )
    experiment_name: str | None = Field(
        default=None, title="Experiment", description="Experiment that the run belongs to."
    )
    parent_job_name: str | None = Field(
        default=None, title="Parent", description="Run that this one is a part of."
    )


class JobStatus(Status):
    """How the job goes."""

    status: str = Field(default="NotStarted", title="Status", description="State of the job.")
    reason: str | None = Field(default=None, title="Reason", description="Why it waits.")
    error: JobError | None = Field(default=None, title="Error", description="Why it failed.")
    queued_at: float | None = Field(
        default=None, title="Queued", description="When it was queued."
    )
    started_at: float | None = Field(default=None, title="Started", description="When it began.")
    ended_at: float | None = Field(default=None, title="Ended", description="When it ended.")
    exit_code: int | None = Field(default=None, title="Exit code", description="Of the command.")
    signal: int | None = Field(default=None, title="Signal", description="Signal that ended it.")
    server: str | None = Field(
        default=None,
        title="Server",
        description="Of several servers, the one whose machine runs it.",
    )
    attempt: int = Field(default=0, title="Attempt", description="How often it was started.")
    usage: JobUsage | None = Field(default=None, title="Usage", description="What it consumed.")
    devices: tuple[str, ...] | None = Field(
        default=None,
        title="GPUs",
        description="Places in the driver's list of the GPUs that it may use.",
    )
    environment_id: str | None = Field(
        default=None, title="Environment", description="Environment it ran in."
    )
    environment_hash: str | None = Field(
        default=None, title="Environment hash", description="Hash of that environment's content."
    )
    resolved_inputs: dict[str, str] = Field(
        default_factory=dict,
        title="Resolved inputs",
        description="What each input was found to be.",
    )
    results: dict[str, OutputResult] = Field(
        default_factory=dict, title="Results", description="What each output holds."
    )
    warnings: tuple[str, ...] = Field(default=(), title="Warnings", description="What to know.")
    processed: Processed | None = Field(
        default=None,
        title="Processed",
        description="How much of its data it processed, and how much failed.",
    )
    steps: dict[str, StepStatus] = Field(
        default_factory=dict, title="Steps", description="How the steps of a pipeline go."
    )
    seed: int | None = Field(
        default=None, title="Seed", description="What a sweep's values are drawn from."
    )
    sampler: str | None = Field(
        default=None, title="Sampler", description="Of Bayesian sampling: `tpe` or `gp`."
    )
    trials: tuple[TrialStatus, ...] = Field(
        default=(), title="Trials", description="How the trials of a sweep go."
    )
    best_child: str | None = Field(
        default=None, title="Best child", description="The best trial's job."
    )
    reused_from: str | None = Field(
        default=None,
        title="Reused from",
        description="The earlier job that did the same, whose results these are.",
    )


JOB = Kind(
    name="job",
    noun="job",
    plural="jobs",
    title="Job",
    spec=CommandJobSpec,
    status=JobStatus,
    columns=("name", "display_name", "experiment_name", "status", "created_at", "reason"),
    actions=(
        Action("stream", "Follow the log until the job ends."),
        Action("cancel", "Ask the job to stop."),
        Action("resubmit", "Submit it again; a failed pipeline goes on at the failed step."),
        Action("download", "Copy outputs and files to a local folder."),
        Action("logs", "Print the log."),
        Action("validate", "Check a document without submitting it."),
        Action("usage", "Add up what ended jobs took and cost."),
    ),
    variants={
        "command": CommandJobSpec,
        "pipeline": PipelineJobSpec,
        "sweep": SweepJobSpec,
        "run": TrackedRunSpec,
    },
    inside={
        "parallel": "Put it below `jobs:` of a document of type `pipeline`: it is a step there.",
    },
    later=NOT_YET,
    reported=("run",),
    default_variant="command",
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
command: python train.py --data ${{inputs.data}} --alpha ${{inputs.alpha}}
code: ./src
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
inputs:
  data:
    type: uri_file
    path: azureml:diabetes@latest
  alpha: 0.5
outputs:
  model:
    type: mlflow_model
experiment_name: diabetes
display_name: ridge
""",
)
