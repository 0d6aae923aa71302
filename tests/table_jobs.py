"""Table jobs as real processes: an order, a small script as the model, the runner started on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
def run(frame):
    if frame["x"].isna().any():
        raise ValueError("x holds NaN")
    if (frame["x"] == 13).any():
        raise ValueError("13 is no good")
    return frame["x"].astype(float) * 2
"""


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


def run(folder: Path, document: dict[str, Any], *, check: bool = True):
    """Start the runner on an order and wait for it."""
    path = folder / "order.json"
    path.write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.runtime.tables", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def at(url: object, kind: str = "sql", **more: Any) -> dict[str, Any]:
    """Give an address."""
    return {"url": str(url), "format": kind, **more}
