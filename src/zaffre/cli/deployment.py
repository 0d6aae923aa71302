"""Verbs of online deployments: create with all traffic, logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, verbs
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
        wanted.show(made)

    return verbs.create(
        noun,
        click.Option(
            ["--all-traffic"],
            is_flag=True,
            help="Send all requests of the endpoint to it when it is ready.",
        ),
        then=then,
    )


def get_logs(noun: Noun) -> click.Command:
    """Make `get-logs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        lines = values.pop("lines")
        name, _, rest = noun.named(values)
        click.echo(
            wanted.client()
            .online_deployments.get_logs(name, rest["endpoint_name"], lines)
            .rstrip("\n")
        )

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
        ],
        "Print what the scoring script wrote.",
        options.example("zaffre online-deployment get-logs -n blue -e diabetes"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"create": create, "get-logs": get_logs}
