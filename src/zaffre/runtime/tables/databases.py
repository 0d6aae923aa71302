"""What the runner needs of a database, and how one is found by its URL."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import pyarrow as pa

from zaffre.runtime.tables.dialects import Dialect
from zaffre.runtime.tables.order import Address, Broken, Refused

KNOWN = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "sqlite": "sqlite",
    "duckdb": "duck",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""Schemes of URLs, each with the module that knows its database."""


class Database(Protocol):
    """One connection, in one transaction until it is committed or rolled back.

    Everything but `close` raises `Broken` when the database refuses.
    """

    dialect: Dialect

    def columns(self, table: str) -> dict[str, str] | None:
        """Give a table's columns with their types; None if there is no such table."""

    def described(self, relation: str) -> dict[str, str]:
        """Give the columns of a table or query in brackets, with their types."""

    def read(self, statement: str) -> pa.Table:
        """Give the rows of a query."""

    def stream(self, statement: str) -> Iterator[pa.Table]:
        """Give the rows of a query, as many at a time as they come."""

    def run(self, statement: str) -> int:
        """Run a statement; give how many rows it changed."""

    def put(self, table: str, rows: pa.Table, types: Mapping[str, str], key: str) -> None:
        """Insert rows; with a key, those that are there already are replaced."""

    def commit(self) -> None:
        """Keep what was done."""

    def rollback(self) -> None:
        """Undo what was done since the last commit."""

    def close(self) -> None:
        """End the connection."""


def connect(address: Address) -> Database:
    """Connect to the database at an address.

    Raises:
        Refused: it is none that we know, what it needs is not installed, or it cannot be reached.
    """
    scheme = urlsplit(address.url).scheme.partition("+")[0]
    if scheme not in KNOWN:
        raise Refused(f"`{scheme}://` is no database that is known: {', '.join(KNOWN)}.")
    try:
        module = importlib.import_module(f"zaffre.runtime.tables.{KNOWN[scheme]}")
    except ImportError as error:
        raise Refused(f"{error}. Install it with: pip install 'zaffre[tables]'") from None
    try:
        found: Database = module.connect(address)
    except Broken as error:
        raise Refused(f"The database `{shown(address.url)}` cannot be opened: {error}") from None
    return found


def shown(url: str) -> str:
    """Give an address without what opens it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


def with_secret(address: Address) -> str:
    """Put the password into the address, for the driver alone."""
    parts = urlsplit(address.url)
    if not address.secret or "@" not in parts.netloc:
        return address.url
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    netloc = f"{name}:{quote(address.secret, safe='')}@{host}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def path_of(url: str) -> str:
    """Give the file of a database that is one: `sqlite:////data/x.db` and `sqlite:///data/x.db`."""
    return "/" + urlsplit(url).path.lstrip("/")
