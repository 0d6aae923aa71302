"""What holds a job's share of a Ray node: it runs the job's launcher and lives as long as that.

The class is sent to the nodes by value; what it needs there is Ray and the standard library.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from typing import Any

import ray

_FAREWELL = 5.0
"""Seconds that Ray gets to end this process, which knows best how it ended."""


class JobNode:
    """One node of a job. The order is given when it is made: nobody need be there later.

    An order says `command` (the launcher's), `environment` and `folder`.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.me = ray.get_runtime_context().current_actor
        threading.Thread(target=self._run, daemon=True).start()

    def address(self) -> str:
        """Give the address of this node in the cluster."""
        return str(ray.util.get_node_ip_address())

    def _run(self) -> None:
        """Run the launcher to its end, in one thread: it is tied to that."""
        folder = self.order["folder"]
        with contextlib.suppress(OSError), open(f"{folder}/launcher.log", "ab") as log:  # noqa: PTH123
            subprocess.Popen(
                [*self.order["command"], "--tied", str(os.getpid())],
                env=self.order["environment"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ).wait()
        self._leave()

    def _leave(self) -> None:
        """Free what is held: the group of all nodes, else this one."""
        group = ray.util.get_current_placement_group()
        with contextlib.suppress(Exception):
            if group is not None:
                ray.util.remove_placement_group(group)
            ray.kill(self.me)
        threading.Event().wait(_FAREWELL)
        os._exit(0)
