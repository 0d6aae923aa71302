"""What the doctor looks at in the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from zaffre.store.database import Database
from zaffre.store.migration import HEAD, stored_versions
from zaffre.store.sqlite import RESTORE

_MOST = 20


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with the database, and what to do."""

    problem: str
    fix: str


def troubles(database: Database, *, full: bool = False) -> Iterator[Trouble]:
    """Look at the schema's version and, on SQLite, at the file's structure; nothing is changed.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.read() as connection:
        stored = stored_versions(connection)
        if stored != [HEAD]:
            known = ", ".join(stored) or "none"
            fix = (
                "Start the server: it migrates. If it refuses, install the release that wrote it."
            )
            yield Trouble(f"Its schema has version {known}, this release works with {HEAD}.", fix)
        if database.dialect == "sqlite":
            yield from _structure(connection, full=full)


def _structure(connection: Connection, *, full: bool) -> Iterator[Trouble]:
    look = "integrity_check" if full else "quick_check"
    for (line,) in connection.execute(text(f"PRAGMA {look}({_MOST})")):
        if line != "ok":
            yield Trouble(f"SQLite finds: {line}", RESTORE)
    orphans = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(_MOST)
    for table, row, parent, _ in orphans:
        yield Trouble(f"Row {row} of `{table}` refers to a lost row of `{parent}`.", RESTORE)
