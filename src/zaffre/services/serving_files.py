"""The files that a deployment's workers read: its model and code, laid out from stored content."""

from __future__ import annotations

import contextlib
import os
import shutil
from datetime import timedelta
from pathlib import Path

from zaffre.kinds.revision import Launch
from zaffre.kinds.tree import Leaf
from zaffre.services import blobs, files
from zaffre.services.context import Context

LINKED_BYTES = 64 << 20
"""Files from this size on are linked, not copied: they are checked first and read-only."""

YOUNG = timedelta(minutes=10)
_CHUNK = 1 << 20


def lay_out(ctx: Context, launch: Launch) -> Path:
    """Make a revision's folder, whole or not at all; nothing happens if it is there.

    Raises:
        NotFound: some content is not stored.
        Failed: some content is damaged.
    """
    target = ctx.home.deployments / launch.id
    if target.exists():
        return target
    making = ctx.home.deployments / f".{launch.id}.part"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    if launch.model_tree:
        _write_tree(ctx, launch.model_tree, making / "model" / launch.model_folder)
    if launch.code_tree:
        _write_tree(ctx, launch.code_tree, making / "code")
    if launch.sample_tree:
        _write_tree(ctx, launch.sample_tree, making / "sample")
    if launch.schema_tree:
        _write_tree(ctx, launch.schema_tree, making / "schema")
    making.rename(target)
    return target


def clear(ctx: Context, kept: frozenset[str]) -> None:
    """Remove the folders of revisions that are not kept; young ones may be in the making."""
    if not ctx.home.deployments.is_dir():
        return
    before = (ctx.clock.now() - YOUNG).timestamp()
    for entry in ctx.home.deployments.iterdir():
        name = entry.name.removeprefix(".").removesuffix(".part")
        if name not in kept and entry.stat().st_mtime < before:
            shutil.rmtree(entry, ignore_errors=True)


def _write_tree(ctx: Context, digest: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    for leaf in files.load_tree(ctx, digest).leaves:
        path = folder / leaf.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(ctx, leaf, path)


def _write(ctx: Context, leaf: Leaf, path: Path) -> None:
    stored = ctx.artifacts.path(leaf.digest)
    if stored is not None and leaf.size >= LINKED_BYTES:
        blobs.verify(ctx, leaf.digest)
        with contextlib.suppress(OSError):  # another file system: copy it
            os.link(stored, path)
            return
    with ctx.artifacts.open(leaf.digest) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
    path.chmod(leaf.mode)
