"""Fixtures that table jobs share."""

from __future__ import annotations

from conftest_mysql import mysql_server, mysql_url
from conftest_postgres import postgres_server, postgres_url

__all__ = ["mysql_server", "mysql_url", "postgres_server", "postgres_url"]
