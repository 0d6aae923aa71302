"""Bring content that only a bucket has into the home, past the server, before it is laid out."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable

from zaffre.runtime.launcher.fetch import fetch
from zaffre.runtime.launcher.plan import Plan

_CHUNK = 2**20
_ANY_SIZE = 2**62


def bring(plan: Plan, check: Callable[[], None]) -> None:
    """Fetch what the plan says where to get and the home does not have.

    Raises:
        ValueError: it could not be had, or is damaged; the message says why and has no address.
    """
    for digest, url in plan.places.items():
        check()
        place = blob_path(plan.blobs, digest)
        if not os.path.exists(place):
            _bring(digest, url, place, check)


def blob_path(blobs: str, digest: str) -> str:
    """Give where content lies in the home."""
    digits = digest.rpartition(":")[2]
    return f"{blobs}/{digits[:2]}/{digits}"


def _bring(digest: str, url: str, place: str, check: Callable[[], None]) -> None:
    shard = os.path.dirname(place)
    folder = os.path.join(os.path.dirname(os.path.dirname(shard)), "tmp")
    waiting = f"{folder}/put-{os.urandom(12).hex()}"
    lock = os.open(waiting, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the server sweeps away what nobody holds
        try:
            fetch(url, waiting, limit=_ANY_SIZE, check=check)
        except ValueError as error:
            # The address is a right to read: it is not repeated.
            reason = str(error).replace(url, "the artifact store")
            raise ValueError(f"{digest} is not here, and {reason}") from None
        if _digest(waiting, check) != digest:
            raise ValueError(f"{digest} is damaged in the artifact store.")
        os.chmod(waiting, 0o400)
        os.makedirs(shard, mode=0o700, exist_ok=True)
        os.rename(waiting, place)
    finally:
        if os.path.exists(waiting):
            os.unlink(waiting)
        os.close(lock)


def _digest(path: str, check: Callable[[], None]) -> str:
    seen = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            check()
            seen.update(data)
    return f"sha256:{seen.hexdigest()}"
