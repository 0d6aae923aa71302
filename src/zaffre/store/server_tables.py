"""Tables of the servers that share a database: the servers, the lead, and what all agree on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from zaffre.store.tables import metadata

servers = Table(
    "servers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""Who leads, until when by the database's clock; `number` grows with each who takes the lead."""

agreements = Table(
    "agreements",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What all servers of a database must have in common."""
