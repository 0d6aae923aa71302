"""The repository as the shape tests see it: its tracked files and its modules."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "zaffre"


@cache
def tracked() -> tuple[Path, ...]:
    """List the files that git tracks (or all but the ignored, where there is no git)."""
    asked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = asked.stdout.split("\0") if asked.returncode == 0 else []
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


@cache
def modules() -> tuple[Path, ...]:
    """List the product's modules; what stands in for modules of others has their words, not ours."""
    return tuple(sorted(path for path in SOURCE.rglob("*.py") if "stand_ins" not in path.parts))


def name(path: Path) -> str:
    """Name a file as messages do: from the repository's root."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a module once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
