"""Uploads in parts, for clients that ask for them: each part is content of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api import transfer
from zaffre.api.bodies import text_answer
from zaffre.api.mlflow.asked import Asked, asked, path_of
from zaffre.api.mlflow.rights import caller, check_writer, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.artifact_path import Place, place_of
from zaffre.services import artifact_rights, run_files
from zaffre.services.context import Context

_BASE = "/api/2.0/mlflow-artifacts/mpu"
_MOST_PARTS = 10_000
_LASTS = timedelta(hours=6)
_CHUNK = 2**20


async def create(request: Request) -> Response:
    """Give an address for each part."""
    wanted = await asked(request)
    await run_in_threadpool(_check, request, _place(request, wanted))
    count = wanted.number("num_parts", 1, most=_MOST_PARTS)
    ctx, upload = context(request), secrets.token_hex(16)
    token = await run_in_threadpool(ctx.tokens.issue, caller(request).principal, _LASTS)
    base = f"{ctx.addresses.server}/workspaces/{quote(workspace(request))}{_BASE}/parts/{upload}"
    headers = {"Authorization": f"Bearer {token}"}
    parts = [
        {"url": f"{base}/{number}", "part_number": number, "headers": headers}
        for number in range(1, count + 1)
    ]
    return text_answer({"upload_id": upload, "credentials": parts})


async def put_part(request: Request) -> Response:
    """Keep a part; its tag is its digest."""
    check_writer(request)
    blob = await transfer.receive(request)
    return Response(status_code=200, headers={"etag": blob.digest})


async def complete(request: Request) -> Response:
    """Put the parts together."""
    wanted = await asked(request)
    place = _place(request, wanted)
    await run_in_threadpool(_check, request, place)
    digests = _digests(wanted)
    await run_in_threadpool(_join, context(request), workspace(request), place, digests)
    return text_answer({})


def _digests(wanted: Asked) -> list[str]:
    """Give the digests of the parts in order.

    Raises:
        Invalid: a part is missing, or has no tag of ours.
    """
    parts: dict[int, str] = {}
    for one in wanted.parts("parts"):
        parts[one.number("part_number", 1, most=_MOST_PARTS)] = names.digest(
            one.text("etag").strip('"')
        )
    if not parts or sorted(parts) != list(range(1, len(parts) + 1)):
        raise Invalid("The parts are not numbered from 1 on without a gap.")
    return [parts[number] for number in sorted(parts)]


def _join(ctx: Context, workspace: str, place: Place, digests: list[str]) -> None:
    """Store the parts as one content; gc takes the parts, which others may have, too."""

    def pieces() -> Iterator[bytes]:
        for digest in digests:
            with ctx.artifacts.open(digest) as file:
                yield from iter(lambda: file.read(_CHUNK), b"")

    blob = ctx.artifacts.put(pieces())
    run_files.record(ctx, workspace, place, blob)


async def abort(request: Request) -> Response:
    """Give an upload up: its parts are left to gc."""
    place = _place(request, await asked(request))
    await run_in_threadpool(_check, request, place)
    return text_answer({})


def _place(request: Request, wanted: Asked) -> Place:
    """Give the place of the file: the folder is in the path, the name ends the client's path."""
    name = wanted.text("path").replace("\\", "/").rpartition("/")[2]
    return place_of(path_of(request)).child(names.path(name))


def _check(request: Request, place: Place) -> None:
    run_files.check_writable(place)
    who = caller(request)
    artifact_rights.check(context(request), who.principal, who.workspace, place, writing=True)


def _post(verb: str, handler: Any, summary: str) -> Route:
    return Route("POST", f"{_BASE}/{verb}/{{path:path}}", handler, Access.JOB_WRITE, summary)


ROUTES: tuple[Route, ...] = (
    _post("create", create, "Begin an upload in parts."),
    _post("complete", complete, "Put the parts of an upload together."),
    _post("abort", abort, "Give an upload in parts up."),
    Route(
        "PUT",
        f"{_BASE}/parts/{{upload}}/{{number}}",
        put_part,
        Access.JOB_WRITE,
        "Store a part.",
        max_body=0,
    ),
)
