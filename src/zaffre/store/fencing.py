"""Fencing: what a server writes as the one that leads is refused once another one leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, select

from zaffre.store.server_tables import leases

LEAD = "lead"

_number: ContextVar[int | None] = ContextVar("number", default=None)


@contextmanager
def as_leader(number: int) -> Iterator[None]:
    """Do something under the number of a lead: all writes that it asks for carry it."""
    token = _number.set(number)
    try:
        yield
    finally:
        _number.reset(token)


def carried() -> int | None:
    """Give the number under which this is done, or None where anybody may do it."""
    return _number.get()


def is_current(connection: Connection, number: int) -> bool:
    """Say, inside of a write transaction, whether nobody has taken the lead since."""
    query = select(leases.c.number).where(leases.c.name == LEAD)
    return connection.execute(query).scalar() == number
