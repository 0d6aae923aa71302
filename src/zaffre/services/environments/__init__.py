"""Environments: versions of them, what a document means by one, and building it."""

from zaffre.services.environments.finding import ANONYMOUS, Pinned, Wanted, ensure, pin
from zaffre.services.environments.locking import lock_of, read_lock
from zaffre.services.environments.showing import (
    browse,
    build,
    build_log,
    create,
    show,
    tend,
    unused,
)

__all__ = [
    "ANONYMOUS",
    "Pinned",
    "Wanted",
    "browse",
    "build",
    "build_log",
    "create",
    "ensure",
    "lock_of",
    "pin",
    "read_lock",
    "show",
    "tend",
    "unused",
]
