"""The gate's job: what is submitted to compare two versions of a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import registry
from zaffre.kinds.endpoint import OnlineDeploymentSpec
from zaffre.kinds.loading import check
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Json, Key, Spec
from zaffre.services import job_types
from zaffre.services.context import Context
from zaffre.services.following.parts import Follower, version_of

BELOW = "gate.job"
NEW, OLD = "candidate", "champion"


def check_gate(spec: OnlineDeploymentSpec) -> None:
    """Refuse a gate whose job cannot be submitted.

    Raises:
        Invalid: it is no job; fields are given below `gate.job`.
    """
    job = spec.gate.job if spec.gate else None
    if isinstance(job, str):
        raise Invalid(f"`{BELOW}` is no job: `{job}`.", hint="Write the job into the document.")
    if job is not None:
        model: dict[str, Json] = {"type": "custom_model", "path": "azureml:model:1"}
        _checked(_filled(dict(job), {NEW: model, OLD: model}))


def submit(ctx: Context, follower: Follower, name: str) -> None:
    """Submit the gate's job, or do nothing if it is there.

    Raises:
        Invalid: it can no longer be submitted.
    """
    job = follower.spec.gate.job if follower.spec.gate else None
    document: dict[str, Json] = dict(job) if isinstance(job, dict) else {}
    document.pop("name", None)
    serving = follower.status.serving
    models = {NEW: _model(ctx, follower, follower.follow.version)}
    models |= {OLD: _model(ctx, follower, version_of(serving.model_reference))} if serving else {}
    spec = _checked(_filled(document, models))
    try:
        job_types.submit(ctx, Key("job", follower.key.workspace, name), spec)
    except Conflict as error:
        if error.code not in ("exists", ""):
            raise


def cancel(ctx: Context, follower: Follower) -> None:
    """Stop the gate's job, whose answer nobody waits for any more."""
    name = follower.follow.gate_job
    if name is not None:
        with suppress(Conflict, NotFound):  # it has ended, or never began
            job_types.cancel(ctx, Key("job", follower.key.workspace, name))


def _filled(document: dict[str, Json], models: Mapping[str, dict[str, Json]]) -> dict[str, Json]:
    """Give a job with the models as those of its inputs that it declares or speaks of."""
    inputs, text = dict(document.get("inputs") or {}), json.dumps(document)
    named = {port for port in models if port in inputs or f"inputs.{port}" in text}
    return {**document, "inputs": {**inputs, **{port: models[port] for port in named}}}


def _model(ctx: Context, follower: Follower, version: str) -> dict[str, Json]:
    found = ctx.metadata.get(Key("model", follower.key.workspace, follower.model, version)).spec
    kind = found.type if isinstance(found, ModelSpec) else "custom_model"
    return {"type": kind, "path": f"azureml:{follower.model}:{version}"}


def _checked(document: dict[str, Json]) -> Spec:
    try:
        return check(registry.kind("job"), document).spec
    except Invalid as error:
        problems = tuple(
            replace(one, place=replace(one.place, field=f"{BELOW}.{one.place.field or ''}"))
            for one in error.problems
        )
        raise Invalid(error.message, hint=error.hint, problems=problems) from error
