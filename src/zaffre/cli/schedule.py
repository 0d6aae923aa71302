"""Verbs of schedules: enable, disable, trigger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import TOLD, Noun
from zaffre.kinds.job import JOB


def _switch(verb: str, text: str) -> Callable[[Noun], click.Command]:
    def make(noun: Noun) -> click.Command:
        def run(wanted: Wanted, **values: Any) -> None:
            name, _, _ = noun.named(values)
            wanted.show(noun.collection(wanted).act(verb, name), noun.brief)

        return options.command(
            verb,
            run,
            [*noun.address(), click.Option(["--no-wait"], is_flag=True, hidden=True)],
            text,
            options.example(f"zaffre schedule {verb} -n nightly"),
        )

    return make


def trigger(noun: Noun) -> click.Command:
    """Make `trigger`."""

    def run(wanted: Wanted, **values: Any) -> None:
        name, _, _ = noun.named(values)
        job = noun.collection(wanted).act("trigger", name)
        wanted.show(job, (*JOB.columns, *TOLD))
        if wanted.drawn:
            say(f"Follow it with `zaffre job stream -n {job['name']}`.")

    return options.command(
        "trigger",
        run,
        noun.address(),
        "Create a job of the schedule now.",
        options.example("zaffre schedule trigger -n nightly"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "enable": _switch("enable", "Let the schedule create jobs."),
    "disable": _switch("disable", "Let the schedule create no jobs."),
    "trigger": trigger,
}
