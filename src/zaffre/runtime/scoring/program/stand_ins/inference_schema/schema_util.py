"""What the decorators of a function say."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, Optional

ALL_VERSIONS = ["2.0", "3.0", "3.1"]


class Schemas:
    """The schemas of one function."""

    ATTRIBUTE = "_inference_schemas"

    def __init__(self, names: List[str]) -> None:
        self.names = names
        self.input: Optional[Dict[str, Any]] = None
        self.output: Optional[Dict[str, Any]] = None
        self.versions = list(ALL_VERSIONS)

    def add_input(self, name: str, schema: Dict[str, Any], versions: List[str]) -> None:
        """Describe one parameter."""
        if self.input is None:
            self.input = {
                "type": "object",
                "properties": {each: {} for each in self.names},
                "example": dict.fromkeys(self.names, ""),
            }
        self.input["example"][name] = schema["example"]
        self.input["properties"][name] = {
            key: value for key, value in schema.items() if key != "example"
        }
        self._keep(versions)

    def set_output(self, schema: Dict[str, Any], versions: List[str]) -> None:
        """Describe what is given."""
        self.output = schema
        self._keep(versions)

    def _keep(self, versions: List[str]) -> None:
        self.versions = [version for version in self.versions if version in versions]


def schemas_of(function: Callable[..., Any]) -> Schemas:
    """Give what is known of a function so far."""
    found = getattr(function, Schemas.ATTRIBUTE, None)
    return (
        found
        if isinstance(found, Schemas)
        else Schemas(list(inspect.signature(function).parameters))
    )


def is_schema_decorated(function: Callable[..., Any]) -> bool:
    """Tell whether a function has decorators."""
    return isinstance(getattr(function, Schemas.ATTRIBUTE, None), Schemas)


def get_input_schema(function: Callable[..., Any]) -> Dict[str, Any]:
    """Give the schema of the parameters."""
    return schemas_of(function).input or {"type": "object"}


def get_output_schema(function: Callable[..., Any]) -> Dict[str, Any]:
    """Give the schema of what is given."""
    return schemas_of(function).output or {"type": "object"}


def get_supported_versions(function: Callable[..., Any]) -> List[str]:
    """Give the versions of OpenAPI that can describe the function."""
    return list(schemas_of(function).versions)
