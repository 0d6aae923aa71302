"""What is known of the traffic: counts and times in memory, requests in a log."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from zaffre.runtime.capture.journal import Origin, Record
from zaffre.runtime.gateway.calls import Call
from zaffre.runtime.gateway.capturing import Journals, Wish, is_sampled
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.request_log import RequestLog, Row

SAMPLE = 4096
SECONDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
Slot = tuple[str, str]


class Histogram:
    """How many values lie up to each bound, how many there are and what they add to."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass
class MirrorCounts:
    """How the answers to mirrored requests compare with those that were returned."""

    pairs: int = 0
    agreed: int = 0
    dropped: int = 0


class Tally:
    """Counts of one deployment by status, and the times of its requests in seconds."""

    def __init__(self) -> None:
        self.codes: Counter[int] = Counter()
        self.seconds = Histogram(SECONDS)
        self.recent: deque[float] = deque(maxlen=SAMPLE)
        self.mirror = MirrorCounts()

    def add(self, status: int, took: float) -> None:
        """Count an answer."""
        self.codes[status] += 1
        self.seconds.add(took)
        self.recent.append(took)

    def summary(self) -> dict[str, Any]:
        """Give counts, and percentiles of the last requests in milliseconds."""
        ordered = sorted(self.recent)
        errors = sum(n for code, n in self.codes.items() if code >= HTTPStatus.BAD_REQUEST)
        least = HTTPStatus.INTERNAL_SERVER_ERROR
        failures = sum(n for code, n in self.codes.items() if code >= least)
        found: dict[str, Any] = {
            "requests": self.codes.total(),
            "errors": errors,
            "failures": failures,
        }
        for percent in (50, 95, 99):
            at = min(len(ordered) - 1, len(ordered) * percent // 100)
            found[f"p{percent}_ms"] = round(ordered[at] * 1000, 3) if ordered else None
        if self.mirror != MirrorCounts():
            found["mirror"] = asdict(self.mirror)
        return found


class Observations:
    """Takes note of every answer to a scoring call, and of calls that were refused before."""

    def __init__(self, log: RequestLog, journals: Journals, views: Journals) -> None:
        self.tallies: dict[Slot, Tally] = {}
        self.refused: Counter[int] = Counter()
        self.log = log
        self.journals = journals
        self.views = views

    def tally(self, endpoint: str, deployment: str) -> Tally:
        """Give the counts of a deployment."""
        found = self.tallies.get((endpoint, deployment))
        if found is None:
            found = self.tallies[(endpoint, deployment)] = Tally()
        return found

    def answered(self, call: Call, body: bytes) -> None:
        """Count a call, write it to the log, and capture it where that is wanted."""
        revision = call.revision
        endpoint = call.endpoint.name if call.endpoint else ""
        tally = self.tally(endpoint, call.deployment)
        took = time.monotonic() - call.started
        tally.add(call.status, took)
        self.log.add(
            Row(
                time.time(),
                call.request_id,
                endpoint,
                call.deployment,
                revision.id if revision else "",
                call.status,
                took,
                call.is_copy,
            )
        )
        if revision is not None and revision.capture is not None:
            self._capture(self.journals, revision.capture, call, revision, body)
        if revision is not None and revision.view is not None and not call.is_copy:
            self._capture(self.views, revision.view, call, revision, body)

    @staticmethod
    def _capture(
        journals: Journals, wish: Wish, call: Call, revision: Deployment, body: bytes
    ) -> None:
        if not is_sampled(wish, call.status):
            return
        origin = Origin(
            call.endpoint.name if call.endpoint else "",
            call.deployment,
            revision.id,
            revision.model,
        )
        headers = {
            name: call.headers[name.encode()].decode("latin-1")
            for name in wish.headers
            if name.encode() in call.headers
        }
        record = Record(
            time.time(),
            call.request_id.decode("latin-1"),
            call.status,
            call.body if wish.inputs else None,
            body if wish.outputs else None,
            headers,
            call.is_copy,
            {name: call.collected[name] for name in wish.custom if name in call.collected},
        )
        journals.add(wish, origin, record)

    def keep(self, slots: set[Slot]) -> None:
        """Forget the counts of deployments that are gone."""
        for gone in self.tallies.keys() - slots:
            if gone[1]:
                del self.tallies[gone]
