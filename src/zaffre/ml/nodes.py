"""Steps of pipelines as Python has them: what a component gives when it is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from zaffre.kinds.near import advice
from zaffre.ml.fields import Fields, plain, wrap

DECLARED = ("default", "optional", "min", "max", "enum", "description")
LITERALS = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True)
class Comparison:
    """Two values of which a step runs that are compared, for a condition."""

    left: Any
    sign: str
    right: Any

    def as_field(self) -> str:
        """Give the comparison as conditions have it."""
        return f"{_operand(self.left)} {self.sign} {_operand(self.right)}"

    def __bool__(self) -> bool:
        """Refuse to be decided while the pipeline is built."""
        raise TypeError(
            "What a pipeline's inputs and outputs hold is known when it runs, not while it is "
            "built. Choose steps by `zaffre.ml.dsl.condition`."
        )


class Compared:
    """What can stand in a comparison: inputs of the pipeline, and outputs of steps."""

    def __lt__(self, other: Any) -> Comparison:
        return Comparison(self, "<", other)

    def __le__(self, other: Any) -> Comparison:
        return Comparison(self, "<=", other)

    def __gt__(self, other: Any) -> Comparison:
        return Comparison(self, ">", other)

    def __ge__(self, other: Any) -> Comparison:
        return Comparison(self, ">=", other)


def _operand(value: Any) -> str:
    plainly = plain(value)
    return plainly if isinstance(plainly, str) and "${{" in plainly else json.dumps(plainly)


class PipelineInput(Compared):
    """An input of the pipeline that is being built; it stands for its value."""

    def __init__(self, name: str, value: Any) -> None:
        self._name = name
        self._value = value

    @property
    def name(self) -> str:
        """Give the input's name."""
        return self._name

    def as_field(self) -> str:
        """Give what stands for it in the document."""
        return f"${{{{parent.inputs.{self._name}}}}}"

    def declared(self) -> dict[str, Any]:
        """Give the type that a component declares for it."""
        return declared(self._value)

    def __str__(self) -> str:
        """Give the binding, so that it can stand in longer texts."""
        return self.as_field()


PipelineParameter = PipelineInput


class NodeInput:
    """An input of a step, to be named; setting it gives it a value."""

    def __init__(self, port: str, value: Any) -> None:
        self.port = port
        self.value = value

    def as_field(self) -> Any:
        """Give what the step gives it."""
        return plain(self.value)

    def declared(self) -> dict[str, Any]:
        """Give the type that a component declares for it."""
        return declared(self.value)


class NodeInputs(Fields):
    """The inputs of a step: values by key, the inputs themselves by attribute."""

    def __init__(self, ports: Iterable[str], given: Mapping[str, Any]) -> None:
        super().__init__(given)
        object.__setattr__(self, "_ports", frozenset(ports))

    def __getattr__(self, name: str) -> Any:
        if name not in self and name not in object.__getattribute__(self, "_ports"):
            return super().__getattr__(name)
        return NodeInput(name, self.get(name))


class NodeOutput(Compared, Fields):
    """An output of a step; its fields (`mode`, `path`, `type`) say how it is written."""

    def __init__(self, node: Node, port: str) -> None:
        super().__init__()
        object.__setattr__(self, "_node", node)
        object.__setattr__(self, "_port", port)

    def __hash__(self) -> int:  # type: ignore[override]
        """Let it be a key: `do_while` maps outputs to inputs."""
        return id(self)

    @property
    def port(self) -> str:
        """Give its name."""
        return str(self._port)

    def as_field(self) -> str:
        """Give what stands for it where another step takes it."""
        return f"${{{{parent.jobs.{self._node.name}.outputs.{self._port}}}}}"

    def __getattr__(self, name: str) -> Any:
        if name in ("type", "mode", "path", "name", "version"):
            return self.get(name)
        return super().__getattr__(name)

    def said(self) -> dict[str, Any]:
        """Give what was said about it."""
        return {name: plain(value) for name, value in self.items()}

    def declared(self) -> dict[str, Any]:
        """Give the type that a component declares for an input that takes it."""
        known = (self._node.body().get("outputs") or {}).get(self._port) or {}
        return {"type": self.get("type") or known.get("type") or "uri_folder"}


