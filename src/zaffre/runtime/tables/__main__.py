"""Run one table job: `python -m zaffre.runtime.tables [ORDER.json]`; exits with 0, or 1 and why.

Without a file, the order is made of the job's variables.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from zaffre.runtime.tables.asking import order_of
from zaffre.runtime.tables.order import Broken, Order, Refused, made, read

_SECRET = ("key", "secret", "token", "password")


def main() -> int:
    """Read the order and run it."""
    try:
        order = _order()
    except Refused as error:
        say(str(error))
        return 1
    try:
        return _run(order)
    except ImportError as error:
        say(f"{error}. Install it beside the server: pip install 'zaffre[tables]'")
    except (Refused, Broken) as error:
        say(clean(order, str(error)))
    return 1


def _order() -> Order:
    if len(sys.argv) > 1:
        return read(Path(sys.argv[1]).read_text(encoding="utf-8"))
    python = shutil.which("python") or sys.executable
    return made(order_of(os.environ, python, Path.cwd()))


def _run(order: Order) -> int:
    # These need the extra `tables`, and say so if it is not there.
    from zaffre.runtime.tables.journal import Journal  # noqa: PLC0415
    from zaffre.runtime.tables.opening import check, sink_of, source_of  # noqa: PLC0415
    from zaffre.runtime.tables.running import Run  # noqa: PLC0415

    if order.check_only:
        say(f"the input has {', '.join(check(order))}; nothing was scored")
        return 0
    journal = Journal(os.environ.get("ZAFFRE_JOURNAL", ""), order.output.rejects_said)
    with closing(source_of(order)) as source, closing(sink_of(order)) as sink:
        progress = Run(order, source, sink, lambda: datetime.now(UTC), say, journal.note).go()
    say(f"{progress.scored} rows scored, {progress.rejected} rejected, {progress.chunks} chunks")
    return 0


def clean(order: Order, text: str) -> str:
    """Take out of a message what opens a database or a store."""
    for address in (order.input.address, order.output.address):
        secrets = [
            value
            for name, value in address.options.items()
            if any(word in name for word in _SECRET)
        ]
        for secret in filter(None, [address.secret, *secrets]):
            text = text.replace(secret, "***")
    return text


def say(text: str) -> None:
    """Write a line to the job's log."""
    print(f"[tables] {text}", flush=True)  # noqa: T201 (the log of the job)


if __name__ == "__main__":
    sys.exit(main())
