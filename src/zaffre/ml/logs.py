"""A job's log as it grows, over broken connections and restarts of the server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from zaffre.errors import Unavailable

if TYPE_CHECKING:
    from zaffre.ml.connection import Connection

PATIENCE = 120.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LARGEST_EVENT = 16 << 20


@dataclass(frozen=True)
class Text:
    """A piece of output; `offset` is where the next one starts."""

    offset: int
    text: str


@dataclass(frozen=True)
class Changed:
    """The job's document after a change of its state."""

    job: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The job's document at its end."""

    job: dict[str, Any]


Event = Text | Changed | Ended


def follow(
    connection: Connection,
    name: str,
    offset: int = 0,
    *,
    clock: Callable[[], float] = time.monotonic,
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Give each piece of a job's log once, until the job has ended.

    A lost connection is opened again at the offset reached, so nothing is missed or doubled.

    Raises:
        Unavailable: the server stayed away longer than the patience; the job goes on.
    """
    pause, lost, told = FIRST_PAUSE, None, False
    while True:
        try:
            for event in _events(connection, name, offset):
                pause, lost, told = FIRST_PAUSE, None, False
                if isinstance(event, Text):
                    offset = event.offset
                yield event
                if isinstance(event, Ended):
                    return
        except (httpx2.TransportError, Unavailable) as error:
            lost = lost or clock()
            if clock() - lost > patience:
                raise Unavailable(
                    f"The server is away; job `{name}` goes on without it.",
                    hint=f"Come back with `zaffre job stream -n {name}`.",
                ) from error
            if not told and not isinstance(error, httpx2.ReadTimeout):
                connection.say("The server is away; waiting for it. The job goes on.")
                told = True
            connection.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            connection.relocate()


def _events(connection: Connection, name: str, offset: int) -> Iterator[Event]:
    path = connection.path("jobs", name, "logs")
    with connection.stream(
        "GET", path, params={"offset": offset}, headers={"Accept": "text/event-stream"}
    ) as answer:
        for event in httpx2.EventSource(answer, max_event_size=LARGEST_EVENT):
            content = json.loads(event.data) if event.data else {}
            if event.event == "log":
                yield Text(content["offset"], content["text"])
            elif event.event in {"state", "job"}:
                yield Changed(content)
            elif event.event == "end":
                yield Ended(content)
                return
    raise httpx2.RemoteProtocolError("the log ended before the job")


def whole(connection: Connection, name: str, offset: int = 0) -> str:
    """Give the log as it is now."""
    return str(
        connection.call(
            "GET",
            connection.path("jobs", name, "logs"),
            params={"offset": offset, "follow": "false"},
        ).text
    )
