"""Data capture: a sample of requests and answers goes to the journal before it is answered."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from zaffre.runtime.capture.journal import Origin, Record, Segment

RETRY_SECONDS = 5.0
BIGGEST = 4 << 20
SECRET = ("authorization", "cookie", "proxy-authorization")


@dataclass(frozen=True)
class Wish:
    """What is captured of a deployment, and where to."""

    folder: str
    inputs: bool = True
    outputs: bool = True
    rate: float = 1.0
    span: int = 3600
    headers: tuple[str, ...] = ()
    custom: frozenset[str] = frozenset()


def wish_of(body: Mapping[str, Any] | None) -> Wish | None:
    """Read what is to be captured; None where nothing is."""
    if not body:
        return None
    return Wish(
        folder=str(body["folder"]),
        inputs=bool(body.get("inputs")),
        outputs=bool(body.get("outputs")),
        rate=float(body.get("rate", 1.0)),
        span=int(body.get("span", 3600)),
        custom=frozenset(map(str, body.get("custom", ()))),
        headers=tuple(
            name
            for name in (str(given).lower() for given in body.get("headers", ()))
            if name not in SECRET
        ),
    )


class Captured(msgspec.Struct):
    """The open segment of one revision, and the span of time that it belongs to."""

    segment: Segment
    span: int
    seconds: int


class Journals:
    """One segment for each revision that is captured. Nothing here ever fails a request.

    While no segment can be made (the disk is full), what would be captured is counted as dropped.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._open: dict[str, Captured] = {}
        self._not_before = 0.0
        self._encoder = msgspec.msgpack.Encoder()

    def add(self, wish: Wish, origin: Origin, record: Record) -> None:
        """Capture a request and its answer."""
        encoded = self._encoder.encode(record)
        if len(encoded) > BIGGEST or not self._put(wish, origin, encoded):
            self.dropped += 1

    def roll(self, served: set[str]) -> None:
        """Seal the segments whose span is over or whose revision serves no more."""
        now = time.time()
        for revision, found in list(self._open.items()):
            if revision not in served or now // found.seconds != found.span:
                self._seal(revision)

    def close(self) -> None:
        """Seal all segments."""
        for revision in list(self._open):
            self._seal(revision)

    def _put(self, wish: Wish, origin: Origin, encoded: bytes) -> bool:
        found = self._open.get(origin.revision)
        if found is not None and found.segment.add(encoded):
            return True
        if found is not None:
            self._seal(origin.revision)
        made = self._begin(wish, origin)
        return made is not None and made.add(encoded)

    def _begin(self, wish: Wish, origin: Origin) -> Segment | None:
        now = time.time()
        if now < self._not_before:
            return None
        folder = Path(wish.folder)
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now))}-{os.urandom(6).hex()}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            segment = Segment(folder, name, origin)
        except OSError:
            self._not_before = now + RETRY_SECONDS
            return None
        self._open[origin.revision] = Captured(segment, int(now // wish.span), wish.span)
        return segment

    def _seal(self, revision: str) -> None:
        try:
            self._open.pop(revision).segment.seal()
        except OSError:
            self.dropped += 1  # the folder is gone, and with it what it held


def is_sampled(wish: Wish, status: int) -> bool:
    """Say whether an answer is captured: of those that succeeded, a share drawn by lot."""
    return status < HTTPStatus.BAD_REQUEST and (
        wish.rate >= 1 or random.random() < wish.rate  # noqa: S311 - a share is no secret
    )
