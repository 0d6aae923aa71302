"""Make the tables of servers that share a database."""

from __future__ import annotations

from alembic import op

from zaffre.store.server_tables import agreements, leases, servers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, where the first migration did not make them with all others."""
    for table in (servers, leases, agreements):
        table.create(op.get_bind(), checkfirst=True)
