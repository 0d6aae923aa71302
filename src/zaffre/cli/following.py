"""How a deployment follows its model, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zaffre.cli.output import when
from zaffre.kinds.following import Stage

SETTINGS = ("update_policy", "gate", "steps", "interval")
"""Fields of the document that the lines say."""


def described(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Give a deployment as it is shown: how it follows its model as lines."""
    if not deployment.get("following"):
        return dict(deployment)
    kept = {name: value for name, value in deployment.items() if name not in SETTINGS}
    return {**kept, "following": "\n".join(_lines(deployment))}


def _lines(deployment: Mapping[str, Any]) -> Iterator[str]:
    following = deployment["following"]
    policy = deployment.get("update_policy", "manual")
    yield f"{deployment.get('model')}, {policy}{''.join(_how(deployment))}"
    yield _state(deployment, following)
    if following.get("gate_job"):
        yield f"gate's job: {following['gate_job']}"
    if following.get("refused"):
        yield f"version {following['refused']} went back and is not tried again"
    for event in following.get("events", ())[:1]:
        moment = when(event["at"])
        yield f"last change {moment}: {event['stage']}, version {event['version']}: {event['why']}"


def _how(deployment: Mapping[str, Any]) -> Iterator[str]:
    gate = deployment.get("gate") or {}
    if gate.get("job"):
        yield f"; gate: a job, by `{gate.get('metric')}`"
    elif gate:
        duration = gate.get("duration", "10m")
        yield f"; gate: {gate.get('mirror')} % of the requests copied for {duration}"
    if steps := deployment.get("steps"):
        percents = ", ".join(f"{one} %" for one in steps)
        yield f"; steps: {percents}, each {deployment.get('interval', '5m')}"


def _state(deployment: Mapping[str, Any], following: Mapping[str, Any]) -> str:
    stage = following.get("stage", Stage.RESTING)
    serving = deployment.get("model_version") or "nothing"
    if stage == Stage.RESTING:
        return f"{stage}: {serving} serves"
    step = _step(deployment, following) if stage == Stage.SHIFTING else ""
    candidate = f"candidate `{deployment['name']}-next` has version {following.get('version')}"
    return f"{stage}{step}: {serving} serves, {candidate}"


def _step(deployment: Mapping[str, Any], following: Mapping[str, Any]) -> str:
    steps = deployment.get("steps") or [100]
    at = min(int(following.get("step", 0)), len(steps) - 1)
    return f" ({steps[at]} %)"
