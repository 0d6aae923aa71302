"""Moves deployments that follow a model one stage at a time; every move is on record."""

from __future__ import annotations

import secrets
from dataclasses import replace

from zaffre.errors import Conflict, Failed, Invalid, NotFound, Stale
from zaffre.kinds.following import Move, Progress, Seen, Stage, decide
from zaffre.kinds.names import name as checked_name
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Browse, Put
from zaffre.services import resources
from zaffre.services.context import Context
from zaffre.services.following.acting import act
from zaffre.services.following.parts import MANUAL, Follower, recorded
from zaffre.services.following.seeing import counts, seen, stored_candidate

MOST_MOVES = 10


def followers(ctx: Context) -> list[Key]:
    """List the deployments that follow a model, or still have to come back from following it."""
    found = map(Follower, resources.every(ctx, Browse("online_deployment", archived=None)))
    return [one.key for one in found if one.spec.update_policy != MANUAL or one.is_busy]


def advance(ctx: Context, key: Key) -> bool:
    """Take a deployment as many stages further as it can go now; true if it moved."""
    moved = False
    for _ in range(MOST_MOVES):
        try:
            if not _step(ctx, key):
                return moved
        except (NotFound, Stale):
            return moved  # changed or deleted meanwhile: the next turn sees what is there then
        moved = True
    return moved


def _step(ctx: Context, key: Key) -> bool:
    follower = Follower(ctx.metadata.get(key))
    if follower.spec.update_policy == MANUAL and not follower.is_busy:
        return False
    if not follower.follow.acted:
        follower = _acted(ctx, follower)
    now = seen(ctx, follower)
    if follower.follow.refused not in ("", now.newest):
        follower = _put(ctx, follower, refused="")  # somebody chose another meanwhile
    move = _move(ctx, follower, now)
    if move is None:
        return False
    _record(ctx, follower, move)
    return True


def _acted(ctx: Context, follower: Follower) -> Follower:
    """Do what the stage needs, and note that it is done; where that fails, it goes back."""
    try:
        act(ctx, follower)
    except Stale:
        raise
    except (Invalid, Conflict, Failed, NotFound) as error:
        if follower.follow.stage in (Stage.RESTING, Stage.RETURNING):
            raise
        version = follower.follow.version
        move = Move(Stage.RETURNING, error.message, version, refuses=True)
        return _record(ctx, follower, move)
    return _put(ctx, Follower(ctx.metadata.get(follower.key)), acted=True)


def _move(ctx: Context, follower: Follower, now: Seen) -> Move | None:
    follow, spec = follower.follow, follower.spec
    if spec.update_policy == MANUAL and follow.stage is not Stage.RETURNING:
        return Move(Stage.RETURNING, "It follows no more.", follow.version)
    seconds = ctx.clock.now().timestamp() - follow.since
    progress = Progress(follow.stage, follow.version, seconds, follow.step)
    return decide(spec.plan, progress, now)


def _record(ctx: Context, follower: Follower, move: Move) -> Follower:
    """Go to another stage and say why, in one write."""
    counted = counts(ctx, stored_candidate(ctx, follower))
    after = recorded(follower.follow, move, ctx.clock.now())
    moved = Follower(replace(follower.stored, status=follower.with_following(after)))
    job = _gate_job(follower, move) or after.gate_job
    return _put(ctx, moved, counted=counted, gate_job=job)


def _gate_job(follower: Follower, move: Move) -> str | None:
    """Name the job before it is submitted: so it is submitted once, whatever dies."""
    gate = follower.spec.gate
    if move.stage is not Stage.JUDGING or gate is None or gate.job is None:
        return None
    key = follower.key
    return checked_name(
        f"{key.parent[:80]}-{key.name[:80]}-gate-{move.version}-{secrets.token_hex(3)}"
    )


def _put(ctx: Context, follower: Follower, **facts: object) -> Follower:
    status = follower.with_following(follower.follow.model_copy(update=facts))
    put = Put(replace(follower.stored, status=status))
    return Follower(ctx.metadata.apply([put], ctx.actor)[0])
