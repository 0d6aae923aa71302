"""Environments: versions of them, what a document means by one, and building it."""

from zaffre.services.environments.finding import ANONYMOUS, Pinned, Wanted, ensure, pin
from zaffre.services.environments.showing import browse, build, create, show, tend, unused

__all__ = [
    "ANONYMOUS",
    "Pinned",
    "Wanted",
    "browse",
    "build",
    "create",
    "ensure",
    "pin",
    "show",
    "tend",
    "unused",
]
