"""SQLite files, with the standard library."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from zaffre.runtime.tables.databases import path_of
from zaffre.runtime.tables.dialects import SQLITE
from zaffre.runtime.tables.order import Address, Broken
from zaffre.runtime.tables.row_databases import RowDatabase

_WAIT = 60.0


def connect(address: Address) -> Sqlite:
    """Open the file; it is made if there is none."""
    path = path_of(address.url)
    if not Path(path).parent.is_dir():
        raise Broken(f"there is no folder `{Path(path).parent}`")
    try:
        connection = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False)
        connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise Broken(str(error)) from None
    return Sqlite(connection)


class Sqlite(RowDatabase):
    """One connection to a SQLite file (the `Database` socket)."""

    dialect = SQLITE
    errors = sqlite3.Error
    mark = "?"

    def columns(self, table: str) -> dict[str, str] | None:
        """Look a table up."""
        schema, _, name = table.rpartition(".")
        where = f"{self.dialect.name_of(schema)}." if schema else ""
        rows = self._execute(f"PRAGMA {where}table_info({self.dialect.name_of(name)})").fetchall()
        return {row[1]: row[2] for row in rows} or None
