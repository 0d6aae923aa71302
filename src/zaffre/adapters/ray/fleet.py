"""Clusters made of this machine: nodes of Ray that are started and ended as they are wanted."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zaffre.adapters.ray import members
from zaffre.adapters.ray.agents import Door
from zaffre.adapters.ray.members import Member
from zaffre.ports.clusters import Cluster

NODE = "zaffre_node"
"""What a node has one of: a job's share of a node is all of it."""

STORE_BYTES = 80 * 10**6
_LONGEST = 40
"""Letters of a folder below which Ray's sockets still have short enough names."""

PAUSE = 10.0
"""Seconds between two starts of the same node."""

_TOLD = 300
_UP = "Ray runtime started"


class Fleet:
    """The nodes of all clusters of this machine: their records are the truth."""

    def __init__(self, root: Path, python: str, environment: Mapping[str, str]) -> None:
        self._root = root
        self._python = python
        self._environment = environment
        self._started: dict[tuple[str, int], float] = {}

    def clusters(self) -> set[str]:
        """Name the clusters that have nodes, or had."""
        if not self._root.is_dir():
            return set()
        return {one.name.replace("@", "/") for one in self._root.iterdir() if one.is_dir()}

    def too_many(self, key: str, cluster: Cluster | None) -> bool:
        """Say whether there are more nodes than wanted."""
        return len(self._standing(key)) > (cluster.nodes if cluster else 0)

    def starting(self, key: str) -> int:
        """Count the nodes that are not up yet."""
        return sum(not self._is_up(key, one) for one in self._standing(key))

    def trouble(self, key: str) -> str:
        """Say why a cluster has no head, "" if it has one or needs none."""
        log = self._folder(key) / "node-0.log"
        if self._standing(key) or not log.exists() or (key, 0) not in self._started:
            return ""
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return f"Its first node ended: {said[-1][-_TOLD:]}" if said else "Its first node ended."

    def door(self, key: str) -> Door | None:
        """Give how a cluster is reached, or None while it has no head."""
        address = self._address(key)
        return Door(address, self._opening(key)) if address else None

    def tend(self, key: str, cluster: Cluster | None, idle: Sequence[str]) -> None:
        """Take one step towards the nodes that are wanted; of too many, idle ones end first."""
        folder = self._folder(key)
        self._bury(folder, head_is_gone=self._head_is_gone(key))
        standing = self._standing(key)
        wanted = cluster.nodes if cluster else 0
        if cluster and len(standing) < wanted:
            self._start(key, cluster, {one.number for one in standing}, wanted)
        if len(standing) > wanted:
            for one in _spared(standing, idle if cluster else None)[: len(standing) - wanted]:
                self._started.pop((key, one.number), None)
                members.write(folder, replace(one, ending=time.time()))
                members.end(folder, one, gently=True)
        if not cluster and folder.is_dir() and not members.read(folder):
            self._remove(folder)

    def _standing(self, key: str) -> list[Member]:
        found = members.read(self._folder(key))
        return [one for one in found if one.ending is None and one.is_alive()]

    def _head_is_gone(self, key: str) -> bool:
        return not any(one.number == 0 for one in self._standing(key))

    def _bury(self, folder: Path, *, head_is_gone: bool) -> None:
        """End what is left of nodes that are dead, or told to end, or without their head."""
        for one in members.read(folder):
            if one.ending is not None or not one.is_alive() or head_is_gone:
                gently = one.is_alive() and not members.is_overdue(one)
                if one.ending is None:
                    members.write(folder, replace(one, ending=time.time()))
                if not gently or one.ending is None:
                    members.end(folder, one, gently=gently)
                elif not members.marked(folder / f"node-{one.number}.json"):
                    members.end(folder, one, gently=True)

    def _start(self, key: str, cluster: Cluster, there: Collection[int], wanted: int) -> None:
        folder = self._folder(key)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = {one.number for one in members.read(folder)}
        free = [number for number in range(wanted + len(taken)) if number not in taken]
        if 0 not in there:
            if 0 in free:
                shutil.rmtree(self._sessions(folder), ignore_errors=True)
                self._sessions(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
                self._launch(
                    key,
                    cluster,
                    0,
                    ("--head", "--port", "0", "--temp-dir", str(self._sessions(folder))),
                )
            return
        address = self._address(key)
        for number in free[: wanted - len(there)] if address else ():
            self._launch(key, cluster, number, ("--address", str(address)))

    def _launch(self, key: str, cluster: Cluster, number: int, options: Sequence[str]) -> None:
        now, before = time.monotonic(), self._started.get((key, number), float("-inf"))
        if now - before < PAUSE:
            return  # it ended at once: another try costs as much
        self._started[key, number] = now
        size = cluster.size
        more = [
            *("--object-store-memory", str(STORE_BYTES), "--resources", json.dumps({NODE: 1})),
            *(
                "--num-cpus",
                str(size.cpus or os.cpu_count() or 1),
                "--num-gpus",
                str(size.gpus or 0),
            ),
            *("--include-log-monitor", "false", "--disable-usage-stats"),
            *(("--include-dashboard", "false") if number == 0 else ()),
            *(("--memory", str(size.memory)) if size.memory else ()),
        ]
        environment = {**self._environment, **self._opening(key)}
        members.start(self._folder(key), number, self._python, [*options, *more], environment)

    def _is_up(self, key: str, member: Member) -> bool:
        log = self._folder(key) / f"node-{member.number}.log"
        return log.exists() and _UP in log.read_text(errors="replace")

    def _address(self, key: str) -> str | None:
        head = next((one for one in self._standing(key) if one.number == 0), None)
        if head is None or not self._is_up(key, head):
            return None
        with contextlib.suppress(OSError):
            return (self._sessions(self._folder(key)) / "ray_current_cluster").read_text().strip()
        return None

    def _opening(self, key: str) -> dict[str, str]:
        """Give the variables that open a cluster; its token is made with it."""
        token = self._folder(key) / "token"
        if not token.exists():
            token.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                file.write(secrets.token_hex(32))
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}

    def _sessions(self, folder: Path) -> Path:
        """Give where Ray keeps its sockets and logs: in the cluster's folder if names fit."""
        if len(str(folder)) <= _LONGEST:
            return folder / "ray"
        note = folder / "sessions"
        if not note.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            note.write_text(tempfile.mkdtemp(prefix="zaffre-ray-"))
        return Path(note.read_text())

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(self._sessions(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, key: str) -> Path:
        return self._root / key.replace("/", "@")


def _spared(standing: Sequence[Member], idle: Sequence[str] | None) -> list[Member]:
    """Give the nodes that may end, the youngest first; the head only when it is the last. Pure."""
    free = [one for one in standing if idle is None or one.name in idle]
    others = [one for one in reversed(free) if one.number]
    heads = [one for one in free if not one.number]
    return others + heads if len(others) + len(heads) == len(standing) else others
