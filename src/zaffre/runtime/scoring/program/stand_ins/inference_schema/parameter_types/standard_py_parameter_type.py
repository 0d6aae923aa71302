"""Parameters of plain Python types."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, time
from typing import Any, Dict

from inference_schema.parameter_types._describing import DATETIME, TIME, described
from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType


class StandardPythonParameterType(AbstractParameterType):
    """A number, a text, a moment, a list, a dictionary; samples may hold other parameter types."""

    def __init__(self, sample_input: Any) -> None:
        super().__init__(sample_input)
        inner = list(sample_input) if isinstance(sample_input, (list, tuple)) else []
        pairs = sample_input.items() if isinstance(sample_input, dict) else ()
        self.sample_data_type_map = {
            key: one for key, one in pairs if isinstance(one, AbstractParameterType)
        }
        self.sample_data_type_list = [
            one for one in inner if isinstance(one, AbstractParameterType)
        ]

    def deserialize_input(self, input_data: Any) -> Any:
        """Turn a JSON value into the sample's type."""
        wanted = self.sample_data_type
        if wanted is date:
            input_data = date.fromisoformat(input_data)
        elif wanted is datetime:
            input_data = _moment(input_data)
        elif wanted is time:
            input_data = _clock(input_data)
        elif wanted in (bytes, bytearray):
            input_data = wanted(base64.b64decode(input_data.encode("utf-8")))
        if wanted is float and type(input_data) is int:
            return input_data
        if not isinstance(input_data, wanted):
            text = "Invalid input data type to parse. Expected: {} but got {}"
            raise ValueError(text.format(wanted, type(input_data)))  # noqa: TRY004 - as the package
        return input_data

    def input_to_swagger(self) -> Dict[str, Any]:
        """Describe the type."""
        if self.sample_input is None:
            raise ValueError("Sample input cannot be None")
        schema = described(self.sample_input)
        json.dumps(schema)
        return schema


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime.strptime(text, DATETIME)  # noqa: DTZ007 - it has %z


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return datetime.strptime(text, TIME).timetz()  # noqa: DTZ007 - it has %z
