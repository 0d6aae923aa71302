"""Data: a file, a folder or a table under a name and a version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status

DataType = Annotated[Literal["uri_file", "uri_folder", "mltable"], AnyCase]


class AutoDelete(Part):
    """When data may be deleted by itself. Accepted, not acted on."""

    condition: str | None = Field(
        default=None, title="Condition", description="What starts the clock."
    )
    value: str | None = Field(
        default=None, title="Value", description="How long to keep, as `30d`."
    )


class DataSpec(Spec):
    """A version of a file, a folder or a table. Its content never changes."""

    type: DataType = Field(
        default="uri_folder",
        title="Type",
        description="`uri_file`: a file, `uri_folder`: a folder, `mltable`: with an MLTable file.",
    )
    path: str = Field(
        title="Path",
        description="Local path, `azureml://datastores/NAME/paths/PATH`, job output, or address.",
    )
    auto_delete_setting: AutoDelete | None = Field(
        default=None, title="Auto delete", description="Accepted, not acted on."
    )


class DataStatus(Status):
    """What the data holds."""

    tree: str | None = Field(
        default=None, title="Content", description="Digest of the content, once it is stored here."
    )
    file_count: int | None = Field(
        default=None, title="Files", description="How many files it holds."
    )
    total_bytes: int | None = Field(
        default=None, title="Size", description="How many bytes it holds."
    )


DATA = Kind(
    name="data",
    noun="data",
    plural="data",
    title="Data",
    spec=DataSpec,
    status=DataStatus,
    columns=("name", "version", "type", "total_bytes", "created_at"),
    actions=(Action("download", "Copy the content to a local folder."),),
    versioned=True,
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json
name: diabetes
version: 1
type: uri_file
path: diabetes.csv
description: Ten measurements of 442 patients, and how their disease went on.
tags:
  source: scikit-learn
""",
)
