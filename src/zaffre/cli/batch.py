"""Verbs of batch endpoints: invoke, and list the jobs of invocations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from zaffre.cli import options, streaming
from zaffre.cli.endpoint import get_credentials, regenerate_keys
from zaffre.cli.job import follow
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import FIRST, Noun
from zaffre.kinds import override, yaml_text
from zaffre.kinds.document import Document
from zaffre.kinds.job import JOB
from zaffre.kinds.scoring_job import OUTPUT
from zaffre.ml.batch import data_at

SAID = (
    "deployment_name",
    "experiment_name",
    "mini_batch_size",
    "instance_count",
    "resume",
    "check_only",
)
"""Options of `invoke` that are fields of the invocation."""
COUNTS = ("processed.items", "processed.failed_items")
"""Columns of jobs that say how much of their data they processed."""


def invoke(noun: Noun) -> click.Command:
    """Make `invoke`."""

    def run(wanted: Wanted, *, stream: bool, **values: Any) -> None:
        document, here = invocation(values)
        endpoint = noun.named(values)[0]
        client = wanted.client()
        job = client.batch_endpoints.invoke_with(endpoint, document, here).to_dict()
        if stream or document.data.get("check_only"):
            follow(wanted, client, job["name"])
            return
        if not wanted.drawn:
            wanted.show(job)
            return
        click.echo(streaming.summary(client, job))
        say("\n".join(_next(job["name"], job.get("outputs") or {})))

    return options.command(
        "invoke",
        run,
        [*options.name(), *_data(), *_settings(), *_following()],
        "Score data: give the job that does it.",
        options.example(
            "zaffre batch-endpoint invoke -n diabetes-batch --input ./measurements",
            "zaffre batch-endpoint invoke -n diabetes-batch --input azureml:measurements@latest"
            " --mini-batch-size 5",
            "zaffre batch-endpoint invoke -n prepare --file inputs.yml --set inputs.alpha=0.5",
        ),
    )


def _next(job: str, outputs: Iterable[str]) -> Iterator[str]:
    """Say how to follow a job, and how to fetch what it leaves, where it leaves files."""
    yield f"Follow it with `zaffre job stream -n {job}`."
    for output in outputs:
        yield f"Then fetch `{output}`: `zaffre job download -n {job} --output-name {output}`."


def invocation(values: dict[str, Any]) -> tuple[Document, tuple[str, ...]]:
    """Take an invocation out of a command's values, with the fields that are paths from here.

    Raises:
        Invalid: the file is no YAML, or a change fits nowhere.
    """
    file, sets, places = (values.pop(name) for name in ("file", "sets", "outputs"))
    data, kind, place = (values.pop(name) for name in ("input", "input_type", "output_path"))
    given = {name: values.pop(name) for name in SAID} | {"name": values.pop("job_name")}
    said = {name: value for name, value in given.items() if value is not None}
    if data is not None:
        said["input"] = data_at(data, kind)
    elif kind is not None:
        raise click.UsageError("`--input-type` says what `--input` is: give that, too.")
    document = yaml_text.read_file(Path(file)) if file else Document({}, folder=Path.cwd())
    if document.data is None or isinstance(document.data, dict):
        document = document.with_data({**(document.data or {}), **said})
    if place is not None:
        places = (*places, f"{OUTPUT}={place}")
    sets = (*sets, *(_output(text) for text in places))
    paths = tuple(text.partition("=")[0].strip() for text in sets)
    return override.apply(document, sets), (*said, *paths)


def _output(text: str) -> str:
    name, equals, place = text.partition("=")
    if not (name and equals and place):
        raise click.UsageError(f"`{text}` is no place of an output: write NAME=PATH.")
    return f"outputs.{name}.path={place}"


def _data() -> list[click.Parameter]:
    """Give the options for what goes in and where what comes out goes."""
    return [
        click.Option(
            ["--input"],
            metavar="PATH",
            help="The data: a local path, `azureml:NAME@latest`, `azureml://...` or an address.",
        ),
        click.Option(
            ["--input-type"],
            type=click.Choice(["uri_file", "uri_folder", "mltable"]),
            help="What the path of `--input` leads to.",
        ),
        click.Option(
            ["-f", "--file", "--f", "--inputs", "file"],
            type=click.Path(dir_okay=False),
            metavar="FILE.yml",
            help="`inputs:`, `outputs:` and settings, in a file.",
        ),
        click.Option(
            ["--set", "sets"],
            multiple=True,
            metavar="PATH=VALUE",
            help="Say one field, such as `inputs.alpha=0.5`; repeatable.",
        ),
        click.Option(
            ["--output-path"],
            metavar="PATH",
            help=f"Where `{OUTPUT}` is written: `azureml://datastores/NAME/paths/PATH`.",
        ),
        click.Option(
            ["--outputs"],
            multiple=True,
            metavar="NAME=PATH",
            help="Where another output is written; repeatable.",
        ),
    ]


def _settings() -> list[click.Parameter]:
    """Give the options that are said over the deployment's settings."""
    return [
        click.Option(
            ["-d", "--deployment-name", "--deployment", "deployment_name"],
            metavar="NAME",
            help="Deployment; else the endpoint's default.",
        ),
        click.Option(["-m", "--mini-batch-size"], type=click.INT, help="Files of one `run()`."),
        click.Option(["-c", "--instance-count"], type=click.INT, help="Instances that score."),
        click.Option(["--experiment-name"], metavar="NAME", help="Experiment of the job."),
        click.Option(
            ["--resume"], metavar="JOB", help="Go on with a job of tables where it stopped."
        ),
        click.Option(["--job-name"], metavar="NAME", help="Name of the job; else a new one."),
    ]


