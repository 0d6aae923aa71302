"""What scores: a model without a script, or a script's `init()` and `run()`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Protocol, Sequence, Tuple

from zaffre_tables import layout

if TYPE_CHECKING:
    from types import ModuleType

Results = List[Tuple[str, Any]]


class Scorer(Protocol):
    """Gives result columns for rows; `wants` tells the runner what rows it takes."""

    wants: Dict[str, Any]

    def score(self, memory: Any, rows: int, columns: Sequence[layout.Column]) -> Results:
        """Score rows that lie in memory; whatever it raises, the rows were not scored."""

    def end(self) -> None:
        """Let go of what it holds."""


def load(spec: Dict[str, Any]) -> Scorer:
    """Load what a specification names."""
    if spec.get("script"):
        return Script(spec)
    return Model(spec)


class Model:
    """A model without a script: takes its features column by column."""

    def __init__(self, spec: Dict[str, Any]) -> None:
        predictors = importlib.import_module("zaffre_scoring.predictors")
        self._predictor = predictors.load(spec)
        signature = self._predictor.signature
        self.wants = {
            "whole": False,
            "features": [list(one) for one in signature.columns],
            "optional": sorted(signature.optional),
            "names": list(self._predictor.names),
            "width": self._predictor.width,
        }

    def score(self, memory: Any, rows: int, columns: Sequence[layout.Column]) -> Results:
        """Give a prediction for each row."""
        found = self._predictor.direct(self._data(memory, rows, columns))
        return named(found, rows)

    def _data(self, memory: Any, rows: int, columns: Sequence[layout.Column]) -> Any:
        together = layout.matrix(memory, rows, columns)
        if not self._predictor.framed:
            if together is not None:
                return together
            apart = layout.arrays(memory, rows, columns).values()
            return importlib.import_module("numpy").column_stack(list(apart))
        pandas = importlib.import_module("pandas")
        if together is not None:
            return pandas.DataFrame(together, columns=[one["name"] for one in columns], copy=False)
        return pandas.DataFrame(layout.arrays(memory, rows, columns))

    def end(self) -> None:
        """Nothing is held."""


class Script:
    """A script: `run(frame)` gets a pandas DataFrame and gives something for each of its rows."""

    def __init__(self, spec: Dict[str, Any]) -> None:
        self._pandas = importlib.import_module("pandas")
        self._batch = int(spec.get("mini_batch_size") or 0)
        self._module = _module(spec["script"])
        self.wants = {"whole": True, "features": [], "optional": [], "names": [], "width": None}
        if hasattr(self._module, "init"):
            self._module.init()

    def score(self, memory: Any, rows: int, columns: Sequence[layout.Column]) -> Results:
        """Call `run()` for each mini-batch and put together what it gives."""
        frame = self._pandas.DataFrame(layout.arrays(memory, rows, columns))
        step = self._batch or rows or 1
        parts = [self._run(frame.iloc[at : at + step]) for at in range(0, max(rows, 1), step)]
        names = [name for name, _ in parts[0]]
        if any([name for name, _ in part] != names for part in parts):
            raise ValueError("run() gave different columns for different mini-batches")
        join = importlib.import_module("numpy").concatenate
        columns_of = zip(*([values for _, values in part] for part in parts))
        return [(name, join(values)) for name, values in zip(names, columns_of)]

    def _run(self, frame: Any) -> Results:
        # A copy: a script may change what it is given, and the rows lie in shared memory.
        return named(self._module.run(frame.reset_index(drop=True).copy()), len(frame))

    def end(self) -> None:
        """Call the script's `shutdown()`, if it has one."""
        if hasattr(self._module, "shutdown"):
            self._module.shutdown()


def named(found: Any, rows: int) -> Results:
    """Give results as named columns: `prediction`, or the names that a frame has."""
    if isinstance(found, dict):
        return [(name, values) for name, values in found.items() if len(values) == rows]
    if found is None or not hasattr(found, "__len__"):
        raise ValueError(f"the model gave {type(found).__name__}, not a value for each row")
    if len(found) != rows:
        raise ValueError(f"the model gave {len(found)} results for {rows} rows")
    numpy = importlib.import_module("numpy")
    if hasattr(found, "columns"):
        return [(str(name), numpy.asarray(found[name])) for name in found.columns]
    values = numpy.asarray(found)
    if values.ndim <= 1:
        return [("prediction", values)]
    flat = values.reshape(rows, -1)
    if flat.shape[1] == 1:
        return [("prediction", flat[:, 0])]
    return [(f"prediction_{place}", flat[:, place]) for place in range(flat.shape[1])]


def _module(path: str) -> ModuleType:
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"`{path}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
