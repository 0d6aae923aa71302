"""Index the latest points of metrics by their number, so that runs are found in its order."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index, and drop the one whose work the key of the table does."""
    op.drop_index("series_latest", "series", if_exists=True)
    op.create_index("series_ranked", "series", ["key", "value", "run"], if_not_exists=True)
