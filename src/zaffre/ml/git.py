"""Which commit the code of a job came from, as properties of the job."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_SECONDS = 5
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def properties(folder: Path) -> dict[str, str]:
    """Give the commit, branch, origin and state of the repository round a folder, if there is one.

    Credentials in the origin's address are left out.
    """
    where = folder if folder.is_dir() else folder.parent
    commit = _git(where, "rev-parse", "--verify", "HEAD")
    if not commit:
        return {}
    origin = _git(where, "ls-remote", "--get-url", "origin")
    branch = _git(where, "symbolic-ref", "--quiet", "--short", "HEAD")
    changes = _git(where, "status", "--porcelain", "--untracked-files=normal", ".")
    found = {
        "mlflow.source.git.repoURL": _CREDENTIALS.sub("", origin or "")
        if origin != "origin"
        else "",
        "mlflow.source.git.branch": branch or "",
        "mlflow.source.git.commit": commit,
        "azureml.git.dirty": "" if changes is None else str(bool(changes)),
    }
    return {name: value for name, value in found.items() if value}


def _git(folder: Path, *arguments: str) -> str | None:
    """Ask git; None where it is not installed, takes too long or refuses."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