class NodeOutputs(dict[str, NodeOutput]):
    """The outputs of a step, by attribute or key."""

    def __init__(self, node: Node, ports: Mapping[str, Any]) -> None:
        super().__init__({port: NodeOutput(node, port) for port in ports})

    def __getattr__(self, name: str) -> NodeOutput:
        if name not in self:
            raise AttributeError(f"The step has no output `{name}`. {advice(name, self)}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        output = getattr(self, name)
        for key, one in dict(value or {}).items():
            output[key] = one


class Node:
    """One step of a pipeline. Fields beyond those here are fields of the step."""

    _body: Mapping[str, Any]

    def __init__(self, component: Any, body: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        declared_ = body.get("inputs") or {}
        for name in given:
            if body and name not in declared_:
                raise TypeError(
                    f"The component takes no input `{name}`. {advice(name, list(declared_))}"
                )
        fields = object.__setattr__
        fields(self, "_component", component)
        fields(self, "_body", body)
        fields(self, "name", "")
        fields(
            self,
            "inputs",
            NodeInputs(declared_, {k: v for k, v in given.items() if v is not None}),
        )
        fields(self, "outputs", NodeOutputs(self, body.get("outputs") or {}))
        fields(self, "_fields", Fields())
        level = LEVEL.get()
        if level is not None:
            level.append(self)

    def body(self) -> Mapping[str, Any]:
        """Give the component's document."""
        return self._body

    def set_limits(self, *, timeout: int) -> None:
        """End the step after so many seconds."""
        self._fields["limits"] = {"timeout": timeout}

    def set_resources(self, **resources: Any) -> None:
        """Say how much of the compute the step takes."""
        given = {name: value for name, value in resources.items() if value is not None}
        self._fields["resources"] = given

    def sweep(self, **settings: Any) -> Any:
        """Make a sweep of it: inputs that are distributions are searched."""
        return import_module("zaffre.ml.sweep").sweep_of(self, settings)

    def __getattr__(self, name: str) -> Any:
        fields = object.__getattribute__(self, "_fields")
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "environment_variables" and name not in fields:
            fields[name] = {}
        return fields.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("name", "inputs"):
            object.__setattr__(self, name, value)
        else:
            self._fields[name] = wrap(value)

    def as_field(self) -> dict[str, Any]:
        """Give the step as it stands in the pipeline's document."""
        found: dict[str, Any] = {
            "type": str(self._body.get("type") or "command"),
            "component": plain(self._component),
            "inputs": plain(self.inputs),
        }
        outputs = {name: one.said() for name, one in self.outputs.items() if one}
        if outputs:
            found["outputs"] = outputs
        return {**found, **plain(self._fields)}


LEVEL: ContextVar[list[Node] | None] = ContextVar("LEVEL", default=None)
"""The steps of the pipeline function that runs now."""


def declared(value: Any) -> dict[str, Any]:
    """Give what a component declares for an input by a value that it is given."""
    if hasattr(value, "declared"):
        return dict(value.declared())
    if isinstance(value, Mapping):
        kind = value.get("type") or "uri_folder"
        rest = {name: plain(value[name]) for name in DECLARED if value.get(name) is not None}
        return {"type": str(getattr(kind, "value", kind)), **rest}
    for kind, word in LITERALS.items():
        if type(value) is kind:
            return {"type": word}
    return {"type": "uri_folder"} if hasattr(value, "as_field") else {"type": "string"}


def component_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """Give the component that does what a command job says."""
    fields = (
        "command",
        "code",
        "environment",
        "environment_variables",
        "resources",
        "distribution",
        "limits",
        "display_name",
        "description",
    )
    found = {name: job[name] for name in fields if job.get(name) is not None}
    inputs: dict[str, Any] = {}
    for name, value in (job.get("inputs") or {}).items():
        inputs[name] = declared(value)
        if isinstance(value, Mapping):
            inputs[name] |= {k: plain(value[k]) for k in ("path", "mode") if value.get(k)}
        elif value is not None:
            inputs[name]["default"] = value
    outputs = {
        name: {k: plain(v) for k, v in (value or {}).items() if k in ("type", "mode", "path")}
        for name, value in (job.get("outputs") or {}).items()
    }
    return {"type": "command", **plain(found), "inputs": inputs, "outputs": outputs}
