"""Tables of experiment tracking.

Runs and metrics are known by whole numbers inside; the names that callers use stand once each.
A point of a metric is one row of a table that is its own index, so that the points of one metric
lie together in the order of time.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator, UserDefinedType

from zaffre.store.tables import metadata

SERIAL = BigInteger().with_variant(Integer, "sqlite")

NAN = "NaN"


class _AsWritten(UserDefinedType[Any]):
    """A column without affinity: only there SQLite keeps -0.0. It never keeps NaN."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BLOB"


class Number(TypeDecorator[float]):
    """A 64-bit number that comes back bit for bit, NaN too (in SQLite that is a text)."""

    impl = Float
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_AsWritten())
        return dialect.type_descriptor(Float(53))

    def process_bind_param(self, value: float | None, dialect: Dialect) -> Any:
        """Write NaN so that the database keeps it."""
        if value is not None and value != value and dialect.name == "sqlite":  # noqa: PLR0124
            return NAN
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ARG002
        """Read the number."""
        return None if value is None else float(value)


experiments = Table(
    "experiments",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("artifact_location", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("workspace", "name", name="experiments_key"),
    sqlite_autoincrement=True,
)

experiment_tags = Table(
    "experiment_tags",
    metadata,
    Column("experiment", SERIAL, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("workspace", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("experiment", SERIAL, nullable=False),
    Column("name", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("start_time", BigInteger, nullable=False),
    Column("end_time", BigInteger),
    Column("artifact_uri", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("deleted_at", BigInteger),
    Column("parent", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("journal", BigInteger, nullable=False),
    UniqueConstraint("workspace", "id", name="runs_key"),
    Index("runs_found", "experiment", "stage", text("start_time DESC"), "id"),
    Index("runs_listed", "workspace", "stage", "seq"),
    Index("runs_children", "workspace", "parent", "seq"),
    sqlite_autoincrement=True,
)

params = Table(
    "params",
    metadata,
    Column("run", SERIAL, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

tags = Table(
    "tags",
    metadata,
    Column("run", SERIAL, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

series = Table(
    "series",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("run", SERIAL, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Number, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Index("series_ranked", "key", "value", "run"),
    UniqueConstraint("run", "key", name="series_key"),
)
"""The metrics of runs, each with its latest point: highest step, then time, then value."""

points = Table(
    "points",
    metadata,
    Column("series", SERIAL, primary_key=True, autoincrement=False),
    Column("timestamp", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Number, primary_key=True),
    sqlite_with_rowid=False,
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("experiment", SERIAL, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("schema", Text),
    Column("profile", Text),
    UniqueConstraint("experiment", "name", "digest", name="datasets_key"),
)

dataset_inputs = Table(
    "dataset_inputs",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("run", SERIAL, nullable=False),
    Column("dataset", SERIAL, nullable=False),
    UniqueConstraint("run", "dataset", name="dataset_inputs_key"),
    Index("dataset_inputs_uses", "dataset"),
)

dataset_input_tags = Table(
    "dataset_input_tags",
    metadata,
    Column("input", SERIAL, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

run_models = Table(
    "run_models",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("run", SERIAL, nullable=False),
    Column("made", Integer, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    UniqueConstraint("run", "made", "model_id", "step", name="run_models_key"),
    Index("run_models_uses", "model_id"),
)
"""Logged models that runs used (`made` 0) or made (1)."""
