"""MySQL and MariaDB, with PyMySQL."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.converters import escape_item

from zaffre.runtime.tables.dialects import Dialect
from zaffre.runtime.tables.order import Address, Broken
from zaffre.runtime.tables.row_databases import RowDatabase

_PORT = 3306


def _literal(value: Any) -> str:
    return str(escape_item(value, "utf8mb4"))


MYSQL = Dialect(
    "mysql",
    "BIGINT",
    "DOUBLE",
    "BOOLEAN",
    "DATETIME(6)",
    "TEXT",
    "VARCHAR(255)",
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() "
    "ORDER BY 1",
    quote="`",
    literal=_literal,
    casts=False,
    pages=True,
)


def connect(address: Address) -> Mysql:
    """Connect to the server that the URL names."""
    parts = urlsplit(address.url)
    try:
        connection = pymysql.connect(
            host=parts.hostname or "localhost",
            port=parts.port or _PORT,
            user=unquote(parts.username or "") or None,
            password=address.secret or unquote(parts.password or ""),
            database=parts.path.lstrip("/"),
            charset="utf8mb4",
            autocommit=False,
        )
    except (pymysql.Error, OSError) as error:
        raise Broken(str(error)) from None
    return Mysql(connection)


class Mysql(RowDatabase):
    """One connection to MySQL (the `Database` socket)."""

    dialect = MYSQL
    errors = pymysql.Error
    mark = "%s"

    def columns(self, table: str) -> dict[str, str] | None:
        """Look a table up in the catalogue."""
        schema, _, name = table.rpartition(".")
        where = _literal(schema) if schema else "DATABASE()"
        cursor = self._execute(
            "SELECT column_name, column_type FROM information_schema.columns WHERE "
            f"table_schema = {where} AND table_name = {_literal(name)} ORDER BY ordinal_position"
        )
        return {row[0]: row[1] for row in cursor.fetchall()} or None
