"""Make the table of claims on steps of pipelines."""

from __future__ import annotations

from alembic import op

from zaffre.store.step_tables import step_claims

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, where the first migration did not make it with all others."""
    step_claims.create(op.get_bind(), checkfirst=True)
