"""How a job ends: what its end is called, and the last steps of its record."""

from __future__ import annotations

import contextlib
import os
import signal

from zaffre.runtime.launcher.output_log import OutputLog
from zaffre.runtime.launcher.plan import Plan
from zaffre.runtime.launcher.record import ENDED, Record
from zaffre.runtime.launcher.sealing import seal, seal_log
from zaffre.runtime.launcher.shipping import Shipper

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

LAST_WORDS = 2.0
"""Seconds that the server has to take the last of the journal; the folder keeps the rest."""

STRAYS = 10.0

_SHELL_CODES = {126: "The command cannot be run", 127: "The command was not found"}


def completed() -> dict[str, Any]:
    """Give the facts of a job that did what it should."""
    return {"outcome": "completed", "error": None, "exit_code": 0, "signal": None}


def failure(
    code: str, message: str, exit_code: int | None = None, number: int | None = None
) -> dict[str, Any]:
    """Give the facts of a job that failed."""
    error = {"code": code, "message": message}
    return {"outcome": "failed", "error": error, "exit_code": exit_code, "signal": number}


def canceled(exit_code: int | None = None, number: int | None = None) -> dict[str, Any]:
    """Give the facts of a job that was stopped as asked."""
    return {"outcome": "canceled", "error": None, "exit_code": exit_code, "signal": number}


def lost(folder: str) -> dict[str, Any]:
    """Give the facts of a job whose launcher died before it could say how the job ended."""
    if os.path.exists(f"{folder}/cancel"):
        return canceled()
    return failure(
        "launcher_lost",
        "The job's launcher was killed or the machine went down; the job was ended.",
    )


def of_status(status: int, last_line: str) -> dict[str, Any]:
    """Give the facts for a wait status of the command."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        hint = " Was the machine out of memory?" if number == signal.SIGKILL else ""
        return failure("signal", f"The command was killed by {name}.{hint}", 128 + number, number)
    code = os.WEXITSTATUS(status)
    if code == 0:
        return completed()
    what = _SHELL_CODES.get(code, "The command ended")
    told = f" Its last line: {last_line}" if last_line else ""
    return failure("exit_code", f"{what} (exit code {code}).{told}", code)


def conclude(plan: Plan, record: Record, log: OutputLog, journal_bytes: int) -> None:
    """Seal what the job made, close its log, write its final state and tell the server of it.

    The server is told before, too, where sealing takes long; if it is away, it reads the record.
    """
    shipper = Shipper(plan)
    shipper.offset = journal_bytes
    shipper.report(record.told())
    shipper.start()
    _seal(plan, record, log, journal_bytes)
    shipper.report(record.told())
    shipper.finish(LAST_WORDS)


def _seal(plan: Plan, record: Record, log: OutputLog, journal_bytes: int) -> None:
    sealed: dict[str, Any] = {"outputs": {}, "artifacts": []}
    verdict: dict[str, Any] = {}
    try:
        sealed = seal(plan, log.note)
    except OSError as error:
        text = f"What the job made could not be kept: {error}"
        log.note(text)
        if record.facts["outcome"] == "completed":
            verdict = failure("sealing", text, record.facts["exit_code"])
    size = log.close()
    with contextlib.suppress(OSError):
        sealed["artifacts"] += seal_log(plan)
    sealed["artifacts"] = _merged(sealed["artifacts"], record.facts["sealed"]["artifacts"])
    record.move(ENDED, **verdict, sealed=sealed, log_bytes=size, journal_bytes=journal_bytes)


def _merged(own: list[Any], others: list[Any]) -> list[Any]:
    """Give the files of all nodes: where several have the same, the first one's."""
    return list({one[0]: one for one in [*reversed(others), *own]}.values())
