"""What goes through the runner: chunks as they are read, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

Position = Any
"""How far a source was read, as JSON: the last key, or a file and a row."""


@dataclass(frozen=True)
class Spoiled:
    """A piece of input that is no row, and why."""

    text: str
    reason: str


@dataclass(frozen=True)
class Chunk:
    """Rows that are committed together, and the position after them."""

    rows: pa.Table
    position: Position
    spoiled: tuple[Spoiled, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """The rows that an incremental run is about: after `lower`, up to `upper`.

    `closed` includes `lower` itself: rows with the same watermark may have come later, and where
    rows are upserted, scoring one twice does no harm.
    """

    lower: Any = None
    upper: Any = None
    closed: bool = False


@dataclass(frozen=True)
class Opening:
    """What a run found when it began; a resumed one goes by it."""

    fingerprint: str = ""
    lower: Any = None
    upper: Any = None


@dataclass(frozen=True)
class Progress:
    """How far a run has come: everything up to here is committed."""

    opening: Opening = field(default_factory=Opening)
    chunks: int = 0
    position: Position = None
    read: int = 0
    scored: int = 0
    rejected: int = 0
    ended: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one chunk: what is committed, and the progress that is true with it."""

    predictions: pa.Table
    rejects: pa.Table
    progress: Progress


class Source(Protocol):
    """Gives rows in an order that is the same each time."""

    schema: pa.Schema

    def fingerprint(self) -> str:
        """Say what the input is now."""

    def resume(self, fingerprint: str) -> None:
        """Go back to the input as it was.

        Raises:
            Refused: it has changed since.
        """

    def highest(self) -> Any:
        """Give the highest watermark there is, as JSON; None without one."""

    def chunks(self, progress: Progress, bounds: Bounds, rows: int) -> Iterator[Chunk]:
        """Give chunks of about so many rows, from where the progress ends."""

    def close(self) -> None:
        """Let go of it."""


class Sink(Protocol):
    """Takes predictions, each chunk wholly or not at all, and remembers how far a run is."""

    def progress(self) -> Progress | None:
        """Give how far this run is; None if it never began."""

    def watermark(self) -> Any:
        """Give the watermark up to which the stream's earlier runs came."""

    def unfinished(self) -> str:
        """Name another run of the stream that began and did not end; "" if there is none."""

    def begin(self, opening: Opening) -> None:
        """Remember that the run begins."""

    def commit(self, outcome: Outcome) -> None:
        """Write a chunk with its progress, together.

        Raises:
            Refused: somebody else works on this run, or the target does not fit.
        """

    def finish(self, progress: Progress) -> None:
        """Remember that the run ended, and its watermark."""

    def close(self) -> None:
        """Let go of it."""
