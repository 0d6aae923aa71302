"""The Pythons of this machine, found by uv."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from zaffre.kinds.interpreter import Interpreter
from zaffre.runtime.builder.tool import find_uv

PATIENCE = 20.0
_VERSION_MANAGERS = (
    "{pyenv}/versions/*/bin",
    "{home}/.asdf/installs/python/*/bin",
    "{home}/.local/share/mise/installs/python/*/bin",
)


def everything(environ: Mapping[str, str]) -> tuple[Interpreter, ...]:
    """Give all Pythons, the one that runs this first."""
    return (Interpreter(platform.python_version(), sys.executable), *find(environ))


def find(environ: Mapping[str, str]) -> Iterator[Interpreter]:
    """Ask uv for the Pythons on the search path, in its own store and of version managers."""
    command = [
        find_uv(),
        "python",
        "list",
        "--only-installed",
        "--offline",
        "--output-format",
        "json",
    ]
    variables = {**environ, "PATH": os.pathsep.join(search_path(environ))}
    variables.pop("VIRTUAL_ENV", None)
    try:
        answer = subprocess.run(
            command,
            env=variables,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        rows = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return
    seen: set[str] = set()
    for row in rows:
        usable = (
            row.get("implementation") == "cpython"
            and row.get("variant") == "default"
            and row.get("path")
        )
        if usable and row["version"] not in seen:
            seen.add(row["version"])
            yield Interpreter(row["version"], row["path"])


def search_path(environ: Mapping[str, str]) -> Iterable[str]:
    """Give the folders to search: version managers' own, then PATH without their shims."""
    home = environ.get("HOME", "/")
    places = {"home": home, "pyenv": environ.get("PYENV_ROOT", f"{home}/.pyenv")}
    for pattern in _VERSION_MANAGERS:
        root, _, rest = pattern.format(**places).partition("/*")
        yield from (str(folder) for folder in sorted(Path(root).glob(f"*{rest}")))
    yield from (
        folder
        for folder in environ.get("PATH", "").split(os.pathsep)
        if folder and not _is_shim(folder)
    )


def _is_shim(folder: str) -> bool:
    return Path(folder).name == "shims"
