"""Make the plan of a job: where inputs come from, where outputs go, the final command."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import expression
from zaffre.kinds.amounts import CPUS
from zaffre.kinds.expression import Values
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_ports import JobInput, JobOutput
from zaffre.kinds.parallel import UNFINISHED
from zaffre.kinds.reference import DatastorePath, parse_remote
from zaffre.kinds.resource import Resource
from zaffre.kinds.table_job import datastores_of
from zaffre.ports.builder import Ready
from zaffre.ports.metadata import Link
from zaffre.ports.tokens import Principal, Role
from zaffre.services import datastores, files
from zaffre.services.context import Context
from zaffre.services.jobs import attempts, runs, sources
from zaffre.services.jobs.facts import principal_name, spec_of, status_of
from zaffre.services.jobs.placing import placement
from zaffre.services.jobs.sources import Source
from zaffre.services.jobs.variables import JobFacts, job_environment

TOKEN_DAYS = 30
_GRACE = 10.0


def make_plan(
    ctx: Context, job: Resource, ready: Ready, folder: Path
) -> tuple[dict[str, Any], list[Link]]:
    """Give the plan for the launcher, and the links that tell what the job came of.

    Raises:
        Invalid: something it names cannot be used.
        NotFound: something it names is not there.
        Conflict: something it names is not there yet.
    """
    spec = spec_of(job)
    found = _sources(ctx, job)
    values = _values(ctx, job, found, folder)
    command = expression.in_shell(spec.command, values)
    facts = _facts(ctx, job, values, ready)
    own = {
        name: expression.fill(text, values) for name, text in spec.environment_variables.items()
    }
    kept = attempts.place(ctx, job, found, ready)
    if kept:
        own[UNFINISHED] = str(kept)
    code = _code(ctx, job.key.workspace, spec)
    inputs = _inputs(ctx, spec, found)
    plan = {
        "job": job.key.name,
        "workspace": job.key.workspace,
        "url": ctx.addresses.server,
        "token": facts.token,
        "command": command.text,
        "env": {**job_environment(facts), **own, **command.variables},
        **_interpreter(ready),
        "code": _manifest(ctx, code),
        "inputs": inputs,
        "places": sources.places(ctx, code, inputs),
        "outputs": _outputs(spec, values),
        "keep": str(kept) if kept else None,
        **_run_settings(ctx, job),
        "warnings": list(ready.warnings),
    }
    return plan, _links(job, spec, found)


def _sources(ctx: Context, job: Resource) -> dict[str, Source]:
    pinned = status_of(job).resolved_inputs
    return {
        name: sources.find(ctx, job.key.workspace, pinned.get(name, given.path))
        for name, given in spec_of(job).inputs.items()
        if isinstance(given, JobInput)
    }


def _values(ctx: Context, job: Resource, found: dict[str, Source], folder: Path) -> Values:
    """Give what the expressions of the job stand for."""
    spec = spec_of(job)
    plain = {"name": job.key.name, "default_datastore": datastores.DEFAULT}
    inputs = {
        name: _input_path(folder, name, found[name]) if name in found else str(given)
        for name, given in spec.inputs.items()
    }
    outputs = {
        name: _output_path(ctx, job.key.workspace, folder / "outputs" / name, wanted, plain)
        for name, wanted in spec.outputs.items()
    }
    return Values(inputs, outputs, plain)


def _input_path(folder: Path, name: str, source: Source) -> str:
    place = folder / "inputs" / name
    return str(place / source.file if source.file else place)


def _output_path(
    ctx: Context, workspace: str, place: Path, wanted: JobOutput, plain: dict[str, str]
) -> str:
    if wanted.path is None:
        return str(place / place.name if wanted.type == "uri_file" else place)
    reference = parse_remote(expression.fill(wanted.path, Values(plain=plain)))
    if not isinstance(reference, DatastorePath):
        raise Invalid(f"`{wanted.path}` is no place that a job can write to.")
    return str(datastores.folder(ctx, workspace, reference))


def _facts(ctx: Context, job: Resource, values: Values, ready: Ready) -> JobFacts:
    spec, key = spec_of(job), job.key
    run = runs.ensure(ctx, job)
    experiment = ctx.tracking.get_experiment(key.workspace, run.experiment_id)
    principal = Principal(principal_name(key), Role.JOB, key.workspace, key.name)
    return JobFacts(
        workspace=key.workspace,
        job=key.name,
        url=ctx.addresses.server,
        token=ctx.tokens.issue(principal, timedelta(days=TOKEN_DAYS)),
        experiment_id=experiment.id,
        experiment_name=experiment.name,
        display_name=spec.display_name or "",
        parent=spec.parent_job_name or "",
        inputs=values.inputs,
        outputs=values.outputs,
        virtual_environment=ready.venv,
        devices=status_of(job).devices,
    )


def _interpreter(ready: Ready) -> dict[str, Any]:
    if ready.container is not None:
        return {"container": asdict(ready.container)}
    return {
        "python": str(ready.python),
        "python_bin": str(ready.bin),
        "python_version": ready.version,
    }


def _code(ctx: Context, workspace: str, spec: CommandJobSpec) -> str | None:
    """Give the tree of the code."""
    return files.resolve(ctx, workspace, parse_remote(spec.code)).digest if spec.code else None


def _manifest(ctx: Context, tree: str | None) -> str | None:
    """Give where the manifest of a tree lies on this machine."""
    path = ctx.artifacts.path(tree) if tree else None
    if tree and path is None:
        raise NotFound(f"The code {tree} is not stored here.")
    return str(path) if path else None


def _inputs(ctx: Context, spec: CommandJobSpec, found: dict[str, Source]) -> list[dict[str, Any]]:
    return [
        sources.planned(ctx, name, given, found[name])
        for name, given in spec.inputs.items()
        if isinstance(given, JobInput)
    ]


def _outputs(spec: CommandJobSpec, values: Values) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": wanted.type, "mode": wanted.mode, "path": values.outputs[name]}
        for name, wanted in spec.outputs.items()
    ]


def _run_settings(ctx: Context, job: Resource) -> dict[str, Any]:
    spec = spec_of(job)
    kind = spec.distribution
    return {
        "timeout": spec.limits.timeout if spec.limits else None,
        "grace": _GRACE,
        "instance_count": spec.resources.instance_count if spec.resources else 1,
        "distribution": kind.model_dump(exclude_none=True) if kind else None,
        "placement": placement(ctx, job),
        "cpus": spec.resources.amounts()[CPUS] if spec.resources else 1.0,
        "gpus": list(status_of(job).devices or ()),
    }


def _links(job: Resource, spec: CommandJobSpec, found: dict[str, Source]) -> list[Link]:
    target = job.key.reference
    links = [
        Link(source.reference, f"input:{name}", target)
        for name, source in found.items()
        if source.reference
    ]
    for port, store in datastores_of(spec.environment_variables).items():
        place = f"datastore:{job.key.workspace}/{store}"
        is_input = port == "input"
        links.append(
            Link(place, "input:rows", target)
            if is_input
            else Link(target, "output:predictions", place)
        )
    if spec.code:
        digest = getattr(parse_remote(spec.code), "digest", "")
        links.append(Link(f"tree:{digest}", "code", target))
    return links
