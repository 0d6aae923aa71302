"""The socket for servers that share one database: who is there, and which one leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Member:
    """A server of a database: its id (that of its home), its machine, its address."""

    id: str
    host: str
    url: str
    seen: datetime
    leads: bool = False


class Servers(Protocol):
    """Keeps this server known to the others, and one of them in the lead.

    The one that leads does what must be done once: it has a number, and what it writes is refused
    when another one has got a higher number meanwhile.
    """

    own: str

    def leads(self) -> bool:
        """Say whether this server leads now, as far as it can know without asking."""

    def members(self) -> Sequence[Member]:
        """List the servers that were ever here, latest first."""
