"""Run the command: watch its log, its time, a wish to cancel, the end of its process tree."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import time
from collections.abc import Sequence

from zaffre.runtime.launcher import ending, processes
from zaffre.runtime.launcher.environment import Task
from zaffre.runtime.launcher.metering import Meter
from zaffre.runtime.launcher.node_logs import NodeLogs
from zaffre.runtime.launcher.output_log import OutputLog
from zaffre.runtime.launcher.peers import Peers
from zaffre.runtime.launcher.plan import Plan
from zaffre.runtime.launcher.record import Record
from zaffre.runtime.launcher.shipping import Shipper
from zaffre.runtime.launcher.warden import KILL, TERMINATE, Warden, start_warden

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_TICK = 0.1
_PIPE_BYTES = 2**20
_LEFTOVER_GRACE = 3.0
"""Seconds that processes get which outlive a command that ended by itself."""


class Stop(Exception):
    """The job is to stop before its command runs; `facts` say how it ends."""

    def __init__(self, facts: dict[str, Any]) -> None:
        super().__init__(facts["outcome"])
        self.facts = facts


class Run:
    """One run of a command."""

    def __init__(
        self, plan: Plan, record: Record, log: OutputLog, shipper: Shipper, lock: int
    ) -> None:
        self.plan = plan
        self.record = record
        self.log = log
        self.shipper = shipper
        self.lock = lock
        self.deadline = time.monotonic() + plan.timeout if plan.timeout else None
        self.verdict: dict[str, Any] | None = None
        self.terminated = False
        self.kill_at: float | None = None
        self.open_tasks = 0
        self.failed: int | None = None
        self.outputs: dict[int, int] = {}
        self.node_logs = NodeLogs(plan, log)
        self.peers = Peers(plan, log)
        signal.signal(signal.SIGTERM, lambda *_: self._end(_told_to_stop(), self.plan.grace))

    def check(self) -> None:
        """Raise `Stop` if the job is to stop; for the time before the command runs."""
        self._look()
        if self.verdict is not None:
            raise Stop(self.verdict)

    def command(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Run the command once for each task; give the facts when no process is left."""
        self.check()
        pipes = {node: _pipe() for node in sorted({node for node, _ in tasks} or {0})}
        self.outputs = {output: node for node, (output, _) in pipes.items()}
        placed = [(environment, pipes[node][1]) for node, environment in tasks]
        warden = start_warden(self.plan, placed, (*self.outputs, self.lock))
        for _, entry in pipes.values():
            os.close(entry)
        self.open_tasks = len(tasks)
        self.record.move(
            "running", child_pid=warden.pid, isolation=warden.level, started_at=time.time()
        )
        self.shipper.report(self.record.told())
        self.shipper.start(_TICK)
        meter = Meter(self.plan, warden.pid)
        self._watch(warden, meter)
        usage = self.record.facts["usage"]
        usage.update(meter.totals(usage.get("peak_memory_bytes", 0)))
        self._await_peers()
        return self.verdict or ending.of_status(self.failed or 0, self.log.last_line())

    def _watch(self, warden: Warden, meter: Meter) -> None:
        waiting = {*self.outputs, warden.status}
        while warden.status in waiting:
            ready = select.select(waiting, [], [], _TICK)[0]
            for output in self.outputs:
                if output in ready and not self._copy_output(output):
                    waiting.discard(output)
            if warden.status in ready and not self._hear(warden):
                waiting.discard(warden.status)
            meter.look()
            self._look()
            self._press(warden)
        status = os.waitpid(warden.pid, 0)[1]
        if status:
            self._mourn(status)
        for output in self.outputs:
            while self._copy_output(output):
                pass
            os.close(output)
        self.node_logs.close()

    def _await_peers(self) -> None:
        """Let the other nodes come to their end, too; those that serve this one need not."""
        while self.peers.open and self.verdict is None and not self.failed:
            if self.plan.serves_the_first:
                return
            self._look()
            time.sleep(_TICK)

    def _copy_output(self, output: int) -> bool:
        try:
            data = os.read(output, _PIPE_BYTES)
        except BlockingIOError:
            return False
        self.node_logs.write(self.outputs[output], data)
        return bool(data)

    def _hear(self, warden: Warden) -> bool:
        """Take the warden's news; False when there will be no more."""
        lines = warden.lines()
        for words in lines:
            if words[0] == "ended":
                self._one_ended(int(words[2]))
            elif words[0] == "gone":
                usage = {"cpu_seconds": float(words[1]), "peak_memory_bytes": int(words[2])}
                self.record.facts["usage"].update(usage)
        return bool(lines)

    def _one_ended(self, status: int) -> None:
        self.open_tasks -= 1
        if status and self.failed is None:
            self.failed = status
        if self.open_tasks == 0 or status:
            self._end(None, min(self.plan.grace, _LEFTOVER_GRACE))

    def _look(self) -> None:
        lost = self.peers.look()
        if self.kill_at is not None and self.verdict is not None:
            return
        if lost:
            self.log.note(lost["error"]["message"])
            self._end(lost, self.plan.grace)
        if self.kill_at is not None and self.open_tasks:
            return
        if os.path.exists(f"{self.plan.folder}/cancel"):
            self._end(ending.canceled(), self.plan.grace)
        elif self.deadline is not None and time.monotonic() > self.deadline:
            text = f"The job ran longer than its timeout of {self.plan.timeout:g} seconds."
            self.log.note(text)
            self._end(ending.failure("timeout", text), self.plan.grace)

    def _end(self, verdict: dict[str, Any] | None, grace: float) -> None:
        """Begin to end the tree, gently first; a verdict may follow while other nodes go on."""
        if self.kill_at is None:
            self.kill_at = time.monotonic() + grace
        if self.verdict is None and not self.failed:
            self.verdict = verdict

    def _press(self, warden: Warden) -> None:
        if self.kill_at is None:
            return
        if not self.terminated:
            self.terminated = True
            warden.order(TERMINATE)
            if self.verdict or self.failed:
                self.peers.stop()
        elif time.monotonic() >= self.kill_at:
            warden.order(KILL)

    def _mourn(self, status: int) -> None:
        """The warden itself was killed: end what it left to us."""
        processes.kill_all(lambda: processes.descendants(os.getpid()), seconds=ending.STRAYS)
        if self.verdict is None:
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
            text = "The job's processes were killed from outside."
            self.verdict = ending.failure("killed", text, None, number)


def _pipe() -> tuple[int, int]:
    """Give the two ends of a pipe for much output."""
    output, entry = os.pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    os.set_blocking(output, False)
    return output, entry


def _told_to_stop() -> dict[str, Any]:
    return ending.failure("stopped", "The job's launcher was told to stop (SIGTERM).")
