"""Verbs of jobs: create with a stream, stream, logs, cancel, resubmit, download, validate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, output, steps, streaming, tree, usage, verbs, writing
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import Noun
from zaffre.errors import Failed, Invalid
from zaffre.kinds.job import JOB
from zaffre.kinds.schema_words import stands_for
from zaffre.ml import logs
from zaffre.ml.checking import said
from zaffre.ml.client import MLClient
from zaffre.ml.job_tree import failed_part
from zaffre.ml.jobs import ENDED, failure
from zaffre.ml.planning import plan
from zaffre.ml.validation import checked_with_files, validate

WEB = "There is no studio in this version: `zaffre job show -n {name}` shows the job."


def create(noun: Noun) -> click.Command:
    """Make `create`, which can go on with the job's log."""

    def then(wanted: Wanted, made: dict[str, Any], *, stream: bool, web: bool) -> None:
        if web:
            say(WEB.format(name=made["name"]))
        _begun(wanted, made, stream=stream)

    command = verbs.create(
        noun,
        click.Option(["-s", "--stream"], is_flag=True, help="Follow the log until the job ends."),
        click.Option(["--web"], is_flag=True, help="Say where the job is shown."),
        then=then,
    )
    return _with_dry_run(noun, command)


def _with_dry_run(noun: Noun, command: click.Command) -> click.Command:
    """Let a command print the effective document instead of sending it."""
    submit: Callable[..., None] = command.callback or (lambda **_: None)

    def callback(**values: Any) -> None:
        if not values.pop("dry_run"):
            submit(**values)
            return
        wanted = options.wanted(values)
        written = writing.take(noun.kind, values)
        if _is_pipeline(written.document.data):
            _show_plan(wanted, written)
            return
        checked = checked_with_files(noun.kind, written.document, written.here)
        _warn(checked.warnings)
        output.show(checked.data, form=wanted.form or "yaml", query=wanted.query)

    command.callback = callback
    command.params.append(
        click.Option(
            ["--dry-run"],
            is_flag=True,
            help="Print the effective document, or the plan of a pipeline; run nothing.",
        )
    )
    return command


def validate_(noun: Noun) -> click.Command:
    """Make `validate`."""

    def run(wanted: Wanted, **values: Any) -> None:
        written = writing.take(noun.kind, values)
        if _is_pipeline(written.document.data):
            _show_plan(wanted, written)
            return
        result = validate(noun.kind, written.document, written.here)
        if not result.passed:
            raise Invalid(result.problems[0].message, problems=result.problems)
        _warn(result.warnings)
        wanted.show("Valid." if wanted.drawn else {"result": "Succeeded"})

    return options.command(
        "validate",
        run,
        [*options.document(), click.Option(["-n", "--name"], metavar="NAME", help="Name.")],
        "Check a document without submitting it.",
        options.example("zaffre job validate -f job.yml"),
    )


def show(noun: Noun) -> click.Command:
    """Make `show`, which can draw the lineage."""

    def run(wanted: Wanted, **values: Any) -> None:
        lineage, web = values.pop("lineage"), values.pop("web")
        name, _, _ = noun.named(values)
        client = wanted.client()
        if web:
            say(WEB.format(name=name))
        if lineage:
            tree.show(wanted, client.lineage("job", name), ("job", name))
            return
        job = client.jobs.get(name).to_dict()
        if wanted.drawn:
            click.echo(streaming.summary(client, job))
            return
        wanted.show(job)

    return options.command(
        "show",
        run,
        [
            *noun.address(),
            click.Option(
                ["--lineage"], is_flag=True, help="Draw what it came of, and what came of it."
            ),
            click.Option(["--web"], is_flag=True, help="Say where the job is shown."),
        ],
        "Show a job: state, metrics, outputs.",
        options.example(
            "zaffre job show -n JOB",
            "zaffre job show -n JOB --lineage",
            "zaffre job show -n JOB --query status -o tsv",
        ),
    )


def list_(noun: Noun) -> click.Command:
    """Make `list`, with the filters of jobs."""
    return verbs.list_(
        noun,
        click.Option(
            ["--state", "--status", "state"],
            metavar="STATE",
            help="Only in this state, such as `Running`.",
        ),
        click.Option(
            ["--experiment-name", "--experiment", "experiment_name"],
            metavar="NAME",
            help="Only of this experiment.",
        ),
        click.Option(
            ["--parent-job-name", "-p", "parent_job_name"],
            metavar="NAME",
            help="Only children of this job.",
        ),
    )


def stream(noun: Noun) -> click.Command:
    """Make `stream`."""

    def run(wanted: Wanted, **values: Any) -> None:
        name, _, _ = noun.named(values)
        follow(wanted, wanted.client(), name)

    return options.command(
        "stream",
        run,
        noun.address(),
        "Follow the log until the job ends. Ctrl-C leaves the job running.",
        options.example("zaffre job stream -n JOB"),
    )


