"""A deployment that follows a model, its candidate, and their names."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from zaffre.errors import Conflict
from zaffre.kinds.endpoint import OnlineDeploymentSpec, OnlineDeploymentStatus
from zaffre.kinds.entity import text_of
from zaffre.kinds.follow_settings import FollowEvent, FollowStatus
from zaffre.kinds.following import NEXT, Move, Stage
from zaffre.kinds.reference import asset as parse_asset
from zaffre.kinds.resource import Key, Resource
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_spec, deployment_status
from zaffre.services.launches import labelled

MANUAL = "manual"
CANDIDATE_OF = "zaffre.candidate_of"
SUFFIX = "-next"
KEPT = 50
"""How many moves stay on record."""


class Follower(NamedTuple):
    """A deployment that follows a model."""

    stored: Resource

    @property
    def key(self) -> Key:
        """Give the deployment's key."""
        return self.stored.key

    @property
    def spec(self) -> OnlineDeploymentSpec:
        """Give what is asked of it."""
        return deployment_spec(self.stored.spec)

    @property
    def status(self) -> OnlineDeploymentStatus:
        """Give how it goes."""
        return deployment_status(self.stored)

    @property
    def follow(self) -> FollowStatus:
        """Give how far it is on its way to a version."""
        return self.status.following or FollowStatus()

    @property
    def is_busy(self) -> bool:
        """Tell whether it is on its way to a version, or back."""
        return self.follow.stage is not Stage.RESTING

    @property
    def percent(self) -> int:
        """Give the candidate's percent of the requests at the present step."""
        steps = self.spec.steps or [100]
        return steps[min(self.follow.step, len(steps) - 1)]

    @property
    def candidate(self) -> Key:
        """Give the key of the deployment that a new version is tried in."""
        key = self.stored.key
        return Key(key.kind, key.workspace, f"{key.name}{SUFFIX}", parent=key.parent)

    @property
    def endpoint(self) -> Key:
        """Give the key of its endpoint."""
        return Key("online_endpoint", self.key.workspace, self.key.parent)

    @property
    def model(self) -> str:
        """Give the name of the model that it follows, or ""."""
        text = self.spec.model
        return parse_asset(text).name if isinstance(text, str) and "://" not in text else ""

    def with_following(self, following: FollowStatus) -> OnlineDeploymentStatus:
        """Give its status with another account of how far it is."""
        return self.status.model_copy(update={"following": following})

    def pinned(self, version: str) -> OnlineDeploymentSpec:
        """Give its spec with one version of the model."""
        return self.spec.model_copy(update={"model": f"azureml:{self.model}:{version}"})


def newest(ctx: Context, follower: Follower) -> str:
    """Give the version that the model's label means now.

    Raises:
        NotFound: there is no such model, label or version.
    """
    asset = parse_asset(str(follower.spec.model))
    version = asset.version or labelled(ctx, follower.key.workspace, asset)
    return ctx.metadata.get(Key("model", follower.key.workspace, asset.name, version)).key.version


def version_of(reference: str) -> str:
    """Give the version in a model's reference: `model:default/churn:3`."""
    kind, _, rest = reference.partition(":")
    return rest.rpartition(":")[2] if kind == "model" else ""


def recorded(before: FollowStatus, move: Move, now: datetime) -> FollowStatus:
    """Give what is known of a deployment after a move, and why it was made.

    Raises:
        Conflict: that stage may not follow.
    """
    if move.stage not in NEXT[before.stage]:
        raise Conflict(f"What is {before.stage} cannot become {move.stage}.")
    judged = before.stage is Stage.JUDGING and before.gate_job is not None
    event = FollowEvent(
        at=text_of(round(now.timestamp() * 1_000_000)),
        stage=move.stage,
        version=move.version,
        why=f"{move.why} (Job `{before.gate_job}`.)" if judged else move.why,
    )
    return FollowStatus(
        stage=move.stage,
        version=move.version,
        step=move.step,
        since=now.timestamp(),
        gate_job=before.gate_job if move.stage is Stage.RETURNING else None,
        refused=move.version if move.refuses else before.refused,
        events=(event, *before.events)[:KEPT],
    )
