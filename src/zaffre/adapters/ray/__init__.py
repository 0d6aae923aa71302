"""Jobs on Ray clusters: Ray chooses the node, the job's launcher does the rest there.

The node sees the home, so that the job's folder is the whole truth here as on the local compute.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from zaffre.adapters.ray.agents import CONNECTING, Agent, Door
from zaffre.adapters.ray.fleet import Fleet
from zaffre.errors import Failed, Unavailable
from zaffre.ports.clusters import Cluster, Node, Seen
from zaffre.ports.compute import Compute, Report

DOWN = "cluster_down"
"""The code of the refusal while a cluster of this machine has no head."""

_STARTS = 5
_LOOK_SECONDS = 2.0
_BELIEVED = 0.4
"""Seconds for which an answer of a cluster is taken again."""


class Launch(Protocol):
    """How a job's launcher is started."""

    @property
    def command(self) -> list[str]: ...
    @property
    def environment(self) -> dict[str, str]: ...
    @property
    def folder(self) -> Path: ...


class Folders(Compute, Protocol):
    """The jobs' folders on this machine."""

    def prepare(self, name: str, plan: dict[str, Any]) -> Launch | None:
        """Write a job's plan for a launcher that somebody else starts."""


@dataclass(frozen=True)
class RaySettings:
    """What the server says once: where jobs lie, where clusters of its own are kept, its logs."""

    jobs: Path
    clusters: Path
    logs: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable


