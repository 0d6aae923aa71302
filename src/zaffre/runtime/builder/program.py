"""Build the environment that a folder's order (`order.py`) asks for, and record how it went."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaffre.runtime.builder import images, locking, state, walls
from zaffre.runtime.builder import order as orders
from zaffre.runtime.builder.finishing import finish
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.packages import Filled, fill
from zaffre.runtime.builder.pip_settings import build_variables
from zaffre.runtime.builder.probe import known, probe
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, interpreter_in, say
from zaffre.runtime.builder.venv import WHEELS_ONLY

VENV = "venv"


@dataclass(frozen=True)
class Made:
    """An environment that was made: what its record says, and what its lock needs."""

    facts: dict[str, Any]
    filled: Filled


def main(arguments: Sequence[str]) -> int:
    """Build in the folder given; the lock comes open as the descriptor after `--lock`."""
    at = arguments.index("--lock") + 1 if "--lock" in arguments else 0
    return run(Path(arguments[0]).resolve(), int(arguments[at]) if at else None)


def run(folder: Path, held: int | None) -> int:
    """Build, unless it is built; 0 if the environment is ready.

    `held` is the descriptor of the lock where the caller has it already.
    """
    lock = held if held is not None else _wait_for_lock(folder)
    os.set_inheritable(lock, False)  # noqa: FBT003 - its only form
    found = orders.read(folder)
    if held is None and state.read(folder).get("state") == "ready" and found.recipe.own:
        return 0
    record = _begun(folder, found)
    if _may_be_quick(found):
        tool = Tool(
            build_variables(os.environ, found.wheels), time.monotonic() + found.timeout, lock
        )
        ready = _attempt(tool, found, folder, wheels_only=True)
        if isinstance(ready, Made):
            return _conclude(tool, found, folder, record, ready)
        say("Not to be had as ready-made wheels alone: trying again behind walls")
    if not found.engine:
        walls.enter(Path(found.hidden) if found.hidden else None, folder)
    tool = Tool(build_variables(os.environ), time.monotonic() + found.timeout, lock)
    made = _attempt(tool, found, folder)
    if isinstance(made, Made):
        return _conclude(tool, found, folder, record, made)
    return _fail(folder, record, made)


def _may_be_quick(order: Order) -> bool:
    """Say whether to try with wheels alone first: they run no code of theirs when installed.

    So no walls are needed, and files can be linked from the cache instead of copied.
    """
    made_by_uv = order.recipe.own and not order.recipe.conda and not order.engine
    return made_by_uv and bool(order.wheels)


def _begun(folder: Path, order: Order) -> dict[str, Any]:
    """Record that the build has begun."""
    before = state.read(folder)
    record: dict[str, Any] = {
        "state": "building",
        "hash": order.hash,
        "pid": os.getpid(),  # as others see it: behind walls it is another
        "attempts": int(before.get("attempts", 0)) + 1 if before.get("state") == "building" else 1,
        "started_at": time.time(),
        "boot": state.boot_id(),
    }
    state.write(folder, record)
    return record


def _wait_for_lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _attempt(
    tool: Tool, order: Order, folder: Path, *, wheels_only: bool = False
) -> Made | BuildError:
    """Build, or give the reason why that cannot be done."""
    try:
        if order.engine:
            return Made(images.fetch(tool, order), Filled())
        if not order.recipe.own:
            return Made(_use(tool, order), Filled())
        return _make(tool, order, folder, wheels_only=wheels_only)
    except BuildError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the record must say that the build ended
        return BuildError(f"The builder failed: {error!r}", "The build log says more.")


def _conclude(tool: Tool, order: Order, folder: Path, record: dict[str, Any], made: Made) -> int:
    """Record that the environment is ready; then do what nobody waits for."""
    now = time.time()
    record |= made.facts | {
        "state": "ready",
        "seconds": round(now - record["started_at"], 3),
        "checked_at": now,
    }
    what = f"Python {record['version']}, {len(record['packages'])} packages"
    say(f"Ready after {record['seconds']:.1f} s: {record.get('image') or what}")
    state.write(folder, record)
    if order.recipe.own and not order.engine:
        finish(tool, order, folder, record, made.filled)
    return 0


def _use(tool: Tool, order: Order) -> dict[str, Any]:
    """Look at an interpreter that is used as it is."""
    named = order.recipe.interpreter
    python = Path(order.pythons[0].path if named == "current" else named)
    facts = probe(tool, python)
    return {
        "python": str(python),
        "bin": str(python.parent),
        "venv": facts.prefix if facts.venv else "",
        "version": facts.version,
        "packages": list(facts.packages),
        "fingerprint": facts.fingerprint,
        "warnings": list(order.recipe.warnings),
        "relaxed": [],
    }


def _make(tool: Tool, order: Order, folder: Path, *, wheels_only: bool) -> Made:
    """Build the environment's own folder from nothing."""
    prefix = folder / VENV
    if prefix.exists():
        say("Removing what an earlier build left")
        shutil.rmtree(prefix)
    lock = order.lock if locking.usable(tool, order) else None
    only = WHEELS_ONLY if wheels_only else ()
    filled = (
        locking.refill(tool, order, lock, prefix, only)
        if lock
        else fill(tool, order, prefix, only)
    )
    python = interpreter_in(prefix)
    found = known(prefix, filled.version) if filled.version else probe(tool, python)
    facts = {
        "python": str(python),
        "bin": str(python.parent),
        "venv": str(prefix),
        "version": found.version,
        "packages": list(found.packages),
        "warnings": [*order.recipe.warnings, *filled.warnings],
        "relaxed": list(filled.relaxed),
    }
    return Made(facts, filled)


def _fail(folder: Path, record: dict[str, Any], error: BuildError) -> int:
    say(f"FAILED: {error.message} {error.hint}")
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / VENV, ignore_errors=True)
    record |= {
        "state": "failed",
        "error": error.message,
        "hint": error.hint,
        "seconds": round(time.time() - record["started_at"], 3),
        "ended_at": time.time(),
    }
    state.write(folder, record)
    return 1
