"""Data: versions whose content is pinned when they are made."""

from __future__ import annotations

from zaffre.errors import Invalid
from zaffre.kinds.data import DATA, DataSpec, DataStatus
from zaffre.kinds.reference import CloudPath, DatastorePath, JobOutput, WebAddress, parse_remote
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Link
from zaffre.services import datastores, fields, files, resources
from zaffre.services.context import Context
from zaffre.services.typed import spec_as

MLTABLE = "MLTable"
"""The file that says how the others of an mltable are read."""


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a version of data. What is stored here is pinned by digest; other places are named.

    Raises:
        Invalid: the path leads to nothing that can be data of this type.
        NotFound: what it refers to is not there.
        Conflict: the version exists already.
    """
    spec = spec_as(DataSpec, spec, "data")
    with fields.at("path"):
        return _create(ctx, key, spec)


def _create(ctx: Context, key: Key, spec: DataSpec) -> Resource:
    place = parse_remote(spec.path)
    if isinstance(place, DatastorePath):
        datastores.folder(ctx, key.workspace, place)
        return resources.create(ctx, DATA, key, spec)
    if isinstance(place, WebAddress | CloudPath):
        return resources.create(ctx, DATA, key, spec)
    content = files.resolve(ctx, key.workspace, place)
    if spec.type == "uri_file" and content.file is None:
        raise Invalid(
            f"`path` of data `{key.name}` is a folder, but its type is uri_file.",
            hint="Name one file, or set `type: uri_folder`.",
        )
    if spec.type == "mltable" and content.tree.find(MLTABLE) is None:
        raise Invalid(
            f"Data `{key.name}` is an mltable, but there is no `{MLTABLE}` file at its path.",
            hint=f"Name the folder that holds `{MLTABLE}`, or set `type: uri_folder`.",
        )
    status = DataStatus(
        tree=content.digest, file_count=len(content.tree.leaves), total_bytes=content.tree.size
    )
    links = [Link(f"tree:{content.digest}", "content")]
    if isinstance(place, JobOutput):
        links.append(Link(f"job:{key.workspace}/{place.job}", "output"))
    return resources.create(ctx, DATA, key, spec, status=status, links=links)
