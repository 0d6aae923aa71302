"""Which documents describe a deployment: the user's own, else those of its decorators."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, Dict, Mapping, Sequence

from zaffre_scoring.openapi import Described, openapi_3, swagger_2

FILES = {
    "2": ("swagger.json", "swagger2.json"),
    "3": ("swagger3.json",),
    "3.1": ("swagger3.1.json",),
}
ALIASES = {"2": ("2", "2.0"), "3": ("3", "3.0"), "3.1": ("3.1",)}
ANYTHING = {"type": "object", "example": {}}


def is_decorated(run: Callable[..., Any]) -> bool:
    """Tell whether `run` has decorators of inference_schema."""
    util = sys.modules.get("inference_schema.schema_util")
    return bool(util and util.is_schema_decorated(run))


def documents(run: Callable[..., Any], folder: str) -> Dict[str, Any]:
    """Give the documents by version: a file beside the script wins over the decorators."""
    inputs, outputs, versions = ANYTHING, ANYTHING, ["2.0", "3.0", "3.1"]
    util = sys.modules.get("inference_schema.schema_util")
    if util and util.is_schema_decorated(run):
        inputs, outputs = util.get_input_schema(run), util.get_output_schema(run)
        versions = util.get_supported_versions(run)
    found: Dict[str, Any] = {}
    for version, aliases in ALIASES.items():
        document = _of_user(folder, FILES[version])
        if document is None and any(alias in versions for alias in aliases):
            document = _built(version, inputs, outputs)
        if document is not None:
            found.update((alias, document) for alias in aliases)
    return found


def plain_documents(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Dict[str, Any]:
    """Give the documents for known schemas."""
    return {
        alias: _built(version, inputs, outputs)
        for version, names in ALIASES.items()
        for alias in names
    }


def _of_user(folder: str, names: Sequence[str]) -> Any:
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                return json.load(file)
    return None


def _built(version: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Dict[str, Any]:
    name = os.environ.get("SERVICE_NAME", "ML service")
    prefix = os.environ.get("SERVICE_PATH_PREFIX", "").strip("/")
    described = Described(
        name,
        os.environ.get("SERVICE_VERSION", "1.0"),
        "/" + prefix if prefix else "",
        {"ServiceInput": inputs, "ServiceOutput": outputs},
    )
    if version == "2":
        return swagger_2(described)
    return openapi_3("3.0.3" if version == "3" else "3.1.0", described)
