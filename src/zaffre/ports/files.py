"""The files socket: mutable folders of artifacts, each file a path to content by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zaffre.ports.artifacts import Blob


@dataclass(frozen=True)
class File:
    """One file of an owner: its path, what it holds, and its mode (420 or 493)."""

    path: str
    digest: str
    size: int
    mode: int = 420


@dataclass(frozen=True)
class Entry:
    """One name in a folder: a file, or a folder (then `file` is None)."""

    path: str
    file: File | None = None

    @property
    def cursor(self) -> str:
        """Give what to list on after."""
        return self.path if self.file else f"{self.path}/"


class FileStore(Protocol):
    """Keeps which files each owner has. Owners are texts such as `run:default/1f2e`.

    Paths follow the one grammar of paths; nothing is a file and a folder at once.
    """

    def put(self, owner: str, files: Sequence[File]) -> None:
        """Add files or replace them, all or none, durably; doing it again is harmless.

        Raises:
            Conflict: a path is a folder already, or lies below a file.
        """

    def link(self, owners: Mapping[str, str]) -> None:
        """Give owners all files that others have, by owner, all or none; again is harmless."""

    def get(self, owner: str, path: str) -> File | None:
        """Give one file, or None."""

    def browse(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[File]:
        """List the files below a folder at any depth, by path, those after a path only."""

    def entries(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[Entry]:
        """List the names right in a folder, by path, those after an entry's cursor only."""

    def remove(self, owner: str, path: str = "") -> int:
        """Take out a file, all below a folder, or (path "") all; say how many files it were."""

    def contents(self) -> Iterator[Blob]:
        """List the content that any file refers to, by digest, with the size that it has."""
