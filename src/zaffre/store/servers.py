"""The servers of a PostgreSQL database: each says that it lives, one has the lead.

All times are the database's: a server's clock may jump as it likes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, case, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from zaffre.errors import Conflict, Failed
from zaffre.ports.clock import Clock
from zaffre.ports.secrets import Secrets
from zaffre.ports.servers import Member
from zaffre.store.database import Database
from zaffre.store.fencing import LEAD
from zaffre.store.resource_rows import moment
from zaffre.store.server_tables import agreements, leases, servers

LASTS = 10.0
"""Seconds without a word after which the lead passes to another server."""

EVERY = 2.5
_MICROS = 1_000_000
_NOW = literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", BigInteger)


class SqlServers:
    """Keeps one server known and, if it can, in the lead (the `Servers` socket).

    Each process holds the lead in its own name: one that comes back on the same home does not
    take over the number of the one before. `facts` are the server's id, host and address.
    """

    def __init__(self, database: Database, clock: Clock, facts: tuple[str, str, str]) -> None:
        self.own, self._host, self._url = facts
        self._database = database
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._number: int | None = None
        self._until = 0.0

    def beat(self) -> int | None:
        """Say that this server lives; take the lead, or keep it, where no other has it."""
        began = self._clock.monotonic()
        number = self._database.write(self._beat, urgent=True)
        self._number, self._until = number, began + LASTS
        return number

    def number(self) -> int | None:
        """Give the number of the lead while it is surely held, else None."""
        return self._number if self._clock.monotonic() < self._until else None

    def leads(self) -> bool:
        """Say whether this server leads now."""
        return self.number() is not None

    def leave(self) -> None:
        """Give the lead to the next that asks."""
        self._number = None
        self._database.write(
            lambda connection: connection.execute(
                update(leases).where(leases.c.holder == self._holder).values(until=0)
            ),
            urgent=True,
        )

    def members(self) -> Sequence[Member]:
        """List the servers, the one heard of last first."""
        with self._database.read() as connection:
            now = connection.execute(select(_NOW)).scalar_one()
            lead = select(leases.c.server).where(leases.c.name == LEAD, leases.c.until > now)
            leader = connection.execute(lead).scalar()
            rows = connection.execute(select(servers).order_by(servers.c.seen.desc())).all()
        return [
            Member(row.id, row.host, row.url, moment(row.seen), leads=row.id == leader)
            for row in rows
        ]

    def _beat(self, connection: Connection) -> int | None:
        known = insert(servers).values(id=self.own, host=self._host, url=self._url, seen=_NOW)
        connection.execute(
            known.on_conflict_do_update(
                index_elements=["id"],
                set_={"host": self._host, "url": self._url, "seen": _NOW},
            )
        )
        until = _NOW + int(LASTS * _MICROS)
        mine = leases.c.holder == self._holder
        asked = insert(leases).values(
            name=LEAD, holder=self._holder, server=self.own, number=1, until=until
        )
        taken = asked.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "holder": self._holder,
                "server": self.own,
                # Who was late gets a new number: another one may have led meanwhile.
                "number": leases.c.number + case((mine & (leases.c.until > _NOW), 0), else_=1),
                "until": until,
            },
            # The process before us on this home is gone: it held the home's lock.
            where=mine | (leases.c.server == self.own) | (leases.c.until < _NOW),
        )
        return connection.execute(taken.returning(leases.c.number)).scalar()


def agree_on_key(database: Database, secrets: Secrets) -> None:
    """Make sure that this server opens what the others seal.

    Raises:
        Conflict: it has another key.
    """
    bound = "agreement:secret"
    offered = secrets.seal("zaffre", bound)

    def propose(connection: Connection) -> str:
        row = insert(agreements).values(name="secret", value=offered)
        connection.execute(row.on_conflict_do_nothing())
        query = select(agreements.c.value).where(agreements.c.name == "secret")
        return str(connection.execute(query).scalar_one())

    try:
        secrets.open(database.write(propose), bound)
    except Failed as error:
        raise Conflict(
            "The secrets of this database were sealed with another key than this home's.",
            hint="Copy `secret.key` from the home of a server that works with it (mode 0600), or"
            " name the file in ZAFFRE_SECRET_KEY.",
            code="other_key",
        ) from error
