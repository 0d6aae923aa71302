"""Answered requests by their ids: from the gateway's log, else from captured data."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds.data import DataStatus
from zaffre.kinds.deployment_settings import COLLECTIONS
from zaffre.ports.capture_tables import Answered, Table
from zaffre.ports.metadata import Browse
from zaffre.services import captures, resources, trees
from zaffre.services.context import Context

LOGS = ("requests.log", *(f"requests.log.{number}" for number in range(1, 5)))


def find(ctx: Context, workspace: str, request_id: str) -> Answered:
    """Give what is known of an answered request.

    Raises:
        NotFound: neither the log nor captured data has it, or it reached no deployment.
    """
    for name in LOGS:
        found = _in_log(ctx.home.logs / name, request_id)
        if found is not None:
            return _by_a_deployment(found)
    tables = list(_tables(ctx, workspace))
    captured = ctx.tables.find(tables, request_id) if ctx.tables and tables else None
    if captured is None:
        raise NotFound(
            f"Nothing is known of request `{request_id}`.",
            hint="The answer's header `x-request-id` has the id. A `data_collector` keeps"
            " requests for longer than the log.",
        )
    return captured


def _by_a_deployment(found: Answered) -> Answered:
    if not found.deployment:
        raise NotFound(
            f"Request `{found.request_id}` reached no deployment of endpoint `{found.endpoint}`:"
            f" it was answered with {found.status}.",
            hint="The answer says why: no deployment had traffic or was ready, or it was refused.",
        )
    return found


def _in_log(path: Path, request_id: str) -> Answered | None:
    """Give the last line of a log that is of this request, not of a copy of it."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
            found = (line for line in _lines(log, request_id) if not line.get("mirrored"))
            line = next(found, None)
    except (OSError, ValueError):
        return None  # it is not there, is empty, or was cut off in the middle of this line
    return _answered(line) if line else None


def _lines(log: mmap.mmap, request_id: str) -> Iterator[dict[str, Any]]:
    needle = f'"id":{json.dumps(request_id)},'.encode()
    at = log.rfind(needle)
    while at >= 0:
        begin, end = log.rfind(b"\n", 0, at) + 1, log.find(b"\n", at)
        yield json.loads(log[begin : end if end >= 0 else len(log)])
        at = log.rfind(needle, 0, begin)


def _answered(line: Mapping[str, Any]) -> Answered:
    return Answered(
        request_id=line["id"],
        time=line["time"],
        endpoint=line["endpoint"],
        deployment=line["deployment"],
        revision=line.get("revision", ""),
        status=line["status"],
        milliseconds=line["ms"],
    )


def _tables(ctx: Context, workspace: str) -> Iterator[Table]:
    """Give the tables of captured data, the newest of each asset first."""
    for collection in COLLECTIONS:
        query = Browse(
            "data", workspace, tags={captures.COLLECTION_TAG: collection}, archived=None
        )
        for asset in resources.every(ctx, query):
            if not isinstance(asset.status, DataStatus) or asset.status.tree is None:
                continue
            for leaf in reversed(trees.load_tree(ctx, asset.status.tree).leaves):
                path = ctx.artifacts.path(leaf.digest)
                if path is not None:
                    yield Table(path, leaf.path.rpartition(".")[2])
