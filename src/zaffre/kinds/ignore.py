"""Which files of a folder are left out, as `.amlignore` or `.gitignore` says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILES = (".amlignore", ".gitignore")
"""Files that say what to leave out; where the first is there, the second is not read."""

DEFAULTS = (
    ".git/",
    ".hg/",
    ".svn/",
    "__pycache__/",
    "*.py[co]",
    ".venv/",
    "node_modules/",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".pytest_cache/",
    ".hypothesis/",
    ".tox/",
    ".nox/",
    ".eggs/",
    "*.egg-info/",
    ".DS_Store",
    "Thumbs.db",
    ".amltmp/",
)
"""What is left out unless a file takes it back in with `!`."""


@dataclass(frozen=True)
class Rules:
    """Rules of a folder and of the folders above it; the innermost that says something decides."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...]

    def within(self, folder: str, text: str) -> Rules:
        """Give the rules with a folder's own added. `folder` is "" or ends with a slash."""
        return Rules((*self.layers, (folder, _compiled(tuple(text.splitlines())))))

    def leave_out(self, path: str) -> bool:
        """Say whether a path is left out. A folder's path ends with a slash."""
        for folder, spec in reversed(self.layers):
            said = spec.check_file(path.removeprefix(folder)).include
            if said is not None:
                return said
        return False


def default_rules() -> Rules:
    """Give the rules that hold where no file says otherwise."""
    return Rules((("", _compiled(DEFAULTS)),))


@cache
def _compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    # Imported here: it takes longer than everything else at the start of a command.
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    return GitIgnoreSpec.from_lines(lines)
