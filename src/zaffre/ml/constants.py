"""Words that documents use, as Python names."""

from __future__ import annotations

import re
from enum import StrEnum

from zaffre.kinds.time_zones import WINDOWS


class AssetTypes(StrEnum):
    """Types of data and models."""

    URI_FILE = "uri_file"
    URI_FOLDER = "uri_folder"
    MLTABLE = "mltable"
    MLFLOW_MODEL = "mlflow_model"
    CUSTOM_MODEL = "custom_model"
    TRITON_MODEL = "triton_model"


class InputOutputModes(StrEnum):
    """How a job sees its inputs and outputs."""

    RO_MOUNT = "ro_mount"
    RW_MOUNT = "rw_mount"
    MOUNT = "mount"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    DIRECT = "direct"
    EVAL_MOUNT = "eval_mount"
    EVAL_DOWNLOAD = "eval_download"


class ModelType(StrEnum):
    """Types of models."""

    CUSTOM = "custom_model"
    MLFLOW = "mlflow_model"
    TRITON = "triton_model"


class ListViewType(StrEnum):
    """Which resources a list shows."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    ARCHIVED_ONLY = "ARCHIVED_ONLY"
    ALL = "ALL"


class OnlineEndpointAuthMode(StrEnum):
    """How callers of an endpoint prove who they are."""

    KEY = "key"
    AML_TOKEN = "aml_token"  # noqa: S105 (the name of a mode)
    AAD_TOKEN = "aad_token"  # noqa: S105 (the name of a mode)


class BatchDeploymentOutputAction(StrEnum):
    """What becomes of what a scoring script returns."""

    APPEND_ROW = "append_row"
    SUMMARY_ONLY = "summary_only"


TimeZone = StrEnum(  # type: ignore[misc]  # its members are data
    "TimeZone",
    {
        re.sub(r"[^A-Z0-9]+", "_", name.replace("+", " PLUS ").upper()).strip("_"): name
        for name in WINDOWS
    },
)
"""Windows' names of time zones: `TimeZone.PACIFIC_STANDARD_TIME`."""
