"""Schedules: jobs that are created by themselves, at most one for a due time."""

from __future__ import annotations

from zaffre.services.schedules.advancing import advance, unfinished, watched
from zaffre.services.schedules.keeping import create, enable, show, trigger, update

__all__ = ["advance", "create", "enable", "show", "trigger", "unfinished", "update", "watched"]
