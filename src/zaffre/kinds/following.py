"""Following a model: how a deployment comes to a new version, decided from what is seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """How far a deployment is on its way to a version."""

    RESTING = "Resting"
    PREPARING = "Preparing"
    JUDGING = "Judging"
    SHIFTING = "Shifting"
    PROMOTING = "Promoting"
    RETURNING = "Returning"


NEXT: Mapping[Stage, frozenset[Stage]] = {
    Stage.RESTING: frozenset({Stage.PREPARING, Stage.PROMOTING}),
    Stage.PREPARING: frozenset({Stage.JUDGING, Stage.SHIFTING, Stage.PROMOTING, Stage.RETURNING}),
    Stage.JUDGING: frozenset({Stage.SHIFTING, Stage.PROMOTING, Stage.RETURNING}),
    Stage.SHIFTING: frozenset({Stage.SHIFTING, Stage.PROMOTING, Stage.RETURNING}),
    Stage.PROMOTING: frozenset({Stage.RESTING, Stage.RETURNING}),
    Stage.RETURNING: frozenset({Stage.RESTING}),
}
"""Which stage may follow which."""


class Health(StrEnum):
    """How a deployment is."""

    MISSING = "missing"
    BUSY = "busy"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class JobGate:
    """A job's metric decides. `rival` is the metric of what serves now, of the same job."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    rival: str | None = None
    tolerance: float = 0.0
    minimize: bool = False


@dataclass(frozen=True)
class MirrorGate:
    """Copies of requests decide, after some seconds and some requests."""

    seconds: float
    min_requests: int
    min_agreement: float | None = None


@dataclass(frozen=True)
class Plan:
    """How a deployment follows: what judges a version, and in which steps it gets traffic."""

    gate: JobGate | MirrorGate | None = None
    steps: tuple[int, ...] = ()
    seconds: float = 0.0
    max_error_rate: float = 0.01
    min_requests: int = 20


@dataclass(frozen=True)
class Traffic:
    """What a candidate has answered since its stage or step began."""

    requests: int = 0
    errors: int = 0
    pairs: int = 0
    agreed: int = 0


@dataclass(frozen=True)
class Seen:
    """What is known when something is to be decided. `newest` is what the reference means now."""

    newest: str
    serving: str
    candidate: Health = Health.MISSING
    own: Health = Health.READY
    why: str = ""
    job_ended: bool = False
    job_failed: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    traffic: Traffic = Traffic()
    refused: str = ""
    meddled: str = ""


@dataclass(frozen=True)
class Progress:
    """How far it is: the stage, on the way to which version, for how long, at which step."""

    stage: Stage = Stage.RESTING
    version: str = ""
    seconds: float = 0.0
    step: int = 0


@dataclass(frozen=True)
class Move:
    """The stage to go to, and why. `refuses` says that the version is not to be tried again."""

    stage: Stage
    why: str
    version: str
    step: int = 0
    refuses: bool = False


def decide(plan: Plan, progress: Progress, seen: Seen) -> Move | None:
    """Say where to go now; None is to wait."""
    if progress.stage is Stage.RESTING:
        return _begin(plan, seen)
    if progress.stage is Stage.RETURNING:
        return _rest(progress, seen)
    if progress.stage is Stage.PROMOTING:
        return _promoted(progress, seen)
    if seen.newest != progress.version:
        why = f"The reference means version {seen.newest} now."
        return Move(Stage.RETURNING, why, progress.version)
    fault = candidate_fault(seen)
    if fault:
        return _back(progress, fault)
    return _go_on(plan, progress, seen) if seen.candidate is Health.READY else None


def candidate_fault(seen: Seen) -> str:
    """Say why a candidate can no longer get there, or ""."""
    if seen.meddled:
        return seen.meddled
    if seen.candidate is Health.MISSING:
        return "Somebody deleted it."
    return f"It did not start: {seen.why}" if seen.candidate is Health.FAILED else ""


def _go_on(plan: Plan, progress: Progress, seen: Seen) -> Move | None:
    if progress.stage is Stage.PREPARING:
        return _ready(plan, progress)
    if progress.stage is Stage.JUDGING:
        return _judge(plan, progress, seen)
    return _shift(plan, progress, seen)


def _begin(plan: Plan, seen: Seen) -> Move | None:
    settled = seen.newest in (seen.serving, seen.refused)
    if settled or not seen.serving or seen.own is Health.BUSY:
        return None
    direct = plan.gate is None and not plan.steps
    stage = Stage.PROMOTING if direct else Stage.PREPARING
    return Move(stage, f"Version {seen.newest} follows version {seen.serving}.", seen.newest)


def _ready(plan: Plan, progress: Progress) -> Move:
    if plan.gate is not None:
        return Move(Stage.JUDGING, "It answers beside the old one.", progress.version)
    return _first_step(plan, progress, "It answers beside the old one.")


