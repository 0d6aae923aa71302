"""Tables of resources, the links between them, the audit log, remembered calls and tokens."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from zaffre.store.tables import metadata

SERIAL = BigInteger().with_variant(Integer, "sqlite")

resources = Table(
    "resources",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("workspace", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("latest", Boolean, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("experiment_name", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("status", Text, nullable=False),
    UniqueConstraint("workspace", "kind", "parent", "name", "version", name="resources_key"),
    Index("resources_listed", "workspace", "kind", "latest", "archived", "id"),
    Index("resources_state", "kind", "state", "id"),
    Index("resources_experiment", "workspace", "kind", "experiment_name", "id"),
)

resource_tags = Table(
    "resource_tags",
    metadata,
    Column("resource", SERIAL, ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("resource_tags_found", "key", "value", "resource"),
)

links = Table(
    "links",
    metadata,
    Column("source", Text, primary_key=True),
    Column("relation", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Index("links_target", "target"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

once = Table(
    "once",
    metadata,
    Column("token", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Index("once_until", "until"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index("tokens_name", "name"),
)
