"""The gateway itself: every call is refused, answered, or given to a deployment."""

from __future__ import annotations

import json
import time
from typing import NamedTuple
from urllib.parse import parse_qs

from zaffre.runtime.gateway import metrics, telling, wire
from zaffre.runtime.gateway.calls import NOT_FAILED, Call
from zaffre.runtime.gateway.configuration import NAME_HEADER, Endpoint
from zaffre.runtime.gateway.fleet import Fleet
from zaffre.runtime.gateway.http import Connection
from zaffre.runtime.gateway.mirroring import Mirrors
from zaffre.runtime.gateway.observing import Observations
from zaffre.runtime.gateway.pool import Pool
from zaffre.runtime.gateway.routing import (
    Page,
    Refusal,
    host_is_known,
    metrics_refusal,
    model_of,
    target_of,
)
from zaffre.runtime.gateway.sharing import Rota, kept

PICK = NAME_HEADER.encode()
METRICS = b"/metrics"
MIRROR_QUEUE = 64
SCORING = frozenset({Page.SCORE, Page.INVOCATIONS, Page.INFER})
NAMED = frozenset({Page.MODEL, Page.MODEL_READY, Page.INFER})
NO_MODEL = "The endpoint has no such model: name it, a deployment of it, or its model."
NO_DEPLOYMENT = "The endpoint has no such deployment."
NO_TRAFFIC = "No deployment of this endpoint takes traffic."


class Mirrored(NamedTuple):
    """A copy of a call, and who gets it."""

    pool: Pool
    copy: Call


class Gateway:
    """Takes the calls of all connections."""

    def __init__(
        self, fleet: Fleet, observations: Observations, mirrors: Mirrors, version: str
    ) -> None:
        self.date = wire.DateLine()
        self.connections: set[Connection] = set()
        self.mirrors = mirrors
        self._fleet = fleet
        self._observations = observations
        self._rota = Rota()
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
                if target.page in NAMED:
                    self._name(call, target.endpoint)
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
        elif call.page in SCORING:
            self._score(call, call.endpoint)
        elif call.page is Page.SWAGGER:
            self._swagger(call, call.endpoint)
        elif call.page is not None:
            name = self._main(call, call.endpoint)
            pool = self._fleet.pool(call.endpoint.name, name) if name else None
            if pool is None and PICK in call.headers:
                call.refuse(404, NO_DEPLOYMENT)
            else:
                telling.answer(call, call.page, pool)

    def _name(self, call: Call, endpoint: Endpoint) -> None:
        """Take a model's name in the address as the header that picks a deployment."""
        name = model_of(call.path)
        if name in endpoint.deployments:
            call.headers.setdefault(PICK, name.encode())
        elif name not in telling.names_of(endpoint):
            call.refusal = Refusal(404, NO_MODEL)

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
        if call.page is not Page.SCORE and deployment.script:
            call.refuse(404, telling.ONLY_SCORE)
            return
        if len(call.body) > deployment.max_body:
            call.refuse(413, f"The body is larger than {deployment.max_body} bytes.")
            return
        mirrored = self._mirrored(call, endpoint) if endpoint.mirror else None
        pool.submit(call)
        if mirrored is not None:
            mirrored.pool.submit(mirrored.copy)

    def _picked(self, call: Call, endpoint: Endpoint) -> str | None:
        """Say who gets a call: the one it names, its caller's, or whose turn it is."""
        wish = call.headers.get(PICK)
        if wish is not None:
            return wish.decode("latin-1")
        caller = call.headers.get(endpoint.sticky_header) if endpoint.sticky_header else None
        if caller is not None:
            return kept(endpoint.traffic, caller)
        return self._rota.take(endpoint.name, endpoint.turns)

    def _mirrored(self, call: Call, endpoint: Endpoint) -> Mirrored | None:
        """Make a copy for the deployment that is being tried, if it is this call's turn."""
        if PICK in call.headers:
            return None
        name = self._rota.take((endpoint.name, call.deployment), endpoint.mirror_turns)
        pool = self._fleet.pool(endpoint.name, name) if name else None
        if name is None or pool is None or name == call.deployment:
            return None
        if len(pool.waiting) >= MIRROR_QUEUE:
            self.mirrors.missed(endpoint.name, name)
            return None
        return Mirrored(pool, self.mirrors.copy(call, name, pool.deployment))

    def _main(self, call: Call, endpoint: Endpoint) -> str | None:
        """Say who stands for the endpoint: the deployment asked for, or with most traffic."""
        wish = call.headers.get(PICK)
        if wish is not None:
            return wish.decode("latin-1")
        return max(endpoint.traffic, key=endpoint.traffic.__getitem__, default=None)

    def _metrics(self, call: Call) -> None:
        found = metrics.families(self._fleet, self._observations, len(self.connections))
        call.answer(200, metrics.CONTENT_TYPE, metrics.text_of(found).encode())

    def _swagger(self, call: Call, endpoint: Endpoint) -> None:
        name = self._main(call, endpoint) or next(iter(endpoint.deployments), None)
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
