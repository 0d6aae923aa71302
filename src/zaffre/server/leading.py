"""Leading: of the servers on one database one does what must be done once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from zaffre.errors import ZaffreError
from zaffre.server.loop import Source, Step
from zaffre.store.fencing import as_leader
from zaffre.store.servers import EVERY, SqlServers

LOG = logging.getLogger("zaffre.leading")


class Lead:
    """Keeps a server known to the others, and gives sources for when it leads, or does not."""

    def __init__(self, servers: SqlServers, take_over: Callable[[], object]) -> None:
        self._servers = servers
        self._take_over = take_over
        self._taken = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lead", daemon=True)

    def start(self) -> None:
        """Begin to say that this server lives."""
        self._thread.start()

    def stop(self) -> None:
        """Let another server lead at once."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._servers.leave()
        except ZaffreError:
            LOG.info("the lead could not be given back; it ends by itself")

    def leading(self, source: Source) -> Source:
        """Give a source's steps while this server leads; what they write is fenced."""

        def steps() -> Iterable[Step]:
            number = self._servers.number()
            return [_fenced(step, number) for step in source()] if number is not None else []

        return steps

    def following(self, source: Source) -> Source:
        """Give a source's steps while this server does not lead."""

        def steps() -> Iterable[Step]:
            return source() if self._servers.number() is None else []

        return steps

    def taking_over(self) -> Iterable[Step]:
        """Give what a server does first when it leads."""
        number = self._servers.number()
        if number is None or number == self._taken:
            return []
        return [_fenced(Step("take the lead", lambda: self._begin(number)), number)]

    def _begin(self, number: int) -> bool:
        self._take_over()
        self._taken = number
        LOG.info("this server leads (number %d)", number)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._servers.beat()
            except ZaffreError as error:
                LOG.warning("the other servers cannot see this one: %s", error.message)
            except Exception:  # this thread must outlive whatever the database answers
                LOG.exception("the other servers cannot see this one")
            self._stopping.wait(EVERY)


def _fenced(step: Step, number: int) -> Step:
    def act() -> object:
        with as_leader(number):
            return step.act()

    return replace(step, act=act)
