"""Which fields of documents may name something on this machine, and how that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaffre.kinds import graph
from zaffre.kinds.reference import LocalPath, parse

CODE = "code"
CONTENT = "content"
NAMED = "named"
CONDA = "conda"
REQUIREMENTS = "requirements"
READ_HERE = (CONDA, REQUIREMENTS)

ENVIRONMENT = {"conda_file": CONDA, "requirements": REQUIREMENTS, "build.path": CONTENT}
WITHIN = {f"environment.{field}": how for field, how in ENVIRONMENT.items()}
RUNNABLE = {
    "code": CODE,
    "inputs.*.path": CONTENT,
    **WITHIN,
    "task.code": CODE,
    **{f"task.{field}": how for field, how in WITHIN.items()},
}

SERVED = {
    "model.path": NAMED,
    "model": NAMED,
    "code_configuration.code": CODE,
    **WITHIN,
}

LOCAL_FIELDS: dict[str, dict[str, str]] = {
    "data": {"path": CONTENT},
    "model": {"path": NAMED},
    "environment": ENVIRONMENT,
    "component": RUNNABLE,
    "job": RUNNABLE,
    "online_deployment": {
        **SERVED,
        "acceleration.sample_data": CONTENT,
        "request_schema": CONTENT,
    },
    "batch_deployment": {**SERVED, **RUNNABLE},
    "package": {"code_configuration.code": CODE, "sample_data": CONTENT, **WITHIN},
    "invocation": {"input.path": CONTENT, "inputs.*.path": CONTENT},
}
"""Fields that may name something on this machine, and how it is sent."""


@dataclass(frozen=True)
class Local:
    """A field whose value is a path of this machine."""

    field: str
    holder: dict[str, Any]
    name: str
    how: str
    path: Path


def locals_of(
    kind: str, document: dict[str, Any], base: Path, here: tuple[str, ...] = ()
) -> Iterator[Local]:
    """List the fields of a document that name something on this machine."""
    for prefix, part in _parts(kind, document):
        for pattern, how in LOCAL_FIELDS.get(kind, {}).items():
            for field, holder, name in _matches(part, pattern.split("."), prefix):
                value = holder[name]
                if not isinstance(value, str) or not value or "${{" in value:
                    continue
                reference = parse(value)
                if isinstance(reference, LocalPath):
                    start = Path.cwd() if here and field.startswith(here) else base
                    path = (start / Path(reference.path).expanduser()).resolve()
                    yield Local(field, holder, name, how, path)


def _parts(kind: str, document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the document and, of a pipeline, its steps and the components in it."""
    if kind not in ("job", "component", "batch_deployment"):
        yield "", document
        return
    for holder, steps in graph.holders(document):
        prefix = ".".join(steps)
        yield prefix, holder
        for word in ("component", "trial"):
            inner = holder.get(word)
            if isinstance(inner, dict):
                yield f"{prefix}.{word}" if prefix else word, inner


def _matches(
    document: Any, parts: list[str], prefix: str
) -> Iterator[tuple[str, dict[str, Any], str]]:
    if not isinstance(document, dict):
        return
    head, *rest = parts
    for name in list(document) if head == "*" else [head] if head in document else []:
        field = f"{prefix}.{name}" if prefix else name
        if rest:
            yield from _matches(document[name], rest, field)
        else:
            yield field, document, name
