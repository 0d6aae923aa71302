"""The gateway itself: every call is refused, answered, or given to a deployment."""

from __future__ import annotations

import json
import random
import time
from urllib.parse import parse_qs

from zaffre.runtime.gateway import metrics, wire
from zaffre.runtime.gateway.calls import NOT_FAILED, Call
from zaffre.runtime.gateway.configuration import NAME_HEADER, Endpoint
from zaffre.runtime.gateway.fleet import Fleet
from zaffre.runtime.gateway.http import Connection
from zaffre.runtime.gateway.observing import Observations
from zaffre.runtime.gateway.routing import (
    Page,
    Refusal,
    chosen,
    host_is_known,
    metrics_refusal,
    target_of,
)

TEXT_LINE = b"content-type: text/html; charset=utf-8\r\n"
PICK = NAME_HEADER.encode()
METRICS = b"/metrics"
MIRROR_QUEUE = 64
NO_DEPLOYMENT = "The endpoint has no such deployment."
NO_TRAFFIC = "No deployment of this endpoint takes traffic."


class Gateway:
    """Takes the calls of all connections."""

    def __init__(self, fleet: Fleet, observations: Observations, version: str) -> None:
        self.date = wire.DateLine()
        self.connections: set[Connection] = set()
        self._fleet = fleet
        self._observations = observations
        self._server_line = f"x-ms-server-version: zaffre/{version}\r\n".encode()

    def admit(self, call: Call) -> int:
        """Check ids, host, key and address before the body is taken."""
        configuration = self._fleet.configuration
        wrong = call.identify(self._server_line)
        if wrong:
            call.refusal = Refusal(431, wrong)
        elif not host_is_known(call.headers.get(b"host"), configuration.hosts):
            call.refusal = Refusal(421, "The Host header does not name this gateway.")
        elif call.path == b"/health" and call.method in (b"GET", b"HEAD"):
            return 0
        elif call.path == METRICS:
            call.refusal = metrics_refusal(
                call.method, call.headers.get(b"authorization"), configuration
            )
        else:
            target = target_of(
                call.method, call.path, call.headers.get(b"authorization"), configuration
            )
            if isinstance(target, Refusal):
                call.refusal = target
            else:
                call.endpoint, call.page = target
                return target.endpoint.max_body
        return 0

    def serve(self, call: Call) -> None:
        """Answer a complete call, or hand it to its deployment."""
        call.started = time.monotonic()
        if call.refusal is not None:
            self._observations.refused[call.refusal[0]] += 1
            call.refuse(*call.refusal)
        elif call.path == METRICS:
            self._metrics(call)
        elif call.endpoint is None:
            call.answer(200, wire.JSON_LINE, b'{"status": "ok"}')
        elif call.page is Page.SCORE:
            self._score(call, call.endpoint)
        elif call.page is Page.SWAGGER:
            self._swagger(call, call.endpoint)
        else:
            self._health(call, call.endpoint)

    def _score(self, call: Call, endpoint: Endpoint) -> None:
        call.observer = self._observations
        name = self._picked(call, endpoint)
        deployment = endpoint.deployments.get(name or "")
        pool = self._fleet.pool(endpoint.name, name) if name and deployment else None
        if pool is None or deployment is None or name is None:
            call.refuse(404, NO_DEPLOYMENT if PICK in call.headers else NO_TRAFFIC)
            return
        call.deployment, call.revision = name, pool.deployment
        call.ids += pool.deployment.lines
        if len(call.body) > deployment.max_body:
            call.refuse(413, f"The body is larger than {deployment.max_body} bytes.")
            return
        pool.submit(call)
        if endpoint.mirror:
            self._mirror(call, endpoint)

    def _picked(self, call: Call, endpoint: Endpoint) -> str | None:
        wish = call.headers.get(PICK)
        if wish is not None:
            return wish.decode("latin-1")
        traffic = endpoint.traffic
        if len(traffic) == 1:
            return next(iter(traffic))
        return chosen(traffic, random.random() * 100)  # noqa: S311 - a share of traffic is no secret

    def _mirror(self, call: Call, endpoint: Endpoint) -> None:
        """Send a copy to the deployment that is being tried; nobody waits for its answer."""
        name = chosen(endpoint.mirror, random.random() * 100)  # noqa: S311 - as above
        pool = self._fleet.pool(endpoint.name, name) if name and PICK not in call.headers else None
        if name and pool is not None and len(pool.waiting) < MIRROR_QUEUE:
            copy = Call(None, self.date)
            copy.is_copy, copy.endpoint, copy.observer = True, endpoint, self._observations
            copy.method, copy.query, copy.headers, copy.body = (
                call.method,
                call.query,
                call.headers,
                call.body,
            )
            copy.request_id, copy.started, copy.deployment = call.request_id, call.started, name
            copy.revision = pool.deployment
            pool.submit(copy)

    def _metrics(self, call: Call) -> None:
        found = metrics.families(self._fleet, self._observations, len(self.connections))
        call.answer(200, metrics.CONTENT_TYPE, metrics.text_of(found).encode())

    def _swagger(self, call: Call, endpoint: Endpoint) -> None:
        name = self._picked(call, endpoint) or next(iter(endpoint.deployments), None)
        pool = self._fleet.pool(endpoint.name, name) if name else None
        version = parse_qs(call.query.decode("latin-1")).get("version", ["2"])[-1][:20]
        documents = pool.swagger if pool else {}
        if version in documents:
            call.answer(200, wire.JSON_LINE + NOT_FAILED, json.dumps(documents[version]).encode())
        else:
            known = ", ".join(sorted({key.removesuffix(".0") for key in documents}))
            call.refuse(
                404, f"Swagger version [{version}] is not valid. Supported versions: [{known}]."
            )

    def _health(self, call: Call, endpoint: Endpoint) -> None:
        name = self._picked(call, endpoint)
        pool = self._fleet.pool(endpoint.name, name) if name else None
        if pool is not None and pool.state == "ready":
            call.answer(200, TEXT_LINE, b"Healthy")
        else:
            call.refuse(
                503, "The endpoint has no deployment that is ready.", b"retry-after: 1\r\n"
            )
