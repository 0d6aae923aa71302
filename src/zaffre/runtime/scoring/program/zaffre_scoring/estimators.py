"""Scikit-learn's models, and all others that are pickled and have `predict`."""

from __future__ import annotations

import importlib
import pickle
from typing import Any, Dict, List, Tuple

from zaffre_scoring.predictors import inside
from zaffre_scoring.signature import (
    Signature,
    cast,
    check_width,
    fitted_rows,
    numbers,
    plain,
)
from zaffre_scoring.tables import Table

KINDS = {"i": "long", "u": "long", "f": "double", "b": "boolean"}
"""Types of predictions by the kind of their dtype; all others are text."""


def of_file(path: str) -> Estimator:
    """Load a model that was pickled, by joblib where the environment has it."""
    try:
        load = importlib.import_module("joblib").load
    except ImportError:
        return Estimator(_unpickled(path), "predict", Signature())
    return Estimator(load(path), "predict", Signature())


def of_mlflow(
    folder: str, flavor: Dict[str, Any], pyfunc: Dict[str, Any], signature: Signature
) -> Estimator:
    """Load a model from the file that its MLmodel names."""
    path = inside(folder, flavor.get("pickled_model", "model.pkl"))
    method = str(pyfunc.get("predict_fn") or "predict")
    return Estimator(kept(path, flavor), method, signature)


def kept(path: str, flavor: Dict[str, Any]) -> Any:
    """Load a file in the form that its MLmodel says: pickled, or by skops."""
    if flavor.get("serialization_format") != "skops":
        return _unpickled(path)
    io = importlib.import_module("skops.io")
    trusted = flavor.get("skops_trusted_types") or io.get_untrusted_types(file=path)
    return io.load(path, trusted=trusted)


def _unpickled(path: str) -> Any:
    with open(path, "rb") as file:
        return pickle.load(file)  # noqa: S301 - the user's own model, in the user's own environment


class Estimator:
    """A fitted estimator, called without mlflow between."""

    def __init__(self, native: Any, method: str, signature: Signature) -> None:
        if not hasattr(native, method):
            raise TypeError(f"The file holds a {type(native).__name__}, which has no `{method}`.")
        self.native = native
        self.method = method
        self.signature = signature
        self.width = getattr(native, "n_features_in_", None)
        self.names: Tuple[str, ...] = tuple(map(str, getattr(native, "feature_names_in_", ())))
        self.kinds = ("double", self._answers() if method == "predict" else "double")
        self._call = getattr(native, method)
        self._numpy = importlib.import_module("numpy")
        self._plain = signature.is_numeric and not self.names and self.width is not None
        self._pandas: Any = None if self._plain else importlib.import_module("pandas")
        self.framed = not self._plain and bool(self.names or signature.columns)

    def _answers(self) -> str:
        """Give the type of the predictions: that of classes or clusters, else numbers."""
        known = getattr(self.native, "classes_", getattr(self.native, "labels_", None))
        return KINDS.get(getattr(getattr(known, "dtype", None), "kind", "f"), "string")

    def direct(self, data: Any) -> Any:
        """Predict from an array, or from a frame where the model knows names."""
        return self._call(data)

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        names, rows = fitted_rows(table, self.signature, self.names)
        check_width(rows, names, self.width)
        if self._plain:
            return plain(self._call(numbers(self._numpy, rows)))
        frame = self._pandas.DataFrame(rows, columns=list(names) if names else None)
        if not self.names and not names:
            return plain(self._call(frame.to_numpy()))
        return plain(self._call(cast(frame, self.signature)))
