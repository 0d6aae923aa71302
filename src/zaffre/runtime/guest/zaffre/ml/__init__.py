"""What `zaffre.ml` offers in a job whose environment has no zaffre: the journal, and `dsl`."""

import importlib
from typing import Any

# The one file that holds it lies in the installed product beside this stand-in.
__path__ = [*__path__, __file__.rsplit("/", 5)[0] + "/ml"]

_native = importlib.import_module("zaffre.ml.native")

__all__ = list(_native.__all__)
globals().update({name: getattr(_native, name) for name in __all__})


def __getattr__(name: str) -> Any:
    if name in ("Input", "Output"):
        return getattr(importlib.import_module("zaffre.ml.dsl"), name)
    raise AttributeError(f"There is no `{name}` in a job; its environment has no zaffre.")
