"""Steps of pipelines, and the components that they run: what both kinds of document share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, JsonValue, Tag

from zaffre.kinds.inline import EnvironmentChoice
from zaffre.kinds.job_ports import InputChoice, JobOutput, Literal_, OutputMode
from zaffre.kinds.job_settings import (
    CommandLimits,
    Distribution,
    JobIdentity,
    JobResources,
    JobService,
    QueueSettings,
)
from zaffre.kinds.names import shown
from zaffre.kinds.part import AnyCase, Part, is_text
from zaffre.kinds.sweep_settings import (
    EarlyTermination,
    Objective,
    SamplingChoice,
    SearchParameter,
    StepLimits,
)

LITERALS = ("string", "number", "integer", "boolean")
"""Types of inputs that stand in the command as text."""

PortType = Annotated[
    Literal[
        "string",
        "number",
        "integer",
        "boolean",
        "uri_file",
        "uri_folder",
        "mltable",
        "mlflow_model",
        "custom_model",
        "triton_model",
    ],
    AnyCase,
]
ComponentType = Annotated[Literal["command", "pipeline", "parallel", "sweep"], AnyCase]
StepType = Annotated[
    Literal["command", "pipeline", "parallel", "sweep", "if_else", "do_while", "parallel_for"],
    AnyCase,
]
LogLevel = Annotated[Literal["debug", "info", "warning", "error", "critical", "notset"], AnyCase]


_LONGEST = 255


def _file_name(text: str) -> str:
    if (
        not text
        or "/" in text
        or text.startswith(".")
        or not text.isprintable()
        or len(text) > _LONGEST
    ):
        raise ValueError(f"{shown(text)} is no file name: write one without a folder")
    return text


FileName = Annotated[str, AfterValidator(_file_name)]


class ComponentInput(Part):
    """One input that a component declares."""

    type: PortType = Field(title="Type", description="A literal's type, or what a path leads to.")
    default: Literal_ | None = Field(
        default=None, title="Default", description="Value where a step gives none."
    )
    optional: bool = Field(
        default=False, title="Optional", description="May be left out; stands inside `$[[ ]]`."
    )
    min: float | None = Field(default=None, title="Least", description="Least number allowed.")
    max: float | None = Field(default=None, title="Most", description="Greatest number allowed.")
    enum: list[Literal_] | None = Field(
        default=None, title="Choices", description="The values that are allowed."
    )
    mode: str | None = Field(default=None, title="Mode", description="How the step sees the data.")
    path: str | None = Field(
        default=None, title="Path", description="Data where a step gives none."
    )
    description: str | None = Field(
        default=None, title="Description", description="What it is for."
    )


class ComponentOutput(Part):
    """One output that a component declares. Left empty, it is a folder."""

    type: PortType = Field(
        default="uri_folder", title="Type", description="What the component writes."
    )
    mode: OutputMode | None = Field(default=None, title="Mode", description="How it writes it.")
    path: str | None = Field(default=None, title="Path", description="Where it is written.")
    is_control: bool = Field(
        default=False,
        title="Control",
        description="Accepted: every output that is a literal can decide what runs.",
    )
    early_available: bool = Field(
        default=False, title="Early", description="Accepted, not acted on."
    )
    description: str | None = Field(
        default=None, title="Description", description="What it holds."
    )


class RetrySettings(Part):
    """How often a step, or a parallel one's mini-batch, is tried, and how long it may take."""

    max_retries: int | None = Field(
        default=None, ge=0, title="Retries", description="How often to try again."
    )
    timeout: int | None = Field(
        default=None, ge=1, title="Timeout", description="Seconds for each try."
    )


