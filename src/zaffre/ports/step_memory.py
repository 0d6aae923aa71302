"""The socket for what is remembered of steps: who did, or does, the one with an identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from zaffre.kinds.resource import Json


@dataclass(frozen=True)
class Claim:
    """That a job of a pipeline does the step of an identity, or did it.

    `label` names the step over all runs of its pipeline; `parts` tell what it was made of.
    """

    identity: str
    job: str
    pipeline: str
    label: str = ""
    parts: Mapping[str, Json] = field(default_factory=dict)


class StepMemory(Protocol):
    """Keeps one claim for each identity in a workspace. Safe from any thread."""

    def recall(self, workspace: str, identities: Sequence[str]) -> dict[str, Claim]:
        """Give the claims on identities, in one query."""

    def latest(self, workspace: str, labels: Sequence[str]) -> dict[str, Claim]:
        """Give the claim made last under each label, in one query."""

    def claim(
        self, workspace: str, claims: Sequence[Claim], over: Mapping[str, str]
    ) -> dict[str, Claim]:
        """Claim identities and give who has each now, durably.

        An identity that somebody has is left to them, unless `over` gives its identity the job
        that has it: then the claim passes on.
        """
