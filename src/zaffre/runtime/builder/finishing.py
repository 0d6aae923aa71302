"""After an environment is ready: its lock, its bytecode, its size; it is in use by now."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from zaffre.runtime.builder import locking, state
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.packages import Filled
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, interpreter_in, say


def finish(tool: Tool, order: Order, folder: Path, record: dict[str, Any], filled: Filled) -> None:
    """Do, at low priority, what nobody waits for, and record that it is done and on disk."""
    os.nice(19)
    prefix = Path(record["venv"])
    try:
        _lock(tool, order, folder, prefix, filled, record["version"])
    except BuildError as error:
        say(f"No lock was made: {error.message}")
    with contextlib.suppress(BuildError):
        options = ("--quiet", "--offline", "--compile-bytecode")
        tool.run("pip", "install", *options, "--python", str(interpreter_in(prefix)), "pip")
    os.sync()
    state.write(folder, record | {"durable": True, "bytes": _bytes_of(prefix)})


def _lock(
    tool: Tool, order: Order, folder: Path, prefix: Path, filled: Filled, python: str
) -> None:
    made = locking.take(tool, order, prefix, filled, python)
    part = folder / f"{locking.FILE}.part"
    part.write_text(made.to_text(), encoding="utf-8")
    part.replace(folder / locking.FILE)


def _bytes_of(folder: Path) -> int:
    """Give what the files of a folder hold together, each counted once."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found = os.lstat(os.path.join(parent, name))  # noqa: PTH118 - thousands of files
                seen[found.st_dev, found.st_ino] = found.st_size
    return sum(seen.values())
