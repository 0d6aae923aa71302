"""The datastore: a place that holds data, with what is needed to reach it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zaffre.kinds.datastore_credentials import (
    AzureCredentials,
    GoogleCredentials,
    S3Credentials,
    SqlCredentials,
)
from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Kind, Spec, Status

NOT_YET = ("azure_file", "azure_data_lake_gen1", "one_lake")
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


class SqlDatastoreSpec(Spec):
    """A database: PostgreSQL, MySQL, SQLite or DuckDB, for tables of batch endpoints."""

    type: Annotated[Literal["sql"], AnyCase] = Field(
        default="sql", title="Type", description="Kind of place."
    )
    url: str = Field(
        title="URL",
        description="`postgresql://USER@HOST/DATABASE`, `mysql://USER@HOST/DATABASE`, "
        "`sqlite:////FILE` or `duckdb:////FILE`, without a password.",
    )
    credentials: SqlCredentials | None = Field(
        default=None, title="Credentials", description="What opens it. Sealed, and never shown."
    )


class S3DatastoreSpec(Spec):
    """A bucket of S3, or of a store that answers as S3 does."""

    type: Annotated[Literal["s3"], AnyCase] = Field(
        default="s3", title="Type", description="Kind of place."
    )
    bucket: str = Field(min_length=1, title="Bucket", description="Its name.")
    region: str | None = Field(default=None, title="Region", description="Where it is.")
    endpoint: str | None = Field(
        default=None, title="Endpoint", description="Address of a store that is not Amazon's."
    )
    credentials: S3Credentials | None = Field(
        default=None, title="Credentials", description="What opens it. Sealed, and never shown."
    )


class AzureStorageSpec(Spec):
    """What Azure's two kinds of storage share."""

    type: str = Field(title="Type", description="Kind of place.")
    account_name: str = Field(title="Account", description="Name of the storage account.")
    endpoint: str = Field(
        default="core.windows.net", title="Endpoint", description="Domain of the storage."
    )
    protocol: Literal["https", "http"] = Field(
        default="https", title="Protocol", description="How it is spoken to."
    )
    credentials: AzureCredentials | None = Field(
        default=None, title="Credentials", description="What opens it. Sealed, and never shown."
    )


class AzureBlobDatastoreSpec(AzureStorageSpec):
    """A container of Azure Blob Storage."""

    type: Annotated[Literal["azure_blob"], AnyCase] = Field(
        default="azure_blob", title="Type", description="Kind of place."
    )
    container_name: str = Field(title="Container", description="Name of the container.")


class AzureDataLakeDatastoreSpec(AzureStorageSpec):
    """A file system of Azure Data Lake Storage, second generation."""

    type: Annotated[Literal["azure_data_lake_gen2"], AnyCase] = Field(
        default="azure_data_lake_gen2", title="Type", description="Kind of place."
    )
    filesystem: str = Field(title="File system", description="Name of the file system.")


class GcsDatastoreSpec(Spec):
    """A bucket of Google Cloud Storage."""

    type: Annotated[Literal["gcs"], AnyCase] = Field(
        default="gcs", title="Type", description="Kind of place."
    )
    bucket: str = Field(min_length=1, title="Bucket", description="Its name.")
    credentials: GoogleCredentials | None = Field(
        default=None, title="Credentials", description="What opens it. Sealed, and never shown."
    )


class DatastoreStatus(Status):
    """Where the datastore is."""

    hidden: ClassVar[frozenset[str]] = frozenset({"sealed_credentials"})

    root: str | None = Field(
        default=None, title="Root", description="Folder that holds its files."
    )
    is_default: bool = Field(
        default=False, title="Default", description="Whether uploads and outputs go here."
    )
    has_credentials: bool = Field(
        default=False, title="Credentials", description="Whether it has some, sealed."
    )
    sealed_credentials: str = Field(
        default="", title="Sealed credentials", description="What opens it, encrypted."
    )


DATASTORE = Kind(
    name="datastore",
    noun="datastore",
    plural="datastores",
    title="Datastore",
    spec=LocalDatastoreSpec,
    status=DatastoreStatus,
    columns=("name", "type", "is_default", "created_at"),
    variants={
        "local": LocalDatastoreSpec,
        "sql": SqlDatastoreSpec,
        "s3": S3DatastoreSpec,
        "azure_blob": AzureBlobDatastoreSpec,
        "azure_data_lake_gen2": AzureDataLakeDatastoreSpec,
        "gcs": GcsDatastoreSpec,
    },
    later=NOT_YET,
    default_variant="local",
    example="""\
name: measurements
type: local
description: Raw files as the instruments write them.
""",
)
