"""Seal what a job made: hash every file, so that the server can keep it under its digest."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator

from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

    Sealed = list[Any]  # path in the tree, digest, size, mode, and where the bytes lie

Note = Callable[[str], None]

_CHUNK = 2**20
_LONGEST_PATH = 1024
_LONGEST_PART = 255
_SHOWN = 20


def seal(plan: Plan, note: Note) -> dict[str, Any]:
    """Hash and fsync all files that the job leaves; odd files are left out with a note.

    Raises:
        OSError: a file cannot be read, or not be made durable.
    """
    sealer = _Sealer(plan, note)
    wanted_here = () if plan.rank else plan.outputs  # those of a job are the first node's
    outputs = {wanted["name"]: sealer.output(wanted) for wanted in wanted_here}
    artifacts = {
        one[0]: one
        for top, prefix in (("artifacts", ""), ("wd/outputs", "outputs/"), ("wd/logs", "logs/"))
        for one in sealer.folder(f"{plan.folder}/{top}", prefix)
    }
    sealer.tell_skipped()
    return {"outputs": outputs, "artifacts": list(artifacts.values())}


def seal_log(plan: Plan) -> list[Sealed]:
    """Seal the job's logs, by links of their own: the server moves those, readers keep theirs."""
    logs, staged = f"{plan.folder}/user_logs", f"{plan.folder}/staged/user_logs"
    os.makedirs(staged, mode=0o700, exist_ok=True)
    names = sorted(name for name in os.listdir(logs) if name.startswith("std_log"))
    for name in names:
        with contextlib.suppress(FileExistsError):
            os.link(f"{logs}/{name}", f"{staged}/{name}")
    return [_sealed(f"{staged}/{name}", f"user_logs/{name}") for name in names]


class _Sealer:
    def __init__(self, plan: Plan, note: Note) -> None:
        self.plan = plan
        self.note = note
        self.skipped: list[str] = []

    def output(self, wanted: dict[str, Any]) -> list[Sealed]:
        path, outside = wanted["path"], ""
        if not path.startswith(f"{self.plan.folder}/"):
            outside = f"{self.plan.folder}/staged/outputs/{wanted['name']}"
        if os.path.isdir(path):
            return self.folder(path, "", outside)
        if not os.path.isfile(path):
            return []
        if os.path.islink(path) and not self._leads_inside(path):
            self.skipped.append(f"`{path}` (a link out of the job's folder)")
            return []
        return [_kept(path, os.path.basename(path), outside)]

    def folder(self, top: str, prefix: str, outside: str = "") -> list[Sealed]:
        if os.path.islink(top) or not os.path.isdir(top):
            return []
        return [_kept(place, path, outside) for path, place in sorted(self._walk(top, prefix))]

    def tell_skipped(self) -> None:
        for text in self.skipped[:_SHOWN]:
            self.note(f"Not kept: {text}")
        if len(self.skipped) > _SHOWN:
            self.note(f"Not kept: {len(self.skipped) - _SHOWN} more.")

    def _walk(self, top: str, prefix: str) -> Iterator[tuple[str, str]]:
        with os.scandir(top) as entries:
            for entry in entries:
                path = prefix + entry.name
                problem = _problem(path)
                if problem:
                    self.skipped.append(f"{path!a} ({problem})")
                elif entry.is_dir(follow_symlinks=False):
                    yield from self._walk(entry.path, f"{path}/")
                elif entry.is_file(follow_symlinks=False) or (
                    entry.is_symlink() and self._leads_inside(entry.path)
                ):
                    yield path, entry.path
                else:
                    self.skipped.append(
                        f"`{path}` (no plain file, or a link out of the job's folder)"
                    )

    def _leads_inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        tops = [f"{self.plan.folder}/{name}/" for name in ("wd", "outputs", "inputs", "artifacts")]
        return any(real.startswith(top) for top in tops) and os.path.isfile(real)


def _problem(path: str) -> str:
    name = path.rpartition("/")[2]
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if size > _LONGEST_PATH or len(name.encode()) > _LONGEST_PART:
        return "its path is too long"
    if "\\" in name or any(ord(letter) < ord(" ") or letter == "\x7f" for letter in name):
        return "its name has a backslash or a control character"
    return ""


def _kept(place: str, path: str, outside: str) -> Sealed:
    """Seal a file where it lies; one in a datastore as a copy, for it may change there."""
    place = os.path.realpath(place)
    if not outside:
        return _sealed(place, path)
    staged = f"{outside}/{path}"
    os.makedirs(os.path.dirname(staged), mode=0o700, exist_ok=True)
    with open(place, "rb", buffering=0) as reader, open(staged, "wb", buffering=0) as writer:
        while data := reader.read(_CHUNK):
            writer.write(data)
    os.chmod(staged, os.stat(place).st_mode & 0o700)
    return _sealed(staged, path)


def _sealed(place: str, path: str) -> Sealed:
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"`{path}` is no plain file")
        seen = hashlib.sha256()
        size = 0
        while data := file.read(_CHUNK):
            seen.update(data)
            size += len(data)
        os.fsync(descriptor)
    mode = 0o755 if facts.st_mode & 0o100 else 0o644
    return [path, f"sha256:{seen.hexdigest()}", size, mode, place]
