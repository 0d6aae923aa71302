"""Idempotency keys: the same request sent twice makes one resource."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from starlette.requests import Request

from zaffre.errors import Invalid
from zaffre.ports.metadata import Once
from zaffre.services.context import Context

REMEMBERED = timedelta(hours=24)
LONGEST = 255


def once_of(request: Request, body: bytes, kind: str) -> Context:
    """Give the request's context; its actor carries the idempotency key, if one was sent.

    Raises:
        Invalid: the key is empty or too long.
    """
    ctx: Context = request.scope["context"]
    sent = request.headers.get("idempotency-key")
    if sent is None:
        return ctx
    if not 0 < len(sent) <= LONGEST:
        raise Invalid(f"An Idempotency-Key has 1 to {LONGEST} characters.")
    caller = request.scope["zaffre"]
    scope = f"{caller.principal.name}\n{caller.workspace}\n{request.scope['path']}\n{sent}"
    token = hashlib.sha256(scope.encode("utf-8", "surrogateescape")).hexdigest()
    once = Once(token, hashlib.sha256(body).hexdigest(), ctx.clock.now() + REMEMBERED, kind)
    return replace(ctx, actor=replace(ctx.actor, once=once))
