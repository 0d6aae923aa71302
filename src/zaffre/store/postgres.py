"""PostgreSQL: one writing session a server, pooled read-only sessions.

Several servers may write to one database. Their write transactions come one after another, by a
lock that each takes as it begins, so that what holds for SQLite's one writer holds here, too.
"""

from __future__ import annotations

import select
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import NullPool, QueuePool

from zaffre.errors import StorageFull, Unavailable, ZaffreError

WRITER_LOCK = 0x5A414646
"""The advisory lock that a write transaction holds."""

SETTINGS = (
    "-c statement_timeout=60000 -c lock_timeout=10000 "
    "-c idle_in_transaction_session_timeout=120000 "
    "-c timezone=UTC -c standard_conforming_strings=on "
    # A server whose machine died must let go of the writers' lock soon.
    "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)

READING = "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_AWAY = ("08", "53", "55", "57", "58")
"""Classes of SQLSTATE that speak of the server, not of the statement."""


def _cause(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _state(error: BaseException) -> str:
    return getattr(_cause(error), "sqlstate", None) or ""


class LostAtCommit(Exception):
    """The connection broke while committing: whether it was kept is not known."""


class PostgresBackend:
    """One PostgreSQL database by psycopg 3."""

    def __init__(self, url: str) -> None:
        address = make_url(url).set(drivername="postgresql+psycopg")
        arguments = {"connect_timeout": 5, "options": SETTINGS, "application_name": "zaffre"}
        self._writers = create_engine(address, poolclass=NullPool, connect_args=dict(arguments))
        arguments["options"] = f"{SETTINGS} {READING}"
        pooled: dict[str, Any] = {
            "poolclass": QueuePool,
            "pool_size": 8,
            "max_overflow": 8,
            "pool_timeout": 10,
            "connect_args": arguments,
        }
        self.readers: Engine = create_engine(address, **pooled)
        # One statement needs no transaction to see one moment: that saves two messages of three.
        self.glances: Engine = create_engine(
            address,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
            **pooled,
        )
        for engine in (self.readers, self.glances):
            event.listen(engine, "checkout", _look_at_line)

    def open_writer(self) -> Connection:
        """Open the writing session."""
        try:
            return self._writers.connect().execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise self.translate(error) or error from error

    def begin(self, connection: Connection) -> None:
        """Begin a transaction when all others have ended; both is one message."""
        _raw(connection).execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    def mark(self, connection: Connection, *, first: bool) -> None:
        """Begin the next piece, in one message with the end of the one before."""
        sql = "SAVEPOINT piece" if first else "RELEASE piece; SAVEPOINT piece"
        _raw(connection).execute(sql)

    def commit(self, connection: Connection) -> None:
        """Commit; the server answers after its own sync."""
        try:
            _raw(connection).execute("COMMIT")
        except psycopg.Error as error:
            if self.is_fatal(error):
                raise LostAtCommit(str(error)) from error
            raise

    def rollback(self, connection: Connection) -> None:
        """Roll back what is open."""
        raw = _raw(connection)
        if raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            raw.execute("ROLLBACK")

    def in_transaction(self, connection: Connection) -> bool:
        """Say whether the session still has its transaction (failed statements do not end it)."""
        status = _raw(connection).info.transaction_status
        return status not in {
            psycopg.pq.TransactionStatus.IDLE,
            psycopg.pq.TransactionStatus.UNKNOWN,
        }

    def settle(self, connection: Connection) -> None:
        """Do nothing: the server looks after itself."""

    def translate(self, error: Exception) -> ZaffreError | None:
        """Give `StorageFull` or `Unavailable` for faults of the server and the line to it."""
        state = _state(error)
        if state == "53100":
            return StorageFull("The database's disk is full; nothing was kept.")
        lost = isinstance(error, LostAtCommit) or self.is_fatal(error)
        if lost or state.startswith(_AWAY) or state in {_DEADLOCK, _SERIALIZATION}:
            return Unavailable(
                "The database cannot be used at the moment.", hint="Try again later."
            )
        return None

    def may_retry(self, error: Exception) -> bool:
        """Say whether the server asked for a retry, or the line broke before the commit."""
        if isinstance(error, LostAtCommit):
            return False
        return _state(error) in {_DEADLOCK, _SERIALIZATION} or self.is_fatal(error)

    def is_fatal(self, error: Exception) -> bool:
        """Say whether the session is gone."""
        if isinstance(error, LostAtCommit):
            return True
        cause = _cause(error)
        gone = isinstance(cause, psycopg.OperationalError) and not getattr(cause, "sqlstate", None)
        return gone or _state(error).startswith(("08", "57P"))

    def make_room(self) -> bool:
        """Say no: the room is the server's."""
        return False

    def has_room(self) -> bool:
        """Say yes; the next write finds out."""
        return True

    def close(self) -> None:
        """Close the pools."""
        self.readers.dispose()
        self.glances.dispose()


def _look_at_line(raw: Any, _record: Any, _proxy: Any) -> None:
    """Throw away a pooled session that was ended: its line has something to say unasked.

    That takes no message to the server and back, as asking it would.
    """
    if select.select([raw.fileno()], [], [], 0)[0]:
        raise DisconnectionError


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection
