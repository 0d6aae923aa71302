"""Copies of calls to a deployment that is being tried: answers are compared, never returned."""

from __future__ import annotations

import hashlib
import json
import time
from typing import NamedTuple

from zaffre.runtime.gateway.calls import Call, Observer
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.observing import Observations
from zaffre.runtime.gateway.request_log import RequestLog

DIGEST_LETTERS = 16
COPIED = (
    "endpoint",
    "page",
    "method",
    "path",
    "query",
    "headers",
    "body",
    "request_id",
    "started",
)


class Told(NamedTuple):
    """What one of two deployments answered."""

    deployment: str
    status: int
    digest: str
    seconds: float

    @property
    def facts(self) -> dict[str, object]:
        """Give it as the log has it."""
        return {
            "deployment": self.deployment,
            "status": self.status,
            "digest": self.digest,
            "ms": round(self.seconds * 1000, 3),
        }


class Pair(NamedTuple):
    """What two deployments answered to the same request."""

    at: float
    request_id: bytes
    endpoint: str
    first: Told
    copy: Told

    @property
    def agrees(self) -> bool:
        """Tell whether status and body are the same."""
        return (self.first.status, self.first.digest) == (self.copy.status, self.copy.digest)

    @property
    def line(self) -> str:
        """Give it as a line of JSON."""
        document = {
            "time": round(self.at, 3),
            "id": self.request_id.decode("latin-1"),
            "endpoint": self.endpoint,
            "agrees": self.agrees,
            "answered": self.first.facts,
            "mirrored": self.copy.facts,
        }
        return json.dumps(document) + "\n"


class Comparing:
    """Takes note of a call and of its copy, and compares them when both are answered."""

    def __init__(self, observer: Observer, mirrors: Mirrors) -> None:
        self._observer = observer
        self._mirrors = mirrors
        self._told: dict[bool, Told] = {}

    def answered(self, call: Call, body: bytes) -> None:
        """Take note of one of the two."""
        self._observer.answered(call, body)
        digest = hashlib.sha256(body).hexdigest()[:DIGEST_LETTERS]
        took = time.monotonic() - call.started
        self._told[call.is_copy] = Told(call.deployment, call.status, digest, took)
        if len(self._told) > 1 and call.endpoint is not None:
            first, copy = self._told[False], self._told[True]
            pair = Pair(time.time(), call.request_id, call.endpoint.name, first, copy)
            self._mirrors.compared(pair)


class Mirrors:
    """Makes copies, counts how often they agree, and logs every pair of answers."""

    def __init__(self, observations: Observations, log: RequestLog) -> None:
        self.log = log
        self._observations = observations

    def copy(self, call: Call, name: str, revision: Deployment) -> Call:
        """Make a copy of a call for another deployment; both answers will be compared."""
        made = Call(None, call.date)
        made.is_copy, made.deployment, made.revision = True, name, revision
        for part in COPIED:
            setattr(made, part, getattr(call, part))
        observer = Comparing(call.observer or self._observations, self)
        call.observer = made.observer = observer
        return made

    def missed(self, endpoint: str, deployment: str) -> None:
        """Count a copy that was not made, as the deployment had too many already."""
        self._observations.tally(endpoint, deployment).mirror.dropped += 1

    def compared(self, pair: Pair) -> None:
        """Count and log a pair."""
        counts = self._observations.tally(pair.endpoint, pair.copy.deployment).mirror
        counts.pairs += 1
        counts.agreed += pair.agrees
        self.log.add(pair)
