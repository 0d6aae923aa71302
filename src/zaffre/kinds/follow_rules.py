"""What a document that follows a model gets wrong beyond the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator

from zaffre.errors import Problem
from zaffre.kinds.document import Document
from zaffre.kinds.resource import Json

COMPARED = ("at_least", "at_most", "not_worse_than")


def follow_problems(document: Document) -> Iterator[Problem]:
    """Find what is wrong with how a deployment follows its model."""
    data = document.data
    policy = str(data.get("update_policy") or "manual").strip().lower()
    if policy == "manual":
        return
    model = data.get("model")
    if not isinstance(model, str) or "@" not in model:
        text = f"`update_policy: {policy}` follows a label, and `model` names none."
        hint = "Write `model: azureml:NAME@latest`, or an alias in the place of `latest`."
        yield Problem(text, document.key_place(("model",)), hint)
    gate = data.get("gate")
    if policy == "gated" and not isinstance(gate, dict):
        hint = "Add `gate` with a `job` and its `metric`, or with `mirror`."
        yield Problem("`gate` is missing.", document.key_place(("update_policy",)), hint)
    if isinstance(gate, dict):
        yield from _gate_problems(document, gate, policy)
    steps = data.get("steps")
    if isinstance(steps, list) and all(isinstance(one, int) for one in steps):
        yield from _step_problems(document, steps)


def _gate_problems(document: Document, gate: dict[str, Json], policy: str) -> Iterator[Problem]:
    place = document.key_place(("gate",))
    if policy == "auto" and (gate.get("job") is not None or gate.get("mirror") is not None):
        yield Problem("`update_policy: auto` has no gate.", place, "Make it `gated`.")
    if policy == "gated" and (gate.get("job") is None) == (gate.get("mirror") is None):
        hint = "Give `job` with its `metric`, or `mirror` with the percent to copy."
        yield Problem("A gate has either a job or mirrored requests.", place, hint)
    if gate.get("job") is None:
        return
    if not gate.get("metric"):
        hint = "Name the metric that the job logs: `metric: accuracy`."
        yield Problem("`gate.metric` is missing.", place, hint)
    if all(gate.get(name) is None for name in COMPARED):
        hint = "Add `at_least`, `at_most`, or `not_worse_than` with the champion's metric."
        yield Problem("The gate compares its metric with nothing.", place, hint)


def _step_problems(document: Document, steps: list[int]) -> Iterator[Problem]:
    if steps and (steps != sorted(set(steps)) or steps[-1] != 100):  # noqa: PLR2004 - percent
        hint = "Write them rising, as `[10, 50, 100]`."
        yield Problem("Steps rise, and the last is 100.", document.value_place(("steps",)), hint)
