"""The benchmarks run: small sizes, and only that they measure, not what."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_benchmarks_write_their_figures():
    names = ("native_logging", "submit")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        told = json.loads((ROOT / "build" / "bench" / "quick" / f"{name}.json").read_text())
        assert told["quick"] is True
        assert all(row["value"] > 0 for row in told["rows"])
        assert any(row["ratio"] for row in told["rows"])


def test_an_unknown_benchmark_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "everything"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no such benchmark: everything" in done.stderr
