"""Fixtures that table jobs share."""

from __future__ import annotations

from conftest_postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
