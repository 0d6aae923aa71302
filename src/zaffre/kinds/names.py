"""The grammars of names, versions and paths: what becomes a key or a file passes here."""

from __future__ import annotations

import re

from zaffre.errors import Invalid

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z")
"""Names of resources."""

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,29}\Z")
"""Versions of assets."""

COMPONENT = re.compile(r"[a-z][a-z0-9_]{0,254}\Z")
"""Names of components."""

PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,254}\Z")
"""Names of inputs and outputs: they become variables of the environment."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
"""Digests of blobs and trees."""

LATEST = "latest"
"""The label of the version that was created last."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PATH_BYTES = 1024
_PART_BYTES = 255
_SHOWN = 80

JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}\Z")
"""Names of jobs: each is the id of an MLflow run, too."""

_NAME_HINT = (
    "Use letters, digits, `_`, `.` and `-`, beginning with a letter or digit, at most 255."
)
_JOB_HINT = (
    "Use letters, digits, `_` and `-`, beginning with a letter or digit, at most 255: "
    "a job's name is the id of its MLflow run."
)
_COMPONENT_HINT = "Use lower-case letters, digits and `_`, beginning with a letter."
_VERSION_HINT = (
    "Use letters, digits, `_`, `.` and `-`, beginning with a letter or digit, at most 30."
)


def name(text: str, what: str = "name") -> str:
    """Give a name back unchanged.

    Raises:
        Invalid: it does not follow the grammar of names.
    """
    if NAME.match(text):
        return text
    raise Invalid(f"{shown(text)} is no valid {what}.", hint=_NAME_HINT)


def job(text: str) -> str:
    """Give the name of a job back unchanged.

    Raises:
        Invalid: it does not follow the grammar, which is that of MLflow's run ids.
    """
    if JOB.match(text):
        return text
    raise Invalid(f"{shown(text)} is no valid job name.", hint=_JOB_HINT)


def component(text: str) -> str:
    """Give the name of a component back unchanged.

    Raises:
        Invalid: it does not follow the grammar, which is that of Python functions.
    """
    if COMPONENT.match(text):
        return text
    raise Invalid(f"{shown(text)} is no valid name of a component.", hint=_COMPONENT_HINT)


def version(text: str) -> str:
    """Give a version back unchanged.

    Raises:
        Invalid: it does not follow the grammar of versions, or is the reserved word `latest`.
    """
    if text == LATEST:
        hint = (
            "`latest` is a label: it always means the version created last. Leave the version out."
        )
        raise Invalid("`latest` cannot be a version.", hint=hint)
    if VERSION.match(text):
        return text
    raise Invalid(f"{shown(text)} is no valid version.", hint=_VERSION_HINT)


def digest(text: str) -> str:
    """Give a digest back unchanged.

    Raises:
        Invalid: it is not `sha256:` and 64 lower-case hexadecimal digits.
    """
    if DIGEST.match(text):
        return text
    raise Invalid(
        f"{shown(text)} is no digest.", hint="Write `sha256:` and 64 hexadecimal digits."
    )


def path(text: str) -> str:
    """Give a relative path inside a tree, an output or an artifact folder back unchanged.

    Raises:
        Invalid: it is empty, absolute, too long, not UTF-8, has a part that is empty, `.` or `..`,
            or holds a backslash or control character.
    """
    reason = _wrong_with_path(text)
    if reason is None:
        return text
    raise Invalid(
        f"{shown(text)} is no valid path: {reason}.", hint="Write it as `folder/file.txt`."
    )


def shown(text: str) -> str:
    """Give a text as it can stand in a message: quoted, short and without control characters."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return (
        f"`{cut}`" if is_clean(cut) else "`" + cut.encode("unicode_escape").decode("ascii") + "`"
    )


def is_clean(text: str) -> bool:
    """Say whether a text is printable UTF-8: no control characters, no lone surrogates."""
    return not (_CONTROL.search(text) or _SURROGATE.search(text))


def _wrong_with_path(text: str) -> str | None:
    if not text:
        return "it is empty"
    if not is_clean(text):
        return "it holds a control character or is not UTF-8"
    if "\\" in text:
        return "it holds a backslash"
    if len(text.encode()) > _PATH_BYTES:
        return f"it is longer than {_PATH_BYTES} bytes"
    return _wrong_with_parts(text.split("/"))


def _wrong_with_parts(parts: list[str]) -> str | None:
    if parts[0] == "":
        return "it is absolute"
    if "" in parts:
        return "it holds an empty part"
    if "." in parts or ".." in parts:
        return "it holds `.` or `..`"
    if any(len(part.encode()) > _PART_BYTES for part in parts):
        return f"a part is longer than {_PART_BYTES} bytes"
    return None
