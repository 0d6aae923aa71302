"""What is installed in an interpreter, read from its folders without running anything."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist-info|egg-info)")


def distributions(folders: Iterable[str]) -> list[str]:
    """Give `name==version` of each distribution in these folders, by name; earlier ones win."""
    found: dict[str, str] = {}
    for folder in folders:
        for entry in _metadata_folders(folder):
            match = _FOLDER.fullmatch(entry.name)
            if match:
                found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def fingerprint(folders: Iterable[str]) -> str:
    """Give a hash that changes when a distribution comes, goes or is replaced."""
    digest = hashlib.sha256()
    for folder in folders:
        for entry in sorted(_metadata_folders(folder), key=lambda each: each.name):
            digest.update(entry.name.encode())
            for name in ("METADATA", "RECORD", "PKG-INFO", "direct_url.json"):
                path = Path(entry.path) / name
                if path.is_file():
                    digest.update(path.read_bytes())
    return digest.hexdigest()


def _metadata_folders(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [e for e in entries if e.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return []
