"""Log metrics, params, tags and artifacts from inside a job: microseconds a call.

A call appends to the job's journal. This file imports the standard library only and runs on every
Python since 3.8, for it is also what a job finds whose environment has no zaffre. Outside a job,
where there is no journal, the calls do nothing but check their arguments.

One line of the journal is one JSON array: `["m", key, value, timestamp_ms, step]`,
`["p", key, value]`, `["t", key, value]`. Numbers that JSON has no word for are the texts "NaN",
"Infinity", "-Infinity".
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Mapping
from json import dumps
from typing import Any

__all__ = [
    "in_job",
    "log_artifact",
    "log_artifacts",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "set_tag",
    "set_tags",
]

_ODD = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
_KNOWN_KEYS = 10_000
_LONGEST_KEY = 250
_FLAGS = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


def _check_key(key: Any) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        what = f"a text of 1 to {_LONGEST_KEY} characters"
        raise ValueError(f"A key is {what}, not {key!r}.")


class _Journal:
    """The open journal; one write a line, so that threads and processes never mix theirs."""

    def __init__(self) -> None:
        self.path = os.environ.get("ZAFFRE_JOURNAL", "")
        self.file = -1
        self.torn = False
        self.lock = threading.Lock()
        self.keys: dict[str, str] = {}

    def key(self, key: str) -> str:
        """Give a key as JSON."""
        try:
            return self.keys[key]
        except KeyError:
            _check_key(key)
            if len(self.keys) > _KNOWN_KEYS:
                self.keys.clear()
            text = self.keys[key] = dumps(key)
            return text

    def append(self, text: str) -> None:
        """Add whole lines."""
        if self.file < 0 and not self._open():
            return
        data = text.encode()
        if self.torn or os.write(self.file, data) != len(data):
            self._mend(data)

    def _open(self) -> bool:
        if not self.path:
            return False
        with self.lock:
            if self.file < 0:
                self.file = os.open(self.path, _FLAGS)
        return True

    def _mend(self, data: bytes) -> None:
        """A line was cut (the disk was full): end it, so that it spoils no other, and add this."""
        with self.lock:
            self.torn = True
            if os.write(self.file, b"\n" + data) != len(data) + 1:
                raise OSError("The journal cannot be written: is the disk full?")
            self.torn = False


_journal = _Journal()


def in_job() -> bool:
    """Say whether this process runs inside a job."""
    return bool(_journal.path)


def log_metric(key: str, value: float, step: int = 0) -> None:
    """Record one value of a metric."""
    number = repr(float(value))
    number = _ODD.get(number, number)
    _journal.append(f'["m",{_journal.key(key)},{number},{int(time.time() * 1000)},{int(step)}]\n')


def log_metrics(metrics: Mapping[str, float], step: int = 0) -> None:
    """Record one value of each of several metrics."""
    now = int(time.time() * 1000)
    step = int(step)
    lines = []
    for key, value in metrics.items():
        number = repr(float(value))
        lines.append(f'["m",{_journal.key(key)},{_ODD.get(number, number)},{now},{step}]\n')
    if lines:
        _journal.append("".join(lines))


def log_param(key: str, value: Any) -> None:
    """Record a parameter; it keeps its first value."""
    _journal.append(f'["p",{_journal.key(key)},{dumps(str(value))}]\n')


def log_params(params: Mapping[str, Any]) -> None:
    """Record several parameters."""
    for key, value in params.items():
        log_param(key, value)


def set_tag(key: str, value: Any) -> None:
    """Set a tag of the run."""
    _journal.append(f'["t",{_journal.key(key)},{dumps(str(value))}]\n')


def set_tags(tags: Mapping[str, Any]) -> None:
    """Set several tags of the run."""
    for key, value in tags.items():
        set_tag(key, value)


def log_artifact(local_path: str, artifact_path: str = "") -> None:
    """Keep a copy of a file as an artifact of the run; all see it when the job has ended."""
    target = _artifact_folder(artifact_path)
    if target:
        shutil.copy2(local_path, os.path.join(target, os.path.basename(os.fspath(local_path))))


def log_artifacts(local_dir: str, artifact_path: str = "") -> None:
    """Keep a copy of all files of a folder as artifacts of the run."""
    target = _artifact_folder(artifact_path)
    if target:
        shutil.copytree(local_dir, target, dirs_exist_ok=True)


def _artifact_folder(inside: str) -> str:
    top = os.environ.get("ZAFFRE_ARTIFACTS", "")
    parts = [part for part in (inside or "").split("/") if part and part != "."]
    if ".." in parts:
        raise ValueError(f"`{inside}` leads out of the run's artifacts.")
    if not top:
        return ""
    target = os.path.join(top, *parts)
    os.makedirs(target, exist_ok=True)
    return target
