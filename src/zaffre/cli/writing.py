"""What a command line asks to be stored: a file, flags and `--set` as one document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from zaffre.cli import flags
from zaffre.kinds import override, yaml_text
from zaffre.kinds.document import Document
from zaffre.kinds.resource import Kind

IDENTITY = ("name", "version", "endpoint_name")


@dataclass(frozen=True)
class Written:
    """A document and the fields of it that were given on the command line."""

    document: Document
    here: tuple[str, ...] = ()


def take(kind: Kind, values: dict[str, Any]) -> Written:
    """Take the document out of a command's values.

    Raises:
        UsageError: nothing was given.
        Invalid: the file is no YAML, or a change fits nowhere.
    """
    file, sets = values.pop("file", None), values.pop("sets", ())
    given = flags.take(values)
    identity = {name: values.pop(name, None) for name in IDENTITY}
    identity["name"] = values.pop("given", None) or identity["name"]
    given |= {name: value for name, value in identity.items() if value is not None}
    if not file and not sets and not given:
        raise click.UsageError(
            f"There is nothing to make: give `-f FILE.yml`, or fields of the {kind.noun}."
        )
    document = yaml_text.read_file(Path(file)) if file else Document({}, folder=Path.cwd())
    if isinstance(document.data, dict):
        document = document.with_data({**document.data, **given})
    paths = tuple(text.partition("=")[0].strip() for text in sets)
    return Written(override.apply(document, list(sets)), (*given, *paths))


def change(values: dict[str, Any]) -> dict[str, Any]:
    """Take a change of some fields out of a command's values, as a merge patch."""
    given: dict[str, Any] = flags.take(values)
    patch = override.apply(Document(given), values.pop("sets", ()), patch=True).data
    return dict(patch)


def shares(texts: tuple[str, ...] | str | None) -> dict[str, int] | None:
    """Read `blue=90 green=10`.

    Raises:
        UsageError: it is written otherwise.
    """
    if texts is None or texts == ():
        return None
    words = " ".join([texts] if isinstance(texts, str) else texts).replace(",", " ").split()
    found = {}
    for word in words:
        name, equals, percent = word.partition("=")
        if not name or not equals or not percent.isdecimal():
            raise click.UsageError(
                f'`{word}` is no share of the traffic: write "blue=90 green=10".'
            )
        found[name] = int(percent)
    return found
