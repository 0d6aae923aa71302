"""Which nodes of this machine's clusters may end."""

from __future__ import annotations

from zaffre.adapters.ray.fleet import _spared
from zaffre.adapters.ray.members import Member

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
