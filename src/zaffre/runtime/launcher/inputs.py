"""Put a job's code, inputs and output folders in place before its command starts."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable

from zaffre.runtime.launcher.bringing import blob_path, bring
from zaffre.runtime.launcher.fetch import fetch
from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

Check = Callable[[], None]
"""Called between pieces of long work; raises when the job is to stop."""

_CHUNK = 2**20
_WRITABLE_MODES = ("download", "rw_mount", "upload", "eval_download")


class Unusable(Exception):
    """Something the job needs cannot be put in place; the message says what, for the user."""


def prepare(plan: Plan, check: Check) -> None:
    """Lay out the job's folder: code, inputs, outputs.

    Raises:
        Unusable: something cannot be put in place.
    """
    work = f"{plan.folder}/wd"
    for name in ("wd", "inputs", "outputs", "artifacts"):
        os.makedirs(f"{plan.folder}/{name}", mode=0o700, exist_ok=True)
    with open(f"{plan.folder}/journal.jsonl", "ab"):
        pass
    try:
        bring(plan, check)
    except (ValueError, OSError) as error:
        raise Unusable(f"What the job needs cannot be had: {error}") from error
    if plan.code:
        with open(plan.code, "rb") as file:
            place_tree(json.load(file), plan.blobs, work, check, linked=False)
    for name in ("outputs", "logs"):  # scripts write to ./outputs without making it
        with contextlib.suppress(FileExistsError):
            os.mkdir(f"{work}/{name}", mode=0o700)
    for wanted in plan.inputs:
        try:
            _place_input(plan, wanted, check)
        except OSError as error:
            raise Unusable(f"Input `{wanted['name']}`: {error.strerror or error}.") from error
    for wanted in plan.outputs:
        _make_output(wanted)


def is_copied(wanted: dict[str, Any]) -> bool:
    """Say whether the job gets a copy of an input, which it may change."""
    return wanted.get("mode") in _WRITABLE_MODES or bool(wanted.get("url"))


def place_tree(
    tree: dict[str, Any], blobs: str, target: str, check: Check, *, linked: bool
) -> None:
    """Write a tree's files under a folder: as links to read-only blobs, or as writable copies.

    Raises:
        Unusable: a file of it is missing or damaged.
    """
    made: set[str] = set()
    for path, digest, _size, mode in tree["files"]:
        check()
        place = f"{target}/{path}"
        parent = os.path.dirname(place)
        if parent not in made:
            os.makedirs(parent, mode=0o700, exist_ok=True)
            made.add(parent)
        _place_file(blob_path(blobs, digest), digest, place, mode, linked=linked)


def _place_file(blob: str, digest: str, place: str, mode: int, *, linked: bool) -> None:
    try:
        if linked and not mode & 0o100 and _link(blob, place):
            found = _digest(place)
        else:
            found = _copy(blob, place, mode)
    except FileNotFoundError:
        raise Unusable(
            f"`{os.path.basename(place)}` is missing from the artifact store ({digest})."
        ) from None
    if found != digest:
        raise Unusable(f"`{os.path.basename(place)}` is damaged in the artifact store ({digest}).")
    if linked and mode & 0o100:
        os.chmod(place, 0o500)


def _link(source: str, place: str) -> bool:
    try:
        os.link(source, place)
    except FileExistsError:
        return True
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _digest(path: str) -> str:
    seen = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            seen.update(data)
    return f"sha256:{seen.hexdigest()}"


def _copy(source: str, place: str, mode: int) -> str:
    seen = hashlib.sha256()
    with open(source, "rb", buffering=0) as reader, open(place, "wb", buffering=0) as writer:
        while data := reader.read(_CHUNK):
            seen.update(data)
            writer.write(data)
    os.chmod(place, 0o700 if mode & 0o100 else 0o600)
    return f"sha256:{seen.hexdigest()}"


def _place_input(plan: Plan, wanted: dict[str, Any], check: Check) -> None:
    place = f"{plan.folder}/inputs/{wanted['name']}"
    if wanted.get("tree"):
        os.makedirs(place, mode=0o700, exist_ok=True)
        place_tree(wanted["tree"], plan.blobs, place, check, linked=not is_copied(wanted))
    elif wanted.get("path"):
        _place_path(wanted["path"], place, wanted.get("file"))
    elif wanted.get("url"):
        os.makedirs(place, mode=0o700, exist_ok=True)
        try:
            address = _address(wanted["url"], plan.mirrors)
            name = wanted.get("file") or "data"
            fetch(address, f"{place}/{name}", limit=plan.download_bytes, check=check)
        except ValueError as error:
            raise Unusable(f"Input `{wanted['name']}`: {error}") from error


def _address(url: str, mirrors: dict[str, str]) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"`{url}` is no address that a job can download.")
    fitting = [prefix for prefix in mirrors if url.startswith(prefix)]
    if not fitting:
        return url
    prefix = max(fitting, key=len)  # the server's owner named a place that stands in for it
    return mirrors[prefix] + url[len(prefix) :]


def _place_path(path: str, place: str, file: str | None) -> None:
    if not os.path.exists(path):
        raise Unusable(f"Input `{os.path.basename(place)}`: there is nothing at `{path}`.")
    if file is None:
        with contextlib.suppress(FileExistsError):
            os.symlink(path, place)
        return
    os.makedirs(place, mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.symlink(path, f"{place}/{file}")


def _make_output(wanted: dict[str, Any]) -> None:
    path = wanted["path"]
    folder = os.path.dirname(path) if wanted.get("type") == "uri_file" else path
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        writable = os.access(folder, os.W_OK)
        fits = stat.S_ISDIR(os.stat(folder).st_mode)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(
            f"Output `{wanted['name']}` cannot be written at `{folder}`: {reason}."
        ) from error
    if not (writable and fits):
        raise Unusable(f"Output `{wanted['name']}` cannot be written at `{folder}`.")
