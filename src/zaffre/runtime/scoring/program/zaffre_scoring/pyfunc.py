"""Any other model of MLflow's, as mlflow serves it."""

from __future__ import annotations

import importlib
from typing import Any, List, Optional, Tuple

from zaffre_scoring.signature import BadRows, Signature, cast, fitted_rows, plain
from zaffre_scoring.tables import Table


def of_mlflow(folder: str, signature: Signature) -> Pyfunc:
    """Load a folder by mlflow."""
    return Pyfunc(importlib.import_module("mlflow.pyfunc").load_model(folder), signature)


class Pyfunc:
    """A model behind mlflow's own `predict`."""

    method = "predict"
    kinds = ("double", "double")

    def __init__(self, native: Any, signature: Signature) -> None:
        self.native = native
        self.signature = signature
        self.names: Tuple[str, ...] = ()
        self.width: Optional[int] = None
        self._pandas = importlib.import_module("pandas")
        self._numpy = importlib.import_module("numpy")
        self._errors = importlib.import_module("mlflow.exceptions").MlflowException
        schema = native.metadata.get_input_schema()
        self._is_tensor = schema is not None and schema.is_tensor_spec()
        self.framed = not self._is_tensor

    def direct(self, data: Any) -> Any:
        """Predict from a frame, or from an array where the model takes tensors."""
        return self.native.predict(data)

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        names, rows = fitted_rows(table, self.signature, ())
        if self._is_tensor and names is None:
            data = self._numpy.array(rows)
        else:
            data = self._pandas.DataFrame(rows, columns=list(names) if names else None)
            data = cast(data, self.signature)
        try:
            return plain(
                self.native.predict(data, params=table.params)
                if table.params
                else self.native.predict(data)
            )
        except self._errors as error:
            raise BadRows(str(error)[:500]) from None
