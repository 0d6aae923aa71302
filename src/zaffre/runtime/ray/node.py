"""What holds a job's share of a Ray node: it runs the job's launcher and lives as long as that.

The class is sent to the nodes by value; what it needs there is Ray and the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

_FAREWELL = 5.0
"""Seconds that Ray gets to end this process, which knows best how it ended."""

_AT_A_TIME = 4
_PORTS = 32


class JobNode:
    """One node of a job. The order is given when it is made: nobody need be there later.

    An order says `command` (the launcher's, but for the folder), `environment`, `folder`, and for
    several nodes how many (`nodes`) and what each holds (`share`). The first node starts the
    others as its children: they end with it.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.ended = threading.Event()
        if not order.get("rank"):
            self.me = ray.get_runtime_context().current_actor
            threading.Thread(target=self._lead, daemon=True).start()

    def offer(self) -> tuple[str, list[int]]:
        """Give this node's address, and some ports that are free on it."""
        sockets = [socket.socket() for _ in range(_PORTS)]
        try:
            for one in sockets:
                one.bind(("", 0))
            return str(ray.util.get_node_ip_address()), [one.getsockname()[1] for one in sockets]
        finally:
            for one in sockets:
                one.close()

    def serve(self, hosts: list[tuple[str, list[int]]]) -> None:
        """Run the launcher of another node than the first, to its end."""
        rank = self.order["rank"]
        folder = Path(self.order["folder"]) / "nodes" / str(rank)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._plan(folder, hosts, rank)
        threading.Thread(target=self._launch, args=(folder,), daemon=True).start()
        self.ended.wait()

    def _lead(self) -> None:
        """Run the job, with the other nodes if it has more."""
        folder = Path(self.order["folder"])
        try:
            if self.order["nodes"] > 1:
                self._gather(folder)
            self._launch(folder)
        finally:
            self._leave()

    def _gather(self, folder: Path) -> None:
        """Start the other nodes, and let each know where all are."""
        group = ray.util.get_current_placement_group()
        others = {rank: self._other(group, rank) for rank in range(1, self.order["nodes"])}
        hosts = [self.offer(), *ray.get([one.offer.remote() for one in others.values()])]
        self._plan(folder, hosts, 0)
        for rank, other in others.items():
            serving = other.serve.remote(hosts)
            mark = folder / "nodes" / str(rank) / "lost"
            threading.Thread(target=_mark_lost, args=(serving, mark), daemon=True).start()

    def _other(self, group: Any, rank: int) -> Any:
        share = self.order["share"]
        place = PlacementGroupSchedulingStrategy(group, rank)
        settings = {**share, "max_concurrency": _AT_A_TIME, "scheduling_strategy": place}
        return ray.remote(type(self)).options(**settings).remote({**self.order, "rank": rank})

    def _plan(self, folder: Path, hosts: list[tuple[str, list[int]]], rank: int) -> None:
        """Write the plan of a node: the first one's, with what is its own."""
        lead = Path(self.order["folder"])
        plan = json.loads((lead / "plan.json").read_bytes())
        own = {"rank": rank, "lead": str(lead), "hosts": hosts}
        if rank:  # inputs are those of the first, which also tells the server
            own |= {"inputs": [], "url": "", "warnings": []}
        draft = folder / "plan.json.draft"
        draft.write_text(json.dumps({**plan, **own}))
        draft.chmod(0o600)
        draft.replace(folder / "plan.json")

    def _launch(self, folder: Path) -> None:
        """Run the launcher to its end, in one thread: it is tied to that."""
        command = [*self.order["command"], str(folder), "--tied", str(os.getpid())]
        environment = dict(self.order["environment"])
        if self.order["share"]["num_gpus"]:  # Ray says which ones
            environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        with contextlib.suppress(OSError), (folder / "launcher.log").open("ab") as log:
            subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ).wait()
        self.ended.set()

    def _leave(self) -> None:
        """Free what is held: the group of all nodes, else this one."""
        with contextlib.suppress(Exception):
            group = ray.util.get_current_placement_group()
            if group is not None:
                ray.util.remove_placement_group(group)
            ray.kill(self.me)
        threading.Event().wait(_FAREWELL)
        os._exit(0)


def _mark_lost(serving: Any, mark: Path) -> None:
    """Wait for a node's end; if its worker died, say so where the first node's launcher looks."""
    try:
        ray.get(serving)
    except ray.exceptions.RayError:
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.touch()
