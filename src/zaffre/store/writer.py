"""The one writer: a thread that groups queued work into durable transactions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection

from zaffre.errors import StorageFull, Unavailable
from zaffre.store import fencing
from zaffre.store.backend import Backend

log = logging.getLogger(__name__)

GROUP = 256
"""How many pieces of work one transaction holds at most."""

QUEUE = 20_000
"""How many pieces of work may wait; more are refused, so that memory stays flat."""

TRIES = 6
"""How often a transaction is begun before its work is refused."""

Work = Callable[[Connection], Any]


@dataclass(eq=False)
class Ticket:
    """One piece of queued work and the promise of its result."""

    work: Work
    urgent: bool = False
    number: int | None = None
    done: Future[Any] = field(default_factory=Future)
    value: Any = None
    error: Exception | None = None

    def resolve(self) -> None:
        """Tell the one who waits."""
        if self.done.cancelled():
            return
        if self.error is None:
            self.done.set_result(self.value)
        else:
            self.done.set_exception(self.error)


class _Broken(Exception):
    """The transaction is gone; `cause` says why."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Writer:
    """Runs work in one thread, many pieces a transaction; a failing piece undoes only itself."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._queue: SimpleQueue[Ticket | None] = SimpleQueue()
        self._connection: Connection | None = _begun(backend.open_writer())
        self._closing = False
        self._full = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="zaffre-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, *, urgent: bool = False) -> Future[Any]:
        """Queue work; the future is resolved after the durable commit, or with the error.

        Raises:
            Unavailable: too much waits already, or the database is closing.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("work of the writer may not wait for the writer")
        ticket = Ticket(work, urgent, fencing.carried())
        with self._gate:
            if self._closing:
                raise Unavailable("The database is closing.")
            if self._queue.qsize() > QUEUE and not urgent:
                raise Unavailable(
                    "Too many writes wait for the database.", hint="Try again later."
                )
            self._queue.put(ticket)
        return ticket.done

    def close(self) -> None:
        """Finish what is queued and close the connection; closing again does nothing."""
        with self._gate:
            if not self._closing:
                self._closing = True
                self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        going = True
        while going:
            group, going = self._collect()
            if group:
                self._run(group)
                for ticket in group:
                    ticket.resolve()
            self._settle()
        self._disconnect()

    def _collect(self) -> tuple[list[Ticket], bool]:
        """Wait for work and take all that is there; the flag says whether more may come."""
        first = self._queue.get()
        group: list[Ticket] = []
        while first is not None:
            if first.done.set_running_or_notify_cancel():
                group.append(first)
            if len(group) >= GROUP:
                return group, True
            try:
                first = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _run(self, group: list[Ticket]) -> None:
        """Run the group; then each ticket has an error, or a value that is durable."""
        if self._full:
            group = _urgent_only(group)
        for attempt in range(TRIES):
            if not group:
                return
            try:
                self._transact(group)
            except _Broken as broken:
                cause = broken.cause
                last = attempt + 1 == TRIES
                if not last and self._backend.may_retry(cause):
                    time.sleep(min(1.0, 0.01 * 4**attempt))
                elif not last and self._ran_full(cause) and self._backend.make_room():
                    group = _urgent_only(group)
                else:
                    self._refuse(group, cause)
                    return
            else:
                return

    def _ran_full(self, cause: Exception) -> bool:
        """Say whether the disk is full, and remember it."""
        full = isinstance(self._backend.translate(cause), StorageFull)
        self._full = self._full or full
        return full

    def _refuse(self, group: list[Ticket], cause: Exception) -> None:
        error = self._backend.translate(cause)
        log.error("a write transaction failed: %s", cause)
        for ticket in group:
            ticket.error = error or Unavailable("The database failed.")
            ticket.error.__cause__ = cause

    def _transact(self, group: list[Ticket]) -> None:
        """Run every ticket in one transaction and commit it.

        Raises:
            _Broken: nothing of the group was kept.
        """
        try:
            connection = self._connect()
            self._backend.begin(connection)
            if len(group) == 1:
                self._alone(connection, group[0])
            else:
                for ticket in group:
                    self._backend.mark(connection, first=ticket is group[0])
                    self._among(connection, ticket)
                self._backend.commit(connection)
        except _Broken:
            self._undo()
            raise
        except Exception as error:
            self._undo(fatal=self._backend.is_fatal(error))
            raise _Broken(error) from error

    def _alone(self, connection: Connection, ticket: Ticket) -> None:
        """Run the only ticket: its failure is the transaction's."""
        self._attempt(connection, ticket)
        if ticket.error is None:
            self._backend.commit(connection)
        else:
            self._backend.rollback(connection)

    def _among(self, connection: Connection, ticket: Ticket) -> None:
        """Run one of several tickets: its failure undoes only its own part."""
        self._attempt(connection, ticket)
        if ticket.error is not None:
            raw: Any = connection.connection.driver_connection
            raw.execute("ROLLBACK TO piece")

    def _attempt(self, connection: Connection, ticket: Ticket) -> None:
        ticket.value, ticket.error = None, None
        try:
            _check_lead(connection, ticket)
            ticket.value = ticket.work(connection)
        except Exception as error:
            if self._backend.may_retry(error) or self._ended(connection, error):
                raise _Broken(error) from error
            known = self._backend.translate(error)
            if isinstance(known, StorageFull):
                raise _Broken(error) from error
            ticket.error = known or error
            if known is not None:
                known.__cause__ = error

    def _ended(self, connection: Connection, error: Exception) -> bool:
        return self._backend.is_fatal(error) or not self._backend.in_transaction(connection)

    def _undo(self, *, fatal: bool = False) -> None:
        """Leave the transaction; a connection that cannot even do that is thrown away."""
        if self._connection is None:
            return
        try:
            self._backend.rollback(self._connection)
        except Exception:  # noqa: BLE001 - the connection is given up
            fatal = True
        if fatal:
            self._disconnect()

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.invalidated:
            self._connection = _begun(self._backend.open_writer())
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.invalidate()
            connection.close()
        except Exception:
            log.warning("the writing connection did not close cleanly", exc_info=True)

    def _settle(self) -> None:
        """Do the work between transactions; its failure harms nobody who was answered."""
        if self._connection is None:
            return
        try:
            # On a full disk the reserve is for urgent work: maintenance would use it up.
            self._full = self._full and not self._backend.has_room()
            if not self._full:
                self._backend.settle(self._connection)
        except Exception:
            log.warning("maintenance of the database failed", exc_info=True)
            self._undo()


def _check_lead(connection: Connection, ticket: Ticket) -> None:
    if ticket.number is not None and not fencing.is_current(connection, ticket.number):
        raise Unavailable("Another server leads now; nothing was kept.", code="not_leading")


def _urgent_only(group: list[Ticket]) -> list[Ticket]:
    """On a full disk refuse all but urgent work, which the reserve is kept for."""
    for ticket in group:
        if not ticket.urgent:
            ticket.error = StorageFull(
                "The disk is full; nothing was kept.", hint="Free some space."
            )
    return [ticket for ticket in group if ticket.urgent]


def _begun(connection: Connection) -> Connection:
    """Tell SQLAlchemy that a transaction is open: the writer alone begins and commits."""
    connection.begin()
    return connection
