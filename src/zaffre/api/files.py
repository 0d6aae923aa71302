"""Content and trees: what is missing, upload, download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api import transfer
from zaffre.api.bodies import body_of, text_answer
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.tree import from_document
from zaffre.ports.artifacts import Blob
from zaffre.ports.direct import Place
from zaffre.services import blobs, trees
from zaffre.services.context import Context

_BASE = "/api/v1/workspaces/{workspace}"
_MIB = 2**20


async def missing(request: Request) -> Response:
    """Say which of some digests are not stored."""
    ctx: Context = request.scope["context"]
    digests = await _digests(request)
    return text_answer({"missing": await run_in_threadpool(trees.missing, ctx, digests)})


async def downloads(request: Request) -> Response:
    """Say where content can be got past this server; what is not named comes by this server."""
    ctx: Context = request.scope["context"]
    digests = await _digests(request)
    return _places(await run_in_threadpool(blobs.downloads, ctx, digests))


async def uploads(request: Request) -> Response:
    """Say where content can be put past this server; what is not named goes by this server."""
    ctx: Context = request.scope["context"]
    body = body_of(await request.body())
    rows = body.get("blobs") if isinstance(body, dict) else None
    try:
        wanted = [_blob(row) for row in rows] if isinstance(rows, list) else [_blob(rows)]
    except (TypeError, KeyError, ValueError):
        hint = 'Send {"blobs": [{"digest": "sha256:...", "size": 1}]}.'
        raise Invalid("`blobs` is a list of digests and sizes.", hint=hint) from None
    return _places(await run_in_threadpool(blobs.uploads, ctx, wanted))


def _blob(row: Any) -> Blob:
    return Blob(str(row["digest"]), int(row["size"]))


async def _digests(request: Request) -> list[str]:
    body = body_of(await request.body())
    digests = body.get("digests") if isinstance(body, dict) else None
    if not isinstance(digests, list) or not all(isinstance(text, str) for text in digests):
        raise Invalid("`digests` is a list of texts.", hint='Send {"digests": ["sha256:..."]}.')
    return [str(text) for text in digests]


def _places(found: Mapping[str, Place]) -> Response:
    places = {digest: asdict(place) for digest, place in found.items()}
    return text_answer({"places": places}, headers={"cache-control": "no-store"})


async def put_blob(request: Request) -> Response:
    """Store content under its digest."""
    blob = await transfer.receive(request, expect=names.digest(request.path_params["digest"]))
    return text_answer({"digest": blob.digest, "size": blob.size}, 201)


async def get_blob(request: Request) -> Response:
    """Give content, or a range of it."""
    return await transfer.send(request, names.digest(request.path_params["digest"]))


async def put_tree(request: Request) -> Response:
    """Store a manifest of content that is there."""
    ctx: Context = request.scope["context"]
    raw = await request.body()
    digest = await run_in_threadpool(lambda: trees.store_tree(ctx, from_document(body_of(raw))))
    return text_answer({"digest": digest}, 201)


async def get_tree(request: Request) -> Response:
    """Give a manifest."""
    ctx: Context = request.scope["context"]
    digest = names.digest(request.path_params["digest"])
    tree = await run_in_threadpool(trees.load_tree, ctx, digest)
    return Response(tree.content, 200, {"etag": f'"{digest}"'}, "application/json")


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_BASE}/blobs/missing",
        missing,
        Access.WRITE,
        "Say which content is not stored.",
        max_body=16 * _MIB,
    ),
    Route(
        "POST",
        f"{_BASE}/blobs/downloads",
        downloads,
        Access.READ,
        "Say where content can be got past the server.",
        reads=True,
    ),
    Route(
        "POST",
        f"{_BASE}/blobs/uploads",
        uploads,
        Access.WRITE,
        "Say where content can be put past the server.",
    ),
    Route(
        "PUT", f"{_BASE}/blobs/{{digest}}", put_blob, Access.WRITE, "Store content.", max_body=0
    ),
    Route("GET", f"{_BASE}/blobs/{{digest}}", get_blob, Access.READ, "Give content."),
    Route(
        "POST",
        f"{_BASE}/trees",
        put_tree,
        Access.WRITE,
        "Store a manifest of a folder.",
        max_body=128 * _MIB,
    ),
    Route("GET", f"{_BASE}/trees/{{digest}}", get_tree, Access.READ, "Give a manifest."),
)