class ParallelTask(Part):
    """The script of a parallel step: `init()`, `run(mini_batch)`, `shutdown()`."""

    type: Annotated[Literal["run_function", "function", "model"], AnyCase] = Field(
        default="run_function", title="Type", description="What is called for each mini-batch."
    )
    code: str | None = Field(default=None, title="Code", description="Folder of the script.")
    entry_script: str | None = Field(
        default=None,
        title="Script",
        description="File with `init()` and `run()`; `type: model` needs none.",
    )
    environment: EnvironmentChoice | None = Field(
        default=None, title="Environment", description="What the script runs in."
    )
    program_arguments: str | None = Field(
        default=None, title="Arguments", description="Arguments that the script reads."
    )
    append_row_to: str | None = Field(
        default=None,
        title="Append to",
        description="`${{outputs.x}}`: the output that gets what `run()` returns.",
    )
    append_row_file_name: FileName | None = Field(
        default=None,
        title="File name",
        description="File that gets what `run()` returns, where that output is a folder.",
    )
    model: JsonValue = Field(default=None, title="Model", description="Kept, not acted on.")


def nothing_is_empty(value: Any) -> Any:
    return {} if value is None else value


OutputBinding = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[JobOutput, Tag("<mapping>")],
    Discriminator(is_text),
    BeforeValidator(nothing_is_empty),
]
"""Where a step's output goes: `${{parent.outputs.x}}`, or how it is written."""


class _Parallel(Part):
    """What steps and components of type `parallel` have beyond others."""

    task: ParallelTask | None = Field(
        default=None, title="Task", description="Script of a parallel step."
    )
    input_data: str | None = Field(
        default=None, title="Data", description="`${{inputs.x}}`: what is cut into mini-batches."
    )
    mini_batch_size: str | None = Field(
        default=None, title="Mini-batch", description="Files (`10`) or bytes (`10kb`) of each."
    )
    partition_keys: list[str] | str | None = Field(
        default=None, title="Keys", description="Columns whose values make the mini-batches."
    )
    max_concurrency_per_instance: int | None = Field(
        default=None, ge=1, title="Processes", description="Processes on each instance."
    )
    retry_settings: RetrySettings | None = Field(
        default=None, title="Retries", description="Tries and seconds of each mini-batch or step."
    )
    error_threshold: int | None = Field(
        default=None, ge=-1, title="Failed items", description="Allowed failed items; -1: all."
    )
    mini_batch_error_threshold: int | None = Field(
        default=None, ge=-1, title="Failed batches", description="Allowed; -1: all."
    )
    logging_level: LogLevel | None = Field(
        default=None, title="Log level", description="How much the runner tells."
    )


class _Runnable(_Parallel):
    """What steps and components share."""

    command: str | None = Field(
        default=None, min_length=1, title="Command", description="Shell text of a command."
    )
    code: str | None = Field(default=None, title="Code", description="Folder of the code.")
    environment: EnvironmentChoice | None = Field(
        default=None, title="Environment", description="What it runs in."
    )
    environment_variables: dict[str, str] = Field(
        default_factory=dict, title="Variables", description="Variables that the command sees."
    )
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How much of the compute to take."
    )
    distribution: Distribution | None = Field(
        default=None, title="Distribution", description="How several processes find each other."
    )
    limits: StepLimits | None = Field(
        default=None, title="Limits", description="What ends it early: `timeout` in seconds."
    )
    is_deterministic: bool | None = Field(
        default=None,
        title="Deterministic",
        description="Equal inputs give equal outputs, so that results may be used again.",
    )
    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people."
    )
    description: str | None = Field(default=None, title="Description", description="Free text.")
    tags: dict[str, str] = Field(default_factory=dict, title="Tags", description="Labels.")
    properties: dict[str, str] = Field(
        default_factory=dict, title="Properties", description="Facts that tools record."
    )
    identity: JobIdentity | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    search_space: dict[str, SearchParameter] | None = Field(
        default=None, title="Search space", description="Inputs that a sweep varies."
    )
    sampling_algorithm: SamplingChoice | None = Field(
        default=None, title="Sampling", description="How a sweep chooses."
    )
    objective: Objective | None = Field(
        default=None, title="Objective", description="What a sweep looks for."
    )
    early_termination: EarlyTermination | None = Field(
        default=None, title="Early end", description="When a sweep ends trials early."
    )


