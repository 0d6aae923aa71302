"""A conda channel of one empty package, `python`, for channels that have none.

The interpreter itself comes from uv; the package tells the solver which version that is, so that
packages for Python can be chosen, and put where it will look for them.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BUILD = "0_stand_in"
_PLACE = "noarch"


def write(folder: Path, version: str, platforms: Sequence[str]) -> str:
    """Write the channel and give its address."""
    index = {
        "name": "python",
        "version": version,
        "build": BUILD,
        "build_number": 0,
        "depends": [],
        "subdir": _PLACE,
        "noarch": "generic",
        "timestamp": 0,
    }
    archive = _archive(
        {"info/index.json": index, "info/paths.json": {"paths": [], "paths_version": 1}}
    )
    name = _file(version)
    facts = {**index, "size": len(archive), "sha256": hashlib.sha256(archive).hexdigest()}
    for platform in {*platforms, _PLACE}:
        (folder / platform).mkdir(parents=True, exist_ok=True)
        packages = {name: facts} if platform == _PLACE else {}
        data = {"info": {"subdir": platform}, "packages": packages, "repodata_version": 1}
        (folder / platform / "repodata.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / _PLACE / name).write_bytes(archive)
    return folder.resolve().as_uri()


def package(folder: Path, version: str) -> Path:
    """Give where a channel that was written has its package."""
    return folder / _PLACE / _file(version)


def _file(version: str) -> str:
    return f"python-{version}-{BUILD}.tar.bz2"


def _archive(files: dict[str, dict[str, Any]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:bz2") as archive:
        for path, document in files.items():
            content = json.dumps(document).encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()
