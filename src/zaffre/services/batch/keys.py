"""Keys of batch endpoints: tokens that open one endpoint, made when they are first asked for."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Conflict
from zaffre.kinds.batch_endpoint import BatchEndpointSpec, BatchEndpointStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Put
from zaffre.ports.tokens import Principal, Role
from zaffre.services.context import Context
from zaffre.services.models import again

KEY_TYPES = ("primary", "secondary")


def are_used(endpoint: Resource) -> bool:
    """Say whether an endpoint is opened by keys of its own."""
    spec = endpoint.spec
    return isinstance(spec, BatchEndpointSpec) and spec.auth_mode == "key"


def keys(ctx: Context, key: Key) -> dict[str, str]:
    """Give the keys of an endpoint.

    Raises:
        NotFound: there is no such endpoint.
        Conflict: it has none, as it is opened by tokens.
    """
    return again(lambda: _keys(ctx, key, ()))


def regenerate(ctx: Context, key: Key, which: str) -> dict[str, str]:
    """Replace one key by a new one; the old one opens nothing from then on.

    Raises:
        NotFound: there is no such endpoint.
        Conflict: it has none, as it is opened by tokens.
    """
    return again(lambda: _keys(ctx, key, (which,)))


def without(ctx: Context, endpoint: Resource) -> Resource:
    """Give an endpoint whose keys open nothing any more, to be stored."""
    revoke(ctx, endpoint.key)
    return replace(endpoint, status=endpoint.status.model_copy(update={"sealed_keys": {}}))


def revoke(ctx: Context, key: Key) -> None:
    """End all keys of an endpoint."""
    for which in KEY_TYPES:
        ctx.tokens.revoke(name=_bound(key, which))


def _keys(ctx: Context, key: Key, renewed: tuple[str, ...]) -> dict[str, str]:
    """Give all keys, after making those that are missing or to be renewed."""
    found = ctx.metadata.get(key)
    if not are_used(found):
        raise Conflict(
            f"Endpoint `{key.name}` has no keys: a token of the workspace opens it.",
            hint=f"`zaffre batch-endpoint update -n {key.name} --auth-mode key` gives it keys.",
            code="no_keys",
        )
    status = found.status if isinstance(found.status, BatchEndpointStatus) else None
    sealed = dict(status.sealed_keys) if status else {}
    wanted = [
        which
        for which in KEY_TYPES
        if which in renewed or not _opens(ctx, key, which, sealed.get(which))
    ]
    for which in wanted:
        ctx.tokens.revoke(name=_bound(key, which))
        principal = Principal(_bound(key, which), Role.ENDPOINT, key.workspace, key.name)
        sealed[which] = ctx.secrets.seal(ctx.tokens.issue(principal), _bound(key, which))
    if wanted:
        kept = found.status.model_copy(update={"sealed_keys": sealed})
        ctx.metadata.apply([Put(replace(found, status=kept))], ctx.actor)
    return {f"{which}Key": ctx.secrets.open(sealed[which], _bound(key, which)) for which in sealed}


def _opens(ctx: Context, key: Key, which: str, sealed: str | None) -> bool:
    """Say whether a key is there and valid: a crash may have left one that is not."""
    return sealed is not None and bool(
        ctx.tokens.check(ctx.secrets.open(sealed, _bound(key, which)))
    )


def _bound(key: Key, which: str) -> str:
    return f"{key.reference}#{which}"
