"""Bring a database's tables to the form that this release works with."""

from __future__ import annotations

import importlib

from sqlalchemy import Connection, inspect, text

from zaffre.store.database import Database

HEAD = "0005"
"""The newest migration; Alembic is loaded only where a database does not have it yet."""


def migrate(database: Database) -> str:
    """Bring the database to this release's form and give its version.

    All steps are one transaction: a crash leaves the database as it was, and calling again does
    what is left.

    Raises:
        Conflict: a newer release wrote this database; nothing of it was touched.
    """
    with database.read() as connection:
        stored = stored_versions(connection)
    if stored != [HEAD]:
        upgrade = importlib.import_module("zaffre.store.upgrade")
        upgrade.refuse_newer(stored)
        database.write(upgrade.upgrade, urgent=True)
    return HEAD


def stored_versions(connection: Connection) -> list[str]:
    """Give the versions that a database says it has; none where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
