"""The gateway's life: follow the configuration file, listen, tick, and end in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from zaffre import __version__
from zaffre.errors import Invalid
from zaffre.runtime.capture.journal import seal_left_over
from zaffre.runtime.gateway.capturing import Journals
from zaffre.runtime.gateway.configuration import Configuration, parse
from zaffre.runtime.gateway.fleet import Fleet
from zaffre.runtime.gateway.http import Connection
from zaffre.runtime.gateway.launching import Place
from zaffre.runtime.gateway.logs import cap
from zaffre.runtime.gateway.mirroring import Mirrors
from zaffre.runtime.gateway.observing import Observations
from zaffre.runtime.gateway.request_log import RequestLog
from zaffre.runtime.gateway.service import Gateway

TICK = 0.025
IDLE_TICK = 0.1
WATCH = 0.05
STATUS = 1.0
END_SECONDS = 15.0
BACKLOG = 1024


async def run(home: Path, lock: int, environment: dict[str, str]) -> None:
    """Serve a home's endpoints until a signal says to stop, or the held lock is gone."""
    folder = home / "run"
    (folder / "workers").mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    for journal in (home / "captures", folder / "views"):
        seal_left_over(journal)
    observations = Observations(
        RequestLog(home / "logs" / "requests.log"), journals=Journals(), views=Journals()
    )
    mirrors = Mirrors(observations, RequestLog(home / "logs" / "mirrored.log"))
    fleet = Fleet(Place(folder / "workers", environment))
    gateway = Gateway(fleet, observations, mirrors, __version__)
    life = Life(folder, lock, fleet, gateway, observations)
    await life.serve()


class Life:
    """Everything that happens in time."""

    def __init__(
        self, folder: Path, lock: int, fleet: Fleet, gateway: Gateway, observations: Observations
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._fleet = fleet
        self._gateway = gateway
        self._observations = observations
        self._logs = (observations.log, gateway.mirrors.log)
        self._seen: tuple[int, int, int] | None = None
        self._last_status = ""
        self._written = ""
        self._server: asyncio.Server | None = None
        self._ending = asyncio.Event()
        self._leave_workers = False
        self._port = 0
        self._moving: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Run from the first look at the configuration to the end."""
        loop = asyncio.get_running_loop()
        self._look()
        if self._seen is None:
            self._look_at(self._folder / "gateway.good.json")
        self._fleet.adopt()
        self._fleet.check()
        loop.add_signal_handler(signal.SIGHUP, self._look)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        loop.add_signal_handler(signal.SIGUSR1, self._hand_over)
        await self._listen(self._fleet.configuration.port)
        ticking = loop.create_task(self._tick())
        await self._ending.wait()
        await self._end()
        ticking.cancel()
        for log in self._logs:
            log.close()
        self._observations.journals.close()
        self._observations.views.close()
        self._report()

    def _hand_over(self) -> None:
        self._leave_workers = True
        self._ending.set()

    async def _move(self, port: int) -> None:
        """Listen on another port; connections on the old one go on."""
        before = self._server
        await self._listen(port)
        if before is not None:
            before.close()

    async def _listen(self, port: int) -> None:
        """Listen on loopback; a port that the last gateway has not freed yet is waited for."""
        loop = asyncio.get_running_loop()
        until = loop.time() + 5
        while True:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
                break
            except OSError:
                listener.close()
                if loop.time() > until:
                    raise
                await asyncio.sleep(0.05)
        self._server = await loop.create_server(
            lambda: Connection(self._gateway), sock=listener, backlog=BACKLOG
        )
        self._port = port

    async def _tick(self) -> None:
        """Look after everything that waits, watches or is written now and then."""
        loop = asyncio.get_running_loop()
        watch = status = loop.time()
        while True:
            await asyncio.sleep(IDLE_TICK if self._fleet.is_at_rest else TICK)
            now = loop.time()
            self._fleet.check()
            if now >= watch:
                watch = now + WATCH
                self._gateway.date.refresh()
                self._look()
                for log in self._logs:
                    log.flush()
                self._check_connections()
                self._report_changes()
            if now >= status:
                status = now + STATUS
                self._report()
                self._cap_logs()
                self._observations.journals.roll(self._fleet.captured())
                self._observations.views.roll(self._fleet.captured())
                if not self._owns_home():
                    self._say("The home is gone or another's: this gateway ends.")
                    self._ending.set()

    def _owns_home(self) -> bool:
        """Tell whether the held lock is still the home's: a deleted home has no gateway."""
        try:
            return (self._folder / "gateway.lock").stat().st_ino == os.fstat(self._lock).st_ino
        except OSError:
            return False

    def _check_connections(self) -> None:
        now = time.monotonic()
        for connection in list(self._gateway.connections):
            connection.check(now)

    def _look(self) -> None:
        """Read the configuration if it changed; a broken one is told, the last good one kept."""
        try:
            stat = (self._folder / "gateway.json").stat()
        except OSError:
            return
        seen = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if seen != self._seen and self._look_at(self._folder / "gateway.json"):
            self._seen = seen

    def _look_at(self, path: Path) -> bool:
        try:
            text = path.read_text(encoding="utf-8")
            configuration = parse(text)
        except (OSError, Invalid) as error:
            self._say(str(error))
            return False
        self._follow(configuration)
        good = self._folder / "gateway.good.json"
        if path != good:
            _replace(good, text)
        return True

    def _follow(self, configuration: Configuration) -> None:
        self._fleet.follow(configuration)
        self._observations.keep(set(self._fleet.serving()))
        if self._port not in (0, configuration.port):
            self._moving = asyncio.get_running_loop().create_task(self._move(configuration.port))
        if self._server is not None:  # not before the workers of an earlier gateway were found
            self._fleet.check()
            self._report()

    def _report_changes(self) -> None:
        if self._status() != self._last_status:
            self._report()

    def _status(self) -> str:
        facts = self._fleet.facts({})
        return json.dumps([self._fleet.configuration.generation, facts])

    def _report(self) -> None:
        """Write how things are for the server to read."""
        self._last_status = self._status()
        document: dict[str, Any] = {
            "generation": self._fleet.configuration.generation,
            "pid": os.getpid(),
            "port": self._fleet.configuration.port,
            "connections": len(self._gateway.connections),
            "deployments": self._fleet.facts(self._observations.tallies),
        }
        text = json.dumps(document)
        if text == self._written:
            return
        try:
            _replace(self._folder / "gateway-status.json", text)
            self._written = text
        except OSError as error:
            self._say(f"The status cannot be written: {error}")

    def _cap_logs(self) -> None:
        """Keep the deployments' logs small: the older half goes to a second file."""
        for endpoint in self._fleet.configuration.endpoints.values():
            for deployment in endpoint.deployments.values():
                if deployment.log:
                    cap(Path(deployment.log))

    async def _end(self) -> None:
        """Take no more calls, finish those that are here, end the workers or leave them."""
        loop = asyncio.get_running_loop()
        until = loop.time() + END_SECONDS
        if self._server is not None:
            self._server.close()
        for connection in list(self._gateway.connections):
            connection.finish()
        while loop.time() < until and not self._fleet.is_idle:
            await asyncio.sleep(TICK)
        if not self._leave_workers:
            self._fleet.stop()
            while loop.time() < until and not self._fleet.is_gone:
                await asyncio.sleep(TICK)

    def _say(self, text: str) -> None:
        sys.stderr.write(time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime()) + text + "\n")
        sys.stderr.flush()


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
