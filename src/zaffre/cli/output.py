"""Results on standard output: tables for people, exact JSON for programs."""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import jmespath
import yaml

from zaffre.errors import Invalid
from zaffre.ml.progress import size

FORMATS = ("table", "json", "yaml", "tsv", "none")
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""What turns the direction of writing: it can make a text look like another one."""
CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{BIDI}]")
LOG_CONTROL = re.compile(rf"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
GAP = "  "
LONGEST_CELL = 60
STATE_COLOURS = {
    "Completed": "green",
    "Succeeded": "green",
    "ready": "green",
    "Failed": "red",
    "failed": "red",
    "Canceled": "yellow",
    "CancelRequested": "yellow",
    "Running": "cyan",
    "Queued": "blue",
}
SYSTEM = ("id", "kind", "workspace", "revision")


def terminal() -> bool:
    """Say whether a person reads standard output."""
    return sys.stdout.isatty()


def show(result: Any, *, form: str | None, query: str | None, columns: Sequence[str] = ()) -> None:
    """Print a result: what the query leaves of it, in the form asked for."""
    if query:
        result = search(query, result)
    chosen = form or ("table" if terminal() and not query else "json")
    text = written(result, chosen, () if query else columns)
    if text:
        click.echo(text)


def search(query: str, result: Any) -> Any:
    """Give what a JMESPath query leaves of a result.

    Raises:
        Invalid: the query is no JMESPath.
    """
    try:
        return jmespath.search(query, result)
    except jmespath.exceptions.JMESPathError as error:
        raise Invalid(
            f"The query `{query}` is no JMESPath: {error}.",
            hint="See jmespath.org for the grammar.",
        ) from error


def written(result: Any, form: str, columns: Sequence[str] = ()) -> str:
    """Write a result in one of the forms."""
    if form == "none":
        return ""
    if form == "json":
        return json.dumps(result, indent=2, ensure_ascii=False)
    if form == "yaml":
        return str(yaml.safe_dump(result, sort_keys=False, allow_unicode=True)).rstrip("\n")
    if form == "tsv":
        return tsv(result)
    return _table(result, columns)


def tsv(result: Any) -> str:
    """Write rows of values with tabs between them, as Azure's command line does."""
    rows = result if isinstance(result, list) else [result]
    return "\n".join("\t".join(_flat(cell) for cell in _cells(row)) for row in rows)


def _cells(row: Any) -> list[Any]:
    if isinstance(row, Mapping):
        return list(row.values())
    return list(row) if isinstance(row, list) else [row]


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\t", " ").replace("\n", " ")


def _table(result: Any, columns: Sequence[str]) -> str:
    if isinstance(result, list):
        rows = [row if isinstance(row, Mapping) else {"value": row} for row in result]
        return table(rows, columns or list(dict.fromkeys(name for row in rows for name in row)))
    if isinstance(result, Mapping):
        return facts({name: lookup(result, name) for name in columns} if columns else result)
    return cell("", result)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Draw rows under their headings; columns without any value are left out."""
    if not rows:
        return ""
    used = [name for name in columns if any(_present(lookup(row, name)) for row in rows)]
    texts = [[_cut(cell(name, lookup(row, name))) for name in used] for row in rows]
    heads = [name.rpartition(".")[2].upper().replace("_", " ") for name in used]
    widths = [max(width(text) for text in column) for column in zip(heads, *texts, strict=True)]
    lines = [GAP.join(_pad(head, wide) for head, wide in zip(heads, widths, strict=True)).rstrip()]
    lines[0] = click.style(lines[0], bold=True) if terminal() else lines[0]
    for texts_of_row in texts:
        padded = [
            _coloured(_pad(text, wide), text)
            for text, wide in zip(texts_of_row, widths, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip())
    return "\n".join(lines)


def facts(document: Mapping[str, Any], leave: Sequence[str] = SYSTEM) -> str:
    """Draw one thing as names and values."""
    shown = {
        name: value for name, value in document.items() if _present(value) and name not in leave
    }
    wide = max((width(name) for name in shown), default=0)
    lines = []
    for name, value in shown.items():
        first, *more = _value_lines(name, value)
        head = _pad(name, wide)
        lines.append(
            f"{click.style(head, dim=True) if terminal() else head}{GAP}{_coloured(first, first)}"
        )
        lines += [" " * (wide + len(GAP)) + line for line in more]
    return "\n".join(lines)


def lookup(row: Mapping[str, Any], name: str) -> Any:
    """Give the value of a column; `part.field` is a field of a part.

    Times of the creation context are columns, too.
    """
    if name in row:
        return row[name]
    if "." in name:
        part, _, field = name.partition(".")
        return lookup(row.get(part) or {}, field)
    context = row.get("creation_context")
    return context.get(name) if isinstance(context, Mapping) else None


def cell(name: str, value: Any) -> str:
    """Write a value as a person reads it."""
    if value is None:
        return ""
    if name.endswith("_bytes") and isinstance(value, (int, float)):
        return size(value)
    if name.endswith("_at"):
        return when(value)
    if isinstance(value, Mapping):
        return clean(" ".join(f"{key}={cell('', item)}" for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return clean(", ".join(cell("", item) for item in value))
    return clean(str(value).lower() if isinstance(value, bool) else str(value))


def when(value: Any) -> str:
    """Write a moment in the reader's own time zone."""
    try:
        moment = (
            datetime.fromtimestamp(value, UTC)
            if isinstance(value, (int, float))
            else datetime.fromisoformat(str(value))
        )
    except (ValueError, OverflowError):
        return clean(str(value))
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def clean(text: str) -> str:
    """Make what somebody else wrote harmless for a terminal: no control characters."""
    return CONTROL.sub("�", text).replace("\n", " ").replace("\t", " ")


def harmless(text: str) -> str:
    """Make a log harmless for a terminal; colours, line ends and carriage returns stay."""
    kept = COLOUR.findall(text)
    parts = COLOUR.split(text)
    safe = [LOG_CONTROL.sub("�", part) for part in parts]
    return "".join(part + colour for part, colour in zip(safe, [*kept, ""], strict=True))


def width(text: str) -> int:
    """Give the columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _value_lines(name: str, value: Any) -> list[str]:
    nested = isinstance(value, Mapping) and any(
        isinstance(item, (Mapping, list)) for item in value.values()
    )
    if nested or (isinstance(value, list) and value and isinstance(value[0], Mapping)):
        return [clean(line) for line in written(value, "yaml").splitlines()]
    if isinstance(value, str) and "\n" in value:
        return [clean(line) for line in value.splitlines()]
    return [cell(name, value)]


def _present(value: Any) -> bool:
    return value is not None and value not in ("", {}, [])


def _cut(text: str) -> str:
    limit = LONGEST_CELL if shutil.get_terminal_size().columns < 200 else 2 * LONGEST_CELL  # noqa: PLR2004
    return text if width(text) <= limit or not terminal() else text[: limit - 1] + "…"


def _pad(text: str, wide: int) -> str:
    return text + " " * (wide - width(text))


def _coloured(shown: str, text: str) -> str:
    colour = STATE_COLOURS.get(text)
    return click.style(shown, fg=colour) if colour and terminal() else shown
