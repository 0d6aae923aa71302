"""Which ports a server takes: those asked for, else those of before, else the usual ones."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass

from zaffre.errors import Conflict
from zaffre.server import gateway
from zaffre.server.home import write_private
from zaffre.services.context import Home

SERVER = 8642
GATEWAY = 8643


@dataclass(frozen=True)
class Ports:
    """The ports of a server and its gateway; 0 is none."""

    server: int = 0
    gateway: int = 0


def last(home: Home) -> Ports:
    """Give the ports that clients of this home know from the last time."""
    try:
        known = json.loads((home.run / "ports.json").read_text())
        return Ports(int(known["server"]), int(known["gateway"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Ports()


def keep(home: Home, ports: Ports) -> None:
    """Remember the ports for the next start."""
    write_private(home.run / "ports.json", json.dumps(asdict(ports)))


def listen(host: str, asked: int | None, before: int) -> socket.socket:
    """Listen on the port asked for (0 is any free one), preferring the one of before.

    Raises:
        Conflict: no port that may be used is free.
    """
    choices = [before, SERVER] if asked is None else [asked or before, asked]
    problem = ""
    for port in dict.fromkeys(choice for choice in choices if choice or asked == 0):
        listening = _socket(host)
        try:
            listening.bind((host, port))
            listening.listen(1024)
        except OSError as error:
            listening.close()
            problem = problem or f"Port {port} on {host} cannot be used: {error.strerror}."
        else:
            return listening
    raise Conflict(
        problem, hint="Give another one with `zaffre up --port PORT` (0 takes any free one)."
    )


def for_gateway(home: Home, host: str, asked: int | None, before: int) -> int:
    """Choose the gateway's port: one that outlived its server keeps its own."""
    if asked:
        return asked
    wanted = before if asked == 0 else before or GATEWAY
    if wanted and (gateway.known_port(home) == wanted or _is_free(host, wanted)):
        return wanted
    return GATEWAY if asked is None else _free(host)


def _socket(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _is_free(host: str, port: int) -> bool:
    with _socket(host) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free(host: str) -> int:
    with _socket(host) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
