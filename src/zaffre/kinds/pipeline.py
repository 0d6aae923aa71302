"""The pipeline job: steps that are run as soon as what they need is there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.document import dotted
from zaffre.kinds.graph_rules import pipeline_faults
from zaffre.kinds.job_ports import InputChoice
from zaffre.kinds.job_settings import JobIdentity
from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Spec
from zaffre.kinds.step import ComponentChoice, OutputBinding, Step


class PipelineJobSpec(Spec):
    """Steps wired by their inputs and outputs; those that did not change are not run again."""

    type: Annotated[Literal["pipeline"], AnyCase] = Field(
        default="pipeline", title="Type", description="Kind of job."
    )
    jobs: dict[str, Step] = Field(
        default_factory=dict, title="Steps", description="Steps by name, in any order."
    )
    component: ComponentChoice | None = Field(
        default=None,
        title="Component",
        description="A pipeline component to run, in the place of `jobs`.",
    )
    inputs: dict[str, InputChoice] = Field(
        default_factory=dict,
        title="Inputs",
        description="Values and data that steps refer to as `${{parent.inputs.x}}`.",
    )
    outputs: dict[str, OutputBinding] = Field(
        default_factory=dict,
        title="Outputs",
        description="What steps promote by `${{parent.outputs.x}}`.",
    )
    settings: dict[str, JsonValue] = Field(
        default_factory=dict,
        title="Settings",
        description="`default_compute`, `default_datastore`, `default_environment`, "
        "`continue_on_step_failure`, `force_rerun`.",
    )
    compute: str | None = Field(
        default=None, title="Compute", description="Where steps run that say nothing else."
    )
    identity: JobIdentity | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people; need not be unique."
    )
    experiment_name: str | None = Field(
        default=None, title="Experiment", description="Experiment that the runs belong to."
    )
    parent_job_name: str | None = Field(
        default=None, title="Parent", description="Job that this one is a part of."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but does nothing."""
        document = self.model_dump(mode="json", exclude_unset=True)
        found = [
            (dotted(fault.steps), f"{fault.message} {fault.hint or ''}".strip())
            for fault in pipeline_faults(document)
            if fault.warning
        ]
        if self.identity:
            found.append(("identity", "There is no cloud identity here."))
        return tuple(found)
