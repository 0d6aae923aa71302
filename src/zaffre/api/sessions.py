"""Sessions of the studio: a link that works once becomes a cookie with a token like others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, text_answer
from zaffre.api.credentials import session_cookie
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid, Unauthenticated
from zaffre.ports.tokens import Principal

PATH = "/api/v1/session"
LINK = timedelta(minutes=10)
SESSION = timedelta(days=7)
OBJECT = {"type": "object"}
CODE = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": {"type": "string"}},
}
WHO = {
    "type": "object",
    "required": ["name", "role", "workspace"],
    "properties": {name: {"type": "string"} for name in ("name", "role", "workspace")},
}


async def make_link(request: Request) -> Response:
    """Make a link that signs its opener in as the caller, once, within ten minutes.

    The code stands behind `#`, which no browser sends and no log keeps.
    """
    ctx, caller = request.scope["context"], request.scope["zaffre"]
    code = await run_in_threadpool(ctx.tokens.invite, caller.principal, LINK)
    url = f"{ctx.addresses.server}/sign-in#{code}"
    return text_answer({"url": url, "expires_in": int(LINK.total_seconds())}, 201)


async def open_session(request: Request) -> Response:
    """Change the code of a link into a session."""
    ctx, body = request.scope["context"], body_of(await request.body())
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, str) or not code:
        raise Invalid("`code` is missing.", hint='The body is `{"code": "CODE"}`.')
    token = await run_in_threadpool(ctx.tokens.accept, code, SESSION)
    principal = await run_in_threadpool(ctx.tokens.check, token) if token else None
    if token is None or principal is None:
        raise Unauthenticated(
            "This link was used before, or is too old.", hint="`zaffre studio` prints a new one."
        )
    answer = text_answer(_told(principal), 201)
    _set_cookie(request, answer, token, SESSION)
    return answer


async def show_session(request: Request) -> Response:
    """Say who calls."""
    return text_answer(_told(request.scope["zaffre"].principal))


async def end_session(request: Request) -> Response:
    """End the session of the caller: its token is not valid any more."""
    ctx, caller = request.scope["context"], request.scope["zaffre"]
    if caller.token != request.cookies.get(session_cookie(request.headers["host"])):
        raise Invalid("Only a session of the studio is ended here.")
    await run_in_threadpool(ctx.tokens.end, caller.token)
    answer = Response(status_code=204)
    _set_cookie(request, answer, "", timedelta())
    return answer


def _told(principal: Principal) -> dict[str, Any]:
    return {
        "name": principal.name,
        "role": principal.role.value,
        "workspace": principal.workspace,
    }


def _set_cookie(request: Request, answer: Response, value: str, lasts: timedelta) -> None:
    answer.set_cookie(
        session_cookie(request.headers["host"]),
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/session-links",
        make_link,
        Access.READ,
        "Make a link that signs a browser in, once.",
        answer=OBJECT,
        reads=True,
    ),
    Route(
        "POST",
        PATH,
        open_session,
        Access.PUBLIC,
        "Change the code of a link into a session.",
        body=CODE,
        answer=WHO,
        max_body=4096,
        reads=True,
    ),
    Route("GET", PATH, show_session, Access.READ, "Who calls.", answer=WHO),
    Route("DELETE", PATH, end_session, Access.READ, "End the session.", reads=True),
)
