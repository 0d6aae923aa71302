"""A home keeps its ports from start to start, so that what clients know goes on being right."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from zaffre.errors import Conflict
from zaffre.server import home as places
from zaffre.server import ports
from zaffre.services.context import Home

HOST = "127.0.0.1"


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return places.prepare(tmp_path / "home")


def free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_ports_are_remembered(place: Home) -> None:
    assert ports.last(place) == ports.Ports(0, 0)
    ports.keep(place, ports.Ports(4711, 4712))
    assert ports.last(place) == ports.Ports(4711, 4712)
    (place.run / "ports.json").write_text("[")
    assert ports.last(place) == ports.Ports(0, 0)


@pytest.mark.parametrize("asked", [None, 0])
def test_the_port_of_before_is_taken_again(place: Home, asked: int | None) -> None:
    before = free()
    with ports.listen(HOST, asked, before) as listening:
        assert listening.getsockname()[1] == before
    assert ports.for_gateway(place, HOST, asked, before) == before


def test_a_port_that_others_took_is_given_up(place: Home) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with ports.listen(HOST, 0, taken) as listening:
            assert listening.getsockname()[1] not in (0, taken)
        assert ports.for_gateway(place, HOST, 0, taken) not in (0, taken)
        assert ports.for_gateway(place, HOST, None, taken) == ports.GATEWAY


def test_a_port_that_is_asked_for_is_taken_or_refused(place: Home) -> None:
    wanted = free()
    with ports.listen(HOST, wanted, free()) as listening:
        assert listening.getsockname()[1] == wanted
        with pytest.raises(Conflict, match=f"Port {wanted} on {HOST} cannot be used"):
            ports.listen(HOST, wanted, 0)
    assert ports.for_gateway(place, HOST, wanted, free()) == wanted
