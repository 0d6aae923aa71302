"""Cut data into mini-batches, give them to worker processes, keep what comes back in order."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from zaffre_parallel.batches import batches_of
from zaffre_parallel.pool import Fatal, Pool
from zaffre_parallel.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sized

TRY_LATER = 1


def main() -> int:
    """Run the step and give its exit code."""
    data, target, *arguments = sys.argv[1:]
    settings = Settings(json.loads(os.environ.pop("ZAFFRE_PARALLEL", "{}")), arguments)
    try:
        batches = batches_of(data, settings)
    except Exception as error:  # noqa: BLE001 (whatever the data is: the step fails, and says why)
        say(f"The data cannot be read: {type(error).__name__}: {error}")
        return TRY_LATER
    say(f"{len(batches)} mini-batches for {settings.processes} processes")
    pool = Pool(settings, arguments, say)
    try:
        results = pool.run(batches)
    except Fatal as error:
        say(str(error))
        return TRY_LATER
    finally:
        pool.close()
        keep_failures(pool.failures, data)
    if target:
        append(target, settings.output_file, results)
    tell(pool, batches)
    reason = settings.too_many(pool.failed_items, len(pool.failures), len(batches))
    if reason:
        say(reason)
        return TRY_LATER
    return 0


def append(target: str, name: str, results: list[str | None]) -> None:
    """Write what `run()` returned, a row or item a line, in the order of the mini-batches."""
    place = target
    if os.path.isdir(target):
        place = os.path.join(target, name)
    with open(place, "w", encoding="utf-8") as file:
        for text in results:
            file.write(text or "")


def keep_failures(failures: list[dict[str, Any]], data: str) -> None:
    """List the failed mini-batches, their files and errors, among the files of the run."""
    if not failures:
        return
    os.makedirs("logs", exist_ok=True)
    with open("logs/failed_mini_batches.jsonl", "w", encoding="utf-8") as file:
        top = data if os.path.isdir(data) else os.path.dirname(data)
        for one in failures:
            named = {"files": [os.path.relpath(name, top) for name in one.get("files", ())]}
            file.write(json.dumps({**one, **named} if "files" in one else one) + "\n")


def tell(pool: Pool, batches: Sized) -> None:
    """Say what was done, and log it as metrics of the run."""
    facts = {
        "mini_batches": len(batches),
        "failed_mini_batches": len(pool.failures),
        "items": pool.items,
        "failed_items": pool.failed_items,
    }
    say(", ".join(f"{value} {name}" for name, value in facts.items()))
    try:
        log_metrics = importlib.import_module("zaffre.ml").log_metrics
        log_metrics({name: float(value) for name, value in facts.items()})
    except Exception as error:  # noqa: BLE001 (the step is done: this must not undo it)
        say(f"metrics were not logged: {error}")


def say(text: str) -> None:
    """Write a line to the log."""
    print("[parallel] " + text, flush=True)  # noqa: T201 (the log of the step)


if __name__ == "__main__":
    sys.exit(main())
