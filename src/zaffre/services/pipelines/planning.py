"""Plan a pipeline without running it: which steps would run, which are reused, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import progress
from zaffre.kinds.child import Around, child_document, child_name
from zaffre.kinds.graph import FromParent, FromStep, Level, level_of
from zaffre.kinds.job import JobStatus
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Json, Spec
from zaffre.kinds.step_identity import REUSED, Facts, changes, identity
from zaffre.services.context import Context
from zaffre.services.pipelines.claiming import label_of, never, wanted
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.recalling import Recollection, usable
from zaffre.services.pipelines.submitting import checked

RUN, REUSE, DEPENDS = "run", "reuse", "depends"
_ME = "plan"


def plan(ctx: Context, workspace: str, spec: Spec) -> list[dict[str, Json]]:
    """Say of each step what would become of it: `run`, `reuse`, or `depends` on steps before it.

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

    def rows(self) -> list[dict[str, Json]]:
        """Give a row for each step."""
        self.memory.prefetch(label_of(self.spec, name) for name in self.level.nodes)
        found: list[dict[str, Json]] = []
        for step in self.level.order:
            around = Around(self.name, self.spec.experiment_name, self.jobs)
            document = child_document(self.level, self.level.nodes[step], around)
            self.jobs[step] = child_name(self.name, step)
            if self.level.nodes[step].type == "pipeline":
                found += self._nested(step, document)
            else:
                found.append(self._row(step, document))
        return found

    def _nested(self, step: str, document: dict[str, Json]) -> list[dict[str, Json]]:
        spec = PipelineJobSpec.model_validate(document)
        inner = level_of(spec.model_dump(mode="json", exclude_unset=True))
        name = self.jobs[step]
        below = _Plan(self.ctx, self.workspace, self.identifier, spec, inner, name)
        rows = below.rows()
        self.identifier.results[name] = {
            output: made
            for output, (one, inner_output) in inner.promoted.items()
            if (made := self.identifier.results.get(below.jobs.get(one, ""), {}).get(inner_output))
        }
        self.sure[step] = all(row["action"] == REUSE for row in rows)
        return [{**row, "step": f"{step}/{row['step']}"} for row in rows]

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
