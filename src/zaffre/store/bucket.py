"""A folder in an object store (S3, Azure Blob Storage, Google Cloud Storage), by obstore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from zaffre.errors import Invalid, Unavailable
from zaffre.kinds.digest import hex_of

PART = 16 * 2**20
"""Bytes of one request: larger objects go and come in parts."""

COPIED = 5 * 2**30
"""Bytes up to which a store copies an object by itself."""

_PARTS_AT_ONCE = 4
_RETRIES: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=30)}
_CLIENT: Any = {"connect_timeout": "5s", "timeout": "60s"}
_PLAIN: Any = {**_CLIENT, "allow_http": True}
_SIGNING = ("S3Store", "AzureStore", "GCSStore")


@dataclass(frozen=True)
class Found:
    """What a store tells of an object."""

    path: str
    size: int
    stored: datetime


class Bucket:
    """Objects under one address. All of it may be called from any thread.

    `options` are the store's own settings, in the words of obstore; what is not among them comes
    from the usual variables of each cloud.
    """

    def __init__(self, url: str, options: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        given: Any = dict(options or {})
        plain = str(given.get("endpoint", "")).startswith("http://")
        try:
            self._store: Any = from_url(
                self.url,
                config=given,
                client_options=_PLAIN if plain else _CLIENT,
                retry_config=_RETRIES,
            )
        except (BaseError, ValueError) as error:
            raise Invalid(
                f"`{self.url}` is no place for artifacts: {first_line(error)}",
                hint="Write it as s3://bucket/folder, az://container/folder or gs://bucket/folder.",
            ) from None

    @classmethod
    def around(cls, store: Any) -> Bucket:
        """Give a bucket around a store of obstore's."""
        made = cls.__new__(cls)
        made.url, made._store = type(store).__name__, store  # noqa: SLF001 - of this class
        return made

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except BaseError as error:
            raise Unavailable(
                f"The artifact store {self.url} cannot be used at the moment: {first_line(error)}",
                hint="See whether it runs and what the credentials may do; then try again.",
            ) from error

    def head(self, path: str) -> Found | None:
        """Look at an object; None without one."""
        with self._asked():
            try:
                return _found(obstore.head(self._store, path))
            except FileNotFoundError:
                return None

    def put(self, path: str, content: bytes) -> None:
        """Write a small object."""
        with self._asked():
            obstore.put(self._store, path, content, use_multipart=False)

    def send(self, path: str, source: Path) -> None:
        """Write an object from a file: large ones in parts, visible when all of them are there."""
        with self._asked():
            obstore.put(self._store, path, source, chunk_size=PART, max_concurrency=_PARTS_AT_ONCE)

    def pieces(self, path: str, size: int) -> Iterator[bytes]:
        """Read an object part by part.

        Raises:
            FileNotFoundError: there is none (any more).
        """
        for start in range(0, size, PART):
            with self._asked():
                length = min(PART, size - start)
                part = obstore.get_range(self._store, path, start=start, length=length)
            yield bytes(part)

    def move(self, found: Found, path: str) -> None:
        """Give an object another path, through this process where it is very large.

        Raises:
            FileNotFoundError: there is none (any more).
        """
        with self._asked():
            if found.size <= COPIED:
                obstore.copy(self._store, found.path, path)
            else:
                content = self.pieces(found.path, found.size)
                obstore.put(self._store, path, content, chunk_size=4 * PART)
        self.delete(found.path)

    def delete(self, path: str) -> None:
        """Delete an object, or do nothing without one."""
        with self._asked():
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    def walk(self, folder: str) -> Iterator[Found]:
        """List the objects below a folder."""
        with self._asked():
            for batch in obstore.list(self._store, folder):
                yield from map(_found, batch)

    def sign(self, method: Any, path: str, lasts: timedelta) -> str | None:
        """Give an address that does one thing with one object, or None where none can be made."""
        if type(self._store).__name__ not in _SIGNING:
            return None
        try:
            return obstore.sign(self._store, method, path, lasts)
        except (BaseError, ValueError):
            return None  # these credentials cannot sign


def blob_key(digest: str) -> str:
    """Give where content lies in a bucket."""
    digits = hex_of(digest)
    return f"blobs/{digits[:2]}/{digits}"


def first_line(error: Exception) -> str:
    """Give what an error says first: what follows may be all that the library knows."""
    return str(error).strip().partition("\n")[0][:300]


def _found(meta: Any) -> Found:
    return Found(meta["path"], meta["size"], meta["last_modified"])
