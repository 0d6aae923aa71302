"""The builder socket: turns recipes into interpreters, each built once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from zaffre.kinds.recipe import Recipe


class Retry(StrEnum):
    """What to do about a build that failed before."""

    NEVER = "never"  # report it: loops that only wait
    PAUSED = "paused"  # try again if it failed some time ago: the first look of a new job
    NOW = "now"  # try again: a person asked


@dataclass(frozen=True)
class Container:
    """An image on this machine, by its digest, and the program that runs it."""

    engine: str
    image: str


@dataclass(frozen=True)
class Ready:
    """A usable interpreter. `bin` goes first in PATH; `venv` is VIRTUAL_ENV, if any.

    Where `container` is given, it is used in place of an interpreter. `bytes` and the file `lock`
    (what it was made of) are known soon after it is ready.
    """

    hash: str
    python: Path
    bin: Path
    version: str = ""
    venv: str = ""
    packages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()
    seconds: float = 0.0
    log: Path | None = None
    container: Container | None = None
    bytes: int = field(default=0, compare=False)
    lock: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Building:
    """A build is under way; its log grows."""

    hash: str
    log: Path


@dataclass(frozen=True)
class Broken:
    """The last build failed: which package, and what to do, are in `error` and `hint`."""

    hash: str
    error: str
    log: Path
    hint: str = ""


Build = Ready | Building | Broken


@dataclass(frozen=True)
class Stored:
    """A built (or half-built) environment on disk; `used_at` in unix seconds."""

    hash: str
    state: str
    used_at: float


class Builder(Protocol):
    """Builds environments, one for each recipe. Safe across threads and processes."""

    def ensure(self, recipe: Recipe, retry: Retry = Retry.NEVER) -> Build:
        """Give the environment, or begin to build it; never waits, may be called often."""

    def look(self, recipe: Recipe) -> Build | None:
        """Say how the environment is, beginning nothing; None if it was never asked for."""

    def order(self, recipe: Recipe) -> dict[str, Any]:
        """Give, as JSON, what another machine needs to build the same for itself."""

    def log(self, hash_: str, limit: int = 65536) -> str:
        """Give the end of a build's log, at most `limit` bytes; empty if there is none."""

    def tend(self) -> Sequence[str]:
        """Begin again builds whose builder was killed; give the hashes of those that ended.

        Each is given once, and all of them the first time. Cheap: to be called often.
        """

    def stored(self) -> Sequence[Stored]:
        """List what lies on disk."""

    def discard(self, hash_: str) -> bool:
        """Delete an environment; False if a build holds it. Nothing happens if it is not there."""
