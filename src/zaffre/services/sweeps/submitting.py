"""Submit a sweep: everything in it is checked and pinned before the first trial."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound, Place, Problem
from zaffre.kinds import names
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.job import JOB, JobStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.loading import check
from zaffre.kinds.reference import Tree, parse_remote
from zaffre.kinds.remarks import remarks
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.kinds.sweep import SweepJobSpec
from zaffre.ports.metadata import Add, Link
from zaffre.services import components, environments, trees, workspaces
from zaffre.services.context import Context
from zaffre.services.jobs import checking, naming, runs
from zaffre.services.sweeps import bayesian
from zaffre.services.sweeps.sampling import combinations, sample
from zaffre.services.sweeps.trials import trial_document
from zaffre.services.typed import spec_as

_SEEDS = 2**31


def submit(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a sweep; the server's loop runs its trials.

    Raises:
        Invalid: something in it is wrong, with a problem for each thing.
        Conflict: the name is taken.
    """
    spec = spec_as(SweepJobSpec, spec, "sweep")
    workspaces.require(ctx, key.workspace)
    name = names.job(key.name) if key.name else naming.fresh()
    key = Key("job", key.workspace, name)
    _refuse_taken(ctx, key)
    whole = _pinned(ctx, key, spec)
    sampler = None
    if whole.sampling.type == "bayesian":
        bayesian.optuna()
        sampler = bayesian.fitting_sampler(whole.search_space)
    seed = whole.sampling.seed
    now = ctx.clock.now().timestamp()
    status = JobStatus(
        status=JobState.RUNNING,
        queued_at=now,
        started_at=now,
        attempt=1,
        seed=secrets.randbelow(_SEEDS) if seed is None else seed,
        sampler=sampler,
        warnings=tuple(f"{field}: {text}" for field, text in [*remarks(whole), *_fewer(whole)]),
    )
    _try_first(key, whole, status.seed or 0)
    links = []
    if whole.parent_job_name:
        links.append(Link(f"job:{key.workspace}/{whole.parent_job_name}", "child", key.reference))
    job = ctx.metadata.apply([Add(Resource(key, whole, status)), *links], ctx.actor)[0]
    runs.make(ctx, job)
    runs.mirror(ctx, job, JobState.RUNNING, status)
    return job


def rule_of(spec: SweepJobSpec) -> str:
    """Give how values are chosen: `random`, `sobol`, `grid` or `bayesian`."""
    sampling = spec.sampling
    return "sobol" if sampling.rule == "sobol" and sampling.type == "random" else sampling.type


def _fewer(spec: SweepJobSpec) -> list[tuple[str, str]]:
    if rule_of(spec) != "grid":
        return []
    most = spec.limits.max_total_trials
    count = combinations(spec.search_space)
    if count < most:
        return [("limits.max_total_trials", f"The grid has only {count} combinations.")]
    if count > most:
        return [("limits.max_total_trials", f"Only the first {most} combinations are tried.")]
    return []


def _pinned(ctx: Context, key: Key, spec: SweepJobSpec) -> SweepJobSpec:
    """Give a sweep with its component in it, and what it names found and pinned."""
    document = spec.model_dump(mode="json", exclude_unset=True)
    problems = components.embed(ctx, key.workspace, document)
    trial = document["trial"]
    is_there = isinstance(trial, dict)
    if is_there and (trial.get("type", "command") != "command" or not trial.get("command")):
        text = "The trial of a sweep is a component of type `command`."
        problems.append(Problem(text, Place(field="trial")))
    for field, given in (document.get("inputs") or {}).items():
        if isinstance(given, dict):
            problems += _try_pin(ctx, key, given, f"inputs.{field}.path")
    problems += _try_environment(ctx, key, trial) if is_there else []
    for sweep in [spec.warm_start] if isinstance(spec.warm_start, str) else spec.warm_start or ():
        problems += _try_sweep(ctx, key, sweep)
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].hint, problems=tuple(problems))
    if isinstance(trial.get("code"), str):
        reference = parse_remote(trial["code"])
        if isinstance(reference, Tree):
            trees.hold(ctx, reference.digest)
    return SweepJobSpec.model_validate(document)


def _try_pin(ctx: Context, key: Key, given: dict[str, Any], field: str) -> list[Problem]:
    try:
        given["path"] = checking.pinned(ctx, key.workspace, given["path"])
    except (Invalid, NotFound) as error:
        return [Problem(error.message, Place(field=field), error.hint)]
    return []


def _try_environment(ctx: Context, key: Key, trial: dict[str, Any]) -> list[Problem]:
    wanted = trial.get("environment")
    try:
        inline = InlineEnvironment.model_validate(wanted) if isinstance(wanted, dict) else wanted
        acting = ctx.acting(replace(ctx.actor, once=None))
        trial["environment"] = environments.pin(acting, key.workspace, inline).id or wanted
    except (Invalid, NotFound) as error:
        return [Problem(error.message, Place(field="trial.environment"), error.hint)]
    return []


def _try_sweep(ctx: Context, key: Key, name: str) -> list[Problem]:
    plain = name.removeprefix("azureml:")
    try:
        found = ctx.metadata.get(Key("job", key.workspace, plain))
    except NotFound as error:
        return [Problem(error.message, Place(field="warm_start"), "`zaffre job list` shows them.")]
    if not isinstance(found.spec, SweepJobSpec):
        return [Problem(f"Job `{plain}` is no sweep.", Place(field="warm_start"))]
    return []


def _try_first(key: Key, spec: SweepJobSpec, seed: int) -> None:
    """Refuse a sweep whose first trial could not be submitted.

    Raises:
        Invalid: with what is wrong with it.
    """
    rule = rule_of(spec)
    params = sample(spec.search_space, "random" if rule == "bayesian" else rule, seed, 0)
    check(JOB, trial_document(spec, key, 0, params or {}))


def _refuse_taken(ctx: Context, key: Key) -> None:
    try:
        ctx.tracking.get_info(key.workspace, key.name)
    except NotFound:
        return
    raise Conflict(
        f"There is a job or run `{key.name}` already.", hint="Choose another name, or give none."
    )
