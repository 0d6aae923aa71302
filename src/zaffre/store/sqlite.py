"""SQLite: a file in WAL mode, one connection that writes with full sync, read-only ones."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from zaffre.errors import StorageFull, Unavailable, ZaffreError

BUSY_S = 10
"""How long to wait for a lock that another program (a backup) holds."""

COMMITS = 1_000
"""Transactions after which the log's pages are moved into the database."""

CHANGES = 50_000
"""Rows changed after which they are."""

GROWTH = 8 * 2**20
"""Bytes by which the log's file has grown when they are."""

SELDOM = 16
"""Transactions after which the size of the log is looked at."""

HUGE = 32_000
"""Frames from which readers are waited for (a little), so that the log starts again."""

RESERVE = 4 * 2**20
"""Room kept aside, so that the ends of jobs are still recorded on a full disk."""

_PRIMARY = 0xFF
_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
}
RESTORE = "Stop the server (`zaffre down`) and put a copy of the home from before in its place."
_BROKEN = {
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
}


def _code(error: BaseException) -> int | None:
    """Give SQLite's primary error code of an error, or None if it is none of SQLite's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else int(code) & _PRIMARY


class SqliteBackend:
    """One database file. Only `open_writer`'s connection writes and checkpoints."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._reserve = path.with_name(path.name + "-reserve")
        self._commits, self._changes, self._size = 0, 0, 0
        self._create()
        self._writers = self._engine(f"file:{quote(str(path))}?mode=rw", "FULL", NullPool)
        self.readers = self._engine(f"file:{quote(str(path))}?mode=ro", "OFF", QueuePool)
        event.listen(self.readers, "begin", _begin_snapshot)
        self.glances = self.readers

    def _create(self) -> None:
        """Make the file, private whatever the umask; the log files inherit that.

        A file that is there is not opened: closing it again would drop SQLite's locks on it.
        """
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except FileExistsError:
            return
        except OSError as error:
            raise Unavailable(f"The database {self._path} cannot be made: {error}.") from error

    def _engine(
        self, uri: str, synchronous: str, pool: type[NullPool] | type[QueuePool]
    ) -> Engine:
        def connect() -> sqlite3.Connection:
            raw = sqlite3.connect(
                uri,
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            for pragma in (
                "wal_autocheckpoint=0",
                f"synchronous={synchronous}",
                "foreign_keys=ON",
                "temp_store=MEMORY",
                "trusted_schema=OFF",
                "case_sensitive_like=ON",
                f"cache_size={-16_000 if synchronous == 'FULL' else -4_000}",
            ):
                raw.execute(f"PRAGMA {pragma}")
            return raw

        options: dict[str, Any] = {} if pool is NullPool else {"pool_size": 8, "max_overflow": 40}
        return create_engine("sqlite://", creator=connect, poolclass=pool, **options)

    def open_writer(self) -> Connection:
        """Open the writing connection and put the file into WAL mode."""
        try:
            connection = self._writers.connect()
            mode = _raw(connection).execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except (sqlite3.Error, DBAPIError) as error:
            raise self.translate(error) or error from error
        if mode != "wal":
            connection.close()
            raise Unavailable(f"The database {self._path} cannot be put into WAL mode.")
        self._changes = 0
        self._keep_reserve()
        return connection.execution_options(isolation_level="AUTOCOMMIT")

    def begin(self, connection: Connection) -> None:
        """Begin and take the write lock at once."""
        _raw(connection).execute("BEGIN IMMEDIATE")

    def mark(self, connection: Connection, *, first: bool) -> None:
        """Begin the next piece."""
        if not first:
            _raw(connection).execute("RELEASE piece")
        _raw(connection).execute("SAVEPOINT piece")

    def commit(self, connection: Connection) -> None:
        """Commit with a full sync of the log."""
        _raw(connection).execute("COMMIT")

    def rollback(self, connection: Connection) -> None:
        """Roll back what is open."""
        raw = _raw(connection)
        if raw.in_transaction:
            raw.execute("ROLLBACK")

    def in_transaction(self, connection: Connection) -> bool:
        """Say whether SQLite still has the transaction open (a full disk may have ended it)."""
        return bool(_raw(connection).in_transaction)

    def settle(self, connection: Connection) -> None:
        """Checkpoint when the log is long; nobody else ever does.

        The log file keeps its size and is overwritten from its start: that makes syncs cheap.
        Its index file, which says how long it is, must not be opened here: closing it again would
        drop SQLite's locks on it.
        """
        raw = _raw(connection)
        self._commits += 1
        enough = self._commits >= COMMITS or raw.total_changes - self._changes >= CHANGES
        if not enough and (self._commits % SELDOM or self._log_size() < self._size + GROWTH):
            return
        _, frames, _ = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if frames > HUGE:
            raw.execute("PRAGMA busy_timeout=200")
            raw.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            raw.execute(f"PRAGMA busy_timeout={BUSY_S * 1000}")
        self._commits, self._changes, self._size = 0, raw.total_changes, self._log_size()

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def translate(self, error: Exception) -> ZaffreError | None:
        """Give `StorageFull` or `Unavailable` for faults of the disk and locks."""
        code = _code(error)
        if code == sqlite3.SQLITE_FULL:
            return StorageFull("The disk is full; nothing was kept.", hint="Free some space.")
        if code in _BROKEN:
            return Unavailable(
                f"The database {self._path} {_BROKEN[code]}.",
                hint=RESTORE,
                code="damaged_database",
            )
        if code in _AWAY:
            return Unavailable(
                "The database cannot be used at the moment.", hint="Try again later."
            )
        return None

    def may_retry(self, error: Exception) -> bool:  # noqa: ARG002
        """Say no: SQLite has waited for the lock already, and a failed sync stays failed."""
        return False

    def is_fatal(self, error: Exception) -> bool:
        """Say whether the connection's memory of the file may be wrong."""
        return _code(error) in {
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }

    def make_room(self) -> bool:
        """Give up the reserve."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def has_room(self) -> bool:
        """Say whether twice the reserve is free, and take it again if so."""
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < 2 * RESERVE:
            return False
        self._keep_reserve()
        return True

    def _keep_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            file = os.open(self._reserve, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, RESERVE)
            finally:
                os.close(file)
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the readers."""
        self.readers.dispose()


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _begin_snapshot(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
