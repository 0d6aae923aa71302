"""Verbs of prediction views: get, load, refresh, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted, say
from zaffre.cli.tables import FORMS, write
from zaffre.cli.verbs import Noun
from zaffre.cli.waiting import wait
from zaffre.errors import Failed

_AT = click.Option(
    ["--at"], metavar="MOMENT", help="As of this event time, as 2026-03-01T10:00:00Z; else now."
)
_NO_WAIT = click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is loaded.")


def get(noun: Noun) -> click.Command:
    """Make `get`."""

    def run(wanted: Wanted, **values: Any) -> None:
        key, at = values.pop("key"), values.pop("at")
        name, _, _ = noun.named(values)
        wanted.show(wanted.client().prediction_views.prediction(name, key, at=at))

    return options.command(
        "get",
        run,
        [
            *noun.address(),
            click.Option(["-k", "--key"], required=True, metavar="ENTITY", help="Whose."),
            _AT,
        ],
        "Give the prediction of an entity that counts, and where it came from.",
        options.example("zaffre prediction-view get -n churn-now --key c7"),
    )


def load(noun: Noun) -> click.Command:
    """Make `load`."""

    def run(wanted: Wanted, **values: Any) -> None:
        job, output, patient = (
            values.pop("job"),
            values.pop("output_name"),
            not values.pop("no_wait"),
        )
        name, _, _ = noun.named(values)
        made = wanted.client().prediction_views.load(name, job, output).to_dict()
        if patient:
            made = wait(noun.collection(wanted), made, noun.title)
            check(made, job)
        wanted.show(made, noun.brief)

    return options.command(
        "load",
        run,
        [
            *noun.address(),
            click.Option(["-j", "--job"], required=True, metavar="NAME", help="Job that made it."),
            click.Option(
                ["--output-name"], metavar="NAME", help="Output of the job; else `batch_output`."
            ),
            _NO_WAIT,
        ],
        "Let the output of a job become the view's history.",
        options.example("zaffre prediction-view load -n churn-now --job nightly-7"),
    )


def refresh(noun: Noun) -> click.Command:
    """Make `refresh`."""

    def run(wanted: Wanted, **values: Any) -> None:
        patient = not values.pop("no_wait")
        name, _, _ = noun.named(values)
        views = wanted.client().prediction_views
        job = views.refresh(name).to_dict()
        say(f"Job `{job['name']}` scores the history.")
        made = views.get(name).to_dict()
        if patient:
            made = wait(noun.collection(wanted), made, noun.title)
            check(made, job["name"])
        wanted.show(made, noun.brief)

    return options.command(
        "refresh",
        run,
        [*noun.address(), _NO_WAIT],
        "Start a batch over history whose output takes the place of the last.",
        options.example("zaffre prediction-view refresh -n churn-now"),
    )


def check(view: Mapping[str, Any], job: str) -> None:
    """Say what became of a load.

    Raises:
        Failed: it failed.
    """
    found = next(one for one in view["loads"] if one["job"] == job)
    if found["state"] == "Failed":
        raise Failed(f"Job `{job}` was not loaded: {found['error']}")
    if found["state"] == "Superseded":
        say(f"Job `{job}` began before `{view['batch_job']}`, which stays the view's history.")


def export(noun: Noun) -> click.Command:
    """Make `export`."""

    def run(wanted: Wanted, **values: Any) -> None:
        path, at = Path(values.pop("to")), values.pop("at")
        name, _, _ = noun.named(values)
        count = write(path, wanted.client().prediction_views.predictions(name, at=at))
        say(f"{count} predictions are in {path}.")

    return options.command(
        "export",
        run,
        [
            *noun.address(),
            click.Option(
                ["--to"], required=True, metavar="FILE", help=f"File to write: {', '.join(FORMS)}."
            ),
            _AT,
        ],
        "Write what counts of every entity to a file.",
        options.example(
            "zaffre prediction-view export -n churn-now --to churn.parquet",
            "zaffre prediction-view export -n churn-now --to churn.sqlite",
        ),
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "get": get,
    "load": load,
    "refresh": refresh,
    "export": export,
}
