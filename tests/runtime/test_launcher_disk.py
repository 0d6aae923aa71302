"""The launcher on a disk that is full: its state is written all the same, its log says what was lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.adapters.local import LocalCompute, LocalSettings
from zaffre.testing.compute import ended, plan


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_job_that_fills_the_disk_ends_in_its_true_state(small: Path) -> None:
    compute = LocalCompute(
        LocalSettings(jobs=small / "jobs", blobs=small, environment=os.environ, isolation="none")
    )
    fill = "echo begun; cat /dev/zero > fill 2> /dev/null; echo lost; head -c 100000 /dev/zero; exit 3"
    compute.start("a", plan("a", fill))
    facts = ended(compute, "a").facts
    assert (facts["outcome"], facts["exit_code"]) == ("failed", 3)
    assert compute.logs("a", 0, 100).startswith(b"begun\n")