def _following() -> list[click.Parameter]:
    return [
        click.Option(["--stream"], is_flag=True, help="Follow the log until the job ends."),
        click.Option(
            ["--dry-run", "check_only"],
            is_flag=True,
            default=None,
            help="Of tables: only see that tables and columns are there, in a short job.",
        ),
    ]


def list_jobs(noun: Noun) -> click.Command:
    """Make `list-jobs`."""

    def run(wanted: Wanted, **values: Any) -> None:
        deployment, endpoint = values.pop("deployment_name"), noun.named(values)[0]
        show_jobs(wanted, endpoint, deployment, values)

    only = click.Option(
        ["-d", "--deployment-name", "--deployment", "deployment_name"],
        metavar="NAME",
        help="Only of this deployment.",
    )
    return options.command(
        "list-jobs",
        run,
        [*options.name(), only, *narrowing()],
        "List the jobs of its invocations, newest first.",
        options.example("zaffre batch-endpoint list-jobs -n diabetes-batch"),
    )


def narrowing() -> list[click.Parameter]:
    """Give the options that narrow a list of jobs."""
    return [
        click.Option(
            ["--state", "--status", "state"], metavar="STATE", help="Only in this state."
        ),
        click.Option(
            ["-r", "--max-results"],
            type=click.IntRange(1),
            default=FIRST,
            show_default=True,
            help="How many.",
        ),
    ]


def show_jobs(
    wanted: Wanted, endpoint: str, deployment: str | None, values: dict[str, Any]
) -> None:
    """Print the jobs of an endpoint, or of one of its deployments."""
    limit = values.pop("max_results")
    found = wanted.client().batch_endpoints.list_jobs(
        endpoint, deployment_name=deployment, **values
    )
    wanted.show([job.to_dict() for job in islice(found, limit)], (*JOB.columns, *COUNTS))
    if next(found, None) is not None:
        say(f"These are the newest {limit}: `--max-results` shows more.")


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "invoke": invoke,
    "list-jobs": list_jobs,
    "get-credentials": get_credentials,
    "regenerate-keys": regenerate_keys,
}
