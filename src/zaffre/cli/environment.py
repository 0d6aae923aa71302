"""Verbs of environments: build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun
from zaffre.cli.waiting import Spinner


def build(noun: Noun) -> click.Command:
    """Make `build`."""

    def run(wanted: Wanted, **values: Any) -> None:
        patient = not values.pop("no_wait")
        name, version, _ = noun.named(values)
        environments = wanted.client().environments
        chosen = environments.get(name, version)
        poller = environments.begin_build(name, str(chosen.version))
        if not patient:
            wanted.show(environments.get(name, str(chosen.version)).to_dict())
            return
        with Spinner(f"The environment `{name}`:") as tick:
            while not poller.done():
                tick(poller.status())
                poller.wait(0.1)
        wanted.show(poller.result().to_dict())

    return options.command(
        "build",
        run,
        [
            *noun.address(),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is built."),
        ],
        "Build an environment now, before a job needs it.",
        options.example("zaffre environment build -n churn -v 1"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"build": build}
