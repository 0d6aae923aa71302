"""Make all tables of the first release."""

from __future__ import annotations

import importlib
import time
from importlib.util import find_spec

from alembic import op
from sqlalchemy import text

from zaffre.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MODULES = (
    "tracking_tables",
    "resource_tables",
    "registry_tables",
    "file_tables",
    "logged_model_tables",
)

DEFAULT = text(
    "INSERT INTO experiments"
    " (id, workspace, name, artifact_location, stage, created_at, updated_at)"
    " VALUES (0, 'default', 'Default', 'mlflow-artifacts:/0', 'active', :now, :now)"
)


def upgrade() -> None:
    """Create every table, and the experiment that MLflow clients log to when they name none."""
    for name in MODULES:
        if find_spec(f"zaffre.store.{name}") is not None:
            importlib.import_module(f"zaffre.store.{name}")
    metadata.create_all(op.get_bind())
    op.get_bind().execute(DEFAULT, {"now": int(time.time() * 1000)})
