"""The sweep job: many trials of one component, each with other values of what is searched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.job_ports import InputChoice, OutputChoice
from zaffre.kinds.job_settings import JobIdentity, JobResources, QueueSettings
from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Spec
from zaffre.kinds.step import InlineComponent
from zaffre.kinds.sweep_settings import (
    EarlyTermination,
    Objective,
    Sampling,
    SamplingChoice,
    SearchParameter,
    SweepLimits,
)


class SweepJobSpec(Spec):
    """Trials of one component over a space of parameters; the best one's outputs are its own."""

    type: Annotated[Literal["sweep"], AnyCase] = Field(
        default="sweep", title="Type", description="Kind of job."
    )
    trial: InlineComponent | str = Field(
        title="Trial",
        description="Command component: its file, `azureml:NAME:VERSION`, or written here.",
    )
    search_space: dict[str, SearchParameter] = Field(
        min_length=1, title="Search space", description="Parameters and their distributions."
    )
    objective: Objective = Field(title="Objective", description="What is looked for.")
    limits: SweepLimits = Field(title="Limits", description="How much is tried.")
    sampling_algorithm: SamplingChoice = Field(
        default="random", title="Sampling", description="How values are chosen."
    )
    early_termination: EarlyTermination | None = Field(
        default=None, title="Early end", description="Which trials are stopped."
    )
    warm_start: list[str] | str | None = Field(
        default=None,
        title="Warm start",
        description="Earlier sweeps whose trials bayesian sampling learns from.",
    )
    inputs: dict[str, InputChoice] = Field(
        default_factory=dict, title="Inputs", description="Inputs that are the same in all trials."
    )
    outputs: dict[str, OutputChoice] = Field(
        default_factory=dict, title="Outputs", description="Outputs of each trial."
    )
    compute: str | None = Field(default=None, title="Compute", description="Where trials run.")
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How much each trial takes."
    )
    queue_settings: QueueSettings | None = Field(
        default=None, title="Queue", description="How urgent it is."
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

    @property
    def sampling(self) -> Sampling:
        """Give how values are chosen, written out."""
        given = self.sampling_algorithm
        return Sampling(type=given) if isinstance(given, str) else given

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but does nothing."""
        found = []
        if self.warm_start and self.sampling.type != "bayesian":
            found.append(("warm_start", "Only bayesian sampling learns from earlier sweeps."))
        if isinstance(self.trial, InlineComponent):
            text = f"{self.trial.command} {list(self.trial.environment_variables.values())}"
            found += [
                (f"search_space.{name}", "No expression of the trial names it.")
                for name in self.search_space
                if f".{name}" not in text
            ]
        if self.identity:
            found.append(("identity", "There is no cloud identity here."))
        return tuple(found)
