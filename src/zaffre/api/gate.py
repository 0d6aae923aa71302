"""The one gate: every request passes here; only declared routes answer, to declared callers."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from zaffre.api.credentials import SAFE, token_of
from zaffre.api.errors import answer, status_of, translate
from zaffre.api.matching import Match, Table
from zaffre.api.routing import Access, Caller, Route
from zaffre.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, ZaffreError
from zaffre.kinds.names import NAME
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Actor
from zaffre.ports.tokens import Principal, Role
from zaffre.services import workspaces
from zaffre.services.context import Context

LOG = logging.getLogger("zaffre.api")
RANK = {
    Role.READER: Access.READ,
    Role.CONTRIBUTOR: Access.WRITE,
    Role.OWNER: Access.OWN,
}
NARROW = {
    Role.JOB: ("A job's token", "the job", (Access.JOB, Access.JOB_WRITE)),
    Role.ENDPOINT: (
        "An endpoint's key",
        "the endpoint",
        (Access.ENDPOINT, Access.ENDPOINT_WRITE),
    ),
}
"""Roles that reach one thing only: what their tokens are called, that thing, and their routes."""
NOBODY = Principal("anonymous", Role.READER, workspace="-")
PREFIX = "/workspaces/"
OWN_API = "/api/v1/"
WORKSPACE = "/api/v1/workspaces/{workspace}"
GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class Gate:
    """An ASGI application: checks host and origin, finds the route, checks the caller, answers.

    `hosts` are the exact `Host` headers that are served; anything else was meant for somebody else
    (DNS rebinding). `wake` is called after each change, so that the loop looks at it at once; with
    the reference of the job that changes something by its own token.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        context: Context,
        hosts: Sequence[str],
        wake: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._table = Table(routes)
        self._context = context
        self._wake = wake
        self._workspaces = {""}
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(
            f"{scheme}://{host}" for host in self._hosts for scheme in ("http", "https")
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request_id = secrets.token_hex(8)
        try:
            response = await self._respond(scope, receive, request_id)
        except ClientDisconnect:
            return
        except ZaffreError as error:
            response = answer(error, scope["path"], request_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is answered
            response = answer(_meant(error, scope, request_id), scope["path"], request_id)
        await response(scope, receive, _guarded(send, request_id))

    async def _respond(self, scope: Scope, receive: Receive, request_id: str) -> Response:
        headers = Headers(scope=scope)
        self._check_host(headers)
        self._check_origin(scope["method"], headers)
        prefix = _strip_workspace(scope)
        found = self._table.find(scope["method"], scope["path"])
        open_to_all = found is not None and found.route.access is Access.PUBLIC
        token = "" if open_to_all else token_of(scope["method"], headers)
        principal = NOBODY if open_to_all else self._authenticate(token)
        if found is None:
            raise self._unknown(scope)
        scope["path_params"] = found.params
        workspace = _workspace(found, principal, prefix)
        _check_access(principal, found, workspace)
        await self._check_workspace(found.route, workspace)
        caller = Caller(principal, workspace, request_id, token)
        scope["zaffre"] = caller
        scope["context"] = self._context.acting(Actor(principal.name, request_id))
        limited = _limit_body(headers, receive, found.route.max_body)
        response = await found.route.handler(Request(scope, limited))
        if scope["method"] not in SAFE and scope["path"].startswith(OWN_API):
            self._wake(_own_job(principal))
        return response

    async def _check_workspace(self, route: Route, workspace: str) -> None:
        """Refuse calls about a workspace that is not there; none that is there ever goes."""
        making = route.path == WORKSPACE
        if making or route.access is Access.PUBLIC or workspace in self._workspaces:
            return
        await run_in_threadpool(workspaces.require, self._context, workspace)
        self._workspaces.add(workspace)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Forbidden(
                "This host name is not served here.",
                hint="Add it to ZAFFRE_HOSTS if it is yours.",
                code="host",
            )

    def _check_origin(self, method: str, headers: Headers) -> None:
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if origin is not None and origin.lower() not in self._origins:
            raise Forbidden("Calls from other sites are not served.", code="origin")
        if method not in SAFE and site not in (None, "same-origin", "none"):
            raise Forbidden("Calls from other sites are not served.", code="origin")

    def _authenticate(self, token: str) -> Principal:
        principal = self._context.tokens.check(token) if token else None
        if principal is None:
            raise Unauthenticated(
                "This token is not valid (any more)." if token else "A bearer token is needed.",
                hint="The home's own is in its file `token`: set ZAFFRE_TOKEN "
                "(for MLflow clients MLFLOW_TRACKING_TOKEN) to it.",
            )
        return principal

    def _unknown(self, scope: Scope) -> ZaffreError:
        methods = self._table.methods(scope["path"])
        if methods:
            return Invalid(
                f"{scope['method']} is not served here, but {', '.join(methods)}.", code="method"
            )
        return NotFound("There is nothing at this address.")


def _meant(error: Exception, scope: Scope, request_id: str) -> ZaffreError:
    """Give what the caller is told of an error that nobody expected; the log has the rest."""
    known = translate(error)
    if known is None or status_of(known) in (503, 507):
        LOG.error(
            "request %s: %s %s failed", request_id, scope["method"], scope["path"], exc_info=error
        )
    return known or ZaffreError(
        "The server met an error of its own.", hint=f"See its log, request {request_id}."
    )


def _own_job(principal: Principal) -> str:
    if principal.role is not Role.JOB:
        return ""
    return Key("job", principal.workspace, principal.job).reference


def _strip_workspace(scope: Scope) -> str:
    """Take `/workspaces/NAME` off the front of a path; "" where it is not there.

    Our own API names the workspace in its paths, once. No route begins with what is left on.
    """
    path: str = scope["path"]
    if not path.startswith(PREFIX):
        return ""
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    if not NAME.fullmatch(name) or f"/{rest}".startswith((OWN_API, PREFIX)):
        return ""
    scope["path"] = f"/{rest}"
    return name


def _workspace(found: Match, principal: Principal, prefix: str) -> str:
    """Say which workspace a call is about; "" is the server as a whole."""
    if "workspace" in found.params:
        return str(found.params["workspace"])
    if found.route.path.startswith(OWN_API):
        return principal.workspace
    return prefix or "default"


def _check_access(principal: Principal, found: Match, workspace: str) -> None:
    route = found.route
    if route.access is Access.PUBLIC:
        return
    if principal.workspace not in ("", workspace):
        raise NotFound(f"There is no workspace `{workspace}`.")
    if principal.role in NARROW:
        token, thing, allowed = NARROW[principal.role]
        if route.access not in allowed:
            raise Forbidden(f"{token} does not allow this.")
        if found.params.get("name", principal.job) != principal.job:
            raise NotFound(f"{token} reaches {thing} itself only.")
        return
    if principal.workspace and route.access is Access.OWN and "workspace" not in found.params:
        raise Forbidden(f"Your role is one in the workspace `{principal.workspace}` only.")
    if RANK[principal.role] < route.access:
        raise Forbidden(f"Your role `{principal.role}` does not allow this.")


def _limit_body(headers: Headers, receive: Receive, limit: int) -> Receive:
    """Give a receive that refuses a body larger than `limit` bytes (0: the handler limits it)."""
    if not limit:
        return receive
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Invalid("Content-Length is no number.")
    if int(length) > limit:
        raise TooLarge(f"The body is larger than the {limit} bytes that are taken here.")
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise TooLarge(f"The body is larger than the {limit} bytes that are taken here.")
        return message

    return counted


def _guarded(send: Send, request_id: str) -> Send:
    """Give a send that adds the headers every answer has."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            present = {name for name, _ in headers}
            headers = [*headers, *(guard for guard in GUARDS if guard[0] not in present)]
            message = {**message, "headers": [*headers, (b"x-request-id", request_id.encode())]}
        await send(message)

    return wrapped


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
