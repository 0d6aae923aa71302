"""Control nodes in pipeline functions: `condition`, `do_while`, `parallel_for`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zaffre.ml.fields import plain
from zaffre.ml.nodes import Comparison, Node, NodeInput, NodeOutput, PipelineInput

__all__ = ["condition", "do_while", "if_else", "parallel_for"]

Steps = Node | Iterable[Node] | None
Decisive = bool | str | NodeOutput | PipelineInput | Comparison


class ControlNode(Node):
    """A step that decides about others; of a loop, the outputs are those of its body."""

    def __init__(self, kind: str, said: Mapping[str, Any], body: Node | None = None) -> None:
        outputs = body.body().get("outputs") if body is not None else None
        super().__init__({}, {"type": kind, "name": kind, "outputs": outputs or {}}, {})
        object.__setattr__(self, "_said", {k: v for k, v in said.items() if v is not None})

    def as_field(self) -> dict[str, Any]:
        """Give the step as it stands in the pipeline's document."""
        found = {"type": self._body["type"]}
        found |= {name: _written(value) for name, value in self._said.items()}
        outputs = {name: one.said() for name, one in self.outputs.items() if one}
        if outputs:
            found["outputs"] = outputs
        return {**found, **plain(self._fields)}


def condition(condition: Decisive, *, true_block: Steps = None, false_block: Steps = None) -> Node:
    """Choose steps: those of `true_block` run if the condition is true, else the others.

    The condition is a boolean, an input of the pipeline or an output of a step that is one, or a
    comparison of such: `step.outputs.score > 0.9`.
    """
    return ControlNode(
        "if_else",
        {"condition": condition, "true_block": true_block, "false_block": false_block},
    )


if_else = condition


def do_while(
    body: Node,
    mapping: Mapping[Any, Any] | None = None,
    max_iteration_count: int = 1000,
    condition: NodeOutput | str | None = None,
) -> Node:
    """Repeat a step while an output of it is true, at most so often.

    `mapping` gives outputs of the body to inputs of its next iteration, by name or as
    `{body.outputs.model: body.inputs.model}`.
    """
    said = {
        "body": body,
        "condition": condition,
        "mapping": {_port(key): _ports(value) for key, value in (mapping or {}).items()} or None,
        "limits": {"max_iteration_count": max_iteration_count},
    }
    return ControlNode("do_while", said, body)


def parallel_for(*, body: Node, items: Any, **_: Any) -> Node:
    """Run a step for each item: a list or mapping of inputs, JSON, a folder, or what gives such.

    Its outputs are folders with a folder for each item; of literals, JSON lists.
    """
    return ControlNode("parallel_for", {"body": body, "items": items}, body)


def _written(value: Any) -> Any:
    if isinstance(value, Node):
        return f"${{{{parent.jobs.{value.name}}}}}"
    if isinstance(value, (list, tuple)):
        return [_written(one) for one in value]
    if isinstance(value, Mapping) and not hasattr(value, "as_field"):
        return {str(name): _written(one) for name, one in value.items()}
    return plain(value)


def _port(port: Any) -> str:
    return port.port if isinstance(port, (NodeInput, NodeOutput)) else str(port)


def _ports(ports: Any) -> list[str]:
    many = ports if isinstance(ports, (list, tuple)) else [ports]
    return [_port(one) for one in many]
