"""Make the tables of views' predictions, and the SQL view over them."""

from __future__ import annotations

from alembic import op

from zaffre.store.prediction_tables import (
    prediction_generations,
    prediction_views,
    predictions,
    sql_view,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, where the first migration did not make them with all others."""
    connection = op.get_bind()
    for table in (prediction_views, prediction_generations, predictions):
        table.create(connection, checkfirst=True)
    op.execute(sql_view(connection.dialect.name))
