"""`@command_component`: a Python function as a component."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from zaffre.errors import Invalid
from zaffre.kinds.document import Document
from zaffre.kinds.step import LITERALS as LITERAL_TYPES
from zaffre.ml.dsl.pipelines import signature_of
from zaffre.ml.entities.ports import Output
from zaffre.ml.entities.steps import CommandComponent
from zaffre.ml.fields import plain
from zaffre.ml.nodes import LEVEL, LITERALS, Node, declared

RETURNED = "output"
"""The output that a function returns, where it is declared to return one."""

FIELDS = ("version", "display_name", "description", "tags", "distribution", "is_deterministic")


class FunctionComponent(CommandComponent):
    """A component that calls a function; in a pipeline it makes a step, elsewhere it is called."""

    _function: Callable[..., Any]
    _takes: tuple[str, ...]

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Make a step of the pipeline that is being built; outside of one, call the function."""
        if LEVEL.get() is None:
            return self._function(*args, **given)
        return self._step(args, given)

    def _step(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> Node:
        if len(args) > len(self._takes):
            raise TypeError(f"`{self.name}` takes the inputs {', '.join(self._takes)}.")
        return super().__call__(**dict(zip(self._takes, args, strict=False)), **given)


def command_component(function: Callable[..., Any] | None = None, **fields: Any) -> Any:
    """Make a component of a function of a file: a step that calls it with its inputs.

    Parameters annotated `Input(...)` or `int`, `float`, `bool`, `str` are inputs, those annotated
    `Output(...)` outputs: the paths to write to. A function may return one literal, annotated
    `-> Output(type="boolean")`: the output `output`. `name`, `version`, `environment` (by
    default the server's Python), `code` (by default the folder of its file), `display_name`,
    `description`, `tags`, `distribution` and `is_deterministic` say more.

    Raises:
        Invalid: the function is of no file, or of its parameters no component can be made.
    """
    if function is None:
        return functools.partial(command_component, **fields)
    file = Path(_file(function))
    code = (file.parent / str(fields.get("code") or ".")).resolve()
    ports = _Ports(function)
    document = {
        "name": str(fields.get("name") or function.__name__).lower(),
        "type": "command",
        **{name: plain(fields[name]) for name in FIELDS if fields.get(name) is not None},
        "inputs": ports.inputs,
        "outputs": ports.outputs,
        "code": str(code),
        "environment": _environment(fields.get("environment")),
        "command": ports.command(_within(file, code), function.__name__),
    }
    document.setdefault("description", inspect.getdoc(function))
    said = {name: value for name, value in document.items() if value is not None}
    made = FunctionComponent.from_document(Document(said, folder=file.parent))
    made._function, made._takes = function, tuple(ports.inputs)  # noqa: SLF001 (its own kind)
    functools.update_wrapper(made, function, updated=())
    return made


def _file(function: Callable[..., Any]) -> str:
    file = inspect.getsourcefile(function)
    if file is None or not Path(file).is_file():
        raise Invalid(
            f"The function `{function.__name__}` is of no file, so that no step could call it.",
            hint="Write it into a file, and import it from there.",
        )
    return str(Path(file).resolve())


def _within(file: Path, code: Path) -> str:
    if not file.is_relative_to(code):
        raise Invalid(
            f"The file `{file}` does not lie in the code `{code}`.",
            hint="Leave `code` out, or name a folder above the file.",
        )
    return os.fspath(file.relative_to(code))


def _environment(given: Any) -> Any:
    if given is None:
        return {"python": "current"}
    if isinstance(given, Mapping):
        return {name: plain(value) for name, value in given.items() if value is not None}
    return plain(given)


class _Ports:
    """The inputs and outputs of a function, by its parameters."""

    def __init__(self, function: Callable[..., Any]) -> None:
        signature = signature_of(function)
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.returned: str | None = None
        for name, one in signature.parameters.items():
            if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD, one.POSITIONAL_ONLY):
                hint = "Give it parameters with names; each becomes an input or output."
                message = f"`{function.__name__}` takes `{one}`, of which no input can be made."
                raise Invalid(message, hint=hint)
            if isinstance(one.annotation, Output):
                self.outputs[name] = plain(one.annotation)
            else:
                self.inputs[name] = _input(one)
        if isinstance(signature.return_annotation, Output):
            self.outputs[RETURNED] = plain(signature.return_annotation)
            self.returned = str(self.outputs[RETURNED].get("type"))
            if self.returned not in LITERAL_TYPES:
                message = f"`{function.__name__}` returns an output of type {self.returned}."
                hint = "Only literals are returned; for files, take a parameter `Output(...)`."
                raise Invalid(message, hint=hint)

    def command(self, file: str, function: str) -> str:
        """Give the command that calls the function."""
        words = ["python -m zaffre_component", f"'{file}'", function, *self._words()]
        return " ".join(words)

    def _words(self) -> Iterator[str]:
        for name, one in self.inputs.items():
            kind = one["type"] if one["type"] in LITERAL_TYPES else "path"
            word = f"--{kind} {name} ${{{{inputs.{name}}}}}"
            yield f"$[[{word}]]" if one.get("optional") else word
        for name in self.outputs:
            kind = "returns" if self.returned and name == RETURNED else "path"
            yield f"--{kind} {name} ${{{{outputs.{name}}}}}"


def _input(parameter: inspect.Parameter) -> dict[str, Any]:
    said, optional = _without_none(parameter.annotation)
    found: dict[str, Any]
    if isinstance(said, Mapping):
        found = declared(said)
    elif isinstance(said, type) and said in LITERALS:
        found = {"type": LITERALS[said]}
    else:
        found = {"type": LITERALS.get(type(parameter.default), "string")}
    if parameter.default is None or optional:
        found["optional"] = True
    elif parameter.default is not parameter.empty:
        found["default"] = plain(parameter.default)
    return found


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Give `int` of `int | None`, and whether `None` was there."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    rest = [one for one in get_args(annotation) if one is not type(None)]
    return (rest[0] if len(rest) == 1 else str), len(rest) < len(get_args(annotation))
