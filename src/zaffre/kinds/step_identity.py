"""What makes a step the same step: the content of what it reads and of what decides it. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from zaffre.kinds.resource import Json

PARTS = ("code", "command", "inputs", "environment", "settings")
"""What can change of a step, in the words in which a plan tells it."""

REUSED = ("command", "sweep")
"""Types of jobs whose results can be used again; parallel steps are commands."""

_GENERATION = 1
_SWEEP = ("search_space", "sampling_algorithm", "objective", "limits", "early_termination")
_OWN_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")


@dataclass(frozen=True)
class Facts:
    """What was found out about what a job's document names.

    `inputs` are digests of content by input; an input that is data and is not there has none.
    """

    code: str | None
    environment: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """The digest of a step, and those of its parts, by which a change is explained."""

    digest: str
    parts: Mapping[str, Json]


def runs(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give what has the command: the document, or the component that a sweep tries."""
    trial = document.get("trial")
    return trial if isinstance(trial, dict) else document


def why_not(document: Mapping[str, Json], facts: Facts) -> str | None:
    """Say why the results of a step cannot be used again at all, or give None."""
    for name, given in (document.get("inputs") or {}).items():
        if isinstance(given, dict) and name not in facts.inputs:
            return f"the content of its input `{name}` is not known before it runs"
    for name, wanted in (document.get("outputs") or {}).items():
        if isinstance(wanted, dict) and wanted.get("path"):
            return f"its output `{name}` is written to a place of its own"
    return "it uses its own name" if names_itself(document) else None


def names_itself(document: Mapping[str, Json]) -> bool:
    """Say whether what a step does depends on what its job is called."""
    body = runs(document)
    texts = [body.get("command"), *(body.get("environment_variables") or {}).values()]
    return any(isinstance(text, str) and _OWN_NAME.search(text) for text in texts)


def identity(document: Mapping[str, Json], facts: Facts) -> Identity:
    """Give the identity of a step by its job's document. Equal ones give equal results."""
    parts: dict[str, Json] = {
        "code": facts.code,
        "command": runs(document).get("command"),
        "inputs": {
            name: _input(name, given, facts)
            for name, given in sorted((document.get("inputs") or {}).items())
        },
        "environment": facts.environment,
        "settings": _settings(document),
    }
    short = {
        name: {inner: _digest(one) for inner, one in value.items()}
        if name == "inputs"
        else _digest(value)
        for name, value in parts.items()
    }
    return Identity(_digest([_GENERATION, parts], whole=True), short)


def changes(before: Mapping[str, Json], now: Mapping[str, Json]) -> tuple[str, ...]:
    """Say what differs between the parts of two identities: `code`, `input data`."""
    found = []
    for part in PARTS:
        old, new = before.get(part), now.get(part)
        if part != "inputs" and old != new:
            found.append(part)
        elif part == "inputs":
            old, new = old or {}, new or {}
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            found += [f"input {name}" for name in names]
    return tuple(found)


def _input(name: str, given: Json, facts: Facts) -> Json:
    if not isinstance(given, dict):
        # `1` and `1.0`, `true` and `True` are other texts in the command.
        return ["literal", str(given)]
    return ["data", given.get("type"), given.get("mode"), facts.inputs.get(name)]


def _settings(document: Mapping[str, Json]) -> Json:
    body = runs(document)
    resources = document.get("resources") or body.get("resources") or {}
    outputs = document.get("outputs") or {}
    found = {
        "outputs": {
            name: [(one or {}).get("type") or "uri_folder", (one or {}).get("mode")]
            for name, one in sorted(outputs.items())
        },
        "variables": body.get("environment_variables") or {},
        "distribution": body.get("distribution"),
        "instances": resources.get("instance_count") or 1,
    }
    return found if body is document else {**found, "sweep": _sweep(document, body)}


def _sweep(document: Mapping[str, Json], trial: Mapping[str, Json]) -> Json:
    """Give what decides what a sweep tries, and what it makes of its component's inputs."""
    wanted = {name: document.get(name) for name in _SWEEP}
    return {**wanted, "declared": [trial.get(name) for name in ("inputs", "outputs", "limits")]}


def _digest(value: Json, *, whole: bool = False) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    found = hashlib.sha256(text.encode()).hexdigest()
    return found if whole else found[:16]
