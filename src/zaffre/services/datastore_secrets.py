"""Datastores that credentials open: sealed when they come, opened for the job that needs them."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from zaffre.errors import Conflict, Invalid
from zaffre.kinds.datastore import (
    DATASTORE,
    AzureBlobDatastoreSpec,
    AzureDataLakeDatastoreSpec,
    DatastoreStatus,
    GcsDatastoreSpec,
    S3DatastoreSpec,
    SqlDatastoreSpec,
)
from zaffre.kinds.resource import Json, Key, Resource, Spec
from zaffre.ports.metadata import Put
from zaffre.services import resources
from zaffre.services.context import Context

_WORDS = {"description", "tags", "properties"}
_UNUSED = ("resource_url", "authority_url")


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a datastore; its credentials are sealed to its name.

    Raises:
        Conflict: it exists already.
    """
    bare, status = _sealed(ctx, key, spec, DatastoreStatus())
    return resources.create(ctx, DATASTORE, key, bare, status=status)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change a datastore; credentials that are not said stay.

    Raises:
        Stale: `revision` is not the stored one.
        Conflict: the place would change, and the credentials would be told to another.
    """
    status = found.status if isinstance(found.status, DatastoreStatus) else DatastoreStatus()
    bare, changed = _sealed(ctx, found.key, spec, status)
    resources.check_revision(found, revision)
    if changed == status and status.has_credentials and _elsewhere(found.spec, bare):
        raise Conflict(
            f"Datastore `{found.key.name}` would be another place, opened by the credentials of "
            "this one.",
            hint="Give the `credentials` again.",
            code="credentials_needed",
        )
    return ctx.metadata.apply([Put(replace(found, spec=bare, status=changed))], ctx.actor)[0]


def _elsewhere(before: Spec, after: Spec) -> bool:
    """Say whether anything but words about the datastore changes."""
    return before.model_dump(exclude=_WORDS) != after.model_dump(exclude=_WORDS)


def _sealed(
    ctx: Context, key: Key, spec: Spec, status: DatastoreStatus
) -> tuple[Spec, DatastoreStatus]:
    """Take the credentials out of a spec."""
    given = getattr(spec, "credentials", None)
    if given is None:
        return spec, status
    text = json.dumps(given.model_dump(exclude_none=True))
    sealed = {"sealed_credentials": ctx.secrets.seal(text, key.reference), "has_credentials": True}
    return spec.model_copy(update={"credentials": None}), status.model_copy(update=sealed)


def address(ctx: Context, found: Resource, path: str) -> dict[str, Json]:
    """Give where a place in a datastore is, with what opens it, for the job that works with it.

    Raises:
        Invalid: it is no database and no object store.
    """
    spec, secrets = found.spec, _opened(ctx, found)
    if isinstance(spec, SqlDatastoreSpec):
        url = _with_user(spec.url, secrets.get("username"))
        return {"url": url, "secret": secrets.get("password", "")}
    if isinstance(spec, S3DatastoreSpec):
        options = {**secrets, "region": spec.region, "endpoint": spec.endpoint}
        return {"url": f"s3://{spec.bucket}/{path}", "options": _said(options)}
    if isinstance(spec, GcsDatastoreSpec):
        return {"url": f"gs://{spec.bucket}/{path}", "options": secrets}
    if isinstance(spec, (AzureBlobDatastoreSpec, AzureDataLakeDatastoreSpec)):
        return _in_azure(spec, path, secrets)
    raise Invalid(f"Datastore `{found.key.name}` holds no tables that are reached over a network.")


def _in_azure(
    spec: AzureBlobDatastoreSpec | AzureDataLakeDatastoreSpec, path: str, secrets: dict[str, str]
) -> dict[str, Json]:
    is_blob = isinstance(spec, AzureBlobDatastoreSpec)
    container = (
        spec.container_name if isinstance(spec, AzureBlobDatastoreSpec) else spec.filesystem
    )
    options = {**secrets, "account_name": spec.account_name, "container_name": container}
    if spec.endpoint != "core.windows.net" or spec.protocol != "https":
        service = "blob" if is_blob else "dfs"
        host = f"{spec.account_name}.{service}.{spec.endpoint}"
        options["endpoint"] = f"{spec.protocol}://{host}"
    host = f"{spec.account_name}.dfs.core.windows.net"
    return {"url": f"abfss://{container}@{host}/{path}", "options": options}


def _opened(ctx: Context, found: Resource) -> dict[str, str]:
    status = found.status
    if not isinstance(status, DatastoreStatus) or not status.sealed_credentials:
        return {}
    given = json.loads(ctx.secrets.open(status.sealed_credentials, found.key.reference))
    return {name: str(value) for name, value in given.items() if name not in _UNUSED}


def _said(options: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value is not None}


def _with_user(url: str, user: str | None) -> str:
    scheme, separator, rest = url.partition("://")
    if not user or not separator:
        return url
    host = rest.partition("@")[2] if "@" in rest.partition("/")[0] else rest
    return f"{scheme}://{quote(user, safe='')}@{host}"
