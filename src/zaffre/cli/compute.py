"""Verbs of computes: start, stop, attach, detach, manifest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, verbs
from zaffre.cli.compute_manifest import manifest
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun


def _turn(verb: str, text: str) -> Callable[[Noun], click.Command]:
    def make(noun: Noun) -> click.Command:
        def run(wanted: Wanted, **values: Any) -> None:
            name, _, _ = noun.named(values)
            collection = noun.collection(wanted)
            collection.act(verb, name)
            wanted.show(collection.get(name).to_dict())

        return options.command(
            verb,
            run,
            [*noun.address(), click.Option(["--no-wait"], is_flag=True, hidden=True)],
            text,
            options.example(f"zaffre compute {verb} -n mine"),
        )

    return make


def attach(noun: Noun) -> click.Command:
    """Make `attach`: the same as `create`, for what was made elsewhere."""
    made = verbs.create(noun)
    made.help = "Let something made elsewhere, such as a cluster, be a compute."
    made.epilog = options.example("zaffre compute attach -f cluster.yml")
    return made


def detach(noun: Noun) -> click.Command:
    """Make `detach`."""

    def run(wanted: Wanted, **values: Any) -> None:
        yes = values.pop("yes")
        name, _, _ = noun.named(values)
        options.confirm(f"Forget compute `{name}`? What it stands for stays as it is.", yes=yes)
        noun.collection(wanted).act("detach", name)

    return options.command(
        "detach",
        run,
        [
            *noun.address(),
            click.Option(["-y", "--yes"], is_flag=True, help="Do not ask."),
            click.Option(["--no-wait"], is_flag=True, hidden=True),
        ],
        "Forget a compute that was attached; what it stands for stays as it is.",
        options.example("zaffre compute detach -n cluster --yes"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "start": _turn("start", "Let a compute take jobs again."),
    "stop": _turn("stop", "Let a compute start no more jobs; those under way go on."),
    "attach": attach,
    "detach": detach,
    "manifest": manifest,
}
