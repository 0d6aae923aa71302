"""Keeping the folder beside a bucket small: what was not used for longest goes first."""

from __future__ import annotations

from datetime import datetime, timedelta

from zaffre.store.artifacts import FolderArtifacts

IN_USE = timedelta(hours=1)
"""What was used in this time stays: somebody may be about to link to it."""


def trim(near: FolderArtifacts, keep: int, now: datetime) -> int:
    """Delete files until the folder holds at most `keep` bytes; give how many went.

    Jobs and deployments have links or copies of their own, so what goes is not missed; it is
    fetched again when it is.
    """
    held = [(used, blob) for blob, used in near.walk()]
    total = sum(blob.size for _, blob in held)
    gone = 0
    for used, blob in sorted(held, key=lambda one: one[0]):
        if total <= keep or used > now - IN_USE:
            break
        if near.discard(blob.digest, unless_since=used):
            total -= blob.size
            gone += 1
    return gone
