"""The tables of logged models."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from zaffre.store.tables import metadata
from zaffre.store.tracking_tables import Number

logged_models = Table(
    "logged_models",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("experiment_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("artifact_uri", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("model_type", Text),
    Column("source_run_id", Text),
    Column("deleted", Boolean, nullable=False),
    Index("logged_models_listed", "workspace", "experiment_id", "deleted", "created"),
    Index("logged_models_run", "workspace", "source_run_id"),
)

logged_model_tags = Table(
    "logged_model_tags",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("logged_model_tags_found", "key", "value"),
)

logged_model_params = Table(
    "logged_model_params",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("logged_model_params_found", "key", "value"),
)

logged_model_metrics = Table(
    "logged_model_metrics",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("timestamp", BigInteger, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("value", Number, nullable=False),
    Column("dataset_name", Text),
    Column("dataset_digest", Text),
    Index("logged_model_metrics_found", "key", "model_id"),
)
