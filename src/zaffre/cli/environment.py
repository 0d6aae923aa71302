"""Verbs of environments: build, logs, lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, streaming
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import Noun
from zaffre.cli.waiting import Spinner
from zaffre.ml.assets import Environments
from zaffre.ml.entities import Environment

_PAUSE = 0.2
_LINE = 60


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
                tick(_last_line(poller.latest()))
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


def _last_line(environment: Environment | None) -> str:
    lines = (environment.log_tail or "").splitlines() if environment else []
    return lines[-1][:_LINE] if lines else ""


def logs(noun: Noun) -> click.Command:
    """Make `logs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        follow = values.pop("follow")
        name, version, _ = noun.named(values)
        environments = wanted.client().environments
        chosen = environments.get(name, version)
        seen = _print(environments, chosen, 0)
        while follow and environments.get(name, str(chosen.version)).build_state == "building":
            time.sleep(_PAUSE)
            seen = _print(environments, chosen, seen)
        seen = _print(environments, chosen, seen) if follow else seen
        if not seen:
            say(f"The environment `{name}` was never built: `zaffre environment build -n {name}`.")

    return options.command(
        "logs",
        run,
        [
            *noun.address(),
            click.Option(["--follow", "-F"], is_flag=True, help="Go on until the build ends."),
        ],
        "Print the log of the last build.",
        options.example("zaffre environment logs -n churn", "zaffre environment logs -n churn -F"),
    )


def _print(environments: Environments, chosen: Environment, seen: int) -> int:
    """Print what is new of a log, and say how much there is."""
    text = environments.log(str(chosen.name), str(chosen.version))
    click.echo(streaming.shown(text[seen:]), nl=False)
    return len(text)


def lock(noun: Noun) -> click.Command:
    """Make `lock`."""

    def run(wanted: Wanted, **values: Any) -> None:
        platform = values.pop("platform")
        name, version, _ = noun.named(values)
        environments = wanted.client().environments
        chosen = environments.get(name, version)
        click.echo(environments.lock(name, str(chosen.version), platform), nl=False)

    return options.command(
        "lock",
        run,
        [
            *noun.address(),
            click.Option(
                ["--platform"], metavar="PLATFORM", help="Such as `linux-x86_64`, if several."
            ),
        ],
        "Print what exactly an environment was built of.",
        options.example("zaffre environment lock -n churn -v 1 > churn.lock.json"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"build": build, "logs": logs, "lock": lock}
