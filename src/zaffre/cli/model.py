"""Verbs of models: download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import Noun


def download(noun: Noun) -> click.Command:
    """Make `download`."""

    def run(wanted: Wanted, **values: Any) -> None:
        folder = values.pop("download_path")
        name, version, _ = noun.named(values)
        collection: Any = noun.collection(wanted)
        place = collection.download(name, version, folder)
        if wanted.drawn:
            say(f"It is in {place}.")
        else:
            wanted.show(str(place))

    return options.command(
        "download",
        run,
        [
            *noun.address(),
            click.Option(
                ["-p", "--download-path"],
                default=".",
                show_default=True,
                metavar="FOLDER",
                help="Where to.",
            ),
        ],
        f"Copy the files of a {noun.title} to a local folder.",
        options.example(f"zaffre {noun.kind.noun} download -n diabetes -v 1 -p ./here"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"download": download}
