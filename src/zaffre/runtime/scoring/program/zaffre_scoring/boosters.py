"""LightGBM's and XGBoost's models, by their own libraries."""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from zaffre_scoring.estimators import Estimator, kept
from zaffre_scoring.estimators import of_file as unpickled
from zaffre_scoring.predictors import inside
from zaffre_scoring.signature import Signature, check_width, fitted_rows, numbers, plain
from zaffre_scoring.tables import Table


def lightgbm(path: str, signature: Optional[Signature] = None) -> Booster:
    """Load a model that LightGBM saved as text."""
    native = importlib.import_module("lightgbm").Booster(model_file=path)
    return Booster(native, native.predict, native.num_feature(), signature or Signature())


def lightgbm_of_mlflow(
    folder: str, flavor: Dict[str, Any], _pyfunc: Dict[str, Any], signature: Signature
) -> Any:
    """Load what its MLmodel names; None for what only mlflow can load."""
    path = inside(folder, flavor.get("data", "model.lgb"))
    if path.endswith(".skops"):
        return _kept(Estimator(kept(path, flavor), "predict", signature))
    if path.endswith(".pkl"):
        return _kept(Estimator(unpickled(path).native, "predict", signature))
    return _kept(lightgbm(path, signature))


def xgboost(path: str, signature: Optional[Signature] = None) -> Booster:
    """Load a model that XGBoost saved."""
    library = importlib.import_module("xgboost")
    native = library.Booster(model_file=path)

    def call(rows: Any) -> Any:
        return native.predict(library.DMatrix(rows), validate_features=False)

    found = Booster(native, call, native.num_features(), signature or Signature())
    found.kinds = ("float", "float")
    return found


def xgboost_of_mlflow(
    folder: str, flavor: Dict[str, Any], _pyfunc: Dict[str, Any], signature: Signature
) -> Any:
    """Load what its MLmodel names; None for what only mlflow can load."""
    path = inside(folder, flavor.get("data", "model.xgb"))
    kind = str(flavor.get("model_class", "xgboost.core.Booster"))
    if kind.endswith(".Booster"):
        return _kept(xgboost(path, signature))
    module, _, name = kind.rpartition(".")
    if not module.startswith("xgboost"):
        return None
    native = getattr(importlib.import_module(module), name)()
    native.load_model(path)
    return _kept(Estimator(native, "predict", signature))


def _kept(found: Any) -> Any:
    """Leave text columns to mlflow: it makes categories of them."""
    return found if found.signature.is_numeric else None


class Booster:
    """A booster that takes an array of numbers."""

    method = "predict"
    framed = False

    def __init__(
        self, native: Any, call: Callable[[Any], Any], width: int, signature: Signature
    ) -> None:
        self.native = native
        self.signature = signature
        self.width = width
        self.names: Tuple[str, ...] = ()
        self.kinds = ("double", "double")
        self._call = call
        self._numpy = importlib.import_module("numpy")

    def direct(self, data: Any) -> Any:
        """Predict from an array of numbers."""
        return self._call(data)

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        names, rows = fitted_rows(table, self.signature, self.names)
        check_width(rows, names, self.width)
        return plain(self._call(numbers(self._numpy, rows)))
