"""Verbs of online deployments: create with all traffic, logs, the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, verbs
from zaffre.cli.following import described
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun


def create(noun: Noun) -> click.Command:
    """Make `create`, which can give all traffic to what it made."""

    def then(wanted: Wanted, made: dict[str, Any], *, all_traffic: bool) -> None:
        if all_traffic:
            endpoints = wanted.client().online_endpoints
            known = endpoints.get(made["endpoint_name"]).to_dict().get("traffic") or {}
            shares = {**dict.fromkeys(known, 0), made["name"]: 100}
            endpoints.patch({"traffic": shares}, made["endpoint_name"])
        wanted.show(made, noun.brief)

    return verbs.create(
        noun,
        click.Option(
            ["--all-traffic"],
            is_flag=True,
            help="Send all requests of the endpoint to it when it is ready.",
        ),
        then=then,
    )


def show(noun: Noun) -> click.Command:
    """Make `show`, which tells a person how a model is followed."""
    return verbs.show(noun, described)


def get_logs(noun: Noun) -> click.Command:
    """Make `get-logs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        lines, mirrored = values.pop("lines"), values.pop("mirrored")
        name, _, rest = noun.named(values)
        deployments = wanted.client().online_deployments
        text = deployments.get_logs(name, rest["endpoint_name"], lines, mirrored=mirrored)
        click.echo(text.rstrip("\n"))

    return options.command(
        "get-logs",
        run,
        [
            *noun.address(),
            click.Option(
                ["-l", "--lines"],
                type=click.IntRange(1),
                default=50,
                show_default=True,
                help="How many lines.",
            ),
            click.Option(
                ["--mirrored"],
                is_flag=True,
                help="Print pairs of answers instead: to a caller, and to its mirrored copy.",
            ),
        ],
        "Print what the scoring script wrote.",
        options.example("zaffre online-deployment get-logs -n blue -e diabetes"),
    )


def rollback(noun: Noun) -> click.Command:
    """Make `rollback`."""
    return verbs.rollback(
        noun,
        "Go back to what served before: end a rollout that goes on, or undo the last one.",
        options.example("zaffre online-deployment rollback -n blue -e diabetes"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "create": create,
    "show": show,
    "get-logs": get_logs,
    "rollback": rollback,
}
