"""`python -m zaffre.server`: one server on one home."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from zaffre.errors import ZaffreError
from zaffre.server import assembly, home, isolation, ports
from zaffre.server.serving import serve
from zaffre.server.settings import Settings, from_environment

SWITCH_SECONDS = 0.001
"""How long one thread keeps the interpreter while others wait; the writer works in pieces."""


def main() -> None:
    """Run the server until it is told to stop (SIGTERM, SIGINT)."""
    os.umask(0o077)
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        run(_settings(sys.argv[1:]))
    except ZaffreError as error:
        sys.stderr.write(
            f"zaffre: {error.message}\n" + (f"  {error.hint}\n" if error.hint else "")
        )
        sys.exit(1)


def run(settings: Settings) -> None:
    """Hold the home, assemble the parts, serve.

    Raises:
        Conflict: the home is held already, or a port is taken.
    """
    started = time.time()
    place = home.prepare(settings.home)
    lock = home.hold(place)
    closed_off = isolation.level(settings.isolation)
    before = ports.last(place)
    listening = ports.listen(settings.host, settings.port, before.server)
    own = listening.getsockname()[1]
    beside = ports.for_gateway(place, settings.host, settings.gateway_port, before.gateway)
    ports.keep(place, ports.Ports(own, beside))
    settings = replace(settings, port=own, gateway_port=beside)
    try:
        parts = assembly.assemble(settings, place)
        _rest_from_collecting()
        serve(parts, listening, started, closed_off)
    finally:
        (place.run / "server.json").unlink(missing_ok=True)
        lock.close()


def _rest_from_collecting() -> None:
    """Keep what was loaded out of the collector's way: it would go through it at each turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _settings(arguments: list[str]) -> Settings:
    known = from_environment()
    parser = argparse.ArgumentParser(prog="zaffre.server", description="Run one Zaffre server.")
    parser.add_argument("--home", type=Path, default=known.home)
    parser.add_argument("--host", default=known.host)
    parser.add_argument("--port", type=int, default=known.port)
    parser.add_argument("--gateway-port", type=int, default=known.gateway_port)
    parser.add_argument("--database", default=known.database)
    given = parser.parse_args(arguments)
    return replace(
        known,
        home=given.home.absolute(),
        host=given.host,
        port=given.port,
        gateway_port=given.gateway_port,
        database=given.database,
    )


if __name__ == "__main__":
    main()
