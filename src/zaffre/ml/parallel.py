"""Parallel steps in Python: `parallel_run_function` and the script that it calls."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import step
from zaffre.ml.entities.steps import ParallelComponent
from zaffre.ml.entity import Part
from zaffre.ml.nodes import Node

__all__ = ["Parallel", "RunFunction", "parallel_run_function"]

OF_THE_STEP = ("compute", "resources", "environment_variables", "identity")
"""What is said of the step, not of its component."""


class RunFunction(Part, model=step.ParallelTask):
    """The script of a parallel step: `init()`, `run(mini_batch)`, `shutdown()`."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "run_function", **fields})


class Parallel(ParallelComponent):
    """A parallel component with what each of its steps says of itself."""

    _said: dict[str, Any]

    def __call__(self, **inputs: Any) -> Node:
        """Make a step of the pipeline that is being built."""
        node = super().__call__(**inputs)
        for name, value in self._said.items():
            setattr(node, name, value)
        return node


def parallel_run_function(
    *, task: RunFunction, instance_count: int | None = None, **fields: Any
) -> Parallel:
    """Make a component that calls a script for each mini-batch of its data.

    Further fields are those of a parallel component (`inputs`, `outputs`, `input_data`,
    `mini_batch_size`, `partition_keys`, `retry_settings`, `error_threshold`, ...). Called in a
    pipeline, it gives a step.
    """
    said = {name: fields.pop(name) for name in OF_THE_STEP if fields.get(name) is not None}
    if instance_count is not None:
        said["resources"] = {**said.get("resources", {}), "instance_count": instance_count}
    component = Parallel(task=task, **fields)
    component._said = said  # noqa: SLF001 (its own kind)
    return component
