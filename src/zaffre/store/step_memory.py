"""Claims on steps, on SQL (the `StepMemory` socket)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from zaffre.ports.clock import Clock
from zaffre.ports.step_memory import Claim
from zaffre.store.database import Database
from zaffre.store.resource_rows import micros
from zaffre.store.step_tables import step_claims

MOST = 5000
"""Values in one query; SQLite takes 32,766."""


class SqlStepMemory:
    """Keeps claims in a SQL database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def recall(self, workspace: str, identities: Sequence[str]) -> dict[str, Claim]:
        """Give the claims on identities."""
        if not identities:
            return {}
        with self._database.read() as connection:
            return _stored(connection, workspace, identities)

    def latest(self, workspace: str, labels: Sequence[str]) -> dict[str, Claim]:
        """Give the claim made last under each label."""
        found: dict[str, Claim] = {}
        with self._database.read() as connection:
            for some in _batches(labels):
                newest = (
                    select(step_claims.c.label, func.max(step_claims.c.claimed_at).label("at"))
                    .where(step_claims.c.workspace == workspace, step_claims.c.label.in_(some))
                    .group_by(step_claims.c.label)
                    .subquery()
                )
                query = select(step_claims).join(
                    newest,
                    (step_claims.c.label == newest.c.label)
                    & (step_claims.c.claimed_at == newest.c.at),
                )
                query = query.where(step_claims.c.workspace == workspace)
                found |= {row.label: _claim(row) for row in connection.execute(query)}
        return found

    def claim(
        self, workspace: str, claims: Sequence[Claim], over: Mapping[str, str]
    ) -> dict[str, Claim]:
        """Claim identities and give who has each now."""
        now = micros(self._clock.now())

        def write(connection: Connection) -> dict[str, Claim]:
            known = _stored(connection, workspace, [one.identity for one in claims])
            for at, one in enumerate(claims):
                holder = known.get(one.identity)
                row = _row(workspace, one, now + at)
                if holder is None:
                    connection.execute(insert(step_claims).values(row))
                elif over.get(one.identity) == holder.job and holder.job != one.job:
                    place = (step_claims.c.workspace == workspace) & (
                        step_claims.c.identity == one.identity
                    )
                    connection.execute(update(step_claims).where(place).values(row))
                else:
                    continue
                known[one.identity] = one
            return known

        return self._database.write(write)


def _stored(connection: Connection, workspace: str, identities: Sequence[str]) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for some in _batches(identities):
        query = select(step_claims).where(
            step_claims.c.workspace == workspace, step_claims.c.identity.in_(some)
        )
        found |= {row.identity: _claim(row) for row in connection.execute(query)}
    return found


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + MOST] for start in range(0, len(values), MOST))


def _claim(row: Row[Any]) -> Claim:
    return Claim(row.identity, row.job, row.pipeline, row.label, json.loads(row.parts))


def _row(workspace: str, claim: Claim, now: int) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "identity": claim.identity,
        "job": claim.job,
        "pipeline": claim.pipeline,
        "label": claim.label,
        "parts": json.dumps(dict(claim.parts), sort_keys=True),
        "claimed_at": now,
    }