class RayCompute:
    """Runs jobs on the clusters that it was told of (a `Compute` and `Clusters`)."""

    def __init__(self, folders: Folders, settings: RaySettings) -> None:
        self.settings = settings
        self._folders = folders
        self._owner = hashlib.sha256(str(settings.jobs).encode()).hexdigest()[:12]
        self._fleet = Fleet(settings.clusters, settings.python, settings.environment)
        self._agents: dict[str, Agent] = {}
        self._alive: dict[str, tuple[float, frozenset[str]]] = {}
        self._seen: dict[str, tuple[float, Seen]] = {}
        self._sent: dict[str, int] = {}
        self._known: dict[str, Cluster] = {}
        self._guard = threading.Lock()
        self._rests = False

    def tend(self, wanted: Sequence[Cluster]) -> None:
        """Take one step towards the clusters that are wanted."""
        if self._rests:
            return
        self._known = {cluster.key: cluster for cluster in wanted}
        own = {one.key: one for one in wanted if not one.address}
        for key in self._fleet.clusters() | own.keys():
            idle = self._idle(key) if self._fleet.too_many(key, own.get(key)) else ()
            self._fleet.tend(key, own.get(key), idle)
        with self._guard:
            gone = [key for key in self._agents if key not in self._known]
            for key in gone:
                self._agents.pop(key).close()

    def rest(self) -> None:
        """Let nodes that run nothing end, once and for all; those with jobs stay for them."""
        self._rests = True
        for key in self._fleet.clusters():
            with contextlib.suppress(Unavailable, Failed):
                if not self._living(key):
                    self._fleet.tend(key, Cluster(key), self._idle(key))
        with self._guard:
            for agent in self._agents.values():
                agent.close()
            self._agents.clear()

    def look(self, key: str) -> Seen:
        """Say how a cluster is."""
        starting = self._fleet.starting(key)
        told, seen = self._seen.get(key, (float("-inf"), Seen()))
        if time.monotonic() - told > _LOOK_SECONDS or seen.starting != starting:
            seen = self._looked(key, starting)
            self._seen[key] = (time.monotonic(), seen)
        return seen

    def _looked(self, key: str, starting: int) -> Seen:
        try:
            found = self._ask(key, "nodes")
        except (Unavailable, Failed) as error:
            quiet = starting or error.code in (CONNECTING, DOWN)
            told = "" if quiet else error.message
            return Seen(starting=starting, error=told or self._fleet.trouble(key))
        nodes = [
            Node(one["name"], one["cpus"], one["gpus"], one["memory"], busy=one["busy"])
            for one in found
            if one["alive"]
        ]
        return Seen(nodes, starting)

    def start(self, name: str, plan: dict[str, Any]) -> None:
        """Send the job to its cluster, or do nothing if it has begun.

        While its cluster is not up, or not reached, the job waits: it is sent when that is over.
        """
        place = plan["placement"]
        launch = self._folders.prepare(name, plan)
        if launch is None:
            return
        (launch.folder / "cluster").write_text(place["cluster"])
        if self._sent.get(name, 0) >= _STARTS:
            raise Failed(
                "The job's launcher ends before it has begun. Do the cluster's nodes see "
                f"`{self.settings.jobs.parent}`? {_told(launch.folder)}".strip()
            )
        order = {
            "command": launch.command,
            "environment": launch.environment,
            "folder": str(launch.folder),
            "nodes": place["nodes"],
            "share": place["share"],
        }
        with contextlib.suppress(Unavailable):
            self._ask(place["cluster"], "start", name=self._title(name), order=order)
            self._sent[name] = self._sent.get(name, 0) + 1
            self._alive.pop(place["cluster"], None)

    def report(self, name: str) -> Report | None:
        """Say how the job is; one that its cluster no longer knows has to be sent again."""
        found = self._folders.report(name)
        key = None if found else self._cluster_of(name)
        if found is not None or key is None:
            return found
        with contextlib.suppress(Unavailable, Failed):
            if self._title(name) not in self._living(key):
                return self._folders.report(name)
        return Report("starting", {})

    def cancel(self, name: str) -> None:
        """Ask the job to stop; one that waits for a node is taken back."""
        self._folders.cancel(name)
        key = self._cluster_of(name)
        if key and self._folders.report(name) is None:
            with contextlib.suppress(Unavailable, Failed):
                self._ask(key, "stop", name=self._title(name))
                self._alive.pop(key, None)

    def logs(self, name: str, offset: int, limit: int) -> bytes:
        """Give bytes of the job's merged output from an offset."""
        return self._folders.logs(name, offset, limit)

    def folder(self, name: str) -> Path | None:
        """Give the job's folder."""
        return self._folders.folder(name)

    def again(self, name: str) -> None:
        """Let a job that lost its node begin anew."""
        self._free(name)
        self._folders.again(name)

    def forget(self, name: str) -> None:
        """Delete the folder of a job that does not run, and free what it may still hold."""
        self._free(name)
        self._folders.forget(name)

    def _free(self, name: str) -> None:
        key = self._cluster_of(name)
        if key:
            with contextlib.suppress(Unavailable, Failed):
                if self._title(name) in self._living(key):
                    self._ask(key, "stop", name=self._title(name))
                    self._alive.pop(key, None)
        self._sent.pop(name, None)

    def _living(self, key: str) -> frozenset[str]:
        told, names = self._alive.get(key, (float("-inf"), frozenset()))
        if time.monotonic() - told > _BELIEVED:
            names = frozenset(self._ask(key, "alive"))
            self._alive[key] = (time.monotonic(), names)
        return names

    def _idle(self, key: str) -> Sequence[str]:
        with contextlib.suppress(Unavailable, Failed):
            found = self._ask(key, "nodes")
            return [one["name"] for one in found if one["alive"] and not one["busy"]]
        return ()

    def _ask(self, key: str, do: str, **values: Any) -> Any:
        """Ask a cluster.

        Raises:
            Unavailable: it is not there, or does not answer.
        """
        door = self._door(key)
        if door is None:
            raise Unavailable(f"The cluster `{key}` is not up.", code=DOWN)
        with self._guard:
            agent = self._agents.get(key)
            if agent is None or agent.door != door:
                if agent is not None:
                    agent.close()
                log = self.settings.logs / f"ray-{key.replace('/', '-')}.log"
                command = [self.settings.python]
                agent = Agent(door, command, self.settings.environment, log)
                self._agents[key] = agent
        return agent.ask(do, **values)

    def _door(self, key: str) -> Door | None:
        cluster = self._known.get(key)
        if cluster is None:
            return None
        if not cluster.address:
            return self._fleet.door(key)
        opening = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cluster.token}
        return Door(cluster.address, opening if cluster.token else {})

    def _cluster_of(self, name: str) -> str | None:
        folder = self._folders.folder(name)
        with contextlib.suppress(OSError):
            return (folder / "cluster").read_text() if folder else None
        return None

    def _title(self, name: str) -> str:
        """Give the job's name in the cluster, which others may use, too."""
        return f"{self._owner}/{name}"


def _told(folder: Path) -> str:
    log = folder / "launcher.log"
    return log.read_text(errors="replace")[-1000:] if log.exists() else ""
