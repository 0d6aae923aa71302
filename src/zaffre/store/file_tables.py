"""The table of run artifacts and logged models' files."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from zaffre.store.tables import metadata

# Ranges of paths are compared byte by byte, in every database.
PATH = Text().with_variant(Text(collation="C"), "postgresql")

files = Table(
    "files",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("path", PATH, primary_key=True),
    Column("digest", Text, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("mode", Integer, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