class InlineComponent(_Runnable):
    """A component written inside another document, or put there from its file."""

    name: str | None = Field(default=None, title="Name", description="Name of the component.")
    version: str | None = Field(default=None, title="Version", description="Version of it.")
    type: ComponentType = Field(default="command", title="Type", description="Kind of component.")
    inputs: dict[str, ComponentInput] = Field(
        default_factory=dict, title="Inputs", description="What it takes."
    )
    outputs: dict[str, Annotated[ComponentOutput, BeforeValidator(nothing_is_empty)]] = Field(
        default_factory=dict, title="Outputs", description="What it writes."
    )
    additional_includes: list[str] | None = Field(
        default=None, title="Includes", description="Files and folders put beside the code."
    )
    jobs: dict[str, Step] = Field(
        default_factory=dict, title="Steps", description="Steps of a pipeline component."
    )
    settings: dict[str, JsonValue] | None = Field(
        default=None, title="Settings", description="Settings of a pipeline component."
    )
    trial: ComponentChoice | None = Field(
        default=None, title="Trial", description="Component that a sweep runs."
    )


ComponentChoice = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[InlineComponent, Tag("<mapping>")],
    Discriminator(is_text),
]
"""A reference to a component, or one written here."""


class _Control(Part):
    """What steps of type `if_else`, `do_while` and `parallel_for` say of other steps."""

    condition: bool | str | None = Field(
        default=None,
        title="Condition",
        description="A boolean, an input or output that is one, or two values compared.",
    )
    true_block: list[str] | str | None = Field(
        default=None,
        title="If true",
        description="`${{parent.jobs.STEP}}`, or a list: run if the condition is true.",
    )
    false_block: list[str] | str | None = Field(
        default=None, title="If false", description="The same: run if it is false."
    )
    body: str | None = Field(
        default=None,
        title="Body",
        description="`${{parent.jobs.STEP}}`: the step that is repeated, or run for each item.",
    )
    mapping: dict[str, list[str] | str] | None = Field(
        default=None,
        title="Mapping",
        description="Outputs of the body, each with the inputs that get it in the next iteration.",
    )
    items: JsonValue = Field(
        default=None,
        title="Items",
        description="Inputs of the body for each item: a list, a mapping, JSON, or a folder.",
    )


class Step(_Runnable, _Control):
    """One step of a pipeline: a component with its inputs, or a command written in place."""

    type: StepType = Field(default="command", title="Type", description="Kind of step.")
    name: str | None = Field(default=None, title="Name", description="Accepted, not acted on.")
    component: ComponentChoice | None = Field(
        default=None,
        title="Component",
        description="Its file, `azureml:NAME:VERSION`, or the component itself.",
    )
    trial: ComponentChoice | None = Field(
        default=None, title="Trial", description="Component that a sweep runs."
    )
    inputs: dict[str, InputChoice] = Field(
        default_factory=dict, title="Inputs", description="Values, data, and bindings."
    )
    outputs: dict[str, OutputBinding] = Field(
        default_factory=dict, title="Outputs", description="Where its outputs go."
    )
    compute: str | None = Field(default=None, title="Compute", description="Where to run.")
    jobs: dict[str, Step] = Field(
        default_factory=dict, title="Steps", description="Steps of a pipeline inside this one."
    )
    services: dict[str, JobService | None] = Field(
        default_factory=dict, title="Services", description="Accepted, not started."
    )
    queue_settings: QueueSettings | None = Field(
        default=None, title="Queue", description="How urgent it is."
    )
    comment: str | None = Field(default=None, title="Comment", description="A note.")
    experiment_name: str | None = Field(
        default=None, title="Experiment", description="Accepted: a step is of its pipeline's."
    )
    settings: dict[str, JsonValue] | None = Field(
        default=None, title="Settings", description="Settings of a pipeline step."
    )


__all__ = ["CommandLimits", "ComponentInput", "ComponentOutput", "InlineComponent", "Step"]
