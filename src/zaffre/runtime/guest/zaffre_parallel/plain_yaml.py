"""The part of YAML that MLTable files use, for environments without a YAML library."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Line = tuple[int, str]  # how far it is indented, and what it says

_KEY = re.compile(r"(\"[^\"]*\"|'[^']*'|[^:#\[\]{},\"']+?)\s*:(?:\s+(.*)|)\Z")


def read(text: str) -> Any:
    """Give the data of a document; a YAML library is used where there is one."""
    try:
        import yaml  # noqa: PLC0415 (only where there is one)
    except ImportError:
        return _block(_lines(text))
    return yaml.safe_load(text)


def _lines(text: str) -> list[Line]:
    found = []
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if bare.strip() and bare.strip() not in ("---", "..."):
            found.append((len(bare) - len(bare.lstrip()), bare.strip()))
    return found


def _block(lines: list[Line]) -> Any:
    if not lines:
        return None
    if lines[0][1].startswith("- ") or lines[0][1] == "-":
        return _list(lines)
    if len(lines) == 1 and not _KEY.match(lines[0][1]):
        return scalar(lines[0][1])
    return _mapping(lines)


def _list(lines: list[Line]) -> list[Any]:
    indent = lines[0][0]
    found, at = [], 0
    while at < len(lines):
        rest = lines[at][1][1:].lstrip()
        inner = indent + len(lines[at][1]) - len(rest)
        end = at + 1
        while end < len(lines) and lines[end][0] > indent:
            end += 1
        body = ([(inner, rest)] if rest else []) + lines[at + 1 : end]
        found.append(_block(body))
        at = end
    return found


def _mapping(lines: list[Line]) -> dict[str, Any]:
    indent = lines[0][0]
    found: dict[str, Any] = {}
    at = 0
    while at < len(lines):
        match = _KEY.match(lines[at][1])
        if not match:
            raise ValueError(f"`{lines[at][1]}` is not understood.")
        key, value = str(scalar(match.group(1))), match.group(2)
        end = at + 1
        while end < len(lines) and (
            lines[end][0] > indent or (lines[end][0] == indent and lines[end][1].startswith("-"))
        ):
            end += 1
        found[key] = scalar(value) if value else _block(lines[at + 1 : end])
        at = end
    return found


def scalar(text: str) -> Any:
    """Give the value of plain text, a quoted one, or a flow list."""
    if text[:1] == "[":
        return [scalar(one.strip()) for one in text[1:-1].split(",") if one.strip()]
    if text[:1] == '"':
        return json.loads(text)
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text in ("true", "True"):
        return True
    if text in ("false", "False"):
        return False
    if text in ("null", "~", ""):
        return None
    return _number(text)


def _number(text: str) -> Any:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text
