"""Code snapshots: which files of a folder go with a job, without surprises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds import names
from zaffre.kinds.ignore import FILES, Rules, default_rules
from zaffre.ml.uploads import Entry, entry

LARGEST = 300 * 10**6
_NAMED = 5


def entries(folder: Path, largest: int = LARGEST) -> list[Entry]:
    """List the files of a folder that belong to its snapshot, in order of their paths.

    `.amlignore`, or else `.gitignore`, says what is left out, in each folder for what is below it.

    Raises:
        Invalid: a link leads out of the folder, something is no plain file, or all is too large.
    """
    walk = _Walk(folder.resolve())
    found = sorted(walk.below(walk.root, "", default_rules()), key=lambda one: one.path)
    if walk.problems:
        message = f"`{folder}` holds what cannot be sent with a job."
        raise Invalid(message, hint=_HINT, problems=tuple(walk.problems))
    total = sum(one.size for one in found)
    if total > largest:
        raise _too_large(folder, found, total, largest)
    return found


_HINT = f"Leave it out by a line in `{FILES[0]}`, or move it out of the folder."


@dataclass
class _Walk:
    """One walk through a folder. It goes into links only where they stay inside."""

    root: Path
    problems: list[Problem] = field(default_factory=list)

    def below(
        self, folder: Path, prefix: str, rules: Rules, above: tuple[Path, ...] = ()
    ) -> Iterator[Entry]:
        """Give the files below a folder that the rules do not leave out."""
        own = _own_rules(folder, prefix, rules)
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda one: one.name)
        for one in found:
            path = prefix + one.name
            source = Path(one.path)
            if own.leave_out(f"{path}/" if one.is_dir() else path):
                continue
            if one.is_symlink() and not self._stays_inside(source, path):
                continue
            if one.is_dir():
                yield from self._inner(source, path, own, (*above, folder.resolve()))
            elif one.is_file() and self._is_named_well(source, path):
                yield entry(path, source)
            elif not one.is_file():
                self._problem(source, f"`{path}` is neither a file nor a folder.")

    def _inner(
        self, source: Path, path: str, rules: Rules, above: tuple[Path, ...]
    ) -> Iterator[Entry]:
        if (source / "pyvenv.cfg").is_file():
            return
        if source.resolve() in above:
            self._problem(source, f"`{path}` is a link to a folder that it lies in.")
            return
        yield from self.below(source, f"{path}/", rules, above)

    def _stays_inside(self, source: Path, path: str) -> bool:
        target = source.resolve()
        if not target.exists():
            self._problem(source, f"`{path}` is a link to nothing.")
            return False
        if target.is_relative_to(self.root):
            return True
        self._problem(source, f"`{path}` is a link out of the folder, to `{target}`.")
        return False

    def _is_named_well(self, source: Path, path: str) -> bool:
        try:
            names.path(path)
        except Invalid as error:
            self._problem(source, error.message)
            return False
        return True

    def _problem(self, source: Path, message: str) -> None:
        shown = names.shown(str(source)).strip("`")
        self.problems.append(Problem(message, Place(shown), _HINT))


def _own_rules(folder: Path, prefix: str, rules: Rules) -> Rules:
    for name in FILES:
        file = folder / name
        if file.is_file():
            return rules.within(prefix, file.read_text(encoding="utf-8", errors="replace"))
    return rules


def _too_large(folder: Path, found: list[Entry], total: int, largest: int) -> Invalid:
    biggest = sorted(found, key=lambda one: (-one.size, one.path))[:_NAMED]
    problems = [
        Problem(f"{one.path} has {_size(one.size)}.", Place(str(one.source))) for one in biggest
    ]
    hint = (
        f"Leave large files out by a line in `{FILES[0]}`, and give data to the job as an input: "
        "`zaffre data create`."
    )
    held = f"{_size(total)} of code in {len(found)} files"
    message = f"`{folder}` holds {held}; at most {_size(largest)} go with a job."
    return Invalid(message, hint=hint, code="snapshot_too_large", problems=tuple(problems))


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
