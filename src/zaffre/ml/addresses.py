"""Paths of resources in the API."""

from __future__ import annotations

from zaffre.errors import Invalid
from zaffre.kinds import registry
from zaffre.kinds.resource import Kind
from zaffre.ml.connection import Connection, api

LATEST = "latest"


def collection(connection: Connection, kind: Kind, parent: str | None = None) -> str:
    """Give the path where all resources of a kind are, of one parent where it has parents."""
    return (
        connection.path(*_prefix(kind, parent)) if kind.name != "workspace" else api("workspaces")
    )


def resource(
    connection: Connection,
    kind: Kind,
    name: str,
    version: str | None = None,
    *,
    parent: str | None = None,
) -> str:
    """Give the path of one resource."""
    if kind.name == "workspace":
        return api("workspaces", name)
    parts = (*_prefix(kind, parent), name)
    return connection.path(*parts, "versions", version) if version else connection.path(*parts)


def version_of(version: str | None, label: str | None) -> str | None:
    """Give the version that a version or a label means.

    Raises:
        Invalid: both are given.
    """
    if version and label:
        raise Invalid("Give a version or a label, not both.")
    return str(version) if version else label


def split(text: str) -> tuple[str, str | None]:
    """Split `name:version` or `name@label`, with or without `azureml:`."""
    bare = text.removeprefix("azureml:")
    for mark in (":", "@"):
        if mark in bare:
            name, _, rest = bare.partition(mark)
            return name, rest
    return bare, None


def _prefix(kind: Kind, parent: str | None) -> tuple[str, ...]:
    if kind.parent is None:
        return (kind.plural,)
    if not parent:
        raise Invalid(
            f"A {kind.title.lower()} is known by its {kind.parent.replace('_', ' ')} too: name it."
        )
    return (registry.kind(kind.parent).plural, parent, kind.plural)
