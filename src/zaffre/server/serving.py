"""Serving: the HTTP server, the loop and the gateway's keeper, started and stopped together."""

from __future__ import annotations

import asyncio
import resource
import socket

import uvicorn

from zaffre.server import home
from zaffre.server.assembly import Assembly
from zaffre.server.connection import Connection

STOP_SECONDS = 3
MOST_CONNECTIONS = 4000
MOST_FILES = 65536


class _Announcing(uvicorn.Server):
    """A uvicorn server that says when it is ready."""

    def __init__(
        self, config: uvicorn.Config, parts: Assembly, started: float, isolation: str
    ) -> None:
        super().__init__(config)
        self._parts = parts
        self._began = started
        self._isolation = isolation

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then write where the server is found."""
        await super().startup(sockets)
        if self.started:
            addresses = self._parts.context.addresses
            home.announce(
                self._parts.context.home,
                addresses.server,
                addresses.gateway,
                self._began,
                self._isolation,
            )
            self._parts.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; another server may lead from now on. A signal ends this process right after."""
        await super().shutdown(sockets)
        await asyncio.to_thread(self._parts.resign)


def _most_connections() -> int:
    """Take as many descriptors as we may; give how many of them are for connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return min(MOST_CONNECTIONS, MOST_CONNECTIONS if soft < 0 else soft // 2)


def serve(parts: Assembly, listening: socket.socket, started: float, isolation: str) -> None:
    """Serve until told to stop; jobs and endpoints go on."""
    config = uvicorn.Config(
        parts.app,
        loop="uvloop",
        http=Connection,
        ws="none",
        limit_concurrency=_most_connections(),
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
        backlog=1024,
    )
    server = _Announcing(config, parts, started, isolation)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listening]))
    finally:
        parts.close()
