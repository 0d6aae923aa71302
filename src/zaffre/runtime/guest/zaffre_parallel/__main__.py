"""Cut data into mini-batches, give them to worker processes, keep what comes back in order."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from zaffre_parallel.asking import Fatal
from zaffre_parallel.batches import batches_of
from zaffre_parallel.journal import Journal
from zaffre_parallel.pool import Pool
from zaffre_parallel.progress import Progress
from zaffre_parallel.settings import Settings

TRY_LATER = 1
HAD_TRIES = 3
"""Exit code: the script has failed as often as it may; another try of the step is of no use."""


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
    progress = Progress(len(batches), say)
    journal = Journal(os.environ.get("ZAFFRE_UNFINISHED", ""), top_of(data), target, say)
    pool = Pool(settings, arguments, journal, progress, say)
    code, reason = 0, ""
    try:
        pool.run(batches)
        if target:
            write(target, settings.output_file, journal)
        journal.forget()
    except Fatal as error:
        code, reason = HAD_TRIES, str(error)
    except OSError as error:
        code, reason = TRY_LATER, f"The step cannot go on: {error}"
    finally:
        pool.close()
        journal.close()
        keep_failures(pool.failures, data)
        progress.end()
    if reason:
        say(reason)
    return code


def write(target: str, name: str, journal: Journal) -> None:
    """Write what `run()` returned, a row or item a line, in the order of the mini-batches."""
    place = os.path.join(target, name) if os.path.isdir(target) else target
    with open(place, "wb") as file:
        journal.copy(file)


def top_of(data: str) -> str:
    """Give the folder that the names of files are told from."""
    return data if os.path.isdir(data) else os.path.dirname(data)


def keep_failures(failures: list[dict[str, Any]], data: str) -> None:
    """List the failed mini-batches, their files and errors, among the files of the run."""
    if not failures:
        return
    os.makedirs("logs", exist_ok=True)
    with open("logs/failed_mini_batches.jsonl", "w", encoding="utf-8") as file:
        for one in failures:
            named = {
                "files": [os.path.relpath(name, top_of(data)) for name in one.get("files", ())]
            }
            file.write(json.dumps({**one, **named} if "files" in one else one) + "\n")


def say(text: str) -> None:
    """Write a line to the log."""
    print("[parallel] " + text, flush=True)  # noqa: T201 (the log of the step)


if __name__ == "__main__":
    sys.exit(main())
