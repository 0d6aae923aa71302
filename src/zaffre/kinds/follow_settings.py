"""How a deployment follows its model: settings, and how far it is. An extension of ours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.duration import Duration, seconds_of
from zaffre.kinds.following import JobGate, MirrorGate, Plan, Stage, Traffic
from zaffre.kinds.part import AnyCase, Part

Step = Annotated[int, Field(ge=1, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


class Gate(Part):
    """What a new version has to pass: a job whose metric is compared, or copies of requests."""

    job: dict[str, JsonValue] | str | None = Field(
        default=None,
        title="Job",
        description="Path of a job's document, or one written here; its inputs `candidate` and "
        "`champion` become the new model and the one that serves.",
    )
    metric: str | None = Field(
        default=None, title="Metric", description="Metric that the job logs of the candidate."
    )
    at_least: float | None = Field(
        default=None, title="At least", description="Least value that passes."
    )
    at_most: float | None = Field(
        default=None, title="At most", description="Greatest value that passes."
    )
    not_worse_than: str | None = Field(
        default=None,
        title="Not worse than",
        description="Metric that the same job logs of the champion.",
    )
    tolerance: float = Field(
        default=0.0, ge=0, title="Tolerance", description="By how much it may be worse."
    )
    goal: Annotated[Literal["maximize", "minimize"], AnyCase] = Field(
        default="maximize", title="Goal", description="Which value is the better one."
    )
    mirror: Step | None = Field(
        default=None, title="Mirror", description="Percent of requests copied to the candidate."
    )
    duration: Duration = Field(
        default="10m", title="Duration", description="How long requests are copied, as `10m`."
    )
    min_agreement: Share | None = Field(
        default=None,
        title="Agreement",
        description="Least share of copies answered as the old version answered.",
    )
    max_error_rate: Share = Field(
        default=0.01,
        title="Error rate",
        description="Greatest share of answers that may fail, here and in the steps.",
    )
    min_requests: int = Field(
        default=20,
        ge=0,
        title="Requests",
        description="Least number of answers before anything is said of them.",
    )


class FollowSettings(Part):
    """How a deployment follows the version that its model's label means."""

    update_policy: Annotated[Literal["manual", "auto", "gated"], AnyCase] = Field(
        default="manual",
        title="Update policy",
        description="`auto`: a new version of `model: azureml:NAME@LABEL` is deployed by itself; "
        "`gated`: once it passes the gate. Not Azure's.",
    )
    gate: Gate | None = Field(
        default=None, title="Gate", description="What a new version has to pass. Not Azure's."
    )
    steps: list[Step] = Field(
        default_factory=list,
        title="Steps",
        description="Percent of its requests that a new version gets, one after the other. "
        "Not Azure's.",
    )
    interval: Duration = Field(
        default="5m", title="Interval", description="How long each step lasts. Not Azure's."
    )

    @property
    def plan(self) -> Plan:
        """Give how a new version is judged and comes to its traffic."""
        limits = self.gate or Gate()
        return Plan(
            gate=_gate(self.gate) if self.gate and self.update_policy == "gated" else None,
            steps=tuple(self.steps),
            seconds=seconds_of(self.interval),
            max_error_rate=limits.max_error_rate,
            min_requests=limits.min_requests,
        )


def _gate(gate: Gate) -> JobGate | MirrorGate:
    if gate.job is None:
        seconds = seconds_of(gate.duration)
        return MirrorGate(seconds, gate.min_requests, gate.min_agreement)
    return JobGate(
        metric=gate.metric or "",
        at_least=gate.at_least,
        at_most=gate.at_most,
        rival=gate.not_worse_than,
        tolerance=gate.tolerance,
        minimize=gate.goal == "minimize",
    )


class FollowEvent(Part):
    """Something that was decided: when, of which version, and why."""

    at: str = Field(title="At", description="When, in UTC.")
    stage: Stage = Field(title="Stage", description="Where it went.")
    version: str = Field(title="Version", description="Version of the model.")
    why: str = Field(title="Why", description="What was seen.")


class Counts(Part):
    """What a candidate had answered when something began."""

    requests: int = Field(default=0, title="Requests", description="Answers.")
    errors: int = Field(default=0, title="Errors", description="Of these, with a status >= 500.")
    pairs: int = Field(default=0, title="Pairs", description="Answers compared.")
    agreed: int = Field(default=0, title="Agreed", description="Of these, equal.")

    def since(self, before: Counts) -> Traffic:
        """Say what came after an earlier count; a gateway that began anew counts from nothing."""
        names = ("requests", "errors", "pairs", "agreed")
        again = any(getattr(self, name) < getattr(before, name) for name in names)
        first = Counts() if again else before
        return Traffic(*(getattr(self, name) - getattr(first, name) for name in names))


class FollowStatus(Part):
    """How far a deployment is on its way to a new version."""

    stage: Stage = Field(
        default=Stage.RESTING, title="Stage", description="What is being done now."
    )
    version: str = Field(
        default="", title="Version", description="Version that it is on its way to."
    )
    step: int = Field(default=0, title="Step", description="Which of the steps, from 0.")
    since: float = Field(
        default=0.0, title="Since", description="When the stage or step began, Unix time."
    )
    counted: Counts = Field(
        default_factory=Counts, title="Counted", description="What was counted by then."
    )
    gate_job: str | None = Field(
        default=None, title="Gate job", description="Job that compares the versions."
    )
    acted: bool = Field(
        default=False, title="Acted", description="Whether what the stage needs is done."
    )
    refused: str = Field(
        default="", title="Refused", description="Version that went back; it is not tried again."
    )
    events: tuple[FollowEvent, ...] = Field(
        default=(), title="Events", description="What was decided, newest first."
    )
