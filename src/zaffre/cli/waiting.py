"""Waiting at the terminal: a line that moves while something becomes ready."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from zaffre.ml.collection import BUSY, Collection

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PAUSE = 0.1


class Spinner:
    """A moving line on standard error; silent where nobody watches."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr.isatty()
        self._started = time.monotonic()
        self._frame = 0
        self._drawn = 0.0

    def __enter__(self) -> Callable[..., None]:
        return self.tick

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def tick(self, state: str = "") -> None:
        """Move on, and show the present state."""
        now = time.monotonic()
        if not self._shown or now - self._drawn < PAUSE:
            return
        self._drawn = now
        self._frame += 1
        frame = FRAMES[self._frame % len(FRAMES)]
        text = f"{frame} {self._label} {state} {now - self._started:.0f} s"
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def wait(collection: Collection[Any], made: dict[str, Any], title: str) -> dict[str, Any]:
    """Wait until something stored is ready and give it as it is then.

    Raises:
        Failed: it could not be made ready.
    """
    if made.get("provisioning_state") not in BUSY:
        return made
    with Spinner(f"The {title} `{made['name']}`:") as tick:
        ready = collection.until_ready(collection.entity(made), tick).result()
    return dict(ready.to_dict())
