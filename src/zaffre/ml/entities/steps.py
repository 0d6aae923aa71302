"""Components, which become steps of pipelines."""

from __future__ import annotations

from typing import Any

from zaffre.ml.entity import Entity, placed_document
from zaffre.ml.nodes import Node


class Component(Entity, kind="component"):
    """A step for pipelines: typed inputs and outputs, under a name and a version."""

    def __call__(self, **inputs: Any) -> Node:
        """Make a step of the pipeline that is being built."""
        if "revision" in self._document:
            return Node(self.as_field(), self.to_document(), inputs)
        document = placed_document("component", self)
        return Node(document, document, inputs)


class CommandComponent(Component):
    """A step that runs a command."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "command", **fields})


class PipelineComponent(Component):
    """A step that is a pipeline itself."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "pipeline", **fields})


class ParallelComponent(Component):
    """A step that calls a script for each mini-batch of its data."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "parallel", **fields})
