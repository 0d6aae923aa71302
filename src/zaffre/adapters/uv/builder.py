"""The builder: decides which folder an environment has, and has a child fill it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from zaffre.adapters.uv.children import Children
from zaffre.adapters.uv.engines import Engines
from zaffre.adapters.uv.folder import HASH, Folder, is_hash
from zaffre.adapters.uv.interpreters import Interpreters, own
from zaffre.kinds.interpreter import Interpreter, choose, nearest
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Broken, Build, Building, Container, Ready, Retry, Stored
from zaffre.ports.clock import Clock

GENERATION = 1
"""Counts up when the same recipe would be built differently."""

ATTEMPTS = 3
"""How often a build that was killed is begun again by itself."""

_OURS = ("ZAFFRE_", "MLFLOW_")


@dataclass(frozen=True)
class BuilderSettings:
    """How to build. `strict` allows no substitute for what was asked; times are in seconds.

    `pause` is how long a failed build rests before a new job tries again; `recheck` how long what
    is known of an interpreter that is used as it is counts.
    """

    strict: bool = False
    downloads: bool = True
    timeout: float = 1800.0
    channel_timeout: float = 15.0
    pause: float = 60.0
    recheck: float = 30.0
    engine: str = "auto"


class UvBuilder:
    """Builds environments in `HOME/envs`, of which builds see no more than that.

    `environ` is what the builds run with, less what is ours; `locks` reads a lock by its digest,
    "" if there is none.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        clock: Clock,
        settings: BuilderSettings = BuilderSettings(),
        locks: Callable[[str], str] = lambda _: "",
    ) -> None:
        plain = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
        self._root = root
        self._clock = clock
        self._settings = settings
        self._locks = locks
        self._pythons = Interpreters(plain, clock)
        self._engines = Engines(plain, clock, settings.engine)
        self._children = Children(plain)
        self._boot = _boot_id()
        self._looked_back = False

    def ensure(self, recipe: Recipe, retry: Retry = Retry.NEVER) -> Build:
        """Give the environment, or begin to build it."""
        recipe = self._meant(recipe)
        hash_, pythons = self._identify(recipe)
        folder = Folder(self._root / hash_)
        record = folder.record()
        if not self._must_begin(recipe, record, retry):
            return self._answer(folder, record)
        with folder.lock() as lock:
            if lock is None:
                return Building(hash_, folder.log)
            record = folder.record()  # it may have ended before the lock was ours
            if not self._must_begin(recipe, record, retry):
                return self._answer(folder, record)
            order = self._order(hash_, recipe, pythons)
            folder.write_order(order | {"lock": self._lock_for(recipe, folder, record)})
            return self._begin(folder, record, lock)

    def look(self, recipe: Recipe) -> Build | None:
        """Say how the environment is without beginning anything."""
        hash_, _ = self._identify(self._meant(recipe))
        folder = Folder(self._root / hash_)
        record = folder.record()
        if not record or (record.get("state") == "ready" and not self._is_usable(record)):
            return None
        return self._answer(folder, record)

    def order(self, recipe: Recipe) -> dict[str, Any]:
        """Give what the builder's program needs to build the same elsewhere (`--below`)."""
        hash_, _ = self._identify(recipe)
        folder = Folder(self._root / hash_)
        return {
            "recipe": recipe.to_json(),
            "lock": self._lock_for(recipe, folder, folder.record()),
            **self._limits(),
        }

    def log(self, hash_: str, limit: int = 65536) -> str:
        """Give the end of a build's log."""
        return Folder(self._root / hash_).tail(limit) if is_hash(hash_) else ""

    def tend(self) -> Sequence[str]:
        """Begin again the builds whose builder was killed; name those that ended."""
        suspects = self._children.ended()
        if not self._looked_back:
            self._looked_back = True
            self._pythons.all()  # the first search takes a second: better here than in a request
            suspects |= {each.hash for each in self.stored()}
        for folder in (Folder(self._root / hash_) for hash_ in suspects):
            if folder.record().get("state") != "building":
                continue
            with folder.lock() as lock:
                record = folder.record()
                if (
                    lock is not None
                    and record.get("state") == "building"
                    and folder.order.exists()
                ):
                    self._begin(folder, record, lock)
        return sorted(suspects)

    def stored(self) -> Sequence[Stored]:
        """List what lies on disk."""
        if not self._root.is_dir():
            return []
        folders = [Folder(path) for path in sorted(self._root.iterdir()) if is_hash(path.name)]
        return [
            Stored(each.path.name, str(each.record().get("state", "absent")), each.used_at())
            for each in folders
        ]

    def discard(self, hash_: str) -> bool:
        """Delete an environment, unless a build holds it."""
        folder = Folder(self._root / hash_)
        if not is_hash(hash_) or not folder.path.is_dir():
            return True
        with folder.lock() as lock:
            if lock is None:
                return False
            folder.remove()
        return True

    def _meant(self, recipe: Recipe) -> Recipe:
        """Give what an image means here: itself with an engine, else what stands in for it."""
        if not recipe.image:
            return recipe
        if self._engines.find():
            return Recipe(image=recipe.image)
        return replace(recipe, image="")

    def _identify(self, recipe: Recipe) -> tuple[str, tuple[Interpreter, ...]]:
        """Give the content hash, and the Pythons to choose from, the preferred first."""
        pythons = (own(),) if choose(recipe.python, (own(),)) else self._pythons.all()
        facts = {
            "recipe": recipe.digest(),
            "platform": sysconfig.get_platform(),
            "python": _python_fact(recipe, pythons),
            "strict": self._settings.strict,
            "generation": GENERATION,
        }
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:HASH], pythons

    def _order(self, hash_: str, recipe: Recipe, pythons: Sequence[Interpreter]) -> dict[str, Any]:
        return {
            "hash": hash_,
            "recipe": recipe.to_json(),
            "pythons": [asdict(each) for each in pythons],
            **self._limits(),
            "hidden": str(self._root.parent),
            "engine": self._engines.find() if recipe.image else "",
            "wheels": str(self._root.parent / "cache" / "wheels"),
        }

    def _limits(self) -> dict[str, Any]:
        return {
            "strict": self._settings.strict,
            "downloads": self._settings.downloads,
            "timeout": self._settings.timeout,
            "channel_timeout": self._settings.channel_timeout,
        }

    def _lock_for(self, recipe: Recipe, folder: Folder, record: Mapping[str, Any]) -> str:
        """Give the text of the lock to build from: the kept one, or the last good build's own."""
        kept = dict(recipe.locks).get(sysconfig.get_platform())
        if kept:
            return self._locks(kept)
        return folder.lock_text() if record.get("state") != "failed" else ""

    def _begin(self, folder: Folder, record: dict[str, Any], lock: int) -> Build:
        """Start the child, unless it was killed too often."""
        if record.get("state") == "building" and record.get("attempts", 1) >= ATTEMPTS:
            failed = record | {
                "state": "failed",
                "error": f"The build was killed {record['attempts']} times.",
                "hint": "Perhaps memory ran out: see the build log, then build again.",
                "ended_at": self._clock.now().timestamp(),
            }
            folder.write_record(failed)
            return self._answer(folder, failed)
        self._children.start(folder, lock)
        return Building(folder.path.name, folder.log)

    def _must_begin(self, recipe: Recipe, record: dict[str, Any], retry: Retry) -> bool:
        """Say whether there is something to do, unless somebody holds the lock and does it."""
        now = self._clock.now().timestamp()
        if record.get("state") == "ready":
            known_for = now - record.get("checked_at", 0.0)
            stale = not recipe.own and not 0 <= known_for < self._settings.recheck
            return stale or not self._is_usable(record)
        if record.get("state") == "failed":
            rested = not 0 <= now - record.get("ended_at", 0.0) < self._settings.pause
            return retry is Retry.NOW or (retry is Retry.PAUSED and rested)
        return True

    def _is_usable(self, record: dict[str, Any]) -> bool:
        """Say whether a ready environment is there: its Python may be gone, its files unsaved."""
        kept = record.get("durable") or record.get("boot") == self._boot or "fingerprint" in record
        return bool(kept) and os.access(record.get("python", ""), os.X_OK)

    def _answer(self, folder: Folder, record: dict[str, Any]) -> Build:
        hash_ = folder.path.name
        if record.get("state") == "failed":
            return Broken(hash_, record.get("error", ""), folder.log, record.get("hint", ""))
        if record.get("state") != "ready":
            return Building(hash_, folder.log)
        folder.touch()
        return Ready(
            hash=_content(hash_, record),
            python=Path(record["python"]),
            bin=Path(record["bin"]),
            version=record["version"],
            venv=record["venv"],
            packages=tuple(record["packages"]),
            warnings=tuple(record["warnings"]),
            relaxed=tuple(record["relaxed"]),
            seconds=record["seconds"],
            log=folder.log,
            container=_container(record),
            bytes=record.get("bytes", 0),
            lock=folder.lock_file if folder.lock_file.exists() else None,
        )


def _python_fact(recipe: Recipe, pythons: Sequence[Interpreter]) -> str:
    """Give what of the machine's Pythons decides the content."""
    if recipe.interpreter not in ("", "current"):
        return ""  # the recipe names its path
    if not recipe.own:
        return sys.executable
    chosen = choose(recipe.python, pythons)
    return chosen.version if chosen else f"instead of it {nearest(recipe.python, pythons).version}"


def _container(record: dict[str, Any]) -> Container | None:
    return Container(record["engine"], record["image"]) if record.get("image") else None


def _content(hash_: str, record: dict[str, Any]) -> str:
    """Give what names the content; of an interpreter used as is, what is in it counts."""
    if "fingerprint" not in record:
        return hash_
    return hashlib.sha256(f"{hash_}{record['fingerprint']}".encode()).hexdigest()[:HASH]


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
