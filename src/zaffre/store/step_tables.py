"""The table of claims on steps of pipelines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from zaffre.store.tables import metadata

step_claims = Table(
    "step_claims",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("job", Text, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Index("step_claims_label", "workspace", "label", "claimed_at"),
)
