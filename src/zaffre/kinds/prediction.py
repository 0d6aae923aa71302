"""Predictions of an entity over time, made on two paths, and which of them counts: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from zaffre.kinds.resource import Json


class MadeBy(StrEnum):
    """Which path made a prediction: a batch over history, or an online deployment."""

    COLD = "cold"
    HOT = "hot"


class Scored(NamedTuple):
    """What was predicted of an entity at a moment; times are microseconds since 1970, UTC."""

    key: str
    event_time: int
    value: Json


@dataclass(frozen=True)
class Prediction:
    """A prediction and where it came from.

    `made_at` is when what it was made of was read: a hot one's answer, the start of a batch.
    `source` tells it from all others of its path; `request` or `job` say who made it.
    """

    key: str
    event_time: int
    value: Json
    path: MadeBy
    made_at: int
    source: str
    model: str = ""
    request: str = ""
    job: str = ""

    @property
    def rank(self) -> tuple[int, int, bool, str]:
        """Order predictions of one entity: by event, then by what was known when it was made."""
        return (self.event_time, self.made_at, self.path is MadeBy.COLD, self.source)


@dataclass(frozen=True)
class Generation:
    """The whole output of one batch. `watermark` is the last event that it has seen."""

    job: str
    read_at: int
    watermark: int
    rows: int
    model: str = ""

    @property
    def rank(self) -> tuple[int, str]:
        """Order batches by what they could know, not by when they were done."""
        return (self.read_at, self.job)


def current(generations: Iterable[Generation]) -> Generation | None:
    """Give the batch that counts: a late one that began earlier does not."""
    return max(generations, key=lambda one: one.rank, default=None)


def newest(predictions: Iterable[Prediction], until: int | None = None) -> Prediction | None:
    """Give the prediction that counts of those of one entity, as of an event time.

    They are the hot ones and those of the current batch. So whatever the order in which batches
    end and hot predictions come in, the answer is the same, and it never goes back in time.
    """
    known = (one for one in predictions if until is None or one.event_time <= until)
    return max(known, key=lambda one: one.rank, default=None)
