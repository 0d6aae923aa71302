"""A program that runs an order again and again, each time killed at another moment, and then to the end.

`python table_kills.py ORDER.json MODULE:CLASS.METHOD...`: it dies before and after the first call of
each method. Each attempt is a fork of a process in which nothing was opened yet.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

from zaffre.runtime.tables import __main__ as program


def attempt(order: str, moment: str = "", *, after: bool = False) -> int:
    """Run an order in a process of its own that may die; give how it ended."""
    child = os.fork()
    if child == 0:
        sys.argv = ["tables", order]
        if moment:
            mine(moment, after=after)
        os._exit(program.main())
    return os.waitpid(child, 0)[1]


def mine(moment: str, *, after: bool) -> None:
    """Make a method kill this process, as an operator or the kernel would: with nothing said."""
    module, _, place = moment.partition(":")
    owner = getattr(importlib.import_module(module), place.partition(".")[0])
    name = place.partition(".")[2]
    whole = getattr(owner, name)

    def fatal(*arguments: Any, **named: Any) -> None:
        if after:
            whole(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, fatal)


def main() -> int:
    order, *moments = sys.argv[1:]
    for moment in moments:
        for after in (False, True):
            status = attempt(order, moment, after=after)
            if not os.WIFSIGNALED(status):
                print(f"{moment} was not reached", file=sys.stderr)
                return 1
    return os.waitstatus_to_exitcode(attempt(order))


if __name__ == "__main__":
    sys.exit(main())
