"""`zaffre lineage`: what something came of, and what came of it."""

from __future__ import annotations

from typing import Any

import click

from zaffre.cli import options, tree
from zaffre.cli.options import Wanted
from zaffre.errors import Invalid
from zaffre.kinds import registry
from zaffre.ml.addresses import split

NOUNS = [entry.noun for entry in registry.entries()]


def _run(
    wanted: Wanted, noun: str, thing: str | None, direction: str, endpoint_name: str | None
) -> None:
    if thing is None:
        tree.show(wanted, wanted.client().lineage_of_request(noun), ("request", noun))
        return
    if noun not in NOUNS:
        raise Invalid(f"There is no kind `{noun}`.", hint=f"Known: {', '.join(NOUNS)}.")
    kind = registry.by_noun(noun)
    name, version = split(thing) if kind.versioned else (thing, None)
    client = wanted.client()
    if version in {None, "latest"} and kind.versioned:
        version = str(client.collection(kind.name).get(name, version).version)
    found: dict[str, Any] = client.lineage(
        kind.name, name, version, direction, parent=endpoint_name
    )
    tree.show(wanted, found, (kind.name, name))


lineage = options.command(
    "lineage",
    _run,
    [
        click.Argument(["noun"], metavar="NOUN|REQUEST_ID"),
        click.Argument(["thing"], metavar="[NAME[:VERSION]]", required=False),
        click.Option(
            ["--direction"],
            type=click.Choice(["up", "down", "both"]),
            default="both",
            show_default=True,
            help="Which way.",
        ),
        options.endpoint(),
    ],
    "Show what something came of, and what came of it; a request id alone: its prediction.",
    options.example(
        "zaffre lineage model diabetes:1",
        "zaffre lineage online-endpoint diabetes --direction up",
        "zaffre lineage 0b7f1d0e-6c0b-4b5e-9a55-0d3b8f7f2a11",
    ),
)
