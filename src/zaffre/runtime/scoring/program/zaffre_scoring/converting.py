"""Writing models as ONNX: each way that might do is tried, none is believed."""

from __future__ import annotations

import importlib
from typing import Any, Dict, Iterator, List, Tuple

from zaffre_scoring.predictors import Predictor

ROWS = "rows"
COLUMN_TYPES = {"boolean": "Boolean", "integer": "Int64", "long": "Int64", "string": "String"}


class NotConvertible(Exception):
    """There is no converter for the model, or each one failed; its text says why."""


def conversions(predictor: Predictor) -> Iterator[Any]:
    """Give the model in ONNX, once for each way that worked: in 64 bits first, then in 32.

    Raises:
        NotConvertible: no way worked.
    """
    library = type(predictor.native).__module__.partition(".")[0]
    if library in ("lightgbm", "xgboost"):
        ways = _of_booster(predictor, library)
    elif library == "sklearn":
        ways = _of_sklearn(predictor)
    elif library == "onnxruntime":
        raise NotConvertible("It is an ONNX model already: ONNX Runtime answers as it is.")
    else:
        kind = type(predictor.native).__name__
        raise NotConvertible(f"There is no converter to ONNX for a {kind} of {library}.")
    worked, trouble = False, ""
    for convert, options in ways:
        try:
            made = convert(predictor.native, **options)
        except Exception as error:  # noqa: BLE001 - converters raise anything
            trouble = f"{type(error).__name__}: {str(error)[:300]}"
            continue
        worked = True
        yield made
    if not worked:
        raise NotConvertible(f"The converter failed: {trouble}")


Way = Tuple[Any, Dict[str, Any]]


def _of_booster(predictor: Predictor, library: str) -> Iterator[Way]:
    types = importlib.import_module("onnxmltools.convert.common.data_types")
    convert = getattr(importlib.import_module("onnxmltools"), f"convert_{library}")
    options: Dict[str, Any] = {
        "initial_types": [(ROWS, types.FloatTensorType([None, predictor.width]))]
    }
    if library == "lightgbm":
        options["zipmap"] = False
    yield convert, options


def _of_sklearn(predictor: Predictor) -> Iterator[Way]:
    types = importlib.import_module("skl2onnx.common.data_types")
    convert = importlib.import_module("skl2onnx").convert_sklearn
    native = predictor.native
    options = {"zipmap": False} if hasattr(native, "predict_proba") else None
    for number in ("Double", "Float"):
        for inputs in _inputs(predictor, types, number):
            yield convert, {"initial_types": inputs, "options": options}


def _inputs(predictor: Predictor, types: Any, number: str) -> Iterator[List[Tuple[str, Any]]]:
    """Give the inputs: all columns as one matrix where all are numbers, else one for each."""
    tensor = getattr(types, f"{number}TensorType")
    if predictor.signature.is_numeric and predictor.width:
        yield [(ROWS, tensor([None, predictor.width]))]
    columns = predictor.signature.columns or tuple((one, "double") for one in predictor.names)
    if columns:
        yield [
            (name, getattr(types, f"{COLUMN_TYPES.get(kind, number)}TensorType")([None, 1]))
            for name, kind in columns
        ]
