"""Loading MLflow models: scikit-learn's directly, all others by mlflow itself.

A scikit-learn model is loaded from the file that its MLmodel names. That needs no mlflow in the
environment, and starts in a third of the time.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Protocol, Tuple

from zaffre_scoring.tables import Table

NUMBERS = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}


class BadRows(Exception):
    """The rows do not fit the model's signature."""


class Signature(NamedTuple):
    """The columns that a model wants: names and types; none where it takes any array."""

    columns: Tuple[Tuple[str, str], ...] = ()
    optional: FrozenSet[str] = frozenset()


class Predictor(Protocol):
    """Something that predicts a value for each row."""

    signature: Signature

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values.

        Raises:
            BadRows: the rows do not fit.
        """


def load(folder: str, document: Dict[str, Any]) -> Predictor:
    """Load a model by its MLmodel document."""
    flavors = document["flavors"]
    pyfunc, sklearn = flavors.get("python_function", {}), flavors.get("sklearn")
    signature = _signature(document.get("signature"))
    if (
        sklearn is not None
        and pyfunc.get("loader_module") == "mlflow.sklearn"
        and signature is not None
    ):
        return Sklearn(
            _estimator(folder, sklearn), str(pyfunc.get("predict_fn") or "predict"), signature
        )
    mlflow = importlib.import_module("mlflow.pyfunc")
    return Pyfunc(mlflow.load_model(folder), signature or Signature())


def _signature(document: Optional[Dict[str, Any]]) -> Optional[Signature]:
    """Read the columns; None for what only mlflow understands (tensors, objects, parameters)."""
    if not document:
        return Signature()
    if document.get("params"):
        return None
    inputs = document.get("inputs")
    found = json.loads(inputs) if isinstance(inputs, str) else inputs or []
    simple = set(NUMBERS) | {"string"}
    if any(
        not isinstance(one, dict) or one.get("type") not in simple or not one.get("name")
        for one in found
    ):
        return None
    optional = frozenset(
        one["name"] for one in found if one.get("required") is False or one.get("optional")
    )
    return Signature(tuple((one["name"], one["type"]) for one in found), optional)


def _estimator(folder: str, flavor: Dict[str, Any]) -> Any:
    path = os.path.join(folder, *str(flavor.get("pickled_model", "model.pkl")).split("/"))
    form = flavor.get("serialization_format", "pickle")
    if form == "skops":
        io = importlib.import_module("skops.io")
        return io.load(
            path, trusted=flavor.get("skops_trusted_types") or io.get_untrusted_types(file=path)
        )
    with open(path, "rb") as file:
        return pickle.load(file)  # noqa: S301 - the user's own model, in the user's own environment


class Sklearn:
    """A scikit-learn model, called without mlflow between."""

    def __init__(self, estimator: Any, method: str, signature: Signature) -> None:
        self.signature = signature
        self._numpy = importlib.import_module("numpy")
        self._call = getattr(estimator, method)
        self._width = getattr(estimator, "n_features_in_", None)
        self._names = tuple(map(str, getattr(estimator, "feature_names_in_", ())))
        numeric = all(kind in NUMBERS for _, kind in signature.columns)
        self._plain = numeric and not self._names and self._width is not None
        self._pandas: Any = None if self._plain else importlib.import_module("pandas")

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        names, rows = fitted_rows(table, self.signature, self._names)
        width = (
            len(names)
            if names
            else len(rows[0])
            if rows and isinstance(rows[0], list)
            else self._width
        )
        if self._width is not None and width != self._width:
            raise BadRows(f"The model takes {self._width} columns, the input has {width}.")
        if self._plain:
            return _plain(self._call(self._numbers(rows)))
        frame = self._pandas.DataFrame(rows, columns=list(names) if names else None)
        if not self._names and not names:
            return _plain(self._call(frame.to_numpy()))
        return _plain(self._call(_cast(frame, self.signature)))

    def _numbers(self, rows: List[Any]) -> Any:
        try:
            return self._numpy.array(rows, dtype="float64").reshape(len(rows), -1)
        except (ValueError, TypeError) as error:
            raise BadRows(f"The input should be rows of numbers: {str(error)[:200]}") from None


class Pyfunc:
    """Any other model, as mlflow serves it."""

    def __init__(self, model: Any, signature: Signature) -> None:
        self.signature = signature
        self._model = model
        self._pandas = importlib.import_module("pandas")
        self._numpy = importlib.import_module("numpy")
        self._errors = importlib.import_module("mlflow.exceptions").MlflowException
        schema = model.metadata.get_input_schema()
        self._is_tensor = schema is not None and schema.is_tensor_spec()

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        names, rows = fitted_rows(table, self.signature, ())
        if self._is_tensor and names is None:
            data = self._numpy.array(rows)
        else:
            data = self._pandas.DataFrame(rows, columns=list(names) if names else None)
            data = _cast(data, self.signature)
        try:
            return _plain(
                self._model.predict(data, params=table.params)
                if table.params
                else self._model.predict(data)
            )
        except self._errors as error:
            raise BadRows(str(error)[:500]) from None


def fitted_rows(
    table: Table, signature: Signature, known: Tuple[str, ...]
) -> Tuple[Optional[Tuple[str, ...]], List[Any]]:
    """Put columns in the order that the model wants; those without names are taken in it."""
    wanted = tuple(name for name, _ in signature.columns) or known
    if not wanted:
        return table.columns, table.rows
    if table.columns is None:
        if table.rows and not isinstance(table.rows[0], list) and len(wanted) == 1:
            return wanted, [[row] for row in table.rows]
        if any(not isinstance(row, list) or len(row) != len(wanted) for row in table.rows):
            raise BadRows(f"The model takes rows of {len(wanted)} values.")
        return wanted, table.rows
    if table.columns == wanted:
        return wanted, table.rows
    places = {name: place for place, name in enumerate(table.columns)}
    missing = [name for name in wanted if name not in places and name not in signature.optional]
    if missing:
        raise BadRows(f"Model is missing inputs {missing}.")
    kept = tuple(name for name in wanted if name in places)
    order = [places[name] for name in kept]
    return kept, [[row[place] for place in order] for row in table.rows]


def _cast(frame: Any, signature: Signature) -> Any:
    """Give columns the types of the signature where that loses nothing."""
    for name, kind in signature.columns:
        wanted = NUMBERS.get(kind)
        if wanted and name in frame.columns and str(frame[name].dtype) != wanted:
            try:
                cast = frame[name].astype(wanted)
                loses = not kind.startswith(("float", "double")) and bool(
                    (cast != frame[name]).any()
                )
            except (ValueError, TypeError):
                cast, loses = None, True
            if loses:
                raise BadRows(f"Incompatible input types for column {name}. Expected {kind}.")
            frame[name] = cast
    return frame


def _plain(values: Any) -> List[Any]:
    """Turn predictions into JSON values, as mlflow does."""
    if hasattr(values, "to_dict") and hasattr(values, "columns"):
        found = values.to_dict(orient="records")
    elif hasattr(values, "tolist"):
        found = values.tolist()
    else:
        found = list(values)
    return found  # type: ignore[no-any-return]  # the libraries are not here to be checked
