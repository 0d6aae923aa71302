"""Let a forked process show in `/proc` what it is, as if it had been started as that.

The kernel shows the memory that the arguments and the environment of the last `exec` lie in. By
the variable found there, the processes of a job are known.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

PADDING = "ZAFFRE_PADDING"
"""The variable whose place is taken; its value has to be long enough."""


def relabel(arguments: Sequence[str], variable: str) -> None:
    """Show these arguments, and a variable (`NAME=value`) instead of the padding.

    Raises:
        OSError: there is not enough room.
    """
    begin, end = room()
    data = variable.encode()
    if len(data) > end - begin:
        raise OSError(f"{variable} is too long")
    _write(begin, end, data)
    first, last = _places()[:2]
    _write(first, last, "\0".join([*arguments, ""]).encode()[: last - first - 1])


def room() -> tuple[int, int]:
    """Give where the padding begins and ends.

    Raises:
        OSError: the kernel does not say, or there is none.
    """
    begin, end = _places()[2:]
    shown = ctypes.string_at(begin, end - begin) if begin else b""
    mark = f"{PADDING}=".encode()
    at = 0 if shown.startswith(mark) else shown.find(b"\0" + mark) + 1
    if not shown.startswith(mark, at):
        raise OSError("there is no room for the name of a job")
    return begin + at, begin + shown.index(b"\0", at)


def _places() -> list[int]:
    """Give where arguments begin and end, and the environment (fields 48 to 51, proc(5))."""
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return [int(field) for field in fields[45:49]]


def _write(begin: int, end: int, data: bytes) -> None:
    ctypes.memmove(begin, data.ljust(end - begin, b"\0"), end - begin)
