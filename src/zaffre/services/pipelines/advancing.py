"""Take a pipeline on: start what is ready, reuse what was done before, notice what has ended."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from zaffre.errors import Invalid, NotFound, Stale
from zaffre.kinds import progress
from zaffre.kinds.child import Around, child_document, child_name
from zaffre.kinds.graph import Level, level_of
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.job import JobError, OutputResult, StepStatus
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.step_identity import Identity
from zaffre.ports.metadata import Actor, Browse, Link
from zaffre.ports.step_memory import Claim
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.services.jobs.moving import move, note
from zaffre.services.pipelines import children
from zaffre.services.pipelines.children import Wish
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.recalling import Recollection, usable
from zaffre.services.pipelines.stopping import cancel_child

_PAGE = 1000
_KEPT = 32


def unfinished(ctx: Context) -> list[Key]:
    """Name the pipelines that can be taken a step."""
    states = (JobState.RUNNING, JobState.CANCEL_REQUESTED, JobState.FINALIZING)
    found: list[Key] = []
    after = ""
    while True:
        query = Browse(
            "job",
            where={"state": states, "type": "pipeline"},
            archived=None,
            ascending=True,
            limit=_PAGE,
            after=after,
        )
        page = ctx.metadata.browse(query)
        found += [job.key for job in page.items]
        after = page.next
        if not after:
            return found


def advance(ctx: Context, key: Key) -> bool:
    """Take a pipeline one step; every call may be repeated, and repairs what a crash left."""
    try:
        job = ctx.metadata.get(key)
        if state_of(job) in TERMINAL:
            return False
        return _Turn(ctx.acting(Actor(job.created_by or "server")), job).take()
    except NotFound:
        return False
    except Stale:
        return True


class _Levels:
    """The graphs of the pipelines under way: a pipeline's steps never change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[Any, ...], Level] = OrderedDict()

    def of(self, ctx: Context, job: Resource) -> Level:
        """Give the graph of a pipeline."""
        key = (ctx.home.root, job.key, job.created_at)
        with self._lock:
            level = self._known.get(key)
            if level is None:
                level = level_of(job.spec.model_dump(mode="json", exclude_unset=True))
                self._known[key] = level
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return level


LEVELS = _Levels()