def _first_step(plan: Plan, progress: Progress, why: str) -> Move:
    stage = Stage.SHIFTING if plan.steps else Stage.PROMOTING
    return Move(stage, why, progress.version)


def _judge(plan: Plan, progress: Progress, seen: Seen) -> Move | None:
    if isinstance(plan.gate, JobGate):
        if not seen.job_ended:
            return None
        fault = seen.job_failed or job_fault(plan.gate, seen.metrics)
        if fault:
            return _back(progress, fault)
        return _first_step(plan, progress, _passed(plan.gate, seen.metrics))
    fault = traffic_fault(plan, seen.traffic)
    if fault:
        return _back(progress, fault)
    if plan.gate is None:
        return _first_step(plan, progress, "There is no gate any more.")
    if not _is_over(plan.gate, progress, seen.traffic):
        return None
    fault = _disagreement(plan.gate, seen.traffic)
    if fault:
        return _back(progress, fault)
    return _first_step(plan, progress, f"It answered {seen.traffic.requests} copies of requests.")


def _is_over(gate: MirrorGate, progress: Progress, traffic: Traffic) -> bool:
    return progress.seconds >= gate.seconds and traffic.requests >= gate.min_requests


def _disagreement(gate: MirrorGate, traffic: Traffic) -> str:
    if gate.min_agreement is None:
        return ""
    share = traffic.agreed / traffic.pairs if traffic.pairs else 0.0
    if share >= gate.min_agreement:
        return ""
    return f"It agrees with {share:.1%} of the answers, not {gate.min_agreement:.1%}."


def _shift(plan: Plan, progress: Progress, seen: Seen) -> Move | None:
    fault = traffic_fault(plan, seen.traffic)
    if fault:
        return _back(progress, fault)
    if progress.seconds < plan.seconds:
        return None
    share = plan.steps[min(progress.step, len(plan.steps) - 1)] if plan.steps else 100
    traffic = seen.traffic
    why = f"At {share} % it answered {traffic.requests} requests, {traffic.errors} failed."
    if progress.step + 1 < len(plan.steps):
        return Move(Stage.SHIFTING, why, progress.version, progress.step + 1)
    return Move(Stage.PROMOTING, why, progress.version)


def _promoted(progress: Progress, seen: Seen) -> Move | None:
    if seen.own is Health.BUSY:
        return None
    if seen.own is Health.READY and seen.serving == progress.version:
        return Move(Stage.RESTING, f"Version {progress.version} serves.", progress.version)
    if seen.own is Health.FAILED:
        return _back(progress, f"It did not start: {seen.why}")
    return None


def _rest(progress: Progress, seen: Seen) -> Move | None:
    if seen.candidate is not Health.MISSING or seen.own is Health.BUSY:
        return None
    return Move(Stage.RESTING, f"Version {seen.serving} serves on.", progress.version)


def _back(progress: Progress, why: str) -> Move:
    return Move(Stage.RETURNING, why, progress.version, refuses=True)


def job_fault(gate: JobGate, metrics: Mapping[str, float]) -> str:
    """Say what a gate's job found wrong, or "" if the version passes."""
    value = metrics.get(gate.metric)
    if value is None:
        return f"The gate's job logged no metric `{gate.metric}`."
    text = f"`{gate.metric}` is {value:g}"
    if gate.at_least is not None and not value >= gate.at_least:
        return f"{text}: less than {gate.at_least:g}."
    if gate.at_most is not None and not value <= gate.at_most:
        return f"{text}: more than {gate.at_most:g}."
    return _rival_fault(gate, metrics, value, text) if gate.rival else ""


def _rival_fault(gate: JobGate, metrics: Mapping[str, float], value: float, text: str) -> str:
    rival = metrics.get(gate.rival or "")
    if rival is None:
        return f"The gate's job logged no metric `{gate.rival}`."
    gain = rival - value if gate.minimize else value - rival
    if gain >= -gate.tolerance:
        return ""
    return f"{text}, `{gate.rival}` {rival:g}: worse by more than {gate.tolerance:g}."


def _passed(gate: JobGate, metrics: Mapping[str, float]) -> str:
    rival = f", `{gate.rival}` {metrics[gate.rival]:g}" if gate.rival else ""
    return f"`{gate.metric}` is {metrics[gate.metric]:g}{rival}."


def traffic_fault(plan: Plan, traffic: Traffic) -> str:
    """Say whether too many answers failed, as soon as there are enough to tell."""
    enough = max(1, plan.min_requests)
    if traffic.requests < enough or traffic.errors <= plan.max_error_rate * traffic.requests:
        return ""
    return f"{traffic.errors} of {traffic.requests} answers failed."


def shares(traffic: Mapping[str, int], own: str, candidate: str, percent: int) -> dict[str, int]:
    """Give a candidate its percent of what the two of them have together; others keep theirs."""
    whole = traffic.get(own, 0) + traffic.get(candidate, 0)
    part = round(whole * percent / 100)
    return {**traffic, own: whole - part, candidate: part}
