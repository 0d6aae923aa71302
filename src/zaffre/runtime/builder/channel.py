"""Conda channels through py-rattler, a real solver. Loaded only for conda packages."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import rattler
from rattler.exceptions import (
    FetchRepoDataError,
    GatewayError,
    InstallerError,
    InvalidChannelError,
    InvalidMatchSpecError,
    SolverError,
)

from zaffre.runtime.builder import stand_in
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import say

_ALIASES = {"defaults": "main"}


class Unreachable(Exception):
    """A channel cannot be reached."""


@dataclass(frozen=True)
class Wanted:
    """Conda packages to install into `prefix`; `patience` and `left` are seconds.

    `python` gives the version of the Python to use where no channel has one.
    """

    channels: Sequence[str]
    specs: Sequence[str]
    prefix: Path
    python: Callable[[], str]
    patience: float
    left: float


def install(wanted: Wanted) -> list[str]:
    """Solve for conda packages and install them; give `name=version=build` of each.

    Raises:
        Unreachable: a channel does not answer in time.
        BuildError: the packages do not exist or exclude each other.
    """
    return asyncio.run(_install(wanted))


async def _install(wanted: Wanted) -> list[str]:
    gateway = rattler.Gateway()
    sources = await _sources(gateway, wanted)
    say(f"Solving {', '.join(wanted.specs)} from {', '.join(wanted.channels)}")
    try:
        records = await rattler.solve(
            sources,
            list(wanted.specs),
            gateway=gateway,
            virtual_packages=rattler.VirtualPackage.detect(),
            timeout=datetime.timedelta(seconds=max(wanted.left, 1)),
        )
        say(f"Installing {len(records)} conda packages")
        await rattler.install(records, target_prefix=wanted.prefix, show_progress=False)
    except SolverError as error:
        raise BuildError(
            f"The conda packages cannot be had together. {error}",
            f"Check names and versions in channel(s) {', '.join(wanted.channels)}.",
        ) from None
    except InstallerError as error:
        raise BuildError(
            f"The conda packages cannot be installed. {error}", "Build again, or see the log."
        ) from None
    return sorted(f"{each.name.normalized}={each.version}={each.build}" for each in records)


async def _sources(gateway: rattler.Gateway, wanted: Wanted) -> list[rattler.Channel]:
    """Give the channels, and one with a Python to stand in if they have none.

    Raises:
        Unreachable: a channel does not answer in time.
        BuildError: a package or channel is written wrong.
    """
    platforms = [rattler.Platform.current(), rattler.Platform("noarch")]
    try:
        sources = [rattler.Channel(_ALIASES.get(name, name)) for name in wanted.channels]
        query = gateway.query(sources, platforms, [*wanted.specs, "python"], recursive=False)
        known = await asyncio.wait_for(query, wanted.patience)
    except (FetchRepoDataError, GatewayError, TimeoutError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no answer in time"
        raise Unreachable(reason) from None
    except (InvalidMatchSpecError, InvalidChannelError) as error:
        raise BuildError(f"A conda package or channel is written wrong: {error}") from None
    if any(record.name.normalized == "python" for records in known for record in records):
        return sources
    say("No channel has Python: it comes from uv")
    folder = wanted.prefix.parent / "stand-in"
    address = stand_in.write(folder, wanted.python(), [str(each) for each in platforms])
    return [*sources, rattler.Channel(address)]
