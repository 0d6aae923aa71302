"""The wheelhouse: every requirement as a wheel, for machines without network."""

from __future__ import annotations

import os
import subprocess
import sys

FOLDER = "wheelhouse"
LINES = 3


def fetch_wheels(folder: str) -> str:
    """Fetch the wheels of a package's requirements into it; give what went wrong, or nothing."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--only-binary", ":all:",
        "--requirement", os.path.join(folder, "requirements.txt"),
        "--dest", os.path.join(folder, FOLDER),
    ]  # fmt: skip
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if not ended.returncode:
        return ""
    if "No module named pip" in ended.stdout:
        return "the environment has no pip. Add `pip` to it."
    return " ".join(ended.stdout.strip().splitlines()[-LINES:])
