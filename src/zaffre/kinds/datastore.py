"""The datastore: a place that holds data, with what is needed to reach it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Kind, Spec, Status

NOT_YET = (
    "azure_blob",
    "azure_file",
    "azure_data_lake_gen1",
    "azure_data_lake_gen2",
    "one_lake",
    "s3",
    "gcs",
    "sql",
)
"""Types of datastores that a later version brings."""


class LocalDatastoreSpec(Spec):
    """A folder of the machine that the server runs on."""

    type: Annotated[Literal["local"], AnyCase] = Field(
        default="local", title="Type", description="Kind of place."
    )
    path: str | None = Field(
        default=None,
        title="Path",
        description="Absolute folder on the server. Left out, the server makes one in its home.",
    )


class DatastoreStatus(Status):
    """Where the datastore is."""

    root: str | None = Field(
        default=None, title="Root", description="Folder that holds its files."
    )
    is_default: bool = Field(
        default=False, title="Default", description="Whether uploads and outputs go here."
    )


DATASTORE = Kind(
    name="datastore",
    noun="datastore",
    plural="datastores",
    title="Datastore",
    spec=LocalDatastoreSpec,
    status=DatastoreStatus,
    columns=("name", "type", "is_default", "created_at"),
    variants={"local": LocalDatastoreSpec},
    later=NOT_YET,
    default_variant="local",
    example="""\
name: measurements
type: local
description: Raw files as the instruments write them.
""",
)
