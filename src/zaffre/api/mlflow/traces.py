"""Routes of traces, which are not kept yet: clients are told so in a form that they know."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.routing import Access, Route
from zaffre.errors import NotFound


async def refuse(request: Request) -> Response:
    """Say that traces are not kept.

    Raises:
        NotFound: always.
    """
    await request.body()
    raise NotFound("Traces are not kept by this server.", code="ENDPOINT_NOT_FOUND")


ROUTES: tuple[Route, ...] = tuple(
    Route(method, f"/api/{version}/mlflow/traces{rest}", refuse, access, "Not offered.")
    for version in ("2.0", "3.0")
    for rest in ("", "/{rest:path}")
    for method, access in (
        ("GET", Access.JOB),
        ("POST", Access.JOB_WRITE),
        ("PATCH", Access.JOB_WRITE),
        ("DELETE", Access.JOB_WRITE),
    )
)
