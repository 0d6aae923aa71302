"""What only models have: packages."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, resource_answer, text_answer
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Route
from zaffre.kinds.package import PackageOrder, order_of
from zaffre.kinds.resource import Key, Resource
from zaffre.services import packages
from zaffre.services.context import Context

VERSION = "/api/v1/workspaces/{workspace}/models/{name}/versions/{version}"


async def package(request: Request) -> Response:
    """Begin to make a package of a model, or say what would go in."""
    raw = await request.body()
    order = order_of(body_of(raw or b"{}"))
    path = request.path_params
    key = Key("model", request.scope["zaffre"].workspace, path["name"], path["version"])
    ctx = once_of(request, raw, "job")
    if order.dry_run:
        return text_answer(await run_in_threadpool(_contents, ctx, key, order))
    return resource_answer(await run_in_threadpool(_begun, ctx, key, order), 201)


def _contents(ctx: Context, key: Key, order: PackageOrder) -> dict[str, object]:
    return packages.contents(ctx, packages.plan(ctx, key, order))


def _begun(ctx: Context, key: Key, order: PackageOrder) -> Resource:
    known = ctx.metadata.recall(ctx.actor.once) if ctx.actor.once else None
    if known is not None:
        return ctx.metadata.get(known)
    return packages.submit(ctx, packages.plan(ctx, key, order))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{VERSION}/package",
        package,
        Access.WRITE,
        "Make a package of a model that runs without Zaffre.",
        body="package",
        answer="job",
    ),
)
