"""What attempts of a parallel step keep for the next one: a folder of all that are equal."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from zaffre.kinds.parallel import attempt_key
from zaffre.kinds.reference import Tree, parse_remote
from zaffre.kinds.resource import Resource
from zaffre.kinds.step_identity import Facts
from zaffre.ports.builder import Ready
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of
from zaffre.services.jobs.sources import Source

KEPT = timedelta(days=7)
"""How long the next attempt may take to come."""


def place(ctx: Context, job: Resource, found: Mapping[str, Source], ready: Ready) -> Path | None:
    """Make the folder that a job shares with earlier attempts, or give None: it starts anew."""
    spec = spec_of(job)
    inputs = {name: f"{one.tree}/{one.file or ''}" for name, one in found.items() if one.tree}
    code = parse_remote(spec.code) if spec.code else None
    digest = f"{code.digest}/{code.file}" if isinstance(code, Tree) else spec.code
    key = attempt_key(spec.model_dump(mode="json"), Facts(digest, ready.hash, inputs))
    if key is None:
        return None
    folder = ctx.home.unfinished / job.key.workspace / key
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = ctx.clock.now().timestamp()
    os.utime(folder, (now, now))
    return folder


def sweep(ctx: Context) -> None:
    """Delete what no attempt went on with in time."""
    oldest = (ctx.clock.now() - KEPT).timestamp()
    for folder in ctx.home.unfinished.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):  # a step that completes deletes its own
            if max(one.stat().st_mtime for one in (folder, *folder.glob("*"))) < oldest:
                shutil.rmtree(folder, ignore_errors=True)
