"""Loading models that are served without a script: by their flavor, mlflow only where it must.

What a flavor's own library can load is loaded by it. That needs no mlflow in the environment,
starts in a third of the time, and answers a row without a data frame between.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from zaffre_scoring.signature import Signature, signature_of
from zaffre_scoring.tables import Table

ONE_FILE = {
    "sklearn": "zaffre_scoring.estimators:of_file",
    "lightgbm": "zaffre_scoring.boosters:lightgbm",
    "xgboost": "zaffre_scoring.boosters:xgboost",
    "onnx": "zaffre_scoring.onnx_model:of_file",
    "pytorch": "zaffre_scoring.networks:pytorch",
    "keras": "zaffre_scoring.networks:keras",
}
"""What loads a plain file, by its flavor; each is imported only when it is asked for."""

FOLDERS = {
    "mlflow.sklearn": ("sklearn", "zaffre_scoring.estimators:of_mlflow"),
    "mlflow.lightgbm": ("lightgbm", "zaffre_scoring.boosters:lightgbm_of_mlflow"),
    "mlflow.xgboost": ("xgboost", "zaffre_scoring.boosters:xgboost_of_mlflow"),
    "mlflow.onnx": ("onnx", "zaffre_scoring.onnx_model:of_mlflow"),
}
"""What loads a folder as MLflow writes it, by the module that MLflow would load it with."""


class Predictor(Protocol):
    """Something that predicts a value for each row."""

    signature: Signature
    names: Any  # of the columns it was fitted with; none where it was fitted without names
    width: Optional[int]  # how many columns; None where it does not say
    native: Any  # what the flavor's own library loaded
    method: str  # what is called of it
    kinds: Tuple[str, str]  # of an array that it takes, and of its predictions
    framed: bool  # whether `direct` wants a data frame

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values.

        Raises:
            BadRows: the rows do not fit.
        """

    def direct(self, data: Any) -> Any:
        """Predict from an array of numbers, or a frame; give what the library gives."""


def load(spec: Dict[str, Any]) -> Predictor:
    """Load the model of a specification: one file by its flavor, or a folder of MLflow's."""
    if spec.get("model_file"):
        made: Predictor = _function(ONE_FILE[spec["flavor"]])(spec["model_file"])
        return made
    return _of_mlflow(spec["mlflow_model"], spec["mlmodel"])


def _of_mlflow(folder: str, document: Dict[str, Any]) -> Predictor:
    flavors = document["flavors"]
    pyfunc = flavors.get("python_function", {})
    signature = signature_of(document.get("signature"))
    flavor, loader = FOLDERS.get(str(pyfunc.get("loader_module")), ("", ""))
    made: Optional[Predictor] = None
    if signature is not None and flavor in flavors:
        made = _function(loader)(folder, flavors[flavor], pyfunc, signature)
    if made is None:
        made = _function("zaffre_scoring.pyfunc:of_mlflow")(folder, signature or Signature())
    return made


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]  # by name


def inside(folder: str, path: Any) -> str:
    """Give the place of a path that an MLmodel file names."""
    return os.path.join(folder, *str(path).split("/"))
