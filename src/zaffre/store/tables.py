"""The one list of tables: every module that defines tables adds them to `metadata`."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
