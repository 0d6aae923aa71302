"""What all parameter types share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Dict, List


class AbstractParameterType(ABC):
    """A type made of a sample."""

    def __init__(self, sample_input: Any) -> None:
        self.sample_input = sample_input
        self.sample_data_type = type(sample_input)

    @abstractmethod
    def deserialize_input(self, input_data: Any) -> Any:
        """Turn a JSON value into this type."""

    @abstractmethod
    def input_to_swagger(self) -> Dict[str, Any]:
        """Describe the type, with the sample as `example`."""

    def supported_versions(self) -> List[str]:
        """Give the versions of OpenAPI that can describe it: mixed lists need version 3."""
        return (
            ["2.0", "3.0", "3.1"]
            if _is_uniform(self.input_to_swagger()["example"])
            else ["3.0", "3.1"]
        )


def _is_uniform(value: Any) -> bool:
    if type(value) is list and value:
        first = type(value[0])
        return all(
            type(one) is first and (type(one) is not list or _is_uniform(one)) for one in value
        )
    if type(value) is dict:
        return all(_is_uniform(one) for one in value.values())
    return True
