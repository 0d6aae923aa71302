"""Parameters that are NumPy arrays."""

from __future__ import annotations

from typing import Any, Dict, Sequence

import numpy as np

from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType

NUMBERS = {
    **{name: {"type": "integer", "format": name} for name in ("int8", "int16", "int32", "int64")},
    **{
        name: {"type": "integer", "format": name}
        for name in ("uint8", "uint16", "uint32", "uint64")
    },
    "bool": {"type": "boolean"},
    "float16": {"type": "number", "format": "float"},
    "float32": {"type": "number", "format": "float"},
    "float64": {"type": "number", "format": "double"},
    "object": {"type": "object"},
}
OTHERS = {"datetime": "date-time", "bytes": "binary", "void": "binary", "timedelta": "timedelta"}
UNITS = {
    "years": "Y",
    "months": "M",
    "weeks": "W",
    "days": "D",
    "hours": "h",
    "minutes": "m",
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "us",
    "nanoseconds": "ns",
}


class NumpyParameterType(AbstractParameterType):
    """An array of the sample's type and width."""

    def __init__(
        self, sample_input: Any, enforce_column_type: bool = True, enforce_shape: bool = True
    ) -> None:
        if not isinstance(sample_input, np.ndarray):
            raise TypeError("Invalid sample input provided, must provide a sample Numpy array.")
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape

    def deserialize_input(self, input_data: Any) -> Any:
        """Turn lists into an array."""
        if isinstance(input_data, np.ndarray):
            return input_data
        if not isinstance(input_data, list):
            raise ValueError("Invalid input format: expected an array of items.")  # noqa: TRY004 - as the package
        if self.enforce_column_type:
            kind = self.sample_input.dtype
            array = np.array([_item(item, kind) for item in input_data], dtype=kind)
        else:
            array = np.array(input_data)
        if self.enforce_shape:
            _check_shape(array.shape, self.sample_input.shape)
        return array

    def input_to_swagger(self) -> Dict[str, Any]:
        """Describe the array."""
        schema: Dict[str, Any] = _of_type(self.sample_input.dtype)
        for _ in self.sample_input.shape:
            schema = {"type": "array", "items": schema}
        example = _example(self.sample_input, self.sample_input.dtype)
        return {**schema, "example": example, "format": "numpy.ndarray"}


def _check_shape(found: Sequence[int], wanted: Sequence[int]) -> None:
    if len(found) != len(wanted):
        text = (
            "Invalid input array: an array with {} dimensions is expected; input has {} [shape {}]"
        )
        raise ValueError(text.format(len(wanted), len(found), tuple(found)))
    for place in range(1, len(wanted)):
        if found[place] != wanted[place]:
            text = (
                "Invalid input array: array has size {} on dimension #{},"
                " while expected value is {}"
            )
            raise ValueError(text.format(found[place], place, wanted[place]))


def _item(value: Any, kind: Any) -> Any:
    """Prepare an item for `np.array`: records become tuples, times are parsed."""
    if kind.names:
        fields = [
            value[name] if isinstance(value, dict) else value[place]
            for place, name in enumerate(kind.names)
        ]
        return tuple(_item(field, kind[place]) for place, field in enumerate(fields))
    if kind.name.startswith("datetime"):
        return np.datetime64(value)
    if kind.name.startswith("timedelta"):
        number, unit = value.split(None, 1)
        return np.timedelta64(int(number), UNITS[unit.lower()])
    return value


def _of_type(kind: Any) -> Dict[str, Any]:
    if kind.names:
        return {
            "type": "object",
            "properties": {name: _of_type(kind[name]) for name in kind.names},
        }
    if kind.subdtype is not None:
        schema = _of_type(kind.subdtype[0])
        for _ in kind.subdtype[1]:
            schema = {"type": "array", "items": schema}
        return schema
    name = kind.name.lower()
    if name in NUMBERS:
        return dict(NUMBERS[name])
    form = next((form for start, form in OTHERS.items() if name.startswith(start)), None)
    if form is None and not name.startswith("str"):
        raise TypeError(f"We currently do not support extracting schema from data of type {name}")
    return {"type": "string", "format": form} if form else {"type": "string"}


def _example(value: Any, kind: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        return [_example(item, kind) for item in value]
    if kind.names:
        return {name: _example(value[name], kind[name]) for name in kind.names}
    if kind.kind in "f":
        return float(value)
    if kind.kind in "iu":
        return int(value)
    return str(value)
