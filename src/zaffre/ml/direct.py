"""Content past the server: put and got at addresses of its artifact store, where it has one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zaffre.errors import NotFound, Unavailable
from zaffre.ml.connection import http

LARGE = 1 << 20
"""Bytes from which content takes its own way; smaller content is as quick by the server."""

BATCH = 500
_CHUNK = 1 << 20
_CONNECT_SECONDS = 5.0
_SECONDS = 60.0
_REFUSED = 400


class Wire(Protocol):
    """What asking for places needs of the connection."""

    def path(self, *parts: str) -> str:
        """Give the path of something in the workspace."""

    def send(self, method: str, path: str, document: Any = None) -> Any:
        """Write a JSON document."""


@dataclass(frozen=True)
class Place:
    """An address and the headers to send to it. Its text is a right: it is never shown."""

    url: str
    headers: Mapping[str, str]


def upload_places(wire: Wire, sizes: Mapping[str, int]) -> dict[str, Place]:
    """Ask where large content can be put, by digest; what is not named goes by the server."""
    rows = [{"digest": digest, "size": size} for digest, size in sizes.items() if size >= LARGE]
    return _asked(wire, "uploads", "blobs", rows)


def download_places(wire: Wire, sizes: Mapping[str, int]) -> dict[str, Place]:
    """Ask where large content can be got, by digest; what is not named comes by the server."""
    return _asked(
        wire, "downloads", "digests", [name for name, size in sizes.items() if size >= LARGE]
    )


def _asked(wire: Wire, action: str, word: str, rows: Sequence[Any]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for start in range(0, len(rows), BATCH):
        try:
            batch = {word: rows[start : start + BATCH]}
            answer = wire.send("POST", wire.path("blobs", action), batch)
        except NotFound:  # a server of before
            return {}
        for digest, place in answer["places"].items():
            found[digest] = Place(place["url"], place["headers"])
    return found


def put(place: Place, content: Iterable[bytes]) -> None:
    """Put content at its place.

    Raises:
        Unavailable: the store cannot be reached from here, or refuses it.
    """
    headers = {**place.headers, "content-type": "application/octet-stream"}
    with _translated(), _client(place) as client:
        answer = client.put(place.url, content=content, headers=headers)
        if answer.status_code >= _REFUSED:
            raise Unavailable(f"The artifact store answers {answer.status_code}.")


def get(place: Place, take: Callable[[bytes], None]) -> None:
    """Get content from its place, piece by piece.

    Raises:
        Unavailable: the store cannot be reached from here, or does not give it.
    """
    with (
        _translated(),
        _client(place) as client,
        client.stream("GET", place.url, headers=dict(place.headers)) as body,
    ):
        if body.status_code >= _REFUSED:
            raise Unavailable(f"The artifact store answers {body.status_code}.")
        for chunk in body.iter_bytes(_CHUNK):
            take(chunk)


def _client(place: Place) -> Any:
    remote = place.url.startswith("https:")  # a proxy must not see calls to this machine
    timeout = http().Timeout(_SECONDS, connect=_CONNECT_SECONDS)
    return http().Client(timeout=timeout, verify=remote, trust_env=remote)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except http().TransportError as error:
        # The error's own text has the address.
        raise Unavailable(
            f"The artifact store cannot be reached: {type(error).__name__}."
        ) from None
