"""A job's own layer over a shared environment: what the job installs stays in the layer.

Standard library only, and little of it: every job pays for this at its start.
"""

from __future__ import annotations

import os

_PIP = '#!/bin/sh\nexec "{python}" -m pip "$@"\n'
_NAMES = ("python", "python3")


def lay(folder: str, python: str, version: str) -> str:
    """Make a virtual environment on top of an interpreter's packages and give its `bin` folder.

    The packages below are seen, but `pip install` writes into the layer alone. Doing it again does
    no harm. `version` is the interpreter's, such as `3.11.7`.
    """
    short = ".".join(version.split(".")[:2])
    below = os.path.dirname(os.path.dirname(python))
    settings = _settings(below)
    inner = os.path.join(folder, "lib", f"python{short}", "site-packages")
    programs = os.path.join(folder, "bin")
    os.makedirs(inner, exist_ok=True)
    os.makedirs(programs, exist_ok=True)
    home = settings.get("home") or os.path.dirname(os.path.realpath(python))
    # A plain interpreter has its packages in places of its own: it finds them itself.
    system = settings.get("include-system-site-packages", "true" if not settings else "false")
    _write(
        os.path.join(folder, "pyvenv.cfg"),
        f"home = {home}\ninclude-system-site-packages = {system}\nversion = {version}\n",
    )
    if settings:
        packages = os.path.join(below, "lib", f"python{short}", "site-packages")
        line = f"import site; site.addsitedir({packages!r})\n"
        _write(os.path.join(inner, "_below.pth"), line)
    for name in (*_NAMES, f"python{short}"):
        _link(os.path.realpath(python), os.path.join(programs, name))
    for name in ("pip", "pip3", f"pip{short}"):
        _write(os.path.join(programs, name), _PIP.format(python=os.path.join(programs, "python")))
        os.chmod(os.path.join(programs, name), 0o700)
    return programs


def _settings(folder: str) -> dict[str, str]:
    """Read a virtual environment's settings; a folder that is none has no settings."""
    try:
        with open(os.path.join(folder, "pyvenv.cfg"), encoding="utf-8") as file:
            pairs = (line.partition("=") for line in file)
            return {name.strip().lower(): value.strip() for name, _, value in pairs}
    except OSError:
        return {}


def _link(target: str, path: str) -> None:
    try:
        os.symlink(target, path)
    except FileExistsError:
        return


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
