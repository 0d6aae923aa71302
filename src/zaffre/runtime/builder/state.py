"""The build's record on disk: `state.json`, replaced whole at each change."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

STATE = "state.json"


class BuildError(Exception):
    """The environment cannot be built; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read(folder: Path) -> dict[str, Any]:
    """Give the record, empty if there is none that can be read."""
    try:
        found = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(folder: Path, record: dict[str, Any]) -> None:
    """Replace the record: a reader sees the old one or the new one.

    One that says nothing durable may be lost with the power: then the environment is built again.
    """
    lasting = bool(record.get("durable")) or record["state"] == "failed"
    part = folder / f"{STATE}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(record, file)
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    part.replace(folder / STATE)
    if lasting:
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_usable(record: dict[str, Any]) -> bool:
    """Say whether a ready environment is there: its Python may be gone, its files unsaved."""
    kept = record.get("durable") or record.get("boot") == boot_id() or "fingerprint" in record
    there = os.access(record.get("python", ""), os.X_OK)
    return record.get("state") == "ready" and bool(kept) and there


def boot_id() -> str:
    """Give the id of this boot of the machine, "" where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
