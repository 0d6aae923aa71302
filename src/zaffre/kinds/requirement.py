"""pip requirement lines: which may stand in an environment, and what they name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from zaffre.errors import Invalid, Place, Problem

_NAME = re.compile(
    r"^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$", re.DOTALL
)
_BOUND = r"(?:===?|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9*][A-Za-z0-9.*+!_-]*"
_BOUNDS = re.compile(rf"\(?\s*{_BOUND}(?:\s*,\s*{_BOUND})*\s*,?\s*\)?")
_FETCHED = re.compile(r"^(?:git\+https|git\+ssh|https?)://", re.IGNORECASE)
_OPTIONS = (
    "--extra-index-url",
    "--index-url",
    "-i",
    "--find-links",
    "-f",
    "--no-binary",
    "--only-binary",
    "--pre",
    "--prefer-binary",
    "--no-index",
)
_DROPPED = ("--pre", "--prefer-binary", "--trusted-host")


def lines(text: str, file: str | None = None) -> tuple[str, ...]:
    """Give the requirements of a requirements file, without comments and continuations.

    Raises:
        Invalid: a line cannot be used here; the problem names it.
    """
    joined = re.sub(r"\\\r?\n", " ", text)
    return tuple(_checked(enumerate(joined.splitlines(), 1), file))


def checked(given: Iterable[str], field: str = "requirements") -> tuple[str, ...]:
    """Check lines that stand in a document.

    Raises:
        Invalid: a line cannot be used here.
    """
    return tuple(
        line
        for index, one in enumerate(given)
        for line in _checked([(None, one)], None, f"{field}[{index}]")
    )


def name_of(line: str) -> str:
    """Give the normalised package name of a requirement, "" for options and bare addresses."""
    if line.startswith("-") or _FETCHED.match(line):
        return ""
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def _checked(
    numbered: Iterable[tuple[int | None, str]], file: str | None, field: str = "requirements"
) -> Iterator[str]:
    for number, raw in numbered:
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        line = re.sub(r"\s--hash[= ]\S+", "", line).strip()
        if not line or re.split(r"[=\s]", line, maxsplit=1)[0] in _DROPPED:
            continue
        wrong = _objection(line)
        if wrong:
            raise _refusal(line, wrong, Place(file, number, field=field))
        yield line


def _objection(line: str) -> str:
    """Say why a line cannot be used, "" if it can. None may name a file of this machine."""
    if any(not character.isprintable() for character in line):
        return "It holds control characters."
    if line.startswith("-"):
        return _option_objection(line)
    if _FETCHED.match(line):
        return ""
    found = _NAME.match(line)
    if found is None or line.startswith((".", "/", "~")):
        return "Local paths mean nothing here: give a package of an index, or an address."
    rest = found[3].split(";")[0].strip()
    if rest.startswith("@"):
        fetched = _FETCHED.match(rest[1:].strip())
        return "" if fetched else "After `@` there must be a https or git+https address."
    if rest and not _BOUNDS.fullmatch(rest):
        return "Write `name`, `name==1.2` or `name>=1.2,<2`."
    return ""


def _option_objection(line: str) -> str:
    option = re.split(r"[=\s]", line, maxsplit=1)[0]
    if option in ("-r", "--requirement", "-c", "--constraint"):
        return "Other files are not read here: write their lines into this one."
    if option in ("-e", "--editable"):
        return "An editable package needs its folder: give a package of an index, or an address."
    if option not in _OPTIONS:
        return f"The option `{option}` is not supported."
    value = line[len(option) :].strip("= ")
    addressed = option in ("--extra-index-url", "--index-url", "-i", "--find-links", "-f")
    return "It needs a http(s) address." if addressed and not _FETCHED.match(value) else ""


def _refusal(line: str, wrong: str, place: Place) -> Invalid:
    message = f"The requirement `{line}` cannot be used."
    return Invalid(message, hint=wrong, problems=(Problem(message, place, wrong),))
