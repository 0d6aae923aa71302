"""The socket to the data plane: what an endpoint answers to those who call it through us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Call:
    """One request to an endpoint: the path below its name, such as `score`."""

    endpoint: str
    path: str
    key: str = field(repr=False)
    method: str = "POST"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class DataPlane(Protocol):
    """Asks endpoints as any caller does."""

    def ask(self, call: Call) -> Reply:
        """Send a request and wait for the answer, whatever its status.

        Raises:
            Unavailable: nobody answers there, or not in time.
        """
