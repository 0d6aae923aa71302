"""The studio's routes: the application at `/` and at every page of it, and its files."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.routing import Access, Route
from zaffre.studio.bundle import Bundle

PAGES = ("/", "/sign-in", "/w/{path:path}")
"""Addresses that a browser opens. What they show, the application asks the API for."""


def page_routes(bundle: Bundle) -> list[Route]:
    """Give the routes of a build; everybody may load it, since it holds nothing of a workspace."""

    async def page(request: Request) -> Response:
        return bundle.page(request.headers)

    async def asset(request: Request) -> Response:
        return bundle.asset(request.path_params["name"], request.headers)

    async def icon(request: Request) -> Response:
        return bundle.icon(request.headers)

    return [
        *(Route("GET", path, page, Access.PUBLIC, "The studio.") for path in PAGES),
        Route("GET", "/assets/{name}", asset, Access.PUBLIC, "A file of the studio."),
        Route("GET", "/favicon.svg", icon, Access.PUBLIC, "The icon of the studio."),
    ]
