"""Parameters that are pandas data frames."""

from __future__ import annotations

import io
import json
from typing import Any, Dict, Iterator, Tuple

import pandas as pd

from inference_schema.parameter_types._describing import of_dict, of_list
from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType

ORIENTS = ("split", "records", "index", "columns", "values", "table")
TIMES = {"datetime": "date-time", "timedelta": "timedelta"}


class PandasParameterType(AbstractParameterType):
    """A data frame with the sample's columns and types."""

    def __init__(
        self,
        sample_input: Any,
        enforce_column_type: bool = True,
        enforce_shape: bool = True,
        apply_column_names: bool = False,
        orient: str = "records",
    ) -> None:
        if not isinstance(sample_input, pd.DataFrame):
            raise TypeError(
                "Invalid sample input provided, must provide a sample Pandas Dataframe."
            )
        if orient not in ORIENTS:
            raise ValueError(f"Invalid orient provided, must be one of {ORIENTS}")
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape
        self.apply_column_names = apply_column_names
        self.orient = orient

    def deserialize_input(self, input_data: Any) -> Any:
        """Turn JSON in the chosen orientation into a data frame."""
        if isinstance(input_data, pd.DataFrame):
            return input_data
        if not isinstance(input_data, (list, dict)):
            raise TypeError(
                f"Error, unable to convert input of type {type(input_data)} into Pandas Dataframe"
            )
        frame = pd.read_json(io.StringIO(json.dumps(input_data)), orient=self.orient, dtype=False)
        if self.apply_column_names:
            frame.columns = self.sample_input.columns.copy()
        if self.enforce_column_type:
            frame = self._typed(frame)
        if self.enforce_shape and frame.shape[1] != self.sample_input.shape[1]:
            text = (
                "Invalid input data frame: data frame has size {} on dimension #1,"
                " while expected value is {}"
            )
            raise ValueError(text.format(frame.shape[1], self.sample_input.shape[1]))
        return frame

    def input_to_swagger(self) -> Dict[str, Any]:
        """Describe the data frame."""
        sample = json.loads(self.sample_input.to_json(orient=self.orient, date_format="iso"))
        schema = of_list(sample) if self.orient in ("records", "values") else of_dict(sample)
        for name, form in self._times():
            for place in self._places(schema, name):
                place["format"] = form
        schema["format"] = f"pandas.DataFrame:{self.orient}"
        return schema

    def _typed(self, frame: Any) -> Any:
        known = self.sample_input.dtypes.to_dict()
        wanted = {name: known.get(name, object) for name in frame.columns}
        for name, kind in wanted.items():
            if str(kind).startswith("timedelta"):
                frame[name] = pd.to_timedelta(frame[name])
        return frame.astype(dtype=wanted)

    def _times(self) -> Iterator[Tuple[str, str]]:
        for name, kind in self.sample_input.dtypes.items():
            form = next(
                (form for start, form in TIMES.items() if str(kind).startswith(start)), None
            )
            if form:
                yield str(name), form

    def _places(self, schema: Dict[str, Any], name: str) -> Iterator[Dict[str, Any]]:
        """Find where the schema describes the values of a column."""
        if self.orient == "records":
            yield schema["items"]["properties"][name]
        elif self.orient == "index":
            yield from (row["properties"][name] for row in schema["properties"].values())
        elif self.orient == "columns":
            yield from schema["properties"][name]["properties"].values()
        elif self.orient == "table":
            yield schema["properties"]["data"]["items"]["properties"][name]
