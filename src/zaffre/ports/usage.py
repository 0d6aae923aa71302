"""The usage socket: what ended jobs took, added up where they are stored."""

from __future__ import annotations

from typing import Protocol

from zaffre.kinds.usage import UsageQuery, UsageSum


class UsageStore(Protocol):
    """Adds up what is kept with jobs; it keeps nothing itself."""

    def sums(self, query: UsageQuery) -> list[UsageSum]:
        """Give a sum for each group, named as it is stored ("" where a job has none of that)."""
