"""What the kernel offers beyond the standard library: `prctl`, `unshare`, `mount`."""

from __future__ import annotations

import ctypes
import os

PDEATHSIG = 1
CAPBSET_DROP = 24
CHILD_SUBREAPER = 36
NO_NEW_PRIVS = 38

NEW_MOUNTS = 0x00020000
NEW_USERS = 0x10000000
NEW_PIDS = 0x20000000

READ_ONLY = 1
NO_SUID = 2
NO_DEV = 4
NO_EXEC = 8
REMOUNT = 32
NO_ATIME = 1024
NO_DIRATIME = 2048
BIND = 4096
RECURSIVE = 16384
PRIVATE = 1 << 18
REL_ATIME = 1 << 21

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process.

    Raises:
        OSError: the kernel refuses.
    """
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def unshare(flags: int) -> None:
    """Leave the parent's namespaces named by the flags.

    Raises:
        OSError: the kernel refuses.
    """
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount something.

    Raises:
        OSError: the kernel refuses.
    """
    parts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _check(_libc.mount(*parts, ctypes.c_ulong(flags), options.encode() or None), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
