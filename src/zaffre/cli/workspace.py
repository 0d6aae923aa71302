"""Verbs of workspaces: collecting what nobody refers to any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun
from zaffre.ml.progress import size


def gc(noun: Noun) -> click.Command:
    """Make `gc`."""
    del noun

    def run(wanted: Wanted, **values: Any) -> None:
        connection = wanted.client().connection
        found = connection.send("POST", connection.path("gc"), {"dry_run": not values["delete"]})
        if not wanted.drawn:
            wanted.show(found)
            return
        did = "deleted" if values["delete"] else "could be deleted"
        click.echo(f"{found['blobs']} blobs, {size(found['bytes'])}, {did}.")
        if not values["delete"] and found["blobs"]:
            options.say("This was a dry run: `zaffre workspace gc --delete` deletes them.")

    return options.command(
        "gc",
        run,
        [
            click.Option(
                ["--delete"], is_flag=True, help="Delete it; else only say how much it is."
            )
        ],
        "Say what stored content nobody refers to any more, or delete it.",
        options.example("zaffre workspace gc", "zaffre workspace gc --delete"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"gc": gc}
