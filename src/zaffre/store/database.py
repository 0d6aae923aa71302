"""The database: snapshots to read from, and durable writes through one writer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from zaffre.errors import Invalid, Unavailable
from zaffre.store.backend import Backend
from zaffre.store.sqlite import SqliteBackend
from zaffre.store.writer import Writer

T = TypeVar("T")


class Database:
    """One SQL database. Safe to use from any thread; of SQLite only one process may write.

    `url` is `sqlite:////path/to/file.db` or `postgresql://...`. One that is `read_only` leaves
    even the log of SQLite's file as it is.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = url
        self.backend = _backend(url)
        self.dialect = "postgresql" if url.startswith("postgres") else "sqlite"
        self._writer = None if read_only else Writer(self.backend)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot and cannot write.

        Raises:
            Unavailable: the database cannot be reached now.
        """
        with self._reading(self.backend.readers) as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Give a connection to read by one statement, which takes less than `read`.

        Raises:
            Unavailable: the database cannot be reached now.
        """
        with self._reading(self.backend.glances) as connection:
            yield connection

    @contextmanager
    def _reading(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.connect() as connection:
                yield connection
        except PoolTimeout as error:
            raise Unavailable(
                "Too many reads wait for the database.", hint="Try again."
            ) from error
        except DBAPIError as error:
            known = self.backend.translate(error)
            if known is None:
                raise
            raise known from error

    def write(self, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run work in a transaction and give its value after the durable commit.

        The work may be run more than once (after a deadlock) and shares its transaction with
        others' work, which never sees a failing one's changes. It must not commit, and must not
        call `write` again. `urgent` work (the state of a job) may use the reserve of a full disk.

        Raises:
            StorageFull: the disk is full; nothing was kept.
            Unavailable: the database cannot be used now; nothing was kept, or (the connection
                broke while committing) it is not known.
        """
        return self.write_async(work, urgent=urgent).result()

    def write_async(self, work: Callable[[Connection], T], *, urgent: bool = False) -> Future[T]:
        """Do what `write` does, but give the future of it."""
        if self._writer is None:
            raise RuntimeError("this database was opened to be read")
        return self._writer.submit(work, urgent=urgent)

    def close(self) -> None:
        """Finish what is queued and close all connections."""
        self.backend.close()
        if self._writer is not None:
            self._writer.close()


def _backend(url: str) -> Backend:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise Invalid(
            f"`{url}` is no database URL.", hint="Write `sqlite:////path` or `postgresql://...`."
        ) from error
    if address.drivername == "sqlite" and address.database:
        return SqliteBackend(Path(address.database))
    if address.drivername.split("+")[0] in {"postgresql", "postgres"}:
        postgres: Any = importlib.import_module("zaffre.store.postgres")
        backend: Backend = postgres.PostgresBackend(url.replace("postgres://", "postgresql://", 1))
        return backend
    raise Invalid(
        f"`{address.drivername}` is no database we know.", hint="Use sqlite or postgresql."
    )
