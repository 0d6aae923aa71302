"""Asking an interpreter what it is. It is run, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from zaffre.runtime.builder import installed
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool

_QUESTION = """\
import json, platform, sys
print(json.dumps({
    "version": platform.python_version(),
    "path": [p for p in sys.path if p],
    "prefix": sys.prefix,
    "venv": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
}))
"""


@dataclass(frozen=True)
class Facts:
    """What an interpreter says of itself; `fingerprint` changes with what is installed in it."""

    version: str
    prefix: str
    venv: bool
    packages: tuple[str, ...]
    fingerprint: str


def known(prefix: Path, version: str) -> Facts:
    """Give the same of an environment that uv just made, without running it."""
    folders = [str(path) for path in prefix.glob("lib/python*/site-packages")]
    packages = tuple(installed.distributions(folders))
    return Facts(version, str(prefix), venv=True, packages=packages, fingerprint="")


def probe(tool: Tool, python: Path) -> Facts:
    """Run an interpreter and read what is installed in it.

    Raises:
        BuildError: there is none at that path, or it does not answer.
    """
    wrong = BuildError(
        f"`{python}` is no Python interpreter on this machine.",
        "Give the path of one, `current` for the server's own, or a version such as `3.12`.",
    )
    try:
        ended = tool.start([str(python), "-I", "-c", _QUESTION], quietly=True)
        found = json.loads(ended.answer.strip().splitlines()[-1]) if ended.status == 0 else {}
    except (OSError, ValueError, IndexError):
        raise wrong from None
    if not isinstance(found, dict) or not {"version", "path", "prefix", "venv"} <= found.keys():
        raise wrong
    folders = [str(folder) for folder in found["path"]]
    return Facts(
        version=str(found["version"]),
        prefix=str(found["prefix"]),
        venv=bool(found["venv"]),
        packages=tuple(installed.distributions(folders)),
        fingerprint=installed.fingerprint(folders),
    )
