"""Which job does a step: equal ones are done once, whoever wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import progress
from zaffre.kinds.child import STEP_PROPERTY
from zaffre.kinds.graph import Level
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.resource import Resource
from zaffre.kinds.step_identity import REUSED, Identity, runs
from zaffre.ports.step_memory import Claim
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of
from zaffre.services.pipelines.children import Wish
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.recalling import Recollection, usable

BUILDING = "its environment is being built"


class Claiming:
    """Claims of the steps of one pipeline, for one look at it."""

    def __init__(self, ctx: Context, job: Resource, level: Level, identifier: Identifier) -> None:
        self._ctx = ctx
        self._job = job
        self._level = level
        self._identifier = identifier
        self._memory = Recollection(ctx, job.key.workspace)
        self._identities: dict[str, Identity | str] = {}
        self.possible = ctx.steps is not None

    def prefetch(self) -> None:
        """Read what is remembered of all steps in few queries."""
        if not self._memory.latest:
            labels = (label_of(self._job.spec, name) for name in self._level.nodes)
            self._memory.prefetch(labels)

    def identity(self, wish: Wish) -> Identity | str:
        """Give the identity of a step; a text says why it has none."""
        if wish.name not in self._identities:
            self._identities[wish.name] = self._identified(wish)
        return self._identities[wish.name]

    def _identified(self, wish: Wish) -> Identity | str:
        if wish.document.get("type") not in REUSED or not self.possible:
            return "it is no command"
        reason = never(self._level, wish.step)
        if reason:
            return reason
        try:
            environment = self._identifier.environment(wanted(wish.document))
            if environment is None:
                return BUILDING
            return self._identifier.of(wish.document, environment)
        except (Invalid, NotFound) as error:
            return error.message

    def of(self, wish: Wish, identity: Identity) -> Claim:
        """Give the claim of a step that has an identity."""
        label = label_of(self._job.spec, wish.step)
        return Claim(identity.digest, wish.name, self._job.key.name, label, identity.parts)

    def before(self, wishes: Mapping[str, Wish]) -> dict[str, Resource]:
        """Give the jobs of others that did these steps, by step, as far as all of it is there."""
        if progress.forced(self._level):
            return {}
        digests = {
            step: one.digest
            for step, wish in wishes.items()
            if isinstance(one := self.identity(wish), Identity)
        }
        known = self._memory.claims(digests.values())
        jobs = self._memory.jobs([one.job for one in known.values()])
        found = {}
        for step, digest in digests.items():
            job = jobs.get(known[digest].job) if digest in known else None
            if (
                job is not None
                and job.key.name != wishes[step].name
                and usable(self._ctx, job, hold=True)
            ):
                found[step] = job
        return found

    def claim(self, claims: Mapping[str, Claim]) -> dict[str, Resource | str]:
        """Claim identities; give the jobs that have them: ended ones to reuse, others by name.

        What is claimed for this pipeline's own job is left out.
        """
        memory = self._ctx.steps
        if not claims or memory is None:
            return {}
        known = self._memory.claims(claims)
        found: dict[str, Resource | str | None] = {}
        if progress.forced(self._level):
            over = {digest: one.job for digest, one in known.items()}
        else:
            found = self._holders(_others(known, claims))
            over = {digest: known[digest].job for digest, one in found.items() if one is None}
        open_ = [one for digest, one in claims.items() if digest not in known or digest in over]
        if open_:
            # Somebody may have been quicker: what counts is who has it after the write.
            holders = memory.claim(self._job.key.workspace, open_, over)
            found |= self._holders(_others(holders, claims))
        return {digest: one for digest, one in found.items() if one is not None}

    def _holders(self, others: Mapping[str, Claim]) -> dict[str, Resource | str | None]:
        """Say of claims of others whether their job can be reused, is under way, or is no more."""
        names = [one.job for one in others.values()]
        known = self._memory.jobs(names)
        found: dict[str, Resource | str | None] = {}
        for digest, one in others.items():
            job = known.get(one.job)
            if job is None:
                mine = one.pipeline == self._job.key.name
                found[digest] = one.job if mine or self._runs(one.pipeline) else None
            elif state_of(job) not in TERMINAL:
                found[digest] = one.job
            else:
                found[digest] = job if usable(self._ctx, job, hold=True) else None
        return found

    def _runs(self, pipeline: str) -> bool:
        known = self._memory.jobs([pipeline]).get(pipeline)
        return known is not None and state_of(known) not in TERMINAL


def _others(holders: Mapping[str, Claim], claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """Give the claims that other jobs have."""
    return {
        digest: one
        for digest, one in holders.items()
        if digest in claims and one.job != claims[digest].job
    }


def label_of(spec: Any, step: str) -> str:
    """Give what a step is called over all runs of its pipeline."""
    above = spec.properties.get(STEP_PROPERTY) or spec.display_name or ""
    return f"{spec.experiment_name or ''}/{above}/{step}"


def never(level: Level, step: str) -> str | None:
    """Say why a step is never reused, or give None."""
    node = level.nodes[step]
    for part in (node.step, node.body):
        for inner in (part, part.get("trial")):
            if isinstance(inner, dict) and inner.get("is_deterministic") is False:
                return "it is not deterministic"
    return None


def wanted(document: Mapping[str, Any]) -> Any:
    """Give the environment that a job's document asks for, as services take it."""
    from_document = runs(document).get("environment")
    if isinstance(from_document, dict):
        return InlineEnvironment.model_validate(from_document)
    return from_document
