"""`zaffre lineage`: what something came of, and what came of it."""

from __future__ import annotations

from typing import Any

import click

from zaffre.cli import options, tree
from zaffre.cli.options import Wanted
from zaffre.kinds import registry
from zaffre.ml.addresses import split


def _run(wanted: Wanted, noun: str, thing: str, direction: str, endpoint_name: str | None) -> None:
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
        click.Argument(["noun"], type=click.Choice([entry.noun for entry in registry.entries()])),
        click.Argument(["thing"], metavar="NAME[:VERSION]"),
        click.Option(
            ["--direction"],
            type=click.Choice(["up", "down", "both"]),
            default="both",
            show_default=True,
            help="Which way.",
        ),
        options.endpoint(),
    ],
    "Show what something came of, and what came of it.",
    options.example(
        "zaffre lineage model diabetes:1", "zaffre lineage online-endpoint diabetes --direction up"
    ),
)
