"""Pipelines written as Python functions: `@pipeline`."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

from zaffre.errors import Invalid
from zaffre.ml.entities import PipelineJob
from zaffre.ml.fields import plain
from zaffre.ml.nodes import (
    LEVEL,
    LITERALS,
    Node,
    NodeOutput,
    PipelineInput,
    declared,
)

__all__ = ["pipeline"]

SETTINGS = (
    "default_compute",
    "default_datastore",
    "default_environment",
    "continue_on_step_failure",
    "force_rerun",
)


def pipeline(function: Callable[..., Any] | None = None, **fields: Any) -> Any:
    """Make a function that builds a pipeline: called, it gives a job, or a step of another.

    Its parameters become the pipeline's inputs; the components that it calls become steps, named
    after the variables that hold them; the mapping that it returns names the outputs.
    `compute`, `default_compute`, `continue_on_step_failure`, `display_name`, `description`,
    `experiment_name`, `tags`, `name` say more.
    """
    if function is None:
        return functools.partial(pipeline, **fields)
    fixed = set(fields.pop("non_pipeline_inputs", None) or ())
    signature = signature_of(function)

    @functools.wraps(function)
    def build(*args: Any, **given: Any) -> Any:
        is_step = LEVEL.get() is not None
        # Without its inputs a pipeline is still good for its component.
        bound = (signature.bind if is_step else signature.bind_partial)(*args, **given)
        bound.apply_defaults()
        values = {name: bound.arguments.get(name) for name in signature.parameters}
        inputs = {
            name: one
            for name, one in bound.arguments.items()
            if name not in fixed and one is not None
        }
        open_ = [name for name in signature.parameters if name not in bound.arguments]
        body = _body(function, values, {**inputs, **dict.fromkeys(open_)})
        if is_step:
            return _step(body, inputs, fields)
        job = _job(function, body, inputs, fields)
        types = {name: one for name, one in _typed(signature, inputs).items() if name not in fixed}
        job._built = {"name": function.__name__, **_component(body, types, fields)}  # noqa: SLF001 (its own kind)
        return job

    return build


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Give a function's parameters; annotations that cannot be evaluated stay texts."""
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, TypeError, AttributeError):
        return inspect.signature(function)


def _body(
    function: Callable[..., Any], values: Mapping[str, Any], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Run a pipeline's function, and give its steps and outputs."""
    nodes: list[Node] = []
    token = LEVEL.set(nodes)
    passed = {
        name: PipelineInput(name, value) if name in inputs else value
        for name, value in values.items()
    }
    try:
        returned, variables = _watched(function, passed)
    finally:
        LEVEL.reset(token)
    _name(nodes, variables)
    jobs = {node.name: node.as_field() for node in nodes}
    outputs: dict[str, Any] = {}
    for name, one in (returned or {}).items():
        if not isinstance(one, NodeOutput):
            raise Invalid(f"The pipeline's output `{name}` is no output of a step.")
        step, port = one._node.name, one._port  # noqa: SLF001 (its own kind)
        own = jobs[step].setdefault("outputs", {})
        said = own.get(port) or {}
        own[port] = f"${{{{parent.outputs.{name}}}}}"
        outputs[name] = {**one.declared(), **said}
    return {"outputs": outputs, "jobs": jobs}


def _watched(
    function: Callable[..., Any], passed: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Call a function, and give its result and its local variables at the end."""
    code = inspect.unwrap(function).__code__
    variables: dict[str, Any] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            variables.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        returned = function(**passed)
    finally:
        sys.setprofile(before)
    return returned, variables


def _name(nodes: Iterable[Node], variables: Mapping[str, Any]) -> None:
    """Name each step after its variable, else after its component."""
    known = {id(value): name for name, value in variables.items() if isinstance(value, Node)}
    taken: set[str] = set()
    waiting = []
    for node in nodes:
        chosen = node.name or known.get(id(node))
        if chosen and chosen not in taken:
            node.name = chosen
            taken.add(chosen)
        else:
            waiting.append(node)
    for node in waiting:
        base = str(node.body().get("name") or "step")
        name, count = base, 0
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        node.name = name
        taken.add(name)


def _job(
    function: Callable[..., Any],
    body: dict[str, Any],
    inputs: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> PipelineJob:
    rest = {
        name: value
        for name, value in fields.items()
        if name not in SETTINGS and value is not None and name != "version"
    }
    rest.setdefault("display_name", rest.pop("name", None) or function.__name__)
    return PipelineJob(
        **rest,
        inputs=dict(inputs),
        outputs=body["outputs"],
        jobs=body["jobs"],
        settings=_settings(fields),
    )


def _settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in SETTINGS if fields.get(name) is not None}


def _typed(signature: inspect.Signature, inputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what a component declares: by annotation, else by the value that is given."""
    found: dict[str, dict[str, Any]] = {}
    for name, one in signature.parameters.items():
        said = one.annotation
        if isinstance(said, Mapping):
            found[name] = declared(said)
        elif isinstance(said, type) and said in LITERALS:
            found[name] = {"type": LITERALS[said]}
        else:
            found[name] = declared(inputs[name]) if name in inputs else {"type": "string"}
        if type(one.default) in LITERALS:
            found[name]["default"] = one.default
    return found


def _step(body: dict[str, Any], inputs: Mapping[str, Any], fields: Mapping[str, Any]) -> Node:
    types = {name: declared(value) for name, value in inputs.items()}
    component = _component(body, types, fields)
    return Node(component, component, inputs)


def _component(
    body: dict[str, Any], types: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "pipeline",
        "inputs": dict(types),
        "outputs": body["outputs"],
        "jobs": plain(body["jobs"]),
    }
    if settings := _settings(fields):
        component["settings"] = plain(settings)
    if fields.get("display_name") or fields.get("name"):
        component["display_name"] = fields.get("display_name") or fields["name"]
    return component
