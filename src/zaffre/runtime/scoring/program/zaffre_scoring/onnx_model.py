"""ONNX models, by ONNX Runtime and numpy alone: the user's own, and those compiled here.

What was compiled here says in its metadata what the original took and gave, so that the answers
have the same form. Of other models, one output of one column is a list of values; several outputs
are a record for each row.
"""

from __future__ import annotations

import importlib
import json
import os
from typing import Any, Dict, List, Optional, Tuple

from zaffre_scoring.predictors import inside
from zaffre_scoring.signature import BadRows, Signature, check_width, fitted_rows, numbers, plain
from zaffre_scoring.tables import Table

KEY = "zaffre"
TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}
MATRIX = 2
KINDS = {
    "float16": "half",
    "float32": "float",
    "float64": "double",
    "int64": "long",
    "int32": "integer",
    "bool": "boolean",
}
"""MLflow's types by those of numpy."""


def of_file(path: str) -> Onnx:
    """Load a model from its file."""
    return Onnx(_session(path), Signature(), as_records=False)


def of_mlflow(
    folder: str, flavor: Dict[str, Any], _pyfunc: Dict[str, Any], signature: Signature
) -> Onnx:
    """Load what its MLmodel names; as mlflow does, it answers with a record for each row."""
    return Onnx(
        _session(inside(folder, flavor.get("data", "model.onnx"))), signature, as_records=True
    )


def _session(path: str) -> Any:
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
    # Threads that wait by turning round take the processor from the other workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Onnx:
    """A session, with what is known of its inputs and outputs."""

    method = "predict"
    framed = False

    def __init__(self, native: Any, signature: Signature, *, as_records: bool) -> None:
        self.native = native
        said = native.get_modelmeta().custom_metadata_map.get(KEY)
        self.compiled: Optional[Dict[str, Any]] = json.loads(said) if said else None
        if self.compiled is not None:
            signature = Signature(
                tuple((name, kind) for name, kind in self.compiled["columns"]),
                frozenset(self.compiled["optional"]),
            )
        self.signature = signature
        self.names: Tuple[str, ...] = tuple(self.compiled["names"] if self.compiled else ())
        self._inputs = [(one.name, one.type, one.shape) for one in native.get_inputs()]
        self._outputs = [one.name for one in native.get_outputs()]
        given = {one.name: _kind(one.type) for one in native.get_outputs()}
        self._as_records = as_records
        self._numpy = importlib.import_module("numpy")
        self._bad = _refusals()
        shape = self._inputs[0][2]
        self._is_matrix = len(self._inputs) == 1 and len(shape) == MATRIX
        fixed = shape[1] if self._is_matrix else len(self._inputs)
        self.width: Optional[int] = fixed if isinstance(fixed, int) else None
        only = self.compiled["output"] if self.compiled else self._outputs[0]
        self.kinds = (_kind(self._inputs[0][1]), given[only])
        one_each = not self._is_matrix and all(len(size) <= MATRIX for _, _, size in self._inputs)
        self.columns = [(name, _kind(of)) for name, of, _ in self._inputs] if one_each else []
        records = not self.compiled and (as_records or len(self._outputs) > 1)
        self.outputs = list(given.items()) if records else []

    def direct(self, data: Any) -> Any:
        """Predict from an array of numbers; several outputs are columns by name."""
        wanted = [self.compiled["output"]] if self.compiled else None
        found = self.native.run(wanted, self._direct_feed(data))
        if len(found) == 1:
            return _flat(found[0])
        return {name: _flat(values) for name, values in zip(self._outputs, found)}

    def _direct_feed(self, data: Any) -> Dict[str, Any]:
        array = self._numpy.ascontiguousarray
        if self._is_matrix:
            name, kind, _ = self._inputs[0]
            return {name: array(data, dtype=TYPES.get(kind, "float32"))}
        return {
            name: array(
                data[:, place].reshape((-1, 1)[: len(shape)]), dtype=TYPES.get(kind, "float32")
            )
            for place, (name, kind, shape) in enumerate(self._inputs)
        }

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        feed = self._feed(table)
        wanted = [self.compiled["output"]] if self.compiled else None
        try:
            found = self.native.run(wanted, feed)
        except self._bad as error:
            raise BadRows(f"The model refused the input: {str(error)[:300]}") from None
        if self.compiled is not None:
            return _as_original(found[0], self.compiled)
        if self._as_records or len(found) > 1:
            return _records(self._outputs, found)
        return plain(_flat(found[0]))

    def _feed(self, table: Table) -> Dict[str, Any]:
        name, kind, shape = self._inputs[0]
        if len(self._inputs) == 1 and not self._is_matrix:
            return {name: self._array(table.rows, kind, tuple(shape))}
        known = self.names or tuple(one for one, _, _ in self._inputs if not self._is_matrix)
        names, rows = fitted_rows(table, self.signature, known)
        check_width(rows, names, self.width)
        if self._is_matrix:
            return {name: self._matrix(rows, kind)}
        columns = list(zip(*rows)) if rows else [()] * len(self._inputs)
        return {
            one: self._array(columns[place], of, (-1, 1)[: len(size)])
            for place, (one, of, size) in enumerate(self._inputs)
        }

    def _matrix(self, rows: List[Any], kind: str) -> Any:
        dtype = TYPES.get(kind, "float32")
        if dtype != "object":
            return numbers(self._numpy, rows, dtype)
        return self._array(rows, kind, (-1, -1))

    def _array(self, values: Any, kind: str, shape: Tuple[Any, ...]) -> Any:
        try:
            array = self._numpy.array(values, dtype=TYPES.get(kind, "float32"))
        except (ValueError, TypeError, OverflowError) as error:
            raise BadRows(f"The input has values of another type: {str(error)[:200]}") from None
        return array.reshape(shape) if shape == (-1, 1) else array


def _kind(of: str) -> str:
    return KINDS.get(TYPES.get(of, "float32"), "string")


def _refusals() -> Tuple[Any, ...]:
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return (state.InvalidArgument, ValueError, TypeError)


def _as_original(values: Any, compiled: Dict[str, Any]) -> List[Any]:
    """Give the form that the original's answers had."""
    if compiled["column"] is not None:
        values = values[:, compiled["column"]]
    return plain(values.ravel() if compiled["flat"] else values)


def _flat(values: Any) -> Any:
    is_column = getattr(values, "ndim", 0) == MATRIX and values.shape[1] == 1
    return values.ravel() if is_column else values


def _records(names: List[str], found: List[Any]) -> List[Dict[str, Any]]:
    columns = [[_jsonable(value) for value in plain(_flat(values))] for values in found]
    return [dict(zip(names, row)) for row in zip(*columns)]


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): one for name, one in value.items()}
    return value
