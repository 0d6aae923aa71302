"""Which nodes of this machine's clusters may end."""

from __future__ import annotations

import os
from pathlib import Path

from zaffre.adapters.ray.fleet import Fleet, _spared
from zaffre.adapters.ray.members import Member
from zaffre.ports.clusters import Cluster
from zaffre.testing.compute import wait_for

HEAD, ONE, TWO = (Member(number, 1000 + number, 1, "boot") for number in range(3))


def test_the_youngest_idle_node_ends_first() -> None:
    assert _spared([HEAD, ONE, TWO], ["node-1", "node-2"]) == [TWO, ONE]


def test_a_busy_node_stays() -> None:
    assert _spared([HEAD, ONE, TWO], ["node-1"]) == [ONE]


def test_the_head_ends_only_with_all_others() -> None:
    assert _spared([HEAD, ONE], ["node-0"]) == []
    assert _spared([HEAD, ONE], ["node-0", "node-1"]) == [ONE, HEAD]


def test_all_end_when_the_cluster_is_gone() -> None:
    assert _spared([HEAD, ONE], None) == [ONE, HEAD]


def test_a_reused_pid_is_no_node() -> None:
    assert not HEAD.is_alive()


def test_a_head_that_cannot_start_is_told_and_not_started_all_the_time(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho started >>$(dirname $0)/starts\necho no room\nexit 3\n")
    program.chmod(0o700)
    fleet = Fleet(tmp_path / "ray", str(program), {"PATH": os.environ["PATH"]})
    wanted = Cluster("default/cpu", nodes=1)

    def turn() -> str:
        fleet.tend(wanted.key, wanted, ())
        return fleet.trouble(wanted.key)

    assert wait_for(turn) == "Its first node ended: no room"
    for _ in range(5):
        turn()
    assert (tmp_path / "starts").read_text().split() == ["started"]
