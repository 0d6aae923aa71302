"""Tensors of the Open Inference Protocol as rows of a table, and predictions as tensors."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence, Tuple

from zaffre_scoring.requests import Refused
from zaffre_scoring.tables import Table

NUMBERS = (
    *("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"),
    *("FP16", "FP32", "FP64", "BF16"),
)
DATATYPES = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "half": "FP16",
    "string": "BYTES",
}
"""MLflow's types as those of the protocol."""


def table_of(document: Any) -> Table:
    """Read the rows of an inference request: one tensor of rows, or one for each column.

    Raises:
        Refused: it is none.
    """
    inputs = document.get("inputs") if isinstance(document, dict) else None
    if not isinstance(inputs, list) or not inputs:
        raise Refused(400, "The body should be a JSON dictionary with a list of `inputs`.")
    read = [_tensor(one, number) for number, one in enumerate(inputs)]
    if len(read) == 1 and len(read[0][1]) != 1:
        return Table(None, read[0][2])
    lengths = {len(rows) for _, _, rows in read}
    if len(lengths) != 1:
        raise Refused(400, "All `inputs` should have the same number of rows.")
    if any(len(shape) > 1 and shape[1:] != [1] for _, shape, _ in read):
        raise Refused(400, "Several `inputs` should each be one column: shape [n] or [n, 1].")
    columns = [[row[0] if len(shape) > 1 else row for row in rows] for _, shape, rows in read]
    return Table(tuple(name for name, _, _ in read), [list(row) for row in zip(*columns)])


def _tensor(one: Any, number: int) -> Tuple[str, List[int], List[Any]]:
    """Give a tensor's name, shape and rows."""
    where = f"`inputs[{number}]`"
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        raise Refused(400, where + " should be a dictionary with a `name`.")
    if not isinstance(one.get("data"), list):
        raise Refused(400, where + " has no `data`, and no `binary_data_size` of bytes.")
    shape, flat = _shape(one.get("shape"), where), list(_flat(one["data"]))
    size = 1
    for part in shape:
        size *= part
    if size != len(flat):
        text = "{}.data has {} values, and its shape {} has {}."
        raise Refused(400, text.format(where, len(flat), shape, size))
    _check_values(flat, str(one.get("datatype")), where, size // shape[0] if shape[0] else 1)
    return one["name"], shape, _nested(flat, shape)


def _shape(given: Any, where: str) -> List[int]:
    if (
        not isinstance(given, list)
        or not given
        or any(not isinstance(part, int) or isinstance(part, bool) or part < 0 for part in given)
    ):
        raise Refused(400, where + ".shape should be a list of sizes.")
    return given


def _check_values(flat: Sequence[Any], datatype: str, where: str, width: int) -> None:
    kinds = {"BOOL": (bool, int), "BYTES": (str,), **dict.fromkeys(NUMBERS, (int, float))}
    if datatype not in kinds:
        known = ", ".join(kinds)
        raise Refused(400, f"{where}.datatype is {datatype}; known: {known}.")
    for number, value in enumerate(flat):
        if not isinstance(value, kinds[datatype]) and value is not None:
            row, column = divmod(number, width)
            text = "Row {}, column {} of {} should be {}, and is {!r}."
            raise Refused(400, text.format(row, column, where, datatype, value)[:300])


def _flat(data: Any) -> Iterator[Any]:
    """Give the values of a list however deep it is, without recursion: depth is the client's."""
    waiting = [iter(data)]
    while waiting:
        for one in waiting[-1]:
            if isinstance(one, list):
                waiting.append(iter(one))
                break
            yield one
        else:
            waiting.pop()


def _nested(flat: List[Any], shape: Sequence[int]) -> List[Any]:
    for size in reversed(shape[1:]):
        count = len(flat) // size if size else 0
        flat = [flat[number * size : (number + 1) * size] for number in range(count)]
    return flat


def outputs_of(values: List[Any], name: str, kind: str = "") -> List[Dict[str, Any]]:
    """Give predictions as tensors: one, or one for each column of a table."""
    if values and all(isinstance(value, dict) for value in values):
        return [_output(key, [value.get(key) for value in values]) for key in values[0]]
    return [_output(name, values, DATATYPES.get(kind, ""))]


def _output(name: str, values: List[Any], told: str = "") -> Dict[str, Any]:
    shape: List[int] = []
    level: Any = values
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    flat = list(_flat(values))
    return {"name": name, "shape": shape, "datatype": _told(told, _datatype(flat)), "data": flat}


def _told(told: str, seen: str) -> str:
    """Give the type that the model's description tells, where the values are such."""
    if told.startswith("INT"):
        return told if seen == "INT64" else seen
    return told if told.startswith("FP") and seen in ("INT64", "FP64") else seen


def _datatype(flat: Sequence[Any]) -> str:
    if all(isinstance(value, bool) for value in flat) and flat:
        return "BOOL"
    if all(isinstance(value, int) for value in flat) and flat:
        return "INT64"
    if all(value is None or isinstance(value, (int, float)) for value in flat):
        return "FP64"
    return "BYTES"


def described(model: Any, kind: str) -> Dict[str, Any]:
    """Describe inputs and outputs of a model as its metadata tells them."""
    taken, _ = model.kinds
    matrix = {"name": "input-0", "datatype": _named(taken), "shape": [-1, model.width or -1]}
    inputs = _columns(model.signature.columns or getattr(model, "columns", ())) or [matrix]
    given = _columns(getattr(model, "outputs", ())) or _columns([(model.method, kind)])
    return {"platform": "zaffre", "inputs": inputs, "outputs": given}


def _columns(columns: Sequence[Tuple[str, str]]) -> List[Dict[str, Any]]:
    return [{"name": name, "datatype": _named(kind), "shape": [-1]} for name, kind in columns]


def _named(kind: str) -> str:
    return DATATYPES.get(kind, "BYTES")
