"""Fetching files: each checked against its digest and visible only when complete."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from zaffre.errors import Failed, Invalid, Unavailable
from zaffre.ml import direct

if TYPE_CHECKING:
    from zaffre.ml.connection import Connection

CHUNK = 1 << 20
TREE = "azureml://trees/"


@dataclass(frozen=True)
class File:
    """A file of a tree."""

    path: str
    digest: str
    size: int
    mode: int = 0o644


def tree_of(reference: str) -> tuple[str, str]:
    """Split `azureml://trees/sha256:…/file` into digest and path ("" for the whole tree)."""
    digest, _, path = reference.removeprefix(TREE).partition("/")
    return digest, path


def tree_files(connection: Connection, digest: str, below: str = "") -> list[File]:
    """List the files of a stored tree, or those at or under a path in it."""
    manifest = connection.get(connection.path("trees", digest))
    files = [File(*row) for row in manifest["files"]]
    return [
        file
        for file in files
        if not below or file.path == below or file.path.startswith(f"{below}/")
    ]


def fetch(
    connection: Connection,
    files: Iterable[File],
    folder: Path,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Path]:
    """Bring files into a folder and give their places.

    Raises:
        Failed: the content that came is not what its digest says.
    """
    wanted = list(files)
    places = direct.download_places(connection, {file.digest: file.size for file in wanted})
    return [
        _fetch(
            _Source(connection, file.digest, places.get(file.digest)),
            file,
            inside(folder, file.path),
            advance,
        )
        for file in wanted
    ]


def inside(folder: Path, path: str) -> Path:
    """Give the place of a tree's path in a folder.

    Raises:
        Invalid: the path would lead out of it.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise Invalid(f"`{path}` is no path inside a folder.")
    return folder.joinpath(*parts)


class _Landing:
    """A file being written, and the digest of what it has got."""

    def __init__(self, target: BinaryIO, advance: Callable[[int], None]) -> None:
        self._target = target
        self._advance = advance
        self._seen = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Give the digest of all that came."""
        return f"sha256:{self._seen.hexdigest()}"

    def take(self, chunk: bytes) -> None:
        """Write the next bytes."""
        self._target.write(chunk)
        self._seen.update(chunk)
        self._advance(len(chunk))

    def again(self) -> None:
        """Forget what came."""
        self._advance(-self._target.tell())
        self._target.seek(0)
        self._target.truncate()
        self._seen = hashlib.sha256()


@dataclass(frozen=True)
class _Source:
    """Where a file comes from: its own place if it has one that works, else the server."""

    connection: Connection
    digest: str
    place: direct.Place | None

    def read(self, take: Callable[[bytes], None], again: Callable[[], None]) -> None:
        """Give the content piece by piece; `again` says that it begins anew."""
        if self.place is not None:
            try:
                direct.get(self.place, take)
            except Unavailable:
                again()
            else:
                return
        path = self.connection.path("blobs", self.digest)
        with self.connection.stream("GET", path) as body:
            for chunk in body.iter_bytes(CHUNK):
                take(chunk)


def _fetch(source: _Source, file: File, place: Path, advance: Callable[[int], None]) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            landing = _Landing(target, advance)
            source.read(landing.take, landing.again)
        if landing.digest != file.digest:
            raise Failed(
                f"`{file.path}` arrived damaged: its content is not what its digest says."
            )
        Path(temporary).chmod(file.mode & 0o755)
        Path(temporary).replace(place)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return place


def artifact_files(entries: Iterable[dict[str, Any]]) -> list[File]:
    """Give the files of a run's artifact list."""
    return [File(entry["path"], entry["digest"], entry["size"]) for entry in entries]
