"""Keep order among jobs: free what ended ones hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.resource import Key
from zaffre.services.context import Context
from zaffre.services.jobs import attempts
from zaffre.services.jobs.backends import compute_at
from zaffre.services.jobs.facts import key_of, state_of


def report(ctx: Context, key: Key, state: Mapping[str, Any]) -> None:
    """Take a launcher's word that something changed: a call to look, for its folder is the truth.

    Raises:
        NotFound: there is no such job.
    """
    del state
    ctx.metadata.get(key)


def tidy(ctx: Context) -> int:
    """Delete the folders of jobs that have ended or are gone; say how many.

    What attempts kept goes, too, where no other went on with it.
    """
    gone = 0
    for place, key in _places(ctx):
        try:
            over = state_of(ctx.metadata.get(key)) in TERMINAL
        except NotFound:
            over = True
        if over:
            compute_at(ctx, key).forget(place)
            gone += 1
    attempts.sweep(ctx)
    return gone


def _places(ctx: Context) -> Iterator[tuple[str, Key]]:
    if not ctx.home.jobs.is_dir():
        return
    for folder in sorted(ctx.home.jobs.iterdir()):
        if folder.is_dir():
            yield folder.name, key_of(folder.name)
