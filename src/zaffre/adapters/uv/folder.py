"""An environment's folder: its record, its lock and its log."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HASH = 32
"""How many hex digits name a folder."""


@dataclass(frozen=True)
class Folder:
    """One environment on disk. The child writes the record; who holds the lock may build."""

    path: Path

    @property
    def log(self) -> Path:
        """Give the build log."""
        return self.path / "build.log"

    @property
    def order(self) -> Path:
        """Give what the child is asked to build."""
        return self.path / "recipe.json"

    @property
    def lock_file(self) -> Path:
        """Give what the environment was made of, exactly; there when its build has ended."""
        return self.path / "lock.json"

    def lock_text(self) -> str:
        """Give the text of its lock, empty if there is none."""
        try:
            return self.lock_file.read_text(encoding="utf-8")
        except OSError:
            return ""

    def record(self) -> dict[str, Any]:
        """Give the record, empty if there is none."""
        try:
            found = json.loads((self.path / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Replace the record."""
        _replace(self.path / "state.json", json.dumps(record))

    def write_order(self, order: Mapping[str, Any]) -> None:
        """Replace the order."""
        _replace(self.order, json.dumps(order))

    @contextlib.contextmanager
    def lock(self) -> Iterator[int | None]:
        """Hold the lock, without waiting for it: None if a build has it.

        A child that inherits the descriptor goes on holding it.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def tail(self, limit: int) -> str:
        """Give the end of the log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - limit))
                return file.read(limit).decode(errors="replace")
        except OSError:
            return ""

    def touch(self) -> None:
        """Remember that the environment is in use."""
        with contextlib.suppress(OSError):
            os.utime(self.order)

    def used_at(self) -> float:
        """Give the time of its last use, 0 if it was never used."""
        try:
            return self.order.stat().st_mtime
        except OSError:
            return 0.0

    def remove(self) -> None:
        """Delete it; the record goes first, so that nobody takes half of it for whole."""
        (self.path / "state.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def is_hash(name: str) -> bool:
    """Say whether a name is that of an environment's folder."""
    return len(name) == HASH and all(character in "0123456789abcdef" for character in name)


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
