"""Keep what a job made: files under their digests, outputs as trees, the run's artifacts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.errors import Conflict, Failed, Invalid, NotFound
from zaffre.kinds import names
from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job import JobError, OutputResult
from zaffre.kinds.job_ports import JobOutput
from zaffre.kinds.resource import Resource
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.artifacts import Blob
from zaffre.ports.files import File
from zaffre.ports.metadata import Link
from zaffre.services import run_files, trees
from zaffre.services.context import Context
from zaffre.services.jobs import journals
from zaffre.services.jobs.facts import principal_name, spec_of

ARTIFACTS = "artifacts"
"""The output that is the folder of the run's artifacts itself."""


@dataclass
class Kept:
    """What was kept of a job, and why not all, if so."""

    results: dict[str, OutputResult] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    error: JobError | None = None


def finalize(ctx: Context, job: Resource, facts: dict[str, Any], folder: Path) -> Kept:
    """Take over what the launcher sealed. May be repeated: what is stored is not touched again.

    Raises:
        StorageFull: there is no room now; try again later.
    """
    ctx.tokens.revoke(name=principal_name(job.key))
    with contextlib.suppress(NotFound, Invalid):  # somebody deleted the run: nobody reads it
        journals.take_rest(ctx, job.key, folder / "journal.jsonl")
    sealed = facts.get("sealed") or {}
    kept = Kept()
    try:
        _keep_artifacts(ctx, job, sealed.get("artifacts") or [], folder)
        _keep_outputs(ctx, job, sealed.get("outputs") or {}, folder, kept)
    except (Invalid, NotFound, Conflict, Failed) as error:
        kept.error = JobError(
            code="outputs", message=f"What the job made could not be kept: {error.message}"
        )
    return kept


def _keep_artifacts(ctx: Context, job: Resource, rows: Sequence[Any], folder: Path) -> None:
    leaves = _adopt(ctx, rows, folder)
    found = [File(leaf.path, leaf.digest, leaf.size, leaf.mode) for leaf in leaves]
    if found:
        ctx.files.put(owner("run", job.key.workspace, job.key.name), found)


def _keep_outputs(
    ctx: Context, job: Resource, sealed: dict[str, Any], folder: Path, kept: Kept
) -> None:
    for name, wanted in spec_of(job).outputs.items():
        leaves = _adopt(ctx, sealed.get(name) or [], folder)
        if name == ARTIFACTS:
            leaves = _with_run_files(ctx, job, leaves)
        tree = tree_of(leaves)
        trees.store_tree(ctx, tree)
        kept.results[name] = _result(wanted, leaves, tree.digest)
        kept.links.append(Link(job.key.reference, f"output:{name}", f"tree:{tree.digest}"))


def _with_run_files(ctx: Context, job: Resource, leaves: Sequence[Leaf]) -> list[Leaf]:
    run = run_files.below(ctx, owner("run", job.key.workspace, job.key.name))
    found = {file.path: Leaf(file.path, file.digest, file.size, file.mode) for file in run}
    return list((found | {leaf.path: leaf for leaf in leaves}).values())


def _result(wanted: JobOutput, leaves: Sequence[Leaf], digest: str) -> OutputResult:
    single = wanted.type == "uri_file" and len(leaves) == 1
    return OutputResult(
        type=wanted.type,
        tree=digest,
        file=leaves[0].path if single else None,
        path=wanted.path,
    )


def _adopt(ctx: Context, rows: Sequence[Any], folder: Path) -> list[Leaf]:
    """Take sealed files into the artifact store; those of equal content once."""
    found = [_checked(row, folder) for row in rows]
    lost = set(ctx.artifacts.missing([leaf.digest for leaf, _ in found]))
    for leaf, place in found:
        if leaf.digest in lost:
            ctx.artifacts.adopt(place, Blob(leaf.digest, leaf.size))
            lost.discard(leaf.digest)
    return [leaf for leaf, _ in found]


def _checked(row: Any, folder: Path) -> tuple[Leaf, Path]:
    """Read a row of what was sealed; the job could have written it, so it is believed in nothing.

    Raises:
        Invalid: it names a file outside of the job's folder, or is no such row.
    """
    try:
        path, digest, size, mode, place = row
        leaf = Leaf(
            names.path(path), names.digest(digest), int(size), 0o755 if mode & 0o100 else 0o644
        )
        real = Path(place).parent.resolve() / Path(place).name
    except (TypeError, ValueError) as error:
        raise Invalid(f"This is no sealed file: {row!r}.") from error
    if not real.is_relative_to(folder.resolve()) or real.name in ("", ".", ".."):
        raise Invalid(f"`{leaf.path}` lies outside of the job's folder.")
    return leaf, real
