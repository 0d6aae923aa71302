"""Build the environment that a folder's order (`order.py`) asks for, and record how it went."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Any

from zaffre.runtime.builder import locking, state, walls
from zaffre.runtime.builder import order as orders
from zaffre.runtime.builder.finishing import finish
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.packages import Filled, fill
from zaffre.runtime.builder.pip_settings import uv_variables
from zaffre.runtime.builder.probe import probe
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, interpreter_in, say

VENV = "venv"


def run(folder: Path, held: int | None) -> int:
    """Build, unless it is built; 0 if the environment is ready.

    `held` is the descriptor of the lock where the caller has it already.
    """
    lock = held if held is not None else _wait_for_lock(folder)
    os.set_inheritable(lock, False)  # noqa: FBT003 - its only form
    found = orders.read(folder)
    if held is None and state.read(folder).get("state") == "ready" and found.recipe.own:
        return 0
    pid = os.getpid()  # that of the process which others see: behind walls it is another
    walls.enter(Path(found.hidden) if found.hidden else None, folder)
    return _build(folder, found, lock, pid)


def _wait_for_lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _build(folder: Path, order: Order, lock: int, pid: int) -> int:
    began = time.monotonic()
    before = state.read(folder)
    record: dict[str, Any] = {
        "state": "building",
        "hash": order.hash,
        "pid": pid,
        "attempts": int(before.get("attempts", 0)) + 1 if before.get("state") == "building" else 1,
        "started_at": time.time(),
        "boot": state.boot_id(),
    }
    state.write(folder, record)
    tool = Tool(_variables(), began + order.timeout, lock)
    try:
        facts, filled = (
            _make(tool, order, folder) if order.recipe.own else (_use(tool, order), Filled())
        )
    except BuildError as error:
        return _fail(folder, record, error, began)
    except Exception as error:  # noqa: BLE001 - the record must say that the build ended
        return _fail(
            folder,
            record,
            BuildError(f"The builder failed: {error!r}", "The build log says more."),
            began,
        )
    record |= facts | {
        "state": "ready",
        "seconds": round(time.monotonic() - began, 3),
        "checked_at": time.time(),
    }
    say(
        f"Ready after {record['seconds']:.1f} s: Python {record['version']}, "
        f"{len(record['packages'])} packages"
    )
    state.write(folder, record)
    if order.recipe.own:
        finish(tool, order, folder, record, filled)
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


def _make(tool: Tool, order: Order, folder: Path) -> tuple[dict[str, Any], Filled]:
    """Build the environment's own folder from nothing."""
    prefix = folder / VENV
    if prefix.exists():
        say("Removing what an earlier build left")
        shutil.rmtree(prefix)
    lock = order.lock if locking.usable(tool, order) else None
    filled = locking.refill(tool, order, lock, prefix) if lock else fill(tool, order, prefix)
    python = interpreter_in(prefix)
    found = probe(tool, python)
    facts = {
        "python": str(python),
        "bin": str(python.parent),
        "venv": str(prefix),
        "version": found.version,
        "packages": list(found.packages),
        "warnings": [*order.recipe.warnings, *filled.warnings],
        "relaxed": list(filled.relaxed),
    }
    return facts, filled


def _fail(folder: Path, record: dict[str, Any], error: BuildError, began: float) -> int:
    say(f"FAILED: {error.message} {error.hint}")
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / VENV, ignore_errors=True)
    record |= {
        "state": "failed",
        "error": error.message,
        "hint": error.hint,
        "seconds": round(time.monotonic() - began, 3),
        "ended_at": time.time(),
    }
    state.write(folder, record)
    return 1


def _variables() -> dict[str, str]:
    """Give the variables that uv runs with."""
    own = {
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "UV_PYTHON_DOWNLOADS": "manual",
        "UV_HTTP_RETRIES": "2",
    }
    environ = dict(os.environ)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"):
        environ.pop(name, None)
    return {**own, **uv_variables(environ), **environ}
