"""What is installed in an interpreter, read from its folders without running anything."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist-info|egg-info)")


@dataclass(frozen=True)
class Installed:
    """A distribution: `tags` are those of its wheel, `address` where it came from if named so."""

    name: str
    version: str
    tags: frozenset[str]
    address: str = ""


def by_uv(prefix: Path) -> list[Installed]:
    """Give the distributions that uv put into an environment, by name."""
    folders = [str(path) for path in prefix.glob("lib/python*/site-packages")]
    found = []
    for entry in (Path(each.path) for folder in folders for each in _metadata_folders(folder)):
        match = _FOLDER.fullmatch(entry.name)
        if match and _text(entry / "INSTALLER").strip() == "uv":
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            tags = re.findall(r"^Tag: *(\S+)", _text(entry / "WHEEL"), re.MULTILINE)
            address = _address(entry / "direct_url.json")
            found.append(Installed(name, match["version"], frozenset(tags), address))
    return sorted(found, key=lambda each: each.name)


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


def _address(path: Path) -> str:
    """Give the address that a distribution was asked for by, with the commit that it had."""
    text = _text(path)
    if not text:
        return ""
    facts: Mapping[str, Any] = json.loads(text)
    commit = facts.get("vcs_info", {}).get("commit_id")
    within = f"#subdirectory={facts['subdirectory']}" if facts.get("subdirectory") else ""
    return f"git+{facts['url']}@{commit}{within}" if commit else f"{facts['url']}{within}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
