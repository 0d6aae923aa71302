"""The socket for answers that the gateway has given: read in order, each as often as need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    """A request and its answer. `source` tells it from all others; `time` is in seconds."""

    source: str
    deployment: str
    model: str
    request: str
    time: float
    body: bytes
    answer: bytes


@dataclass(frozen=True)
class Some:
    """Answers of one endpoint, and the mark behind the last of them."""

    workspace: str
    endpoint: str
    answers: Sequence[Answer]
    mark: tuple[str, int]


class AnswerJournal(Protocol):
    """What the gateway has answered and nobody has settled yet."""

    def next(self) -> Some | None:
        """Give the next answers, or None. Asked again before they are settled, the same ones."""

    def settle(self, some: Some) -> None:
        """Do not give these again. After a crash they may come again: settling is no promise."""
