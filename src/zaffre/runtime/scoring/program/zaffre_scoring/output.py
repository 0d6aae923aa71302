"""Lines that the script prints, each with its time, in the deployment's log."""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from typing import Any


class TimedLines(io.TextIOWrapper):
    """A text stream that puts the time before each line; what C code writes passes it by."""

    def __init__(self, descriptor: int) -> None:
        raw = io.FileIO(descriptor, "w", closefd=False)
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
        self._fresh = True

    def write(self, text: str) -> int:
        """Write text; a line that begins here gets the time."""
        if not text:
            return 0
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime())
        body = text[:-1].replace("\n", "\n" + stamp) + text[-1]
        super().write(stamp + body if self._fresh else body)
        self._fresh = text.endswith("\n")
        return len(text)


def use_timed_lines() -> None:
    """Send `print`, warnings and logging of the script through timed streams."""
    sys.stdout = TimedLines(1)
    sys.stderr = TimedLines(2)
    level = logging.getLevelName(os.environ.get("AZUREML_LOG_LEVEL", "INFO").upper())
    level = level if isinstance(level, int) else logging.INFO
    logging.getLogger().setLevel(level)
    # Not a handler on the root logger: that would make a script's own `basicConfig` do nothing.
    logging.lastResort = logging.StreamHandler(sys.stderr)
    logging.lastResort.setLevel(level)
    logging.lastResort.setFormatter(logging.Formatter(logging.BASIC_FORMAT))


def say(message: str, **facts: Any) -> None:
    """Write a line of our own to the log."""
    more = "".join(f" {key}={value}" for key, value in facts.items())
    sys.stdout.write("[worker] " + message + more + "\n")
