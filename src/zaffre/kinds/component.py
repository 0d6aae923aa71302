"""The component: a versioned, typed step for pipelines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from zaffre.kinds.inline import EnvironmentChoice
from zaffre.kinds.job_settings import CommandLimits, Distribution, JobResources
from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Kind, Spec, Status
from zaffre.kinds.step import (
    ComponentInput,
    ComponentOutput,
    LogLevel,
    ParallelTask,
    RetrySettings,
    Step,
    nothing_is_empty,
)


class _ComponentSpec(Spec):
    """What components of all types share."""

    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people."
    )
    inputs: dict[str, ComponentInput] = Field(
        default_factory=dict, title="Inputs", description="Typed values and data that it takes."
    )
    outputs: dict[str, Annotated[ComponentOutput, BeforeValidator(nothing_is_empty)]] = Field(
        default_factory=dict, title="Outputs", description="What it writes."
    )
    is_deterministic: bool = Field(
        default=True,
        title="Deterministic",
        description="Equal inputs give equal outputs, so that results may be used again.",
    )
    additional_includes: list[str] | None = Field(
        default=None, title="Includes", description="Files and folders put beside the code."
    )
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How much of the compute to take."
    )
    environment_variables: dict[str, str] = Field(
        default_factory=dict, title="Variables", description="Variables that the command sees."
    )


class CommandComponentSpec(_ComponentSpec):
    """One command with typed inputs and outputs."""

    type: Annotated[Literal["command"], AnyCase] = Field(
        default="command", title="Type", description="Kind of component."
    )
    command: str = Field(
        min_length=1,
        title="Command",
        description="Shell text. `$[[...]]` is left out where an optional input in it is not set.",
    )
    environment: EnvironmentChoice = Field(
        title="Environment",
        description="`azureml:NAME:VERSION`, a curated name, or an environment written here.",
    )
    code: str | None = Field(
        default=None, title="Code", description="Folder that is copied to where the command runs."
    )
    distribution: Distribution | None = Field(
        default=None, title="Distribution", description="How several processes find each other."
    )
    limits: CommandLimits | None = Field(
        default=None, title="Limits", description="What ends it early: `timeout` in seconds."
    )


class PipelineComponentSpec(_ComponentSpec):
    """A pipeline that can be a step of another."""

    type: Annotated[Literal["pipeline"], AnyCase] = Field(
        default="pipeline", title="Type", description="Kind of component."
    )
    jobs: dict[str, Step] = Field(title="Steps", description="Steps by name.")
    settings: dict[str, JsonValue] | None = Field(
        default=None, title="Settings", description="Settings of its steps."
    )


class ParallelComponentSpec(_ComponentSpec):
    """A script that is called for each mini-batch of its data."""

    type: Annotated[Literal["parallel"], AnyCase] = Field(
        default="parallel", title="Type", description="Kind of component."
    )
    task: ParallelTask = Field(title="Task", description="The script.")
    input_data: str = Field(
        title="Data", description="`${{inputs.x}}`: what is cut into mini-batches."
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
        default=None, title="Retries", description="Tries and seconds of each mini-batch."
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


class ComponentStatus(Status):
    """What is known of a component."""


COMPONENT = Kind(
    name="component",
    noun="component",
    plural="components",
    title="Component",
    spec=CommandComponentSpec,
    status=ComponentStatus,
    columns=("name", "version", "type", "display_name", "created_at"),
    versioned=True,
    variants={
        "command": CommandComponentSpec,
        "pipeline": PipelineComponentSpec,
        "parallel": ParallelComponentSpec,
    },
    inside={
        "sweep": "A step of type `sweep` in a pipeline does it, over a `trial` component.",
    },
    later=("spark", "automl"),
    default_variant="command",
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: train
version: 1
type: command
inputs:
  data:
    type: uri_folder
  epochs:
    type: integer
    default: 10
    min: 1
  note:
    type: string
    optional: true
outputs:
  model:
    type: mlflow_model
code: ./src
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
command: >-
  python train.py --data ${{inputs.data}} --epochs ${{inputs.epochs}}
  --model ${{outputs.model}} $[[--note ${{inputs.note}}]]
""",
)
