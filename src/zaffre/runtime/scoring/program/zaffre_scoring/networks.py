"""PyTorch's and Keras's models, given arrays of any rank."""

from __future__ import annotations

import importlib
from typing import Any, Callable, List, Optional, Tuple

from zaffre_scoring.signature import BadRows, Signature, plain
from zaffre_scoring.tables import Table


def pytorch(path: str) -> Network:
    """Load a TorchScript program, an exported program, or a whole pickled module."""
    torch = importlib.import_module("torch")
    native = _module(torch, path)

    def call(rows: Any) -> Any:
        with torch.inference_mode():
            return native(torch.from_numpy(rows)).numpy()

    return Network(native, call)


def _module(torch: Any, path: str) -> Any:
    if path.endswith(".pt2"):
        return torch.export.load(path).module()
    try:
        native = torch.jit.load(path, map_location="cpu")
    except RuntimeError:  # no TorchScript: a module that was pickled whole
        native = torch.load(path, map_location="cpu", weights_only=False)
    if not callable(native):
        raise TypeError(
            "The file holds weights without their module. Save a TorchScript program"
            " (`torch.jit.script`), or serve it by a scoring script."
        )
    native.eval()
    return native


def keras(path: str) -> Network:
    """Load a model that Keras saved."""
    native = importlib.import_module("keras").models.load_model(path)
    return Network(native, native.predict_on_batch)


class Network:
    """A network that takes one array of 32-bit numbers, the rows first."""

    method = "predict"
    kinds = ("float", "float")
    framed = False

    def __init__(self, native: Any, call: Callable[[Any], Any]) -> None:
        self.native = native
        self.signature = Signature()
        self.names: Tuple[str, ...] = ()
        self.width: Optional[int] = None
        self._call = call
        self._numpy = importlib.import_module("numpy")

    def direct(self, data: Any) -> Any:
        """Predict from an array of numbers."""
        return self._call(self._numpy.ascontiguousarray(data, dtype="float32"))

    def predict(self, table: Table) -> List[Any]:
        """Give the predictions as JSON values."""
        try:
            rows = self._numpy.array(table.rows, dtype="float32")
        except (ValueError, TypeError) as error:
            raise BadRows(f"The input should be arrays of numbers: {str(error)[:200]}") from None
        return plain(self._call(rows))
