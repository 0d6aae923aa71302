"""What the database needs of one kind of SQL server."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, Engine

from zaffre.errors import ZaffreError

MIB = 1024 * 1024


class Backend(Protocol):
    """One kind of SQL server: how to connect, begin and commit, and what its errors mean."""

    readers: Engine
    """Gives connections that see one moment for as long as they are held, and cannot write."""

    glances: Engine
    """Gives connections for one statement each."""

    def open_writer(self) -> Connection:
        """Open the one connection that writes; it commits only by `commit`.

        Raises:
            Unavailable: the database cannot be reached now.
        """

    def begin(self, connection: Connection) -> None:
        """Begin a write transaction."""

    def mark(self, connection: Connection, *, first: bool) -> None:
        """Begin a piece that `ROLLBACK TO piece` undoes; the one before stays."""

    def commit(self, connection: Connection) -> None:
        """Make the transaction durable; when this returns it survives a power cut."""

    def rollback(self, connection: Connection) -> None:
        """Give up the transaction; nothing happens if there is none."""

    def in_transaction(self, connection: Connection) -> bool:
        """Say whether the transaction still stands (some errors end it)."""

    def settle(self, connection: Connection) -> None:
        """Do what is due between transactions (a checkpoint)."""

    def translate(self, error: Exception) -> ZaffreError | None:
        """Give the error that callers know, or None where the fault is the program's."""

    def may_retry(self, error: Exception) -> bool:
        """Say whether the same work may succeed at once (a deadlock, a serialisation failure)."""

    def is_fatal(self, error: Exception) -> bool:
        """Say whether the connection must not be used after this error."""

    def make_room(self) -> bool:
        """Free the reserve on a full disk; False when there is none left."""

    def has_room(self) -> bool:
        """Say whether a disk that was full has room again; then the reserve is put back."""

    def close(self) -> None:
        """Close all reading connections."""
