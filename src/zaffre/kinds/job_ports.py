"""Inputs and outputs of jobs: data and literals by name, each with how the job sees it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from zaffre.kinds.part import AnyCase, Part

AssetType = Annotated[
    Literal["uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model"],
    AnyCase,
]
InputMode = Annotated[
    Literal[
        "ro_mount",
        "rw_mount",
        "mount",
        "upload",
        "download",
        "direct",
        "eval_mount",
        "eval_download",
    ],
    AnyCase,
]
OutputMode = Annotated[Literal["rw_mount", "mount", "upload", "direct"], AnyCase]


class JobInput(Part):
    """Data that a job reads. A plain text, number or boolean in its place is a literal."""

    type: AssetType = Field(
        default="uri_folder", title="Type", description="What the path leads to."
    )
    path: str = Field(
        title="Path",
        description="Local path, `azureml:NAME:VERSION`, `azureml://...` or an address.",
    )
    mode: InputMode | None = Field(
        default=None, title="Mode", description="How the job sees the data; by default `ro_mount`."
    )
    path_on_compute: str | None = Field(
        default=None, title="Path on compute", description="Accepted, not acted on."
    )


class JobOutput(Part):
    """A file or folder that a job writes. Left empty, it is a folder."""

    type: AssetType = Field(default="uri_folder", title="Type", description="What the job writes.")
    path: str | None = Field(
        default=None,
        title="Path",
        description="`azureml://datastores/NAME/paths/PATH`; by default it is kept with the job.",
    )
    mode: OutputMode | None = Field(
        default=None, title="Mode", description="How the job writes it; by default `rw_mount`."
    )
    name: str | None = Field(
        default=None, title="Name", description="Register the output under this name."
    )
    version: str | None = Field(
        default=None,
        title="Version",
        description="Version to register it as; by default the next.",
    )
    path_on_compute: str | None = Field(
        default=None, title="Path on compute", description="Accepted, not acted on."
    )


Literal_ = bool | int | float | str
"""A literal input: it stands in the command as one argument."""


def _input_branch(value: Any) -> str:
    return "<data>" if isinstance(value, (dict, JobInput)) else "<literal>"


def _empty_output(value: Any) -> Any:
    return {} if value is None else value


InputChoice = Annotated[
    Annotated[JobInput, Tag("<data>")] | Annotated[Literal_, Tag("<literal>")],
    Discriminator(_input_branch),
]
OutputChoice = Annotated[JobOutput, BeforeValidator(_empty_output)]
