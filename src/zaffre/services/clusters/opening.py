"""Attach, change and detach clusters; what opens them is sealed when it comes."""

from __future__ import annotations

from zaffre.errors import Conflict, Invalid
from zaffre.kinds.compute_ray import RayComputeSpec
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.services import computes
from zaffre.services.context import Context


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a compute; a cluster's token is sealed to its name.

    Raises:
        Invalid: what it needs is not installed.
        Conflict: it exists already.
    """
    if isinstance(spec, RayComputeSpec) and computes.RAY not in ctx.computes:
        raise Invalid(
            "The server has no Ray, so it cannot speak with a Ray cluster.",
            hint="Install the extra (`pip install 'zaffre[ray]'`) and start the server again.",
        )
    bare, facts = _sealed(ctx, key, spec)
    return computes.create(ctx, key, bare, **facts)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change a compute; a token that is not said stays, unless the address changes.

    Raises:
        Stale: `revision` is not the stored one.
        Conflict: its type would change, or another address would be told the token.
    """
    bare, facts = _sealed(ctx, found.key, spec)
    moves = getattr(bare, "address", "") != getattr(found.spec, "address", "")
    if moves and not facts and computes.status_of(found).sealed_credentials:
        raise Conflict(
            f"Compute `{found.key.name}` would be another cluster, opened by this one's token.",
            hint="Give the `credentials` again.",
            code="credentials_needed",
        )
    changed = computes.update(ctx, found, bare, revision)
    return computes.note(ctx, changed, **facts) if facts else changed


def token(ctx: Context, found: Resource) -> str:
    """Give the token that opens a cluster, or ""."""
    sealed = computes.status_of(found).sealed_credentials
    return ctx.secrets.open(sealed, found.key.reference) if sealed else ""


def _sealed(ctx: Context, key: Key, spec: Spec) -> tuple[Spec, dict[str, object]]:
    """Take the token out of a spec, and give what is known of it."""
    given = spec.credentials if isinstance(spec, RayComputeSpec) else None
    if given is None or not given.token:
        return spec, {}
    sealed = ctx.secrets.seal(given.token, key.reference)
    bare = spec.model_copy(update={"credentials": None})
    return bare, {"sealed_credentials": sealed, "has_credentials": True}
