"""Take a pipeline on: start what is ready, reuse what was done before, notice what has ended."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from zaffre.errors import Invalid, NotFound, Stale
from zaffre.kinds import processed, progress
from zaffre.kinds.child import child_name, tries_of
from zaffre.kinds.fan_out import GATHERS
from zaffre.kinds.graph import Level, level_of
from zaffre.kinds.job import JobError, OutputResult, StepStatus
from zaffre.kinds.job_state import SKIPPED, TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.step_identity import Identity
from zaffre.ports.metadata import Actor, Browse, Link
from zaffre.ports.step_memory import Claim
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.services.jobs.moving import move, note
from zaffre.services.pipelines import children, reusing
from zaffre.services.pipelines.children import Wish
from zaffre.services.pipelines.claiming import BUILDING, Claiming
from zaffre.services.pipelines.deciding import chosen, gathered, values_of
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.reusing import Reuse
from zaffre.services.pipelines.stopping import cancel_child
from zaffre.services.pipelines.wishing import Wishing

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
    """Take a pipeline one step; say whether it ended, or others were begun or ended by it.

    Every call may be repeated, and repairs what a crash left.
    """
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
        self.claiming = Claiming(ctx, job, self.level, self.identifier)
        self.wishing = Wishing(ctx, job, self.level, self.identifier, self.steps)

    def take(self) -> bool:
        """Look, act, record; say whether others have their turn now."""
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
        """Notice how the steps under way go; try again what failed, or waited in vain."""
        going = {name: one for name, one in self.steps.items() if not progress.ended(one)}
        names = [one.job for one in going.values() if one.job]
        names += [one.waits_for for one in going.values() if one.waits_for]
        known = children.jobs_named(self.ctx, self.workspace, names)
        again: dict[str, int] = {}
        for name, one in going.items():
            if one.job and one.job in known:
                self._see(name, children.observed(one, known[one.job]))
                if self._has_tries(name, status_of(known[one.job]).exit_code):
                    again[name] = one.attempt + 1
            elif not one.job and not self._still_done(known.get(one.waits_for or "")):
                again[name] = one.attempt
        for one in self.before.values():
            self._remember(one)
        others = {name: one for name, one in self.steps.items() if name not in again}
        if again and (progress.goes_on(self.level) or not progress.broken(others)):
            self._begin(self._wishes(again))

    def _see(self, name: str, step: StepStatus) -> None:
        """Note how a step goes; of a completed one, what it left."""
        self._remember(step)
        if step.status == JobState.COMPLETED:
            try:
                values = values_of(self.ctx, self.level, self.level.nodes[name], step.results)
                step = step.model_copy(update={"values": values})
            except (Invalid, NotFound) as error:
                failed = {"status": JobState.FAILED, "error": error.message}
                step = step.model_copy(update=failed)
        self.steps[name] = step

    def _remember(self, one: StepStatus) -> None:
        if one.status == JobState.COMPLETED:
            self.results[one.job] = one.results

    def _still_done(self, other: Resource | None) -> bool:
        return other is not None and state_of(other) not in TERMINAL

    def _has_tries(self, name: str, exit_code: int | None) -> bool:
        """Say whether a step has failed and may be tried again."""
        step = self.steps[name]
        tries = tries_of(self.level.nodes[name], exit_code)
        return step.status == JobState.FAILED and step.attempt <= tries

    def _start(self) -> None:
        """Start or reuse what is ready, until nothing more is."""
        if not self.before:
            self.claiming.prefetch()
        self._settle()
        self._reuse()
        while self._settle():
            self._reuse()
        while names := progress.ready(self.level, self.steps):
            waiting = self._begin(self._wishes(dict.fromkeys(names, 1)))
            self._settle()
            if waiting or not any(
                self.steps.get(name) is not None and self.steps[name].status == JobState.COMPLETED
                for name in names
            ):
                return

    def _settle(self) -> bool:
        """Judge what conditions can be, pass over what they did not choose; say if any."""
        settled = False
        while True:
            open_ = progress.open_conditions(self.level, self.steps)
            found = {name: self.wishing.judged(name) for name in open_}
            for name, reason in progress.skipped(self.level, self.steps).items():
                found[name] = StepStatus(status=SKIPPED, note=reason)
            if not found:
                return settled
            self.steps.update(found)
            settled = True

    def _wishes(self, attempts: Mapping[str, int]) -> list[Wish]:
        """Give what steps are to become; of those that become nothing, note why."""
        found = []
        for name, attempt in attempts.items():
            wish = self.wishing.wish(name, attempt)
            if isinstance(wish, Wish):
                found.append(wish)
            else:
                self.steps[name] = wish
        return found

    def _reuse(self) -> None:
        """Reuse all that was done before, however many steps deep, in few writes."""
        todo: list[Reuse] = []
        made: dict[str, Resource] | None = None
        names = progress.ready(self.level, self.steps)
        while names:
            wishes = {wish.step: wish for wish in self._wishes(dict.fromkeys(names, 1))}
            found = {**self.claiming.before(wishes), **self.wishing.done(wishes)}
            if found and made is None:
                made = self._made()
            for name, before in found.items():
                one = reusing.reused(self.ctx, self.job, wishes[name], before)
                step = reusing.foreseen(one, made or {})
                if step is not None:
                    self._took_over({name: step})
                    todo.append(one)
                    if one.job.key.name not in (made or {}):
                        self.identifier.same[one.job.key.name] = before.key.name
            names = progress.opened(self.level, found, self.steps)
        self._took_over(reusing.keep(self.ctx, self.job, todo))

    def _made(self) -> dict[str, Resource]:
        """Give the jobs of steps that an earlier try made and did not note."""
        pipeline = self.job.key.name
        names = [child_name(pipeline, name) for name in self.level.nodes if name not in self.steps]
        names += self.wishing.iterations()
        return children.jobs_named(self.ctx, self.workspace, names)

    def _took_over(self, steps: Mapping[str, StepStatus]) -> None:
        for name, one in steps.items():
            self._see(name, one)

    def _begin(self, wishes: Sequence[Wish]) -> bool:
        """Start or reuse steps; say whether some must wait for their environment."""
        found = {wish.name: self.claiming.identity(wish) for wish in wishes}
        claims: dict[str, Claim] = {}
        for wish in wishes:
            one = found[wish.name]
            if isinstance(one, Identity):
                claims.setdefault(one.digest, self.claiming.of(wish, one))
        holders = self.claiming.claim(claims)
        todo: list[Reuse] = []
        for wish in wishes:
            one = found[wish.name]
            if one == BUILDING:
                self._postpone(wish)
                continue
            before: Resource | str | None = None
            if isinstance(one, Identity):
                # Of equal steps of this very pipeline, the first has the claim.
                equal = claims[one.digest].job
                before = holders.get(one.digest) or (equal if equal != wish.name else None)
            if isinstance(before, Resource):
                todo.append(reusing.reused(self.ctx, self.job, wish, before))
            elif before is not None:
                self._wait(wish, before)
            else:
                self._see(wish.step, children.submit(self.ctx, self.job, wish))
        self._took_over(reusing.keep(self.ctx, self.job, todo))
        return BUILDING in found.values()

    def _wait(self, wish: Wish, other: str | None = None) -> None:
        self.steps[wish.step] = wish.step_status(status=JobState.QUEUED, waits_for=other)

    def _postpone(self, wish: Wish) -> None:
        """Let a step that was begun before wait for its environment; others are not begun."""
        if wish.step in self.steps:
            self._wait(wish)

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
        return _jobs(self.steps) != _jobs(self.before)

    def _end(self, state: JobState) -> None:
        results, links = self._results()
        facts: dict[str, Any] = {"steps": self.steps, "results": results, **self._counted()}
        if state is JobState.FAILED:
            facts["error"] = JobError(code="step_failed", message=self._reason())
        facts["ended_at"] = self.ctx.clock.now().timestamp()
        move(self.ctx, self.job, state, links=links, **facts)

    def _counted(self) -> dict[str, Any]:
        parts = {name: one.processed for name, one in self.steps.items() if one.processed}
        warnings = dict.fromkeys(status_of(self.job).warnings) | processed.warnings(parts)
        return {"processed": processed.total(parts), "warnings": tuple(warnings)} if parts else {}

    def _results(self) -> tuple[dict[str, OutputResult], list[Link]]:
        """Give what the pipeline's outputs hold: what its steps wrote."""
        found: dict[str, OutputResult] = {}
        links: list[Link] = []
        gathers = GATHERS in self.job.spec.properties
        for name, places in self.level.promoters.items():
            if gathers:
                result = gathered(self.ctx, places, self.steps)
            else:
                result = chosen(places, self.steps)
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


def _jobs(steps: Mapping[str, StepStatus]) -> dict[str, str | None]:
    return {name: one.job for name, one in steps.items()}
