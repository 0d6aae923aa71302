"""Run one table job: `python -m zaffre.runtime.tables ORDER.json`; exits with 0, or 1 and why."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from zaffre.runtime.tables.databases import Broken
from zaffre.runtime.tables.opening import sink_of, source_of
from zaffre.runtime.tables.order import Order, Refused, read
from zaffre.runtime.tables.running import Run


def main() -> int:
    """Read the order and run it."""
    try:
        order = read(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except Refused as error:
        say(str(error))
        return 1
    try:
        source = source_of(order)
        sink = sink_of(order)
        now = lambda: datetime.now(UTC)  # noqa: E731 (a program of its own has its own clock)
        progress = Run(order, source, sink, say, now).go()
    except (Refused, Broken) as error:
        say(clean(order, str(error)))
        return 1
    say(f"{progress.scored} rows scored, {progress.rejected} rejected, {progress.chunks} chunks")
    return 0


def clean(order: Order, text: str) -> str:
    """Take out of a message what opens a database or a store."""
    for address in (order.input.address, order.output.address):
        for secret in (address.secret, *address.options.values()):
            if len(secret) > 3:  # noqa: PLR2004 (shorter ones would tear other words apart)
                text = text.replace(secret, "***")
    return text


def say(text: str) -> None:
    """Write a line to the job's log."""
    print(f"[tables] {text}", flush=True)  # noqa: T201 (the log of the job)


if __name__ == "__main__":
    sys.exit(main())
