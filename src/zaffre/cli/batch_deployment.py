"""Verbs of batch deployments: create as the endpoint's default, list jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import batch, options, verbs
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun


def create(noun: Noun) -> click.Command:
    """Make `create`, which can make what it made the default."""

    def then(wanted: Wanted, made: dict[str, Any], *, set_default: bool) -> None:
        if set_default:
            change = {"defaults": {"deployment_name": made["name"]}}
            wanted.client().batch_endpoints.patch(change, made["endpoint_name"])
        wanted.show(made, noun.brief)

    return verbs.create(
        noun,
        click.Option(
            ["--set-default"], is_flag=True, help="Make it the one that its endpoint invokes."
        ),
        then=then,
    )


def list_jobs(noun: Noun) -> click.Command:
    """Make `list-jobs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        name, _, belonging = noun.named(values)
        batch.show_jobs(wanted, belonging["endpoint_name"], name, values)

    return options.command(
        "list-jobs",
        run,
        [*noun.address(), *batch.narrowing()],
        "List the jobs of its invocations, newest first.",
        options.example("zaffre batch-deployment list-jobs -n ridge -e diabetes-batch"),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {"create": create, "list-jobs": list_jobs}
