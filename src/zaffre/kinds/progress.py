"""How far a pipeline is, and what to do next: decided from states alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zaffre.kinds.graph import Level
from zaffre.kinds.job import StepStatus
from zaffre.kinds.job_state import TERMINAL, JobState

_YES = (True, "true", "True", "yes", 1)


def goes_on(level: Level) -> bool:
    """Say whether other branches go on when a step has failed."""
    settings = level.settings
    return any(
        settings.get(name) in _YES
        for name in ("continue_on_step_failure", "continue_run_on_step_failure")
    )


def forced(level: Level) -> bool:
    """Say whether every step is run, whatever was done before."""
    return level.settings.get("force_rerun") in _YES


def ended(step: StepStatus | None) -> bool:
    """Say whether a step has ended."""
    return step is not None and step.status in TERMINAL


def broken(steps: Mapping[str, StepStatus]) -> bool:
    """Say whether a step has failed, or was canceled by itself."""
    return any(one.status in (JobState.FAILED, JobState.CANCELED) for one in steps.values())


def ready(level: Level, steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps may start now: all that they need is there."""
    if broken(steps) and not goes_on(level):
        return []
    return [name for name in level.order if name not in steps and needs_met(level, name, steps)]


def opened(level: Level, done: Iterable[str], steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps may start now because these were done."""
    found = dict.fromkeys(one for name in done for one in level.dependents[name])
    return [name for name in found if name not in steps and needs_met(level, name, steps)]


def needs_met(level: Level, step: str, steps: Mapping[str, StepStatus]) -> bool:
    """Say whether all that a step needs is there."""
    needed = (steps.get(one) for one in level.nodes[step].after)
    return all(one is not None and one.status == JobState.COMPLETED for one in needed)


def surplus(level: Level, steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps must be stopped, because another has failed."""
    if not broken(steps) or goes_on(level):
        return []
    return [name for name, one in steps.items() if not ended(one)]


def outcome(level: Level, steps: Mapping[str, StepStatus]) -> JobState | None:
    """Say how the pipeline has ended, or None while it has not."""
    if any(not ended(one) for one in steps.values()) or ready(level, steps):
        return None
    complete = all(
        name in steps and steps[name].status == JobState.COMPLETED for name in level.nodes
    )
    return JobState.COMPLETED if complete else JobState.FAILED
