"""Routes as data: each says its method, path, handler and who may call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zaffre.ports.tokens import Principal, Role


class Access(IntEnum):
    """Who may call a route, from everybody to owners.

    `JOB` and `JOB_WRITE` are `READ` and `WRITE` that a job may call too, for its own run;
    `ENDPOINT` and `ENDPOINT_WRITE` those that the keys of a batch endpoint open, too, for itself.
    """

    PUBLIC = 0
    JOB = 1
    ENDPOINT = 2
    READ = 3
    JOB_WRITE = 4
    ENDPOINT_WRITE = 5
    WRITE = 6
    OWN = 7


@dataclass(frozen=True)
class Caller:
    """Who calls, in which workspace. The gate puts it at `request.scope["zaffre"]`."""

    principal: Principal
    workspace: str = "default"
    request_id: str = ""
    token: str = field(default="", repr=False)

    @property
    def job(self) -> str:
        """Give the id of the job that calls, or ""."""
        return self.principal.job if self.principal.role is Role.JOB else ""


Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """One route. `handler` is async and gets a Starlette request whose `path_params` are filled.

    `path` uses Starlette's grammar (`/blobs/{digest}`, `/artifacts/{path:path}`); `body` and
    `answer` are JSON schemas or names of kinds for the OpenAPI document; `max_body` is in bytes,
    0 leaves the limit to the handler. `reads` says that a POST only asks: readers may call it.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str = ""
    body: Any = None
    answer: Any = None
    query: tuple[str, ...] = field(default=())
    max_body: int = 4 * 2**20
    reads: bool = False
