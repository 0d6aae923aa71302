"""Verbs of data: download, as for models."""

from __future__ import annotations

from zaffre.cli.model import VERBS

__all__ = ["VERBS"]
