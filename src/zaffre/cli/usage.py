"""What jobs took and cost, added up, at the terminal."""

from __future__ import annotations

from typing import Any

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun
from zaffre.ml.durations import spoken
from zaffre.ml.progress import size

_HOUR = 3600
COLUMNS = ("name", "jobs", "time", "cpu", "memory", "gpu", "cost")


def usage(_: Noun) -> click.Command:
    """Make `usage`."""

    def run(wanted: Wanted, **values: Any) -> None:
        rows = wanted.client().jobs.usage(values.pop("by"), values.pop("since") or "")
        if wanted.drawn and not wanted.query:
            wanted.show([_drawn(row) for row in rows], COLUMNS)
            return
        wanted.show(rows)

    return options.command(
        "usage",
        run,
        [
            click.Option(
                ["--by"],
                default="experiment",
                show_default=True,
                metavar="WHAT",
                help="`experiment`, `user`, `compute` or `tag:KEY`.",
            ),
            click.Option(
                ["--since"],
                metavar="TIME",
                help="Only jobs that ended since: a span such as `7d`, or a date.",
            ),
        ],
        "Add up what ended jobs took and cost.",
        options.example(
            "zaffre job usage --by user --since 30d", "zaffre job usage --by tag:team"
        ),
    )


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    gpu, cost = row["gpu_seconds"], row["cost"]
    return {
        "name": row["name"] or "(none)",
        "jobs": row["jobs"],
        "time": spoken(row["wall_seconds"]),
        "cpu": spoken(row["cpu_seconds"]),
        "memory": f"{size(row['memory_byte_seconds'] / _HOUR)} h",
        "gpu": spoken(gpu) if gpu else None,
        "cost": f"{cost:.4g}" if cost is not None else None,
    }
