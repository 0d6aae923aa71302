"""Which documents describe a deployment: the user's own, else those of its decorators."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from zaffre_scoring.openapi import Described, openapi_3, swagger_2
from zaffre_scoring.request_schema import RequestSchema
from zaffre_scoring.signature import Signature

FILES = {
    "2": ("swagger.json", "swagger2.json"),
    "3": ("swagger3.json",),
    "3.1": ("swagger3.1.json",),
}
ALIASES = {"2": ("2", "2.0"), "3": ("3", "3.0"), "3.1": ("3.1",)}
TYPES = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
}
"""MLflow's types as those of OpenAPI."""

EXAMPLES = {"boolean": False, "integer": 0, "number": 0.0, "string": ""}
ANYTHING = {"type": "object", "example": {}}


def is_decorated(run: Callable[..., Any]) -> bool:
    """Tell whether `run` has decorators of inference_schema."""
    util = sys.modules.get("inference_schema.schema_util")
    return bool(util and util.is_schema_decorated(run))


def input_schema(run: Callable[..., Any]) -> Dict[str, Any]:
    """Give what the decorators of `run` say of its input."""
    util = sys.modules.get("inference_schema.schema_util")
    return dict(util.get_input_schema(run)) if util else {}


def documents(
    run: Callable[..., Any], folder: str, schema: Optional[RequestSchema] = None
) -> Dict[str, Any]:
    """Give the documents by version.

    A file beside the script wins over the deployment's schema, and that over the decorators.
    """
    inputs, outputs, versions = ANYTHING, ANYTHING, ["2.0", "3.0", "3.1"]
    util = sys.modules.get("inference_schema.schema_util")
    if util and util.is_schema_decorated(run):
        inputs, outputs = util.get_input_schema(run), util.get_output_schema(run)
        versions = util.get_supported_versions(run)
    if schema is not None:
        inputs = schema.document
    found: Dict[str, Any] = {}
    for version, aliases in ALIASES.items():
        document = _of_user(folder, FILES[version])
        if document is None and any(alias in versions for alias in aliases):
            document = _built(version, inputs, outputs)
        if document is not None:
            found.update((alias, document) for alias in aliases)
    return found


def of_columns(signature: Signature) -> Dict[str, Any]:
    """Describe the input of a model by the columns of its signature."""
    if not signature.columns:
        row: Dict[str, Any] = {"type": "array", "items": {"type": "number"}}
        example: Any = []
    else:
        row = {
            "type": "object",
            "properties": {name: TYPES[kind] for name, kind in signature.columns},
            "required": [name for name, _ in signature.columns if name not in signature.optional],
        }
        example = [{name: EXAMPLES[TYPES[kind]["type"]] for name, kind in signature.columns}]
    return {
        "type": "object",
        "required": ["input_data"],
        "properties": {"input_data": {"type": "array", "items": row}},
        "example": {"input_data": example},
    }


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
    root = "#/definitions/" if version == "2" else "#/components/schemas/"
    inputs = _within(inputs, root + "ServiceInput")
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


def _within(schema: Any, place: str) -> Any:
    """Let the references inside a schema lead to where it stands in the document."""
    if isinstance(schema, list):
        return [_within(one, place) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: place + value[1:]
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _within(value, place)
        for key, value in schema.items()
        if key not in ("$schema", "$id")
    }
