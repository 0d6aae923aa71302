"""How far a pipeline is, and what to do next: decided from states alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zaffre.kinds.control import DO_WHILE, IF_ELSE, loop_condition, most_iterations
from zaffre.kinds.graph import Level
from zaffre.kinds.job import StepStatus
from zaffre.kinds.job_state import SKIPPED, TERMINAL, JobState

CAME_OUT = "condition"
"""The value of a condition's step that says how it came out."""

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
    return step is not None and (step.status in TERMINAL or step.status == SKIPPED)


def broken(steps: Mapping[str, StepStatus]) -> bool:
    """Say whether a step has failed, or was canceled by itself."""
    return any(one.status in (JobState.FAILED, JobState.CANCELED) for one in steps.values())


def ready(level: Level, steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps may start now, loops once more: all that they need is there."""
    if broken(steps) and not goes_on(level):
        return []
    return [name for name in level.order if _may_start(level, name, steps)]


def opened(level: Level, done: Iterable[str], steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps may start now because these were done."""
    found = dict.fromkeys(one for name in done for one in (name, *level.dependents[name]))
    return [name for name in found if _may_start(level, name, steps)]


def _may_start(level: Level, name: str, steps: Mapping[str, StepStatus]) -> bool:
    if name in steps:
        return goes_round(level, name, steps)
    return level.nodes[name].control_type != IF_ELSE and needs_met(level, name, steps)


def open_conditions(level: Level, steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which conditions can be judged now."""
    if broken(steps) and not goes_on(level):
        return []
    conditions = (one for one, _ in level.wiring.of_type(IF_ELSE))
    return [one for one in conditions if one not in steps and needs_met(level, one, steps)]


def needs_met(level: Level, step: str, steps: Mapping[str, StepStatus]) -> bool:
    """Say whether all that a step needs is there, and it is chosen."""
    node = level.nodes[step]
    for one in node.after:
        there = one in steps and (done(level, one, steps) or steps[one].status == SKIPPED)
        if not there:
            return False
    return passed_over(level, step, steps) is None


def done(level: Level, step: str, steps: Mapping[str, StepStatus]) -> bool:
    """Say whether a step is completed, and no loop that goes on."""
    one = steps.get(step)
    completed = one is not None and one.status == JobState.COMPLETED
    return completed and not goes_round(level, step, steps)


def goes_round(level: Level, step: str, steps: Mapping[str, StepStatus]) -> bool:
    """Say whether a loop has done an iteration and needs another."""
    node, one = level.nodes[step], steps[step]
    if node.control_type != DO_WHILE or one.status != JobState.COMPLETED:
        return False
    if (one.iteration or 1) >= most_iterations(node.control):
        return False
    output = loop_condition(node.control)
    return output is None or one.values.get(output) is True


def passed_over(level: Level, step: str, steps: Mapping[str, StepStatus]) -> str | None:
    """Say why a step will not run: it was not chosen, or it needs one that was not."""
    node = level.nodes[step]
    if node.guard is not None:
        condition = steps.get(node.guard.condition)
        came_out = condition.values.get(CAME_OUT) if condition else None
        if isinstance(came_out, bool) and came_out is not node.guard.wanted:
            return f"`{node.guard.condition}` is {str(came_out).lower()}"
    for one in node.after:
        if one in node.indispensable and one in steps and steps[one].status == SKIPPED:
            return f"it needs `{one}`, which was skipped"
    return None


def skipped(level: Level, steps: Mapping[str, StepStatus]) -> dict[str, str]:
    """Give the steps that are to be skipped now, with the reason."""
    if not level.wiring.guards and all(one.status != SKIPPED for one in steps.values()):
        return {}
    found = {name: passed_over(level, name, steps) for name in level.nodes if name not in steps}
    return {name: reason for name, reason in found.items() if reason is not None}


def surplus(level: Level, steps: Mapping[str, StepStatus]) -> list[str]:
    """Say which steps must be stopped, because another has failed."""
    if not broken(steps) or goes_on(level):
        return []
    return [name for name, one in steps.items() if not ended(one)]


def outcome(level: Level, steps: Mapping[str, StepStatus]) -> JobState | None:
    """Say how the pipeline has ended, or None while it has not."""
    if any(not ended(one) for one in steps.values()) or ready(level, steps):
        return None
    well = (JobState.COMPLETED, SKIPPED)
    complete = all(name in steps and steps[name].status in well for name in level.nodes)
    return JobState.COMPLETED if complete else JobState.FAILED
