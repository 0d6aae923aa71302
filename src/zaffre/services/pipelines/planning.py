"""Plan a pipeline without running it: which steps would run, which are reused, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import progress
from zaffre.kinds.child import Around, child_document, child_name
from zaffre.kinds.control import DO_WHILE, IF_ELSE, PARALLEL_FOR, Guard
from zaffre.kinds.fan_out import GATHERS
from zaffre.kinds.graph import Level, Node, level_of
from zaffre.kinds.job import JobStatus, OutputResult, StepStatus
from zaffre.kinds.job_state import SKIPPED, JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Json, Spec
from zaffre.kinds.sources import FromParent, FromStep
from zaffre.kinds.step_identity import REUSED, Facts, changes, identity
from zaffre.services.context import Context
from zaffre.services.pipelines.claiming import label_of, never, wanted
from zaffre.services.pipelines.deciding import Deciding, chosen, gathered, values_of
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.recalling import Recollection, usable
from zaffre.services.pipelines.submitting import checked

RUN, REUSE, DEPENDS, DECIDE, SKIP = "run", "reuse", "depends", "decide", "skip"
_ME = "plan"


def plan(ctx: Context, workspace: str, spec: Spec) -> list[dict[str, Json]]:
    """Say of each step what would become of it: `run`, `reuse`, or `depends` on steps before it.

    Conditions `decide`, as far as that is known now; what they do not choose is to `skip`.

    Raises:
        Invalid: the pipeline is wrong, with a problem for each thing.
    """
    if not isinstance(spec, PipelineJobSpec):
        raise Invalid("Only pipelines have a plan.", hint="A job of another type is simply run.")
    whole = checked(ctx, workspace, spec)
    identifier = Identifier(ctx, workspace, {})
    document = whole.model_dump(mode="json", exclude_unset=True)
    return _Plan(ctx, workspace, identifier, whole, level_of(document), _ME).rows()


class _Plan:
    """The plan of one pipeline, in the order of its steps."""

    def __init__(
        self,
        ctx: Context,
        workspace: str,
        identifier: Identifier,
        spec: PipelineJobSpec,
        level: Level,
        name: str,
    ) -> None:
        self.ctx = ctx
        self.workspace = workspace
        self.identifier = identifier
        self.spec = spec
        self.level = level
        self.name = name
        self.memory = Recollection(ctx, workspace)
        self.jobs: dict[str, str] = {}
        self.sure: dict[str, bool] = {}
        self.steps: dict[str, StepStatus] = {}
        self.deciding = Deciding(ctx, workspace, level, identifier)

    def rows(self) -> list[dict[str, Json]]:
        """Give a row for each step."""
        self.memory.prefetch(label_of(self.spec, name) for name in self.level.nodes)
        found: list[dict[str, Json]] = []
        for step in self.level.order:
            node = self.level.nodes[step]
            reason = progress.passed_over(self.level, step, self.steps)
            if reason is not None:
                self.steps[step] = StepStatus(status=SKIPPED)
                found.append(self._told(step, SKIP, f"Skipped: {reason}."))
            elif node.control_type == IF_ELSE:
                found.append(self._decided(step, node))
            elif node.control_type == DO_WHILE:
                found.append(self._looped(step, node))
            else:
                found += self._planned(step, node)
        return found

    def _planned(self, step: str, node: Node) -> list[dict[str, Json]]:
        self.jobs[step] = child_name(self.name, step)
        self.identifier.absent.add(self.jobs[step])
        if node.type == PARALLEL_FOR and not self._are_known(node.decided_by):
            return [self._told(step, DEPENDS, "Its items come from a step before it.")]
        try:
            document = self._document(node)
        except (Invalid, NotFound) as error:
            return [self._told(step, RUN, error.message)]
        if document["type"] == "pipeline":
            rows = self._nested(step, document)
        else:
            rows = [self._row(step, document)]
        if node.guard is None or node.guard.condition in self.steps:
            return rows
        self.sure[step] = False
        self.steps.pop(step, None)
        return [_if_chosen(row, node.guard) for row in rows]

    def _are_known(self, steps: Sequence[str]) -> bool:
        return all(one in self.steps for one in steps)

    def _document(self, node: Node) -> dict[str, Json]:
        """Give what a step would become."""
        values = {name: one.values for name, one in self.steps.items()}
        # What was skipped is not there; of what is not known, the job that it would be.
        jobs = {
            name: job
            for name, job in self.jobs.items()
            if name not in self.steps or self.steps[name].status != SKIPPED
        }
        items = self.deciding.items(node, self.steps) if node.type == PARALLEL_FOR else {}
        around = Around(self.name, self.spec.experiment_name, jobs, values, items)
        return child_document(self.level, node, around)

    def _told(self, step: str, action: str, reason: str) -> dict[str, Json]:
        self.sure[step] = False
        after: list[Json] = list(self.level.nodes[step].after)
        told: dict[str, Json] = {"step": step, "action": action, "reason": reason}
        return {**told, "changed": [], "job": None, "after": after}

    def _decided(self, step: str, node: Node) -> dict[str, Json]:
        """Judge a condition, if all that it looks at is there already."""
        if not self._are_known(node.after):
            steps = ", ".join(f"`{one}`" for one in node.after)
            return self._told(step, DECIDE, f"It is judged after {steps}.")
        try:
            came_out = self.deciding.came_out(node, self.steps)
        except (Invalid, NotFound) as error:
            return self._told(step, DECIDE, error.message)
        row = self._told(step, DECIDE, f"It is {str(came_out).lower()}.")
        judged = StepStatus(status=JobState.COMPLETED, values={progress.CAME_OUT: came_out})
        self.steps[step] = judged
        self.sure[step] = True
        return row

    def _looped(self, step: str, node: Node) -> dict[str, Json]:
        """Follow a loop through the iterations that are reused, to the first that is not."""
        iteration = 1
        while True:
            self.jobs.setdefault(step, child_name(self.name, step, iteration=iteration))
            row = self._row(step, self._document(node.at(iteration)))
            if row["action"] != REUSE or not progress.goes_round(self.level, step, self.steps):
                break
            iteration += 1
        if row["action"] != REUSE:
            self.steps.pop(step, None)
            self.jobs[step] = child_name(self.name, step, iteration=iteration)
        reason = f"{row['reason']} (iteration {iteration})"
        return {**row, "reason": reason}

    def _nested(self, step: str, document: dict[str, Json]) -> list[dict[str, Json]]:
        spec = PipelineJobSpec.model_validate(document)
        inner = level_of(spec.model_dump(mode="json", exclude_unset=True))
        name = self.jobs[step]
        below = _Plan(self.ctx, self.workspace, self.identifier, spec, inner, name)
        rows = below.rows()
        self.sure[step] = all(below.sure[one] or one in below.steps for one in inner.nodes)
        if self.sure[step]:
            results = {
                output: made
                for output, places in inner.promoters.items()
                if (made := self._made(spec, places, below.steps))
            }
            self.identifier.results[name] = results
            self._remember(step, name, results)
        return [{**row, "step": f"{step}/{row['step']}"} for row in rows]

    def _made(
        self, spec: Spec, places: Sequence[tuple[str, str]], steps: Mapping[str, StepStatus]
    ) -> OutputResult | None:
        gathers = GATHERS in spec.properties
        return gathered(self.ctx, places, steps) if gathers else chosen(places, steps)

    def _remember(self, step: str, job: str, results: Mapping[str, OutputResult]) -> None:
        """Note what a step would leave that need not run."""
        try:
            values = values_of(self.ctx, self.level, self.level.nodes[step], results)
        except (Invalid, NotFound):
            return  # it will fail, and say why
        iteration = (self.steps[step].iteration or 1) + 1 if step in self.steps else 1
        self.steps[step] = StepStatus(
            status=JobState.COMPLETED,
            job=job,
            results=dict(results),
            values=values,
            iteration=iteration,
        )

    def _row(self, step: str, document: dict[str, Json]) -> dict[str, Json]:
        action, reason, changed, job = self._decide(step, document)
        self.sure[step] = action == REUSE
        return {
            "step": step,
            "action": action,
            "reason": reason,
            "changed": list(changed),
            "job": job,
            "after": list(self.level.nodes[step].after),
        }

    def _decide(
        self, step: str, document: dict[str, Json]
    ) -> tuple[str, str, Sequence[str], str | None]:
        if document.get("type") not in REUSED:
            return RUN, f"Steps of type `{document.get('type')}` are not reused.", (), None
        reason = never(self.level, step)
        if reason:
            return RUN, f"Never reused: {reason}.", (), None
        if progress.forced(self.level):
            return RUN, "`force_rerun` is set.", (), None
        try:
            environment = self.identifier.environment(wanted(document), begin=False)
        except (Invalid, NotFound) as error:
            return RUN, error.message, (), None
        if environment is None:
            return RUN, "Its environment is not built yet.", ("environment",), None
        found = self.identifier.of(document, environment)
        if isinstance(found, str):
            return self._unsure(step, document, environment, found)
        return self._by_memory(step, found)

    def _by_memory(self, step: str, found: Any) -> tuple[str, str, Sequence[str], str | None]:
        claim = self.memory.claims([found.digest]).get(found.digest)
        if claim is not None:
            job = self.memory.jobs([claim.job]).get(claim.job)
            if job is not None and usable(self.ctx, job, hold=False):
                status: Any = job.status
                first = status.reused_from or job.key.name
                self.jobs[step] = job.key.name
                self.identifier.results[job.key.name] = status.results
                self._remember(step, job.key.name, status.results)
                return REUSE, f"Nothing changed since `{first}`.", (), first
            if job is not None and isinstance(job.status, JobStatus):
                return RUN, f"The same is {job.status.status} in `{claim.job}`.", (), claim.job
            return RUN, "The results of the earlier run are gone.", (), None
        before = self.memory.latest.get(label_of(self.spec, step))
        if before is None:
            return RUN, "It has not run before.", (), None
        changed = changes(before.parts, found.parts)
        return RUN, f"Changed: {', '.join(changed) or 'nothing known'}.", changed, None

    def _unsure(
        self, step: str, document: dict[str, Json], environment: str, reason: str
    ) -> tuple[str, str, Sequence[str], str | None]:
        """Decide about a step whose inputs are not known before others have run."""
        node = self.level.nodes[step]
        open_ = [
            name
            for name, source in node.inputs.items()
            if (isinstance(source, FromStep) and not self.sure.get(source.step))
            or (isinstance(source, FromParent) and _is_pending(document, name, self.identifier))
        ]
        before = self.memory.latest.get(label_of(self.spec, step))
        if not open_ or before is None:
            text = f"Not reused: {reason}." if not open_ else "It has not run before."
            return RUN, text, (), None
        facts = Facts(
            self.identifier.code(document),
            environment,
            self.identifier.inputs(document),
        )
        now = identity(document, facts)
        changed = tuple(
            one
            for one in changes(before.parts, now.parts)
            if one not in {f"input {name}" for name in open_}
        )
        if changed:
            return RUN, f"Changed: {', '.join(changed)}.", changed, None
        steps = ", ".join(f"`{one}`" for one in node.after if not self.sure.get(one))
        what = f"the output of {steps}" if steps else "an input of the pipeline"
        return DEPENDS, f"It runs if {what} changes.", (), None


def _is_pending(document: Mapping[str, Any], name: str, identifier: Identifier) -> bool:
    given = (document.get("inputs") or {}).get(name)
    return isinstance(given, dict) and name not in identifier.inputs(document)


def _if_chosen(row: dict[str, Json], guard: Guard) -> dict[str, Json]:
    """Give the row of a step of which it is not known yet whether it is chosen."""
    action = DEPENDS if row["action"] == RUN else row["action"]
    reason = f"If `{guard.condition}` is {str(guard.wanted).lower()}: {row['reason']}"
    return {**row, "action": action, "reason": reason}
