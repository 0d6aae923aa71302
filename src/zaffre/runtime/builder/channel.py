"""Conda channels through py-rattler, a real solver. Loaded only for conda packages."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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
from zaffre.runtime.builder.failure import explained
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import say

_ALIASES = {"defaults": "main"}
STAND_IN = stand_in.BUILD
"""The build of a `python` that is not the channel's but the machine's."""


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


def install(wanted: Wanted) -> list[Mapping[str, Any]]:
    """Solve for conda packages and install them; give the record of each.

    Raises:
        Unreachable: a channel does not answer in time.
        BuildError: the packages do not exist or exclude each other.
    """
    return asyncio.run(_install(wanted))


def install_records(
    found: Sequence[Mapping[str, Any]], prefix: Path, python: Callable[[], str], left: float
) -> None:
    """Install the conda packages that a lock names, or none of other content.

    `python` gives the version of the Python to use where the lock has none; `left` are seconds.

    Raises:
        BuildError: one of them cannot be had any more.
    """
    asyncio.run(asyncio.wait_for(_install_records(found, prefix, python), max(left, 1)))


async def _install_records(
    found: Sequence[Mapping[str, Any]], prefix: Path, python: Callable[[], str]
) -> None:
    for each in found:
        _check_file(each)
    with tempfile.TemporaryDirectory() as folder:
        records = [_record(each, Path(folder)) for each in found if not _is_stand_in(each)]
    if len(records) < len(found):
        place, version = prefix.parent / "stand-in", python()
        stand_in.write(place, version, [str(rattler.Platform.current())])
        package = stand_in.package(place, version)
        records.append(await rattler.RepoDataRecord.from_package_archive(package))
    await _put(records, prefix)


async def _install(wanted: Wanted) -> list[Mapping[str, Any]]:
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
    except SolverError as error:
        raise BuildError(
            f"The conda packages cannot be had together. {explained(str(error))}",
            f"Check names and versions in channel(s) {', '.join(wanted.channels)}.",
        ) from None
    await _put(records, wanted.prefix)
    return [json.loads(each.to_json()) for each in records]


async def _put(records: list[rattler.RepoDataRecord], prefix: Path) -> None:
    say(f"Installing {len(records)} conda packages")
    try:
        await rattler.install(records, target_prefix=prefix, show_progress=False)
    except InstallerError as error:
        raise BuildError(
            f"The conda packages cannot be installed. {explained(str(error))}",
            "Build again, or see the log.",
        ) from None
    for name in sorted(f"{each.name.normalized}={each.version}={each.build}" for each in records):
        say(f"  + {name}")


def _record(found: Mapping[str, Any], folder: Path) -> rattler.RepoDataRecord:
    file = folder / "index.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    package = rattler.PackageRecord.from_index_json(
        file, found.get("size"), found.get("sha256"), found.get("md5")
    )
    return rattler.RepoDataRecord(package, found["fn"], found["url"], found["channel"])


def _check_file(found: Mapping[str, Any]) -> None:
    """Compare a package in a folder with its digest: rattler does so for what it fetches.

    Raises:
        BuildError: it is not there, or another one.
    """
    address = urlsplit(found["url"])
    if address.scheme != "file" or _is_stand_in(found):
        return
    try:
        with Path(unquote(address.path)).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BuildError(f"The conda package {found['fn']} is gone: {error}.") from None
    if found.get("sha256") not in (None, digest):
        raise BuildError(f"The conda package {found['fn']} is not the one that was locked.")


def _is_stand_in(found: Mapping[str, Any]) -> bool:
    return bool(found["build"] == stand_in.BUILD)


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
    folder = wanted.prefix.parent / "stand-in"
    address = stand_in.write(folder, wanted.python(), [str(each) for each in platforms])
    return [*sources, rattler.Channel(address)]
