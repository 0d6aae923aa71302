"""Showing a job while it runs: plain text anywhere, a live heading in a notebook."""

from __future__ import annotations

import html
import importlib
import sys
from typing import Any, Protocol, TextIO

from zaffre.ml.job_tree import Look, in_html


class Watch(Protocol):
    """Where a job's log and states are shown."""

    def text(self, text: str) -> None:
        """Show a piece of the log."""

    def state(self, job: dict[str, Any]) -> None:
        """Show the job's present state."""

    def end(self, job: dict[str, Any]) -> None:
        """Show how the job ended."""


class Plain:
    """Log and states as lines of text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._state = ""
        self._at_start = True

    def text(self, text: str) -> None:
        """Show a piece of the log as it is."""
        self._stream.write(text)
        self._stream.flush()
        self._at_start = text.endswith("\n")

    def state(self, job: dict[str, Any]) -> None:
        """Show a new state on a line of its own."""
        if job["status"] != self._state:
            self._state = job["status"]
            self._line(f"[{job['name']}] {self._state}")

    def end(self, job: dict[str, Any]) -> None:
        """Show the last state."""
        self.state(job)

    def _line(self, text: str) -> None:
        if not self._at_start:
            self._stream.write("\n")
        self._stream.write(f"{text}\n")
        self._stream.flush()
        self._at_start = True


class Notebook:
    """The log as text, under a heading that follows the states of the job and its parts."""

    def __init__(self, stream: TextIO, look: Look) -> None:
        self._stream = stream
        self._look = look
        self._display = importlib.import_module("IPython.display")
        self._heading: Any = None

    def text(self, text: str) -> None:
        """Show a piece of the log as it is."""
        self._stream.write(text)
        self._stream.flush()

    def state(self, job: dict[str, Any]) -> None:
        """Show the state in the heading, and those of steps or trials below it."""
        shown = self._display.HTML(
            f"<b>{html.escape(str(job.get('display_name') or job['name']))}</b> "
            f"<code>{html.escape(job['name'])}</code>: <b>{html.escape(job['status'])}</b>"
            + in_html(job, self._look)
        )
        if self._heading is None:
            self._heading = self._display.display(shown, display_id=True)
        else:
            self._heading.update(shown)

    def end(self, job: dict[str, Any]) -> None:
        """Show the last state in the heading."""
        self.state(job)


def watch(stream: TextIO, look: Look) -> Watch:
    """Give the view that fits where this runs; `look` fetches the jobs that a job is made of."""
    return Notebook(stream, look) if in_notebook() else Plain(stream)


def in_notebook() -> bool:
    """Say whether this runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
