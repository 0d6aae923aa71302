"""Run one job from its plan to its true end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Sequence

from zaffre.runtime.launcher import container, ending, kernel, processes
from zaffre.runtime.launcher.environment import tasks_of
from zaffre.runtime.launcher.inputs import Unusable, prepare
from zaffre.runtime.launcher.output_log import OutputLog
from zaffre.runtime.launcher.peers import start_together
from zaffre.runtime.launcher.plan import Plan, read_plan
from zaffre.runtime.launcher.record import ENDED, Record, read_state
from zaffre.runtime.launcher.running import Run, Stop
from zaffre.runtime.launcher.shipping import Shipper

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

ALREADY = 3
"""Exit code: somebody else runs this job, or it was run before."""


def main(arguments: Sequence[str]) -> int:
    """Run the job in the folder given; `--recover` ends one whose launcher is gone.

    The lock comes open as the file number after `--lock`, or is taken here. With `--tied`, it is
    told to stop when the thread of that process ends which started it.
    """
    folder = arguments[0]
    if "--tied" in arguments:
        kernel.prctl(kernel.PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(arguments[arguments.index("--tied") + 1]):
            return ALREADY
    lock = (
        int(arguments[arguments.index("--lock") + 1])
        if "--lock" in arguments
        else _take_lock(folder)
    )
    if lock < 0:
        return ALREADY
    os.set_inheritable(lock, False)  # noqa: FBT003 - the standard library's own signature
    os.umask(0o077)
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    state = read_state(folder)
    if "--recover" in arguments:
        return 0 if state is None or state["phase"] == ENDED else _recover(folder, state)
    if state is not None:
        return ALREADY
    return _run(folder, lock)


def _take_lock(folder: str) -> int:
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return -1
    return lock


def _run(folder: str, lock: int) -> int:
    record = Record(folder)
    record.move("starting", started_at=time.time())
    begun = time.monotonic()
    try:
        plan = read_plan(folder)
    except (OSError, ValueError) as error:
        record.move(
            ENDED,
            ended_at=time.time(),
            **ending.failure("plan", f"The plan cannot be read: {error}"),
        )
        return 1
    log = OutputLog(folder, plan.log_bytes)
    shipper = Shipper(plan)
    facts = _attempt(plan, record, log, shipper, lock)
    record.facts["usage"]["wall_seconds"] = round(time.monotonic() - begun, 6)
    record.move("finalizing", ended_at=time.time(), **facts)
    shipper.report(None)
    shipper.finish(ending.LAST_WORDS)
    ending.conclude(plan, record, log, shipper.offset)
    return 0


def _attempt(
    plan: Plan, record: Record, log: OutputLog, shipper: Shipper, lock: int
) -> dict[str, Any]:
    """Prepare and run, on all nodes; give what came of it as facts for the record."""
    run = Run(plan, record, log, shipper, lock)
    facts = _tried(run, plan, record, log)
    run.peers.finish()
    run.peers.add_usage(record.facts["usage"])
    record.facts["sealed"]["artifacts"] = run.peers.artifacts()
    return facts


def _tried(run: Run, plan: Plan, record: Record, log: OutputLog) -> dict[str, Any]:
    for text in plan.warnings:
        log.note(text)
    try:
        if plan.code or plan.inputs:
            record.move("preparing")
        prepare(plan, run.check)
        start_together(plan, run.check)
        tasks = tasks_of(plan, log.note)
        try:
            return run.command(tasks)
        finally:
            container.end(plan, len(tasks))
    except Stop as stop:
        return stop.facts
    except Unusable as error:
        log.note(str(error))
        return ending.failure("preparation", str(error))
    except OSError as error:
        text = f"The job could not be prepared: {error}"
        log.note(text)
        return ending.failure("preparation", text)


def _recover(folder: str, state: dict[str, Any]) -> int:
    """End a job whose launcher is gone: its processes, its log, what it made, its record."""
    clean = processes.kill_all(lambda: processes.strays(folder), seconds=ending.STRAYS)
    facts = {key: state[key] for key in state if key not in {"boot", "pid", "start_time"}}
    record = Record(folder, facts)
    try:
        plan = read_plan(folder)
    except (OSError, ValueError) as error:
        record.move(
            ENDED,
            ended_at=time.time(),
            **ending.failure("plan", f"The plan cannot be read: {error}"),
        )
        return 1
    container.end(plan)
    log = OutputLog(folder, plan.log_bytes)
    if record.facts["outcome"] is None:
        verdict = ending.lost(folder)
        with contextlib.suppress(OSError):
            log.note(verdict["error"]["message"] if verdict["error"] else "The job was canceled.")
        record.move("finalizing", ended_at=time.time(), **verdict)
    if not clean:
        log.note("Some of the job's processes could not be ended.")
    ending.conclude(plan, record, log, record.facts["journal_bytes"])
    return 0
