"""Take a sweep on: begin trials, notice what has ended, stop those that do badly, name the best.

What a trial tries is written before its job is made, and the job's name follows from its number:
wherever the server dies, the next call goes on there, and no trial is begun twice.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.job import JOB, JobError, JobStatus, OutputResult, TrialStatus
from zaffre.kinds.job_state import TERMINAL, UNFINISHED, JobState
from zaffre.kinds.resource import Json, Key, Resource
from zaffre.kinds.sweep import SweepJobSpec
from zaffre.kinds.tracking import Batch, Metric, Pair
from zaffre.ports.metadata import Actor, Browse, Link
from zaffre.services import jobs
from zaffre.services.context import Context
from zaffre.services.jobs import runs
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.services.jobs.moving import move, note
from zaffre.services.jobs.registering import register_outputs
from zaffre.services.sweeps import bayesian
from zaffre.services.sweeps.bayesian import Known
from zaffre.services.sweeps.sampling import flat, sample
from zaffre.services.sweeps.stopping_early import stopped
from zaffre.services.sweeps.submitting import rule_of
from zaffre.services.sweeps.trials import trial_document, trial_name

_AT_A_TIME = 4
_MOST_POINTS = 200_000
_PAGE = 1000


def unfinished(ctx: Context) -> list[Key]:
    """Name the sweeps that have not ended."""
    where: dict[str, str | tuple[str, ...]] = {"state": UNFINISHED, "type": "sweep"}
    query = Browse("job", where=where, archived=None, ascending=True, limit=_PAGE)
    return [job.key for job in ctx.metadata.browse(query).items]


def advance(ctx: Context, key: Key) -> bool:
    """Take a sweep one step; say whether it moved. A step may be repeated."""
    try:
        job = ctx.metadata.get(key)
        return state_of(job) not in TERMINAL and _Turn(ctx, job).take()
    except NotFound:
        return False
    except Stale:
        return True


class _Turn:
    """One look at a sweep and its trials, and what follows from it."""

    def __init__(self, ctx: Context, job: Resource) -> None:
        self.ctx = ctx
        self.job = job
        self.spec = cast("SweepJobSpec", job.spec)
        self.before: JobStatus = status_of(job)
        self.trials: list[TrialStatus] = list(self.before.trials)
        self.stopping = state_of(job) is JobState.CANCEL_REQUESTED

    def take(self) -> bool:
        """Do what can be done now."""
        runs.ensure(self.ctx, self.job)
        self._observe()
        if self._late():
            self.stopping = True
        if self.stopping:
            self._stop_all()
            self._drop_unbegun()
        elif self._begin():
            # What the new trials try is written before they are made.
            self._record()
            self._submit()
            self._record()
            return True
        else:
            self._submit()
            self._stop_bad()
        if self._over():
            self._end()
            return True
        return self._record()

    def _record(self) -> bool:
        if tuple(self.trials) == self.before.trials:
            return False
        self.job = note(self.ctx, self.job, trials=tuple(self.trials))
        self.before = status_of(self.job)
        return True

    def _observe(self) -> None:
        """See how the trials are that had not ended."""
        open_ = [one for one in self.trials if one.status not in TERMINAL and one.job]
        known = _jobs(self.ctx, self.job.key.workspace, [str(one.job) for one in open_])
        for one in open_:
            child = known.get(str(one.job))
            if child is not None:
                self.trials[one.number] = self._seen(one, child)
            elif one.status != JobState.NOT_STARTED:
                gone = {"status": JobState.FAILED, "error": "Its job was deleted."}
                self.trials[one.number] = one.model_copy(update=gone)

    def _seen(self, trial: TrialStatus, child: Resource) -> TrialStatus:
        status = status_of(child)
        facts: dict[str, Any] = {"status": status.status}
        if status.status in TERMINAL:
            facts |= {"started_at": status.started_at, "ended_at": status.ended_at}
            facts["error"] = status.error.message if status.error else None
            facts["value"] = self._measured(child, trial)
        return trial.model_copy(update=facts)

    def _measured(self, child: Resource, trial: TrialStatus) -> float | None:
        """Give the last value of the metric; and log the parameters that the trial did not log."""
        key = child.key
        try:
            run = self.ctx.tracking.get_run(key.workspace, key.name)
            logged = {pair.key for pair in run.params}
            lost = [
                Pair(name, str(value))
                for name, value in flat(trial.params).items()
                if name not in logged
            ]
            if lost:
                batch = Batch(params=lost)
                self.ctx.tracking.record(key.workspace, key.name, batch).result()
        except (NotFound, Invalid):
            return None
        wanted = self.spec.objective.primary_metric
        return next(
            (one.value for one in run.metrics if one.key == wanted and math.isfinite(one.value)),
            None,
        )

    def _late(self) -> bool:
        timeout, started = self.spec.limits.timeout, self.before.started_at
        return bool(timeout and started and self.ctx.clock.now().timestamp() - started >= timeout)

    def _running(self) -> list[TrialStatus]:
        return [one for one in self.trials if one.status not in TERMINAL]

    def _begin(self) -> bool:
        """Choose what the next trials try, as many as may run now."""
        limits = self.spec.limits
        room = (limits.max_concurrent_trials or _AT_A_TIME) - len(self._running())
        begun = False
        while room > 0 and len(self.trials) < limits.max_total_trials and not self._failing():
            number = len(self.trials)
            params = self._next(number)
            if params is None:
                return begun
            name = trial_name(self.job.key.name, number)
            self.trials.append(TrialStatus(number=number, job=name, params=params))
            room, begun = room - 1, True
        return begun

    def _failing(self) -> bool:
        """Say whether the first trials could not even be submitted, so that no other will."""
        return bool(self.trials) and all(one.job is None for one in self.trials)

    def _next(self, number: int) -> dict[str, Json] | None:
        rule, seed = rule_of(self.spec), self.before.seed or 0
        if rule != "bayesian":
            return sample(self.spec.search_space, rule, seed, number)
        known = [*self._earlier(), *(_known(one) for one in self.trials)]
        sampler = self.before.sampler or "tpe"
        goal = self.spec.objective.goal
        return bayesian.suggest(self.spec.search_space, goal, seed, known, sampler)

    def _earlier(self) -> list[Known]:
        """Give the trials of the sweeps that this one learns from."""
        wanted = self.spec.warm_start or []
        names = [wanted] if isinstance(wanted, str) else wanted
        plain = [name.removeprefix("azureml:") for name in names]
        known = _jobs(self.ctx, self.job.key.workspace, plain)
        return [
            _known(one)
            for name in plain
            if name in known
            for one in status_of(known[name]).trials
            if one.value is not None
        ]

    def _submit(self) -> None:
        """Make the jobs of the trials that have none yet."""
        for one in self.trials:
            if one.status == JobState.NOT_STARTED and one.job:
                self.trials[one.number] = self._submitted(one)

    def _submitted(self, trial: TrialStatus) -> TrialStatus:
        sweep = self.job.key
        key = Key("job", sweep.workspace, trial_name(sweep.name, trial.number))
        document = trial_document(self.spec, sweep, trial.number, trial.params)
        try:
            acting = self.ctx.acting(Actor(self.job.created_by or self.ctx.actor.name))
            made = jobs.submit(acting, key, JOB.spec_for(document).model_validate(document))
        except Conflict as error:
            known = _jobs(self.ctx, sweep.workspace, [key.name]).get(key.name)
            if known is None or getattr(known.spec, "parent_job_name", None) != sweep.name:
                return _failed(trial, error.message)
            made = known
        except (Invalid, NotFound) as error:
            return _failed(trial, error.message)
        return trial.model_copy(update={"status": status_of(made).status})

    def _stop_all(self) -> None:
        for one in self._running():
            self._cancel(one)

    def _drop_unbegun(self) -> None:
        """Let trials end that never became jobs."""
        for one in self._running():
            if one.status == JobState.NOT_STARTED:
                self.trials[one.number] = one.model_copy(update={"status": JobState.CANCELED})

    def _cancel(self, trial: TrialStatus) -> None:
        key = Key("job", self.job.key.workspace, str(trial.job))
        with contextlib.suppress(Conflict, NotFound):
            jobs.cancel(self.ctx, key)

    def _stop_bad(self) -> None:
        """Stop the trials that the policy gives up."""
        policy = self.spec.early_termination
        running = {one.number for one in self.trials if one.status == JobState.RUNNING}
        running -= {one.number for one in self.trials if one.stopped}
        if policy is None or not running:
            return
        for number in stopped(policy, self.spec.objective.goal, self._histories(), running):
            one = self.trials[number].model_copy(update={"stopped": policy.type})
            self.trials[number] = one
            self._cancel(one)

    def _histories(self) -> dict[int, Sequence[float]]:
        numbers = {str(one.job): one.number for one in self.trials if one.job}
        found: dict[int, list[float]] = {}
        points = self.ctx.tracking.histories(
            self.job.key.workspace,
            list(numbers),
            self.spec.objective.primary_metric,
            _MOST_POINTS,
        )
        for job, metric in points:
            found.setdefault(numbers[job], []).append(metric.value)
        return dict(found)

    def _over(self) -> bool:
        return not self._running()

    def _end(self) -> None:
        """End the sweep: with the best trial's outputs, or by what went wrong."""
        best = best_of(self.trials, self.spec.objective.goal)
        facts: dict[str, Any] = {
            "trials": tuple(self.trials),
            "ended_at": self.ctx.clock.now().timestamp(),
        }
        links: list[Link] = []
        if best is not None:
            facts["best_child"] = best.job
            results, links = self._outputs(best)
            self._name(best)
            self.job = note(self.ctx, self.job, **facts, results=results)
            facts["results"], problems = register_outputs(self.ctx, self.job)
            facts["warnings"] = (*self.before.warnings, *problems)
            self._tell(best)
        if state_of(self.job) is JobState.CANCEL_REQUESTED:
            state = JobState.CANCELED
        elif best is None:
            state = JobState.FAILED
            facts["error"] = self._reason()
        else:
            state = JobState.COMPLETED
        move(self.ctx, self.job, state, links=links, **facts)

    def _name(self, best: TrialStatus) -> None:
        """Name the best trial where Azure's SDK looks for it."""
        named = {**self.spec.properties, "best_child_run_id": str(best.job)}
        self.spec = self.spec.model_copy(update={"properties": named})
        self.job = replace(self.job, spec=self.spec)

    def _tell(self, best: TrialStatus) -> None:
        """Log the best value on the sweep's own run."""
        key, metric = self.job.key, self.spec.objective.primary_metric
        moment = round(self.ctx.clock.now().timestamp() * 1000)
        metrics = [Metric(metric, best.value, moment, 0)] if best.value is not None else []
        tags = [Pair("zaffre.best_child", str(best.job))]
        with contextlib.suppress(NotFound, Invalid):
            batch = Batch(metrics=metrics, tags=tags)
            self.ctx.tracking.record(key.workspace, key.name, batch).result()

    def _outputs(self, best: TrialStatus) -> tuple[dict[str, OutputResult], list[Link]]:
        found = _jobs(self.ctx, self.job.key.workspace, [str(best.job)]).get(str(best.job))
        results = dict(status_of(found).results) if found else {}
        here = self.job.key.reference
        links = [Link(here, f"output:{name}", f"tree:{one.tree}") for name, one in results.items()]
        return results, links

    def _reason(self) -> JobError:
        metric = self.spec.objective.primary_metric
        if self._late():
            return JobError(code="timeout", message="Its time was over before a trial had ended.")
        if any(one.status == JobState.COMPLETED for one in self.trials):
            text = f"No trial logged the metric `{metric}`."
            return JobError(code="no_metric", message=text)
        errors = [one.error for one in self.trials if one.error]
        text = f"All {len(self.trials)} trials failed." + (
            f" The first: {errors[0]}" if errors else ""
        )
        return JobError(code="trials_failed", message=text)


def best_of(trials: Sequence[TrialStatus], goal: str) -> TrialStatus | None:
    """Give the completed trial with the best value; of equals the first."""
    done = [one for one in trials if one.status == JobState.COMPLETED and one.value is not None]
    sign = -1.0 if goal == "maximize" else 1.0
    return min(done, key=lambda one: (sign * (one.value or 0.0), one.number), default=None)


def _known(trial: TrialStatus) -> Known:
    return Known(trial.params, trial.value, running=trial.status not in TERMINAL)


def _failed(trial: TrialStatus, message: str) -> TrialStatus:
    facts = {"status": JobState.FAILED, "error": message, "job": None}
    return trial.model_copy(update=facts)


def _jobs(ctx: Context, workspace: str, names: Sequence[str]) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for start in range(0, len(names), _PAGE):
        some = tuple(names[start : start + _PAGE])
        query = Browse("job", workspace, where={"name": some}, archived=None, limit=len(some))
        found |= {job.key.name: job for job in ctx.metadata.browse(query).items}
    return found
