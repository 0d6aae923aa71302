"""Locks and tracked files hold nothing of the machine they were made on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from shape.tree import ROOT, name, tracked

LOCKS = re.compile(
    r"(requirements.*\.(txt|lock)|pylock.*\.toml|uv\.lock|package-lock\.json|.*\.lock)$"
)
ADDRESS = re.compile(r"\w+://|\"resolved\"")
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".json",
    ".lock",
    ".txt",
    ".cfg",
    ".html",
    ".ts",
    ".tsx",
    "",
}


def locks() -> list[Path]:
    return [path for path in tracked() if LOCKS.search(path.name)]


def direct_requirements() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in [*project["dependencies"], *extras]]
    return {re.sub(r"[-_.]+", "-", found[0]).lower() for found in names if found}


@pytest.mark.parametrize("lock", locks(), ids=name)
def test_a_lock_names_no_address(lock):
    bad = [line for line in lock.read_text().splitlines() if ADDRESS.search(line)]
    assert not bad, f"leave addresses out of {name(lock)}: {bad[:3]}"


def test_every_requirement_is_locked_with_hashes():
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(
        re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==\S+.*\\\n(\s+--hash=sha256:\w+)", lock, re.M)
    )
    assert direct_requirements() <= set(locked), "run scripts/lock"


def test_no_tracked_file_names_a_place_of_this_machine():
    here = [str(ROOT) + "/", str(Path.home()) + "/" if Path.home() != Path("/") else None]
    bad = []
    for path in tracked():
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            text = path.read_text(encoding="utf-8", errors="replace")
            bad += [f"{name(path)}: {place}" for place in here if place and place in text]
    assert not bad, bad
