"""The jobs of a schedule: what they are made of, and what they are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import registry
from zaffre.kinds.loading import check
from zaffre.kinds.reference import Asset, parse_remote
from zaffre.kinds.resource import Json, Key, Resource, Spec
from zaffre.kinds.schedule import ScheduledRun, ScheduleSpec, is_invocation
from zaffre.kinds.wire import document_of
from zaffre.services.batch.jobs import scheduled
from zaffre.services.context import Context

_MERGED = ("inputs", "outputs", "settings", "tags", "properties", "limits")
_ODD = re.compile(r"[^A-Za-z0-9_-]")
_MARKS = re.compile(r"[^A-Za-z0-9_]")
_EXPRESSION = re.compile(r"\$\{\{\s{0,9}(name|creation_context\.(?:trigger_time|data))\s*\}\}")
_LONGEST = 180
SCHEDULE_PROPERTY = "zaffre.schedule"
DUE_PROPERTY = "zaffre.due"


def spec_of(schedule: Resource) -> ScheduleSpec:
    """Give the spec of a schedule."""
    return cast("ScheduleSpec", schedule.spec)


def name_for(key: Key, mark: str) -> str:
    """Give the name of the job of one due time: always the same, so that there is at most one."""
    plain = _ODD.sub("_", key.name)[:_LONGEST]
    tail = ""
    if plain != key.name or key.workspace != "default":
        tail = "_" + hashlib.sha256(key.reference.encode()).hexdigest()[:8]
    return f"{plain}_{_MARKS.sub('', mark)}{tail}"


def document_for(ctx: Context, workspace: str, wanted: Json) -> dict[str, Json]:
    """Give the document of the job that a schedule creates.

    Raises:
        Invalid: it names no job.
        NotFound: the job that it repeats is not there.
    """
    if isinstance(wanted, str):
        return _stored(ctx, workspace, wanted)
    if is_invocation(wanted):
        return scheduled(ctx, workspace, wanted)
    document = dict(wanted)
    base = document.pop("job", None)
    if base is None:
        return document
    if isinstance(base, str):
        base = _stored(ctx, workspace, base)
    if not isinstance(base, dict):
        raise Invalid(
            "`create_job.job` is no job.", hint="Write `azureml:JOB`, or the job itself."
        )
    return merged(base, document)


def merged(base: Mapping[str, Json], over: Mapping[str, Json]) -> dict[str, Json]:
    """Give a job's document with what a schedule says over it."""
    found = {**base, **over}
    for name in _MERGED:
        if isinstance(base.get(name), dict) and isinstance(over.get(name), dict):
            found[name] = {**base[name], **over[name]}
    return found


def _stored(ctx: Context, workspace: str, text: str) -> dict[str, Json]:
    reference = parse_remote(text)
    if not isinstance(reference, Asset):
        raise Invalid(f"`{text}` is no job.", hint="Write `azureml:JOB`, or the job itself.")
    try:
        job = ctx.metadata.get(Key("job", workspace, reference.name))
    except NotFound:
        raise Invalid(
            f"There is no job `{reference.name}` to repeat.", hint="`zaffre job list` shows them."
        ) from None
    document = document_of(job)
    return {name: value for name, value in document.items() if name not in ("name", "revision")}


def checked(document: dict[str, Json]) -> Spec:
    """Give the spec of a schedule's job.

    Raises:
        Invalid: it is no job that can be submitted; fields are given below `create_job`.
    """
    try:
        return check(registry.kind("job"), document).spec
    except Invalid as error:
        problems = tuple(
            replace(one, place=replace(one.place, field=_below(one.place.field)))
            for one in error.problems
        )
        raise Invalid(error.message, hint=error.hint, problems=problems) from error


def _below(field: str | None) -> str:
    return f"create_job.{field}" if field else "create_job"


def job_of(ctx: Context, schedule: Resource, name: str, run: ScheduledRun) -> Spec:
    """Give the spec of the job of one due time, or of one piece of data.

    Raises:
        Invalid: it can no longer be submitted.
    """
    document = document_for(ctx, schedule.key.workspace, spec_of(schedule).create_job)
    values = {
        "name": name,
        "creation_context.trigger_time": run.due,
        "creation_context.data": run.data or "",
    }
    if isinstance(document.get("inputs"), dict):
        document["inputs"] = _filled(document["inputs"], values)
    own = {SCHEDULE_PROPERTY: schedule.key.name, DUE_PROPERTY: run.due}
    document["properties"] = {**(document.get("properties") or {}), **own}
    document.pop("name", None)
    return checked(document)


def _filled(value: Json, values: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    return _EXPRESSION.sub(lambda found: values[found.group(1)], value)
