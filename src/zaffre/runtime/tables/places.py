"""Folders, here or in an object store: list, read at random, write wholly or not at all."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from zaffre.runtime.tables.databases import shown
from zaffre.runtime.tables.order import Address, Refused

CLOUD = ("s3", "s3a", "gs", "az", "abfs", "abfss", "wasb", "wasbs")


class Entry(NamedTuple):
    """A file: its path in the place, its size, and what changes when its content does."""

    path: str
    size: int
    stamp: str


class Place(Protocol):
    """A folder."""

    def entries(self) -> list[Entry]:
        """List all files below, by name; those in folders named `_...` or `....` are not data."""

    def open(self, path: str) -> Any:
        """Open a file for reading at random."""

    def read(self, path: str) -> bytes | None:
        """Give the content of a file; None without one."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file so that it is there wholly or not at all, and stays."""


def place_of(address: Address) -> Place:
    """Give the place that an address means.

    Raises:
        Refused: it is none, or what it needs is not installed.
    """
    scheme = urlsplit(address.url).scheme
    if scheme in ("", "file"):
        path = unquote(urlsplit(address.url).path) if scheme else address.url
        return Folder(Path(path))
    if scheme not in CLOUD:
        raise Refused(f"`{shown(address.url)}` is no folder that tables can be in.")
    return Bucket(address)


def is_data(path: str) -> bool:
    """Say whether a path is data: no part of it begins with `_` or `.`."""
    return not any(part.startswith(("_", ".")) for part in path.split("/"))


class Folder:
    """A folder of this machine, or a single file in one."""

    def __init__(self, path: Path) -> None:
        self._single = path.name if path.is_file() else ""
        self._root = path.parent if self._single else path

    def entries(self) -> list[Entry]:
        """Walk the folder."""
        if self._single:
            return [self._entry(self._root / self._single)]
        found = [
            self._entry(Path(top) / name)
            for top, _, names in os.walk(self._root)
            for name in names
        ]
        return sorted(one for one in found if is_data(one.path))

    def _entry(self, path: Path) -> Entry:
        facts = path.stat()
        return Entry(
            path.relative_to(self._root).as_posix(), facts.st_size, str(facts.st_mtime_ns)
        )

    def open(self, path: str) -> Any:
        """Open a file; it is mapped rather than read."""
        return importlib.import_module("pyarrow").memory_map(str(self._root / path))

    def read(self, path: str) -> bytes | None:
        """Read a file."""
        with contextlib.suppress(FileNotFoundError):
            return (self._root / path).read_bytes()
        return None

    def write(self, path: str, content: bytes) -> None:
        """Write beside, sync, and rename."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        with made.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        made.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Bucket:
    """A folder in S3, Azure Blob Storage or Google Cloud Storage."""

    def __init__(self, address: Address) -> None:
        try:
            self._obstore = importlib.import_module("obstore")
            store = importlib.import_module("obstore.store")
        except ImportError:
            raise Refused(
                "Object stores need obstore. Install it with: pip install 'zaffre[tables]'"
            ) from None
        self._errors = importlib.import_module("obstore.exceptions").BaseError
        url = address.url.rstrip("/")
        self._single = url.rpartition("/")[2] if _names_file(url) else ""
        root = url.rpartition("/")[0] if self._single else url
        try:
            self._store = store.from_url(
                root, config=dict(address.options), client_options=_client(address)
            )
        except (self._errors, ValueError) as error:
            raise Refused(f"`{shown(url)}` cannot be reached: {first_line(error)}") from None

    def entries(self) -> list[Entry]:
        """List the objects."""
        try:
            found = [one for batch in self._obstore.list(self._store) for one in batch]
        except self._errors as error:
            raise Refused(f"The input cannot be listed: {first_line(error)}") from None
        kept = [
            Entry(one["path"], one["size"], str(one["e_tag"] or one["last_modified"]))
            for one in found
            if (one["path"] == self._single if self._single else is_data(one["path"]))
        ]
        return sorted(kept)

    def open(self, path: str) -> Any:
        """Open an object; parts of it are asked for as they are needed."""
        return _Reader(self._obstore.open_reader(self._store, path))

    def read(self, path: str) -> bytes | None:
        """Get an object."""
        with contextlib.suppress(FileNotFoundError):
            return bytes(self._obstore.get(self._store, path).bytes())
        return None

    def write(self, path: str, content: bytes) -> None:
        """Put an object: it is there when all of it is."""
        try:
            self._obstore.put(self._store, path, content)
        except self._errors as error:
            raise Refused(f"`{path}` cannot be written: {first_line(error)}") from None


def _names_file(url: str) -> bool:
    return urlsplit(url).path.lower().endswith((".parquet", ".csv", ".jsonl", ".json", ".tsv"))


def _client(address: Address) -> dict[str, Any]:
    endpoint = address.options.get("endpoint") or address.options.get("aws_endpoint") or ""
    return {"allow_http": True} if endpoint.startswith("http://") else {}


def first_line(error: Exception) -> str:
    """Give what an error says first: what follows may be all that the library knows."""
    return str(error).strip().partition("\n")[0][:300]


class _Reader:
    """An object as a file that Arrow reads from."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Read from where we are."""
        return bytes(self._file.read(size if size >= 0 else self._file.size - self._file.tell()))

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return int(self._file.seek(place, whence))

    def tell(self) -> int:
        """Say where we are."""
        return int(self._file.tell())

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read at random."""
        return True

    def writable(self) -> bool:
        """It cannot be written."""
        return False

    def close(self) -> None:
        """Let go of it."""
        self.closed = True
