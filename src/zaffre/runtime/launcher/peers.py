"""The other nodes of a job, as their launchers' folders show them to the first one's."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from zaffre.runtime.launcher import ending
from zaffre.runtime.launcher.output_log import OutputLog
from zaffre.runtime.launcher.plan import Plan
from zaffre.runtime.launcher.record import ENDED, read_state

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

LOST = "lost"
"""The file that says that a node's worker is gone."""

_PIECE = 2**20
_PATIENCE = 20.0
"""Seconds that the others get to end beyond what the plan grants."""


def folder_of(lead: str, rank: int) -> str:
    """Give the folder of a node's launcher."""
    return f"{lead}/nodes/{rank}"


def start_together(plan: Plan, pause: Any) -> None:
    """Wait, on another node than the first, until inputs and outputs are in place there."""
    while plan.rank and (read_state(plan.lead) or {}).get("phase") in {
        None,
        "starting",
        "preparing",
    }:
        pause()
        time.sleep(0.05)


class Peers:
    """Nodes 1 and further; none where the job has one node, or all of them are this machine."""

    def __init__(self, plan: Plan, log: OutputLog) -> None:
        self.log = log
        self.grace = plan.grace
        ranks = range(1, len(plan.hosts)) if not plan.rank else ()
        self.folders = {rank: folder_of(plan.lead, rank) for rank in ranks}
        self.open = set(self.folders)
        self.ended: dict[int, dict[str, Any]] = {}
        self._read = dict.fromkeys(self.folders, 0)

    def look(self) -> dict[str, Any] | None:
        """Pass on what they said; give the facts of one that failed since, if any."""
        failed = None
        for rank in sorted(self.open):
            facts = self._facts(rank)
            self._pass_on(rank, whole=facts is None)
            if facts is None:
                continue
            self.open.discard(rank)
            self.ended[rank] = facts
            if facts["outcome"] == "failed" and failed is None:
                failed = {key: facts[key] for key in ("outcome", "exit_code", "signal")}
                failed["error"] = _of_node(rank, facts["error"])
        return failed

    def stop(self) -> None:
        """Ask all to stop."""
        for rank in self.open:
            with contextlib.suppress(OSError):
                os.makedirs(self.folders[rank], mode=0o700, exist_ok=True)
                os.close(os.open(f"{self.folders[rank]}/cancel", os.O_WRONLY | os.O_CREAT, 0o600))

    def finish(self) -> None:
        """Stop all that is left, and wait for it."""
        deadline = time.monotonic() + self.grace + _PATIENCE
        self.stop()
        while self.open and time.monotonic() < deadline:
            self.look()
            time.sleep(0.05 if self.open else 0)

    def artifacts(self) -> list[Any]:
        """Give what the others sealed."""
        found = []
        for rank, facts in self.ended.items():
            for path, *rest in facts["sealed"]["artifacts"]:
                own = path == "user_logs/std_log.txt"
                found.append([f"user_logs/std_log_{rank}.txt" if own else path, *rest])
        return found

    def add_usage(self, usage: dict[str, Any]) -> None:
        """Add what the others consumed; of most memory at a time, the largest is told."""
        for facts in self.ended.values():
            for name, value in (facts.get("usage") or {}).items():
                if name.startswith("peak"):
                    usage[name] = max(usage.get(name, 0), value)
                elif name != "wall_seconds":
                    usage[name] = usage.get(name, 0) + value

    def _facts(self, rank: int) -> dict[str, Any] | None:
        folder = self.folders[rank]
        held = _is_held(f"{folder}/lock")  # asked first: who lets it go has written the end before
        state = read_state(folder)
        if state is not None and state["phase"] == ENDED:
            return state
        if (state is not None and not held) or os.path.exists(f"{folder}/{LOST}"):
            gone = ending.failure("node_lost", "Its launcher was killed or the node went down.")
            return {**gone, "sealed": {"artifacts": []}}
        return None

    def _pass_on(self, rank: int, *, whole: bool) -> None:
        """Add what a node said to the job's log, line by line."""
        with (
            contextlib.suppress(FileNotFoundError),
            open(f"{self.folders[rank]}/user_logs/std_log.txt", "rb") as file,
        ):
            file.seek(self._read[rank])
            while data := file.read(_PIECE):
                end = data.rfind(b"\n") + 1 if whole else len(data)
                if not end:
                    return
                file.seek(self._read[rank] + end)
                self._read[rank] += end
                for line in data[:end].splitlines():
                    self.log.write(b"[node %d] %s\n" % (rank, line))


def _of_node(rank: int, error: dict[str, Any]) -> dict[str, Any]:
    return {"code": error["code"], "message": f"Node {rank}: {error['message']}"}


def _is_held(path: str) -> bool:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)
