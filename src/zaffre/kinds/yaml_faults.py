"""What YAML's own complaints mean, in words that tell what to do."""

from __future__ import annotations

import yaml

from zaffre.errors import Place, Problem
from zaffre.kinds.explaining import TEMPLATE
from zaffre.kinds.names import shown

_QUOTES = "Put the whole text in quotes."

_MEANINGS = (
    (
        "mapping values are not allowed",
        "A `:` stands where none can be.",
        "Put text that holds `: ` in quotes, and check the indentation.",
    ),
    (
        "could not find expected ':'",
        "A line is no `key: value`.",
        "Write `key: value`, with a space after the colon.",
    ),
    ("found undefined alias", "Text begins with `*`.", _QUOTES),
    ("found duplicate anchor", "An anchor is written twice.", "Give each `&anchor` its own name."),
    ("expected alphabetic or numeric character", "Text begins with `*` or `&`.", _QUOTES),
    (
        "expected the node content",
        "A value is missing or begins with a character that has a meaning in YAML.",
        _QUOTES,
    ),
    (
        "expected a single document",
        "The file holds several documents.",
        "Put each into a file of its own.",
    ),
    ("found unexpected end of stream", "A quote is opened and never closed.", "Close the quote."),
    (
        "found unknown escape character",
        "`\\` begins an escape in double quotes.",
        "Use single quotes, or write `\\\\`.",
    ),
    (
        "expected ',' or '}'",
        "A `{` is not closed, or a comma is missing.",
        "Check the braces; put text with braces in quotes.",
    ),
    (
        "expected ',' or ']'",
        "A `[` is not closed, or a comma is missing.",
        "Check the brackets; put text with brackets in quotes.",
    ),
    (
        "expected <block end>",
        "The indentation does not fit, or text goes on after its end.",
        "Begin all keys of one mapping in the same column.",
    ),
    (
        "special characters are not allowed",
        "The file holds a character that text cannot hold.",
        "Remove the control character.",
    ),
    ("could not determine a constructor", "A tag is not understood here.", "Leave the tag out."),
)


def fault(error: yaml.YAMLError, text: str, file: str | None) -> Problem:
    """Give the problem that an error of the parser stands for."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "unexpected end of stream" in str(getattr(error, "problem", "")):
        # The quote that is never closed is where to look, not the end of the file.
        mark = getattr(error, "context_mark", None) or mark
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        line, column = (
            text.count("\n", 0, position),
            position - (text.rfind("\n", 0, position) + 1),
        )
    else:
        line, column = (mark.line, mark.column) if mark else (0, 0)
    place = Place(file, line + 1, column + 1)
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    return (
        _template(written, place)
        or _tab(written, column, place)
        or _meant(error, written, column, place)
    )


def _template(written: str, place: Place) -> Problem | None:
    found = TEMPLATE.search(written)
    if found is None:
        return None
    message = f"The template `{found.group()}` was not filled in."
    return Problem(
        message, Place(place.file, place.line, found.start() + 1), "Put the value in its place."
    )


def _tab(written: str, column: int, place: Place) -> Problem | None:
    indentation = written[: len(written) - len(written.lstrip())]
    if "\t" not in indentation and written[column : column + 1] != "\t":
        return None
    at = indentation.find("\t") if "\t" in indentation else column
    hint = "Indent with spaces: YAML does not allow tabs."
    return Problem("The line is indented with a tab.", Place(place.file, place.line, at + 1), hint)


def _meant(error: yaml.YAMLError, written: str, column: int, place: Place) -> Problem:
    said = f"{getattr(error, 'problem', None) or error}"
    context = str(getattr(error, "context", None) or "")
    for words, message, hint in _MEANINGS:
        if words in said or words in context:
            return Problem(message, place, hint)
    if "cannot start any token" in said:
        return Problem(
            f"Text cannot begin with {shown(written[column : column + 1])}.", place, _QUOTES
        )
    reason = said.splitlines()[0] if said else "unknown reason"
    return Problem(f"This is no YAML: {reason}.", place, context or None)