def logs_(noun: Noun) -> click.Command:
    """Make `logs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        follow, name = values.pop("follow"), noun.named(values)[0]
        client = wanted.client()
        if not follow:
            text = client.jobs.log(name)
            click.echo(streaming.shown(text), nl=False)
            if not text and (whose := steps.logs_of(client.jobs.look(name))):
                say(whose)
            return
        for event in client.jobs.follow(name):
            if isinstance(event, logs.Text):
                click.echo(streaming.shown(event.text), nl=False)

    return options.command(
        "logs",
        run,
        [
            *noun.address(),
            click.Option(["--follow", "-F"], is_flag=True, help="Go on until the job ends."),
        ],
        "Print the log.",
        options.example("zaffre job logs -n JOB", "zaffre job logs -n JOB | grep Error"),
    )


def cancel(noun: Noun) -> click.Command:
    """Make `cancel`."""

    def run(wanted: Wanted, **values: Any) -> None:
        patient, name = not values.pop("no_wait"), noun.named(values)[0]
        jobs = wanted.client().jobs
        job = jobs.cancel(name)
        if patient and job.status not in ENDED:
            job = jobs.wait(name)
        wanted.show(job.to_dict(), noun.brief)

    return options.command(
        "cancel",
        run,
        [
            *noun.address(),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it has stopped."),
        ],
        "Ask a job to stop.",
        options.example("zaffre job cancel -n JOB"),
    )


def resubmit(noun: Noun) -> click.Command:
    """Make `resubmit`."""

    def run(wanted: Wanted, **values: Any) -> None:
        new, stream = values.pop("new_name"), values.pop("stream")
        made = wanted.client().jobs.resubmit(noun.named(values)[0], new).to_dict()
        _begun(wanted, made, stream=stream)

    return options.command(
        "resubmit",
        run,
        [
            *noun.address(),
            click.Option(["--new-name"], metavar="NAME", help="Name of the new job."),
            click.Option(["-s", "--stream"], is_flag=True, help="Follow the log until it ends."),
        ],
        "Submit an ended job again; a failed pipeline goes on at the failed step.",
        options.example("zaffre job resubmit -n JOB --stream"),
    )


DOWNLOAD: list[click.Parameter] = [
    click.Option(
        ["--output-name"], metavar="NAME", help="Only this output; else the files of the run."
    ),
    click.Option(
        ["-p", "--download-path"],
        default=".",
        show_default=True,
        metavar="FOLDER",
        help="Where to.",
    ),
    click.Option(["--all", "everything"], is_flag=True, help="All outputs and the run's files."),
]


def download(noun: Noun) -> click.Command:
    """Make `download`."""

    def run(wanted: Wanted, **values: Any) -> None:
        name = noun.named({key: values.pop(key) for key in ("given", "name")})[0]
        places = wanted.client().jobs.download(
            name,
            download_path=values["download_path"],
            output_name=values["output_name"],
            all=values["everything"],
        )
        if not places:
            say(f"Job `{name}` has left no files there.")
        if not wanted.drawn:
            wanted.show([str(place) for place in places])
        else:
            say(f"Files in {values['download_path']}: {len(places)}.")

    return options.command(
        "download",
        run,
        [*options.name(), *DOWNLOAD],
        "Copy outputs and files to a local folder.",
        options.example(
            "zaffre job download -n JOB --all",
            "zaffre job download -n JOB --output-name model -p ./here",
        ),
    )


def _begun(wanted: Wanted, made: dict[str, Any], *, stream: bool) -> None:
    """Show a job that was just submitted, or follow it."""
    if stream:
        follow(wanted, wanted.client(), made["name"])
        return
    wanted.show(made, (*JOB.columns, *verbs.TOLD))
    if wanted.drawn:
        say(f"Follow it with `zaffre job stream -n {made['name']}`.")


def follow(wanted: Wanted, client: MLClient, name: str) -> None:
    """Show a job until it ends.

    Raises:
        Failed: it did not complete.
    """
    view = streaming.Terminal(sys.stdout, sys.stderr, client.jobs.look)
    try:
        job = client.jobs.watch(name, view)
    except KeyboardInterrupt:
        view.line(f"Job `{name}` goes on.")
        say(f"Come back with `zaffre job stream -n {name}`. Stop: `zaffre job cancel -n {name}`.")
        raise click.exceptions.Exit(130) from None
    say(streaming.summary(client, job))
    if wanted.form or wanted.query:
        wanted.show(job)
    if job["status"] != "Completed":
        log = failed_part(job, client.jobs.look) or name
        raise Failed(failure(job), code="job_failed", hint=f"Its log: `zaffre job logs -n {log}`.")


def _is_pipeline(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    said_type = data.get("type") or stands_for(data.get("$schema"))[1]
    return str(said_type).strip().lower() == "pipeline"


def _show_plan(wanted: Wanted, written: writing.Written) -> None:
    """Show which steps of a pipeline would run, which are reused, and why."""
    rows = plan(wanted.client(), written.document, written.here)
    if wanted.form or wanted.query:
        wanted.show(rows)
        return
    for line in steps.plan_lines(rows):
        click.echo(line)


def _warn(warnings: Any) -> None:
    for warning in warnings:
        say(f"Warning: {said(warning)}")


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "create": create,
    "show": show,
    "list": list_,
    "stream": stream,
    "logs": logs_,
    "cancel": cancel,
    "resubmit": resubmit,
    "download": download,
    "validate": validate_,
    "usage": usage.usage,
}
