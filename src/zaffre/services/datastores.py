"""Datastores: which folder each stands for."""

from __future__ import annotations

from pathlib import Path

from zaffre.errors import Conflict, Invalid
from zaffre.kinds import names
from zaffre.kinds.datastore import DATASTORE, DatastoreStatus, LocalDatastoreSpec
from zaffre.kinds.reference import DatastorePath
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse
from zaffre.services import datastore_secrets, resources
from zaffre.services.context import Context

DEFAULT = "workspaceblobstore"


def first_status(ctx: Context, key: Key) -> DatastoreStatus:
    """Give the status of the datastore that a workspace has from its first moment on."""
    return DatastoreStatus(root=str(_own_folder(ctx, key)), is_default=True)


def _own_folder(ctx: Context, key: Key) -> Path:
    return ctx.home.datastores / key.workspace / key.name


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a datastore; its folder is made when it is first written to.

    Raises:
        Invalid: its folder is not absolute, or reaches into the home.
        Conflict: it exists already.
    """
    if not isinstance(spec, LocalDatastoreSpec):
        return datastore_secrets.create(ctx, key, spec)
    root = _chosen(ctx, Path(spec.path)) if spec.path else _own_folder(ctx, key)
    return resources.create(ctx, DATASTORE, key, spec, status=DatastoreStatus(root=str(root)))


def _chosen(ctx: Context, folder: Path) -> Path:
    if not folder.is_absolute() or ".." in folder.parts:
        raise Invalid(
            f"`path` is `{folder}`, which is no absolute folder.",
            hint="Write it from `/` on, without `..`.",
        )
    home = ctx.home.root.resolve()
    resolved = folder.resolve()
    if resolved == home or home in resolved.parents or resolved in home.parents:
        raise Invalid(
            f"The folder `{folder}` holds the server's own files.", hint="Choose another one."
        )
    return resolved


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change what is said of a datastore; its folder stays.

    Raises:
        Conflict: the folder would change, or the type.
    """
    if type(spec) is not type(found.spec):
        raise Conflict(
            f"The type of datastore `{found.key.name}` cannot change.",
            hint="Create another datastore.",
            code="immutable",
        )
    if not isinstance(spec, LocalDatastoreSpec):
        return datastore_secrets.update(ctx, found, spec, revision)
    before = found.spec.path if isinstance(found.spec, LocalDatastoreSpec) else None
    if getattr(spec, "path", None) != before:
        raise Conflict(
            f"The folder of datastore `{found.key.name}` cannot change.",
            hint="Create another datastore for the other folder.",
            code="immutable",
        )
    return resources.replace_spec(ctx, DATASTORE, found, spec, revision=revision)


def delete(ctx: Context, key: Key) -> None:
    """Forget a datastore; its files stay where they are.

    Raises:
        Conflict: it is the workspace's own.
        NotFound: there is none.
    """
    if key.name == DEFAULT:
        raise Conflict(f"`{DEFAULT}` belongs to its workspace and stays.")
    resources.delete(ctx, key)


def folder(ctx: Context, workspace: str, place: DatastorePath) -> Path:
    """Give the local path that a datastore reference stands for; nothing need be there yet.

    Raises:
        NotFound: there is no such datastore.
        Invalid: the path is no relative path, or the datastore is no folder.
    """
    found = get(ctx, workspace, place.datastore)
    if not isinstance(found.spec, LocalDatastoreSpec):
        raise Invalid(
            f"Datastore `{place.datastore}` is of type `{getattr(found.spec, 'type', '')}`, "
            "no folder of this machine.",
            hint="Batch endpoints read and write it: give inputs and outputs `type: table`.",
        )
    root = Path(getattr(found.status, "root", None) or _own_folder(ctx, found.key))
    inside = place.path.strip("/")
    if inside:
        names.path(inside)
    return root / inside


def get(ctx: Context, workspace: str, name: str) -> Resource:
    """Give a datastore.

    Raises:
        NotFound: there is none.
    """
    return ctx.metadata.get(Key("datastore", workspace, name))


def listed(ctx: Context, workspace: str) -> list[Resource]:
    """Give all datastores of a workspace."""
    return list(ctx.metadata.browse(Browse("datastore", workspace, limit=1000)).items)
