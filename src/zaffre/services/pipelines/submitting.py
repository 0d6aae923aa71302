"""Submit a pipeline: everything in it is checked and pinned before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound, Place, Problem
from zaffre.kinds import graph, names
from zaffre.kinds.document import dotted
from zaffre.kinds.graph_rules import pipeline_faults
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.job import JobStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.reference import Tree, parse_remote
from zaffre.kinds.remarks import remarks
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Link
from zaffre.services import components, environments, trees, workspaces
from zaffre.services.context import Context
from zaffre.services.jobs import checking, naming, runs
from zaffre.services.typed import spec_as


def submit(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a pipeline; the server's loop runs its steps.

    Registered components become a part of it, and references are pinned to what they mean now.

    Raises:
        Invalid: something in it is wrong, with a problem for each thing.
        Conflict: the name is taken.
    """
    spec = spec_as(PipelineJobSpec, spec, "pipeline")
    workspaces.require(ctx, key.workspace)
    whole = checked(ctx, key.workspace, spec)
    name = names.job(key.name) if key.name else naming.fresh()
    key = Key("job", key.workspace, name)
    _refuse_taken(ctx, key)
    now = ctx.clock.now().timestamp()
    status = JobStatus(
        status=JobState.RUNNING,
        queued_at=now,
        started_at=now,
        attempt=1,
        warnings=tuple(f"{field}: {text}" for field, text in remarks(whole)),
    )
    links = []
    if whole.parent_job_name:
        links.append(Link(f"job:{key.workspace}/{whole.parent_job_name}", "child", key.reference))
    job = ctx.metadata.apply([Add(Resource(key, whole, status)), *links], ctx.actor)[0]
    runs.make(ctx, job)
    runs.mirror(ctx, job, JobState.RUNNING, status)
    return job


def checked(ctx: Context, workspace: str, spec: PipelineJobSpec) -> PipelineJobSpec:
    """Give a pipeline with all that it names found and pinned.

    Raises:
        Invalid: something is wrong or not there; all of it is listed.
    """
    document = spec.model_dump(mode="json", exclude_unset=True)
    problems = components.embed(ctx, workspace, document)
    problems += [
        Problem(fault.message, Place(field=dotted(fault.steps)), fault.hint)
        for fault in pipeline_faults(document)
        if not fault.warning
    ]
    problems += _Pinning(ctx, workspace).pin(document)
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].hint, problems=tuple(problems))
    return PipelineJobSpec.model_validate({"type": "pipeline", **document})


class _Pinning:
    """One look at all that a pipeline names; what is named often is looked for once."""

    def __init__(self, ctx: Context, workspace: str) -> None:
        self.ctx = ctx.acting(replace(ctx.actor, once=None))
        self.workspace = workspace
        self._known: dict[str, Any] = {}

    def pin(self, document: dict[str, Any]) -> Iterator[Problem]:
        """Pin what is named, in place, and give what is wrong."""
        for holder, steps in list(graph.holders(document)):
            parts = [(holder, steps)]
            for word in ("component", "trial"):
                inner = holder.get(word)
                if isinstance(inner, dict):
                    parts.append((inner, (*steps, word)))
            for part, place in parts:
                yield from self._part(part, place)
        yield from self._environments(graph.mapping(document, "settings"), ("settings",))

    def _part(self, part: dict[str, Any], steps: tuple[str, ...]) -> Iterator[Problem]:
        for name, given in graph.mapping(part, "inputs").items():
            path = given.get("path") if isinstance(given, dict) else None
            if isinstance(path, str) and "${{" not in path:
                yield from self._try(
                    self._data, path, (*steps, "inputs", name, "path"), given, "path"
                )
        for name, written in graph.mapping(part, "outputs").items():
            path = written.get("path") if isinstance(written, dict) else None
            if isinstance(path, str) and "${{" not in path:
                yield from self._try(
                    self._place, path, (*steps, "outputs", name, "path"), written, "path"
                )
        for holder, place in ((part, steps), (part.get("task"), (*steps, "task"))):
            if isinstance(holder, dict):
                code = holder.get("code")
                if isinstance(code, str):
                    yield from self._try(self._code, code, (*place, "code"), holder, "code")
                yield from self._environments(holder, place, "environment")

    def _environments(
        self, holder: Any, steps: tuple[str, ...], field: str = "default_environment"
    ) -> Iterator[Problem]:
        wanted = holder.get(field) if isinstance(holder, dict) else None
        if wanted is not None and not (isinstance(wanted, str) and "${{" in wanted):
            yield from self._try(self._environment, wanted, (*steps, field), holder, field)

    def _try(
        self,
        find: Callable[[Any], Any],
        value: Any,
        steps: tuple[str, ...],
        holder: dict[str, Any],
        field: str,
    ) -> Iterator[Problem]:
        known = f"{find.__name__}{value!r}"
        try:
            if known not in self._known:
                self._known[known] = find(value)
            holder[field] = self._known[known]
        except (Invalid, NotFound, Conflict) as error:
            yield Problem(error.message, Place(field=dotted(steps)), error.hint)

    def _data(self, path: str) -> str:
        pinned = checking.pinned(self.ctx, self.workspace, path)
        return self._code(pinned)

    def _place(self, path: str) -> str:
        checking.check_target(self.ctx, self.workspace, path)
        return path

    def _code(self, text: str) -> str:
        reference = parse_remote(text)
        if isinstance(reference, Tree):
            trees.hold(self.ctx, reference.digest)
        return text

    def _environment(self, wanted: Any) -> Any:
        inline = InlineEnvironment.model_validate(wanted) if isinstance(wanted, dict) else wanted
        return environments.pin(self.ctx, self.workspace, inline).id or wanted


def _refuse_taken(ctx: Context, key: Key) -> None:
    try:
        ctx.tracking.get_info(key.workspace, key.name)
    except NotFound:
        return
    raise Conflict(
        f"There is a job or run `{key.name}` already.", hint="Choose another name, or give none."
    )