class _Turn:
    """One look at a pipeline and what follows from it."""

    def __init__(self, ctx: Context, job: Resource) -> None:
        self.ctx = ctx
        self.job = job
        self.workspace = job.key.workspace
        self.level = LEVELS.of(ctx, job)
        self.before = status_of(job).steps
        self.steps: dict[str, StepStatus] = dict(self.before)
        self.results: dict[str, Mapping[str, OutputResult]] = {}
        self.identifier = Identifier(ctx, self.workspace, self.results)
        self.memory = Recollection(ctx, self.workspace)

    def take(self) -> bool:
        """Look, act, record; say whether something changed."""
        self._look()
        if state_of(self.job) is JobState.CANCEL_REQUESTED:
            return self._stop()
        self._start()
        for name in progress.surplus(self.level, self.steps):
            self._drop(name)
        ended = progress.outcome(self.level, self.steps)
        if ended is not None:
            self._end(ended)
            return True
        return self._record()

    def _look(self) -> None:
        """Notice how the steps under way go."""
        going = {name: one for name, one in self.steps.items() if not progress.ended(one)}
        names = [one.job for one in going.values() if one.job]
        names += [one.waits_for for one in going.values() if one.waits_for]
        known = children.jobs_named(self.ctx, self.workspace, names)
        for name, one in going.items():
            if one.job and one.job in known:
                self.steps[name] = children.observed(one, known[one.job])
                self._retry(name)
            elif one.waits_for and not self._still_done(known.get(one.waits_for)):
                del self.steps[name]  # it has ended, one way or the other: look again
        for one in self.steps.values():
            self._remember(one)

    def _remember(self, one: StepStatus) -> None:
        if one.status == JobState.COMPLETED:
            self.results[one.job] = one.results

    def _still_done(self, other: Resource | None) -> bool:
        return other is not None and state_of(other) not in TERMINAL

    def _retry(self, name: str) -> None:
        """Try a failed step again, if it may be."""
        step = self.steps[name]
        retry = self.level.nodes[name].step.get("retry_settings") or {}
        if self.level.nodes[name].type != "command" or step.status != JobState.FAILED:
            return
        if step.attempt <= int(retry.get("max_retries") or 0):
            wish = self._wish(name, step.attempt + 1)
            self.steps[name] = children.submit(self.ctx, self.job, wish)

    def _start(self) -> None:
        """Start or reuse what is ready, until nothing more is."""
        while names := progress.ready(self.level, self.steps):
            waiting = self._begin([self._wish(name) for name in names])
            if waiting or not any(
                self.steps.get(name) is not None and self.steps[name].status == JobState.COMPLETED
                for name in names
            ):
                return

    def _wish(self, name: str, attempt: int = 1) -> Wish:
        jobs = {step: one.job for step, one in self.steps.items() if one.job}
        around = Around(self.job.key.name, getattr(self.job.spec, "experiment_name", None), jobs)
        document = child_document(self.level, self.level.nodes[name], around)
        return Wish(name, child_name(self.job.key.name, name, attempt), document, attempt)

    def _begin(self, wishes: Sequence[Wish]) -> bool:
        """Start or reuse steps; say whether some must wait for their environment."""
        found = [(wish, self._identity(wish)) for wish in wishes]
        waiting = any(one == _BUILDING for _, one in found)
        claims: dict[str, Claim] = {}
        for wish, one in found:
            if isinstance(one, Identity):
                mine = Claim(
                    one.digest, wish.name, self.job.key.name, self.label(wish.step), one.parts
                )
                claims.setdefault(one.digest, mine)
        holders = self._claim(claims)
        todo: list[tuple[Wish, Resource]] = []
        for wish, one in found:
            if one == _BUILDING:
                continue
            if not isinstance(one, Identity):
                self.steps[wish.step] = children.submit(self.ctx, self.job, wish)
                continue
            before = holders.get(one.digest)
            if before is None and claims[one.digest].job != wish.name:
                before = claims[one.digest].job  # an equal step of this very pipeline
            if before is None:
                self.steps[wish.step] = children.submit(self.ctx, self.job, wish)
            elif isinstance(before, Resource):
                todo.append((wish, before))
            else:
                self.steps[wish.step] = StepStatus(
                    status=JobState.QUEUED, waits_for=before, attempt=wish.attempt
                )
        self.steps |= children.reuse(self.ctx, self.job, todo)
        for wish, _ in todo:
            self._remember(self.steps[wish.step])
        return waiting

    def label(self, step: str) -> str:
        """Give what the step is called over all runs of this pipeline."""
        return label_of(self.job.spec, step)

    def _identity(self, wish: Wish) -> Identity | str:
        """Give the identity of a step; a text says why it has none."""
        if wish.document.get("type") != "command" or self.ctx.steps is None:
            return "it is no command"
        reason = never(self.level, wish.step)
        if reason:
            return reason
        try:
            environment = self.identifier.environment(wanted(wish.document))
            if environment is None:
                return _BUILDING
            return self.identifier.of(wish.document, environment)
        except (Invalid, NotFound) as error:
            return error.message

    def _claim(self, claims: Mapping[str, Claim]) -> dict[str, Resource | str]:
        """Claim identities; give the jobs that have them: ended ones to reuse, others by name.

        What is claimed for this pipeline's own job is left out.
        """
        memory = self.ctx.steps
        if not claims or memory is None:
            return {}
        if not self.before and not self.memory.latest:
            self.memory.prefetch(self.label(name) for name in self.level.nodes)
        known = self.memory.claims(claims)
        found: dict[str, Resource | str | None] = {}
        if progress.forced(self.level):
            over = {digest: one.job for digest, one in known.items()}
        else:
            found = self._holders(_others(known, claims))
            over = {digest: known[digest].job for digest, one in found.items() if one is None}
        wanted_ = [one for digest, one in claims.items() if digest not in known or digest in over]
        if wanted_:
            # Somebody may have been quicker: what counts is who has it after the write.
            holders = memory.claim(self.workspace, wanted_, over)
            found |= self._holders(_others(holders, claims))
        return {digest: one for digest, one in found.items() if one is not None}

    def _holders(self, others: Mapping[str, Claim]) -> dict[str, Resource | str | None]:
        """Say of claims of others whether their job can be reused, is under way, or is no more."""
        names = [one.job for one in others.values()]
        known = self.memory.jobs(names)
        found: dict[str, Resource | str | None] = {}
        for digest, one in others.items():
            job = known.get(one.job)
            if job is None:
                mine = one.pipeline == self.job.key.name
                found[digest] = one.job if mine or self._pipeline_runs(one.pipeline) else None
            elif state_of(job) not in TERMINAL:
                found[digest] = one.job
            else:
                found[digest] = job if usable(self.ctx, job, hold=True) else None
        return found

    def _pipeline_runs(self, name: str) -> bool:
        known = self.memory.jobs([name]).get(name)
        return known is not None and state_of(known) not in TERMINAL

    def _drop(self, name: str) -> None:
        step = self.steps[name]
        if step.job:
            cancel_child(self.ctx, self.workspace, step)
        else:
            self.steps[name] = step.model_copy(update={"status": JobState.CANCELED})

    def _stop(self) -> bool:
        """See a wish to cancel through: all steps end, then the pipeline."""
        for name, one in list(self.steps.items()):
            if not progress.ended(one):
                self._drop(name)
        if any(not progress.ended(one) for one in self.steps.values()):
            return self._record()
        self._end(JobState.CANCELED)
        return True

    def _record(self) -> bool:
        if self.steps == self.before:
            return False
        note(self.ctx, self.job, steps=self.steps)
        return True

    def _end(self, state: JobState) -> None:
        results, links = self._results()
        facts: dict[str, Any] = {"steps": self.steps, "results": results}
        if state is JobState.FAILED:
            facts["error"] = JobError(code="step_failed", message=self._reason())
        facts["ended_at"] = self.ctx.clock.now().timestamp()
        move(self.ctx, self.job, state, links=links, **facts)

    def _results(self) -> tuple[dict[str, OutputResult], list[Link]]:
        """Give what the pipeline's outputs hold: what its steps wrote."""
        found: dict[str, OutputResult] = {}
        links: list[Link] = []
        for name, (step, output) in self.level.promoted.items():
            one = self.steps.get(step)
            result = one.results.get(output) if one else None
            if result is not None:
                found[name] = result
                links.append(Link(self.job.key.reference, f"output:{name}", f"tree:{result.tree}"))
        return found, links

    def _reason(self) -> str:
        failed = [name for name, one in self.steps.items() if one.status == JobState.FAILED]
        if not failed:
            return "A step was canceled."
        said = "; ".join(
            f"step `{name}` failed: {self.steps[name].error or 'see its log'}" for name in failed
        )
        return said[:1].upper() + said[1:]


_BUILDING = "its environment is being built"


def _others(holders: Mapping[str, Claim], claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """Give the claims that other jobs have."""
    return {
        digest: one
        for digest, one in holders.items()
        if digest in claims and one.job != claims[digest].job
    }


def label_of(spec: Any, step: str) -> str:
    """Give what a step is called over all runs of its pipeline."""
    above = spec.properties.get("zaffre.step") or spec.display_name or ""
    return f"{spec.experiment_name or ''}/{above}/{step}"


def never(level: Level, step: str) -> str | None:
    """Say why a step is never reused, or give None."""
    node = level.nodes[step]
    for part in (node.step, node.body):
        if part.get("is_deterministic") is False:
            return "it is not deterministic"
    return None


def wanted(document: Mapping[str, Any]) -> Any:
    """Give the environment that a job's document asks for, as services take it."""
    from_document = document.get("environment")
    if isinstance(from_document, dict):
        return InlineEnvironment.model_validate(from_document)
    return from_document
