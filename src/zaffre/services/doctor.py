"""The doctor: what is wrong with a home, stopped or live, and what to do about each thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from zaffre.errors import Failed, Invalid, NotFound, Unavailable
from zaffre.kinds import names
from zaffre.kinds.digest import is_digest
from zaffre.kinds.resource import Resource
from zaffre.kinds.tree import Tree
from zaffre.services import blobs, gc, trees
from zaffre.services.context import Context

LEFTOVER = timedelta(minutes=5)
_SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: an `error` loses or breaks something, a `warning` does not."""

    check: str
    subject: str
    problem: str
    fix: str
    severity: str = "error"


@dataclass(frozen=True)
class Diagnosis:
    """What was looked at, and what was found."""

    checks: Sequence[str]
    findings: Sequence[Finding]

    @property
    def healthy(self) -> bool:
        """Say whether nothing is lost or broken."""
        return not any(finding.severity == "error" for finding in self.findings)


Check = Callable[[Context], Iterator[Finding]]
"""One look at a home. Other parts of the server (jobs, gateway, database) bring theirs."""


def examine(
    ctx: Context, *, full: bool = False, more: Sequence[tuple[str, Check]] = ()
) -> Diagnosis:
    """Look at everything; `full` reads all content through. Nothing is changed."""
    checks: list[tuple[str, Check]] = [
        ("folders", folders),
        ("content", all_content if full else content),
        ("trees", documents),
        ("files", files),
        ("leftovers", leftovers),
        *more,
    ]
    found: list[Finding] = []
    for name, check in checks:
        found += _run(name, check, ctx)
    return Diagnosis([name for name, _ in checks], found)


def _run(name: str, check: Check, ctx: Context) -> Iterator[Finding]:
    try:
        yield from check(ctx)
    except (Failed, Unavailable, OSError) as error:
        fix = "See the message; when it is mended, run the doctor again."
        yield Finding(name, name, f"The check could not be finished: {error}", fix)


def folders(ctx: Context) -> Iterator[Finding]:
    """Look whether the home is there and private."""
    for place in (ctx.home.root, ctx.home.artifacts):
        if not place.is_dir():
            yield Finding("folders", str(place), "It is no folder.", "Restore a backup.")
        elif place.stat().st_mode & 0o077:
            mode = f"{place.stat().st_mode & 0o777:o}"
            fix = f"Run `chmod 700 {place}`."
            yield Finding("folders", str(place), f"Others may look in (mode {mode}).", fix)
    yield from private_files(ctx)


def content(ctx: Context) -> Iterator[Finding]:
    """Look at the modes of content in the home, without reading it."""
    for path in sorted((ctx.home.artifacts / "blobs").glob("*/*")):
        digest = f"sha256:{path.name}"
        if is_digest(digest) and path.lstat().st_mode & 0o277:
            fix = (
                f"Run `chmod 400 {path}`; with `zaffre doctor --full` see whether it was changed."
            )
            yield Finding("content", digest, "Its file can be written to.", fix, "warning")


def all_content(ctx: Context) -> Iterator[Finding]:
    """Read all stored content and compare it with its digest."""
    yield from content(ctx)
    for blob, _ in ctx.artifacts.walk():
        try:
            blobs.verify(ctx, blob.digest)
        except Failed:
            yield Finding("content", blob.digest, "It is damaged.", _RESTORE)
        except NotFound:
            continue


_RESTORE = (
    "Store the same file again (upload or run the job that made it), or restore a backup; delete "
    "what refers to it if it is not needed."
)


def documents(ctx: Context) -> Iterator[Finding]:
    """Look whether the trees that documents refer to are there with all their files."""
    known: dict[str, Tree | None] = {}
    for found in gc.documents(ctx):
        for digest in _trees_of(found):
            if digest in known and known[digest] is not None:
                continue
            finding = _broken_tree(ctx, digest, found, known)
            if finding is not None:
                yield finding


def _trees_of(found: Resource) -> list[str]:
    """Give the trees that a document says it consists of."""
    status = found.status
    results = getattr(status, "results", None) or {}
    own = [getattr(status, "tree", None), *(result.tree for result in results.values())]
    return [digest for digest in own if isinstance(digest, str) and names.DIGEST.match(digest)]


def _broken_tree(
    ctx: Context, digest: str, found: Resource, known: dict[str, Tree | None]
) -> Finding | None:
    subject = found.key.reference
    known[digest] = None
    try:
        tree = trees.load_tree(ctx, digest)
    except NotFound:
        return Finding("trees", subject, f"Its manifest {digest} is not stored.", _RESTORE)
    except (Invalid, Failed) as error:
        return Finding("trees", subject, f"Its manifest {digest} is damaged: {error}", _RESTORE)
    lost = [leaf.path for leaf in tree.leaves if not _is_whole(ctx, leaf.digest, leaf.size)]
    if lost:
        return Finding("trees", subject, f"It has lost {_listed(lost)}.", _RESTORE)
    known[digest] = tree
    return None


def _is_whole(ctx: Context, digest: str, size: int) -> bool:
    try:
        return blobs.size_of(ctx, digest) == size
    except (NotFound, Failed):
        return False


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:_SHOWN])
    return shown if len(paths) <= _SHOWN else f"{shown} and {len(paths) - _SHOWN} more"


def files(ctx: Context) -> Iterator[Finding]:
    """Look whether the content of runs' and models' artifacts is there."""
    for blob in ctx.files.contents():
        try:
            if blobs.size_of(ctx, blob.digest) == blob.size:
                continue
            fault = "damaged"
        except NotFound:
            fault = "not stored"
        except Failed:
            fault = "damaged"
        text = f"Artifacts refer to it, but it is {fault}."
        yield Finding("files", blob.digest, text, _RESTORE)


def strays(ctx: Context) -> Iterator[Finding]:
    """Look for what lies in the home's own folders and belongs to nothing."""
    artifacts = ctx.home.artifacts
    for folder, own in (
        (artifacts, {"blobs", "tmp"}.__contains__),
        (artifacts / "blobs", _SHARD.fullmatch),
        (ctx.home.envs, _ENVIRONMENT.fullmatch),
    ):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not own(path.name):
                fix = "Zaffre did not put it there: move it away, or delete it."
                yield Finding("leftovers", str(path), "It belongs to nothing.", fix, "warning")


_SHARD = re.compile(r"[0-9a-f]{2}")
_ENVIRONMENT = re.compile(r"[0-9a-f]{32}")


def private_files(ctx: Context) -> Iterator[Finding]:
    """Look whether keys and tokens are for their owner's eyes alone."""
    for name in PRIVATE:
        path = ctx.home.root / name
        mode = path.stat().st_mode & 0o777 if path.is_file() else 0
        if mode & 0o077:
            problem = f"Others may read it (mode {mode:o})."
            fix = f"Run `chmod 600 {path}`; replace what others may have read."
            yield Finding("folders", str(path), problem, fix)


PRIVATE = ("token", "metrics-token", "secret.key", "zaffre.db")
"""Files that must have mode 0600."""


def leftovers(ctx: Context) -> Iterator[Finding]:
    """Look for temporary files that should have gone by now, and for what belongs to nothing."""
    yield from strays(ctx)
    oldest = (ctx.clock.now() - LEFTOVER).timestamp()
    place = ctx.home.artifacts / "tmp"
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.lstat().st_mtime < oldest:
            fix = "It goes when the server starts."
            yield Finding("leftovers", str(path), "An interrupted upload left it.", fix, "warning")
