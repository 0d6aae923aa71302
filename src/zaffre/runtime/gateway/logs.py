"""The deployments' logs: what a worker said last, and how large a log may grow."""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path

LIMIT = 64 << 20
LAST_LINES = 20
LAST_BYTES = 4000
MOST_EVENTS = 20


def size_of(path: str | None) -> int:
    """Give how long a log is; a missing one is empty."""
    try:
        return Path(path).stat().st_size if path else 0
    except OSError:
        return 0


def note(path: str | None, text: str) -> None:
    """Write a line of the gateway's own among those of the workers."""
    if path is None:
        return
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{at} {text}\n")
    except OSError:
        return  # a full disk must not end the service


class Events:
    """What happened to a revision's workers: the last of it, newest first; its log has all."""

    def __init__(self) -> None:
        self.kept: deque[dict[str, str]] = deque(maxlen=MOST_EVENTS)

    def add(self, log: str | None, text: str) -> None:
        """Note something that happened now."""
        note(log, text)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.kept.appendleft({"at": at, "what": text})


def last_lines(path: str | None, since: int) -> str:
    """Give the last lines that were written from a place on, without what moves a cursor."""
    size = size_of(path)
    if path is None or not size:
        return ""
    start = since if since <= size else 0  # it was cut meanwhile
    try:
        with Path(path).open("rb") as file:
            file.seek(max(start, size - LAST_BYTES))
            text = file.read(LAST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    lines = text.splitlines()[-LAST_LINES:]
    return "\n".join("".join(filter(_is_shown, line)).rstrip() for line in lines)


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or letter == "\t"


def cap(path: Path) -> None:
    """Copy a log that grew too large aside and empty it; its writers append: they go on."""
    try:
        if path.stat().st_size > LIMIT:
            older_path = path.with_name(f"{path.name}.1")
            with path.open("rb") as log, older_path.open("wb") as older:
                log.seek(-LIMIT, os.SEEK_END)
                os.sendfile(older.fileno(), log.fileno(), log.tell(), LIMIT)
            os.truncate(path, 0)
    except OSError:
        return
