"""`zaffre up`, `down`, `status` and `doctor`: the processes of a home on this machine."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from typing import Any

import click

from zaffre.cli import options, output
from zaffre.cli.options import Wanted, say
from zaffre.cli.studio import link_of
from zaffre.cli.waiting import Spinner
from zaffre.errors import Conflict, ZaffreError
from zaffre.ml import local_server, stopping
from zaffre.ml.client import MLClient
from zaffre.ml.home import Home, Served
from zaffre.ml.settings import environment, home_folder

NEXT = """\
Next:
  zaffre job create -f job.yml --stream     run a job
  zaffre status                             see what runs
  zaffre studio                             print a new link to the studio
  zaffre down                               stop"""
HOME = click.Option(
    ["--home"], metavar="FOLDER", help="The home; else ZAFFRE_HOME, else ~/.zaffre."
)
BUSY = ("Running", "Preparing", "Starting", "Finalizing", "Queued", "CancelRequested")
MOST = 1000
DOCTOR = "zaffre.server.doctor"
MIGRATE = "zaffre.server.migrate"


def _up(
    wanted: Wanted,
    home: str | None,
    port: int | None,
    gateway_port: int | None,
    host: str | None,
    *,
    foreground: bool,
) -> None:
    chosen = Home(home_folder(home))
    given = {"--host": host, "--port": port, "--gateway-port": gateway_port}
    arguments = [
        part for flag, value in given.items() if value is not None for part in (flag, str(value))
    ]
    if foreground:
        _serve(chosen, arguments)
        return
    began = time.monotonic()
    with Spinner("Starting Zaffre:") as tick:
        served = local_server.start(chosen, arguments, tick)
    if not wanted.drawn:
        wanted.show(_facts(chosen, served))
        return
    click.echo(
        f"Zaffre is ready at {served.url}, {time.monotonic() - began:.1f} s, home {chosen.path}."
    )
    # The server runs; a link to it that cannot be made is no reason to say that it does not.
    with contextlib.suppress(ZaffreError):
        client = options.client_of(url=served.url, token=chosen.token())
        click.echo(f"Studio, once within 10 minutes: {link_of(client)}")
    click.echo('MLflow clients: eval "$(zaffre status --export)"')
    click.echo(NEXT)


def _serve(home: Home, arguments: list[str]) -> None:
    """Serve in this terminal until Ctrl-C.

    Raises:
        Conflict: one runs already.
    """
    served = home.served()
    if served is not None:
        raise Conflict(
            f"Zaffre runs already on {home.path}: {served.url}, process {served.process.pid}."
        )
    home.prepare()
    # The server takes this process's place, and with it the terminal and its signals.
    program = local_server.command(home, arguments)
    os.execve(program[0], program, environment())  # noqa: S606 (no shell)


def _down(wanted: Wanted, home: str | None, *, everything: bool) -> None:
    chosen = Home(home_folder(home))
    served = chosen.served()
    if served is not None and everything:
        with Spinner("Stopping jobs:") as tick:
            cancelled = stopping.cancel_jobs(
                options.client_of(url=served.url, token=chosen.token()), tick
            )
        if cancelled:
            say(f"Stopped {cancelled} job{'s' if cancelled != 1 else ''}.")
    with Spinner("Stopping Zaffre:"):
        stopped = local_server.stop(chosen)
        gateway = local_server.stop_gateway(chosen)
    if stopped is None and not gateway:
        say(f"Nothing runs on {chosen.path}.")
        return
    ended = {"the server": stopped is not None, "the gateway": gateway}
    if wanted.form:
        wanted.show({"server": stopped is not None, "gateway": gateway})
        return
    say(f"Stopped {' and '.join(name for name, ran in ended.items() if ran)}.")


def _status(wanted: Wanted, home: str | None, *, export: bool) -> None:
    chosen = Home(home_folder(home))
    served = chosen.served()
    if export:
        click.echo(_exports(chosen, served))
        return
    facts = _facts(chosen, served)
    if served is not None:
        facts |= _running(
            options.client_of(url=served.url, token=chosen.token(), workspace=wanted.workspace)
        )
    if not wanted.drawn:
        wanted.show(facts)
        return
    click.echo(
        output.facts(
            {name: value for name, value in facts.items() if name not in {"jobs", "deployments"}}
        )
    )
    for name, columns in (
        ("jobs", ("name", "display_name", "status", "experiment_name", "created_at")),
        (
            "deployments",
            ("endpoint_name", "name", "provisioning_state", "ready_instances", "traffic"),
        ),
    ):
        if facts.get(name):
            click.echo(f"\n{output.table(facts[name], columns)}")
    if served is None:
        say("Start it with `zaffre up`.")


def _exports(home: Home, served: Served | None) -> str:
    """Give the lines that lead an MLflow client here.

    Raises:
        Conflict: no server runs.
    """
    if served is None:
        raise Conflict(f"No server runs on {home.path}.", hint="Start it with `zaffre up`.")
    token = shlex.quote(home.token() or "")
    url = shlex.quote(served.url)
    return f"export MLFLOW_TRACKING_URI={url}\nexport MLFLOW_TRACKING_TOKEN={token}"


def _facts(home: Home, served: Served | None) -> dict[str, Any]:
    gateway = home.gateway()
    facts: dict[str, Any] = {"home": str(home.path), "server": "running" if served else "stopped"}
    if served is not None:
        facts |= {"url": served.url, "pid": served.process.pid, "gateway_url": served.gateway_url}
        if served.started:
            facts["started_at"] = served.started
        if served.isolation:
            facts["isolation"] = served.isolation
    facts["gateway"] = "running" if gateway else "stopped"
    if gateway:
        facts["gateway_pid"] = gateway.pid
    return facts


def _running(client: MLClient) -> dict[str, Any]:
    try:
        jobs = [job.to_dict() for state in BUSY for job in client.jobs.list(state=state)]
        deployments = [
            {**one.to_dict(), "traffic": f"{(endpoint.traffic or {}).get(one.name, 0)} %"}
            for endpoint in client.online_endpoints.list()
            for one in client.online_deployments.list(endpoint.name)
        ]
    except ZaffreError as error:
        return {"problem": error.message}
    return {"jobs": jobs[:MOST], "deployments": deployments}


def _doctor(home: str | None, form: str | None, *, full: bool, as_json: bool) -> None:
    chosen = Home(home_folder(home))
    arguments = ["--full"] * full + ["--json"] * (as_json or form == "json")
    program = [sys.executable, "-m", DOCTOR, "--home", str(chosen.path), *arguments]
    raise click.exceptions.Exit(subprocess.run(program, env=environment(), check=False).returncode)


def _migrate(home: str | None, database: str, artifacts: str, *, dry_run: bool) -> None:
    chosen = Home(home_folder(home))
    given = {"--to-database": database, "--to-artifacts": artifacts}
    arguments = [part for flag, value in given.items() if value for part in (flag, value)]
    program = [sys.executable, "-m", MIGRATE, "--home", str(chosen.path), *arguments]
    program += ["--dry-run"] * dry_run
    raise click.exceptions.Exit(subprocess.run(program, env=environment(), check=False).returncode)


up = options.command(
    "up",
    _up,
    [
        HOME,
        click.Option(["--host"], metavar="ADDRESS", help="Address to listen on; else 127.0.0.1."),
        click.Option(
            ["--port"],
            type=click.IntRange(0, 65535),
            help="Port of the server; 0 takes a free one; else 8642.",
        ),
        click.Option(
            ["--gateway-port"],
            type=click.IntRange(0, 65535),
            help="Port of the gateway; else 8643.",
        ),
        click.Option(["--foreground"], is_flag=True, help="Stay in this terminal until Ctrl-C."),
    ],
    "Start the server and the gateway in the background.",
    options.example("zaffre up", "zaffre up --home ./here --port 0 --gateway-port 0"),
)

down = options.command(
    "down",
    _down,
    [HOME, click.Option(["--all", "everything"], is_flag=True, help="Stop running jobs too.")],
    "Stop the server and the gateway. Jobs go on and are found again, unless `--all` is said.",
    options.example("zaffre down", "zaffre down --all"),
)

status = options.command(
    "status",
    _status,
    [
        HOME,
        click.Option(
            ["--export"], is_flag=True, help="Print the variables for MLflow clients, for `eval`."
        ),
    ],
    "Show the server, the gateway, running jobs and deployments. Starts nothing.",
    options.example(
        "zaffre status", "zaffre status --query url -o tsv", 'eval "$(zaffre status --export)"'
    ),
)

doctor = click.Command(
    "doctor",
    callback=_doctor,
    params=[
        HOME,
        click.Option(["--full"], is_flag=True, help="Read all content through; takes long."),
        click.Option(
            ["-o", "--output", "form"],
            type=click.Choice(["table", "json"]),
            help="Form of the result.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="The same as `-o json`."),
    ],
    help="Check a live or stopped home: database, digests, states, processes, leftovers.",
    epilog=options.example("zaffre doctor", "zaffre doctor --home ./here --full -o json"),
)

migrate = click.Command(
    "migrate",
    callback=_migrate,
    params=[
        HOME,
        click.Option(
            ["--to-database", "database"],
            default="",
            metavar="URL",
            help="An empty database: postgresql://... or sqlite:////path.",
        ),
        click.Option(
            ["--to-artifacts", "artifacts"],
            default="",
            metavar="PLACE",
            help="s3://bucket/folder, az://..., gs://..., or a folder.",
        ),
        click.Option(["--dry-run"], is_flag=True, help="Say what would be moved; move nothing."),
    ],
    help="Move a stopped home's database and artifacts elsewhere, and compare them. The home stays"
    " as it is. Whatever stops it, the same command goes on where it was.",
    epilog=options.example(
        "zaffre migrate --to-database postgresql://zaffre@db.example/zaffre --dry-run",
        "zaffre migrate --to-database postgresql://zaffre@db.example/zaffre"
        " --to-artifacts s3://bucket/zaffre",
    ),
)
