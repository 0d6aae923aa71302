"""The socket for stores that clients can reach themselves, past the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from zaffre.ports.artifacts import Blob


@dataclass(frozen=True)
class Place:
    """Where content is put or got by one request: its address and the headers to send with it.

    The address is a right by itself, for a while: it is given to nobody else and never logged.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class DirectAccess(Protocol):
    """Gives addresses at which clients read and write content; none where it cannot."""

    def distant(self, digests: Sequence[str]) -> list[str]:
        """Say which content is not on this machine yet."""

    def downloads(self, digests: Sequence[str]) -> dict[str, Place]:
        """Say where content can be got; whoever gets it checks its digest."""

    def uploads(self, blobs: Sequence[Blob]) -> dict[str, Place]:
        """Say where content can be put; the store itself refuses what is not of that digest."""
