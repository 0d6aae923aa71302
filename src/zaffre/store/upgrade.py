"""The part of a migration that needs Alembic."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from zaffre.errors import Conflict


def scripts() -> ScriptDirectory:
    """Give the migrations of this release."""
    config = Config()
    config.set_main_option("script_location", "zaffre.store:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def refuse_newer(stored: Iterable[str]) -> None:
    """Refuse a database that this release does not know.

    Raises:
        Conflict: one of its versions is none of ours.
    """
    ours = {script.revision for script in scripts().walk_revisions()}
    for version in stored:
        if version not in ours:
            raise Conflict(
                f"A newer release of Zaffre wrote this database (its version is `{version}`).",
                hint="Start the newer release, or restore a backup that this one made.",
            )


def upgrade(connection: Connection) -> None:
    """Run what is missing, oldest first, in the transaction that is open."""
    known = scripts()
    logging.getLogger("alembic").setLevel(logging.WARNING)

    def steps(heads: Any, _context: MigrationContext) -> list[Any]:
        return known._upgrade_revs("head", heads)  # noqa: SLF001 - Alembic's own commands call it so

    options = {"fn": steps, "transactional_ddl": False}
    context = MigrationContext.configure(connection, opts=options)
    refuse_newer(context.get_current_heads())
    with Operations.context(context):
        context.run_migrations()
