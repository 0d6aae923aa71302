"""Table jobs: an order, a small script as the model, the program run on it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from zaffre.runtime.tables import __main__ as program

SCRIPT = """
def run(frame):
    if frame["x"].isna().any():
        raise ValueError("x holds NaN")
    if (frame["x"] == 13).any():
        raise ValueError("13 is no good")
    return frame["x"].astype(float) * 2
"""


class Ended(NamedTuple):
    """How the program ended, and what it said."""

    returncode: int
    stdout: str


def order(
    folder: Path, given: dict[str, Any], wanted: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Give an order that scores `x` by doubling it."""
    script = folder / "score.py"
    script.write_text(more.pop("script", SCRIPT))
    return {
        "run": "run-1",
        "stream": "stream",
        "job": "job-1",
        "model_version": "double:1",
        "input": given,
        "output": wanted,
        "model": {"script": str(script)},
        "python": sys.executable,
        "rows": 4,
        "environment": {**os.environ, "PYTHONWARNINGS": "ignore"},
        **more,
    }


def run(folder: Path, document: dict[str, Any], *, check: bool = True) -> Ended:
    """Run the program on an order; only its scoring processes are processes of their own."""
    path = folder / "order.json"
    path.write_text(json.dumps(document))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), arguments(str(path)):
        code = program.main()
    assert code == 0 or not check, said.getvalue()
    return Ended(code, said.getvalue())


@contextlib.contextmanager
def arguments(*words: str) -> Iterator[None]:
    """Let the program see other arguments for a while."""
    before, sys.argv = sys.argv, ["tables", *words]
    try:
        yield
    finally:
        sys.argv = before


def at(url: object, kind: str = "sql", **more: Any) -> dict[str, Any]:
    """Give an address."""
    return {"url": str(url), "format": kind, **more}
