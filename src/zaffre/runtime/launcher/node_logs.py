"""What each node said, kept apart beside the job's whole log."""

from __future__ import annotations

from zaffre.runtime.launcher.output_log import OutputLog
from zaffre.runtime.launcher.plan import Plan


class NodeLogs:
    """Writes to the job's log, and for a job of several nodes to one of each node."""

    def __init__(self, plan: Plan, log: OutputLog) -> None:
        self.plan = plan
        self.log = log
        self.apart = plan.instances > 1 and bool(plan.distribution) and not plan.rank
        self.parts: dict[int, OutputLog] = {}

    def write(self, node: int, data: bytes) -> None:
        """Add output of a node's processes."""
        self.log.write(data)
        if self.apart and data:
            if node not in self.parts:
                self.parts[node] = OutputLog(self.plan.folder, self.plan.log_bytes, f"_{node}")
            self.parts[node].write(data)

    def close(self) -> None:
        """Complete the logs of the nodes."""
        for part in self.parts.values():
            part.close()
