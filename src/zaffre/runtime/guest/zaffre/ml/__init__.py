"""What `zaffre.ml` offers in a job whose environment has no zaffre: the journal, and `dsl`."""

import importlib

# The one file that holds it lies in the installed product beside this stand-in.
__path__ = [*__path__, __file__.rsplit("/", 5)[0] + "/ml"]

_native = importlib.import_module("zaffre.ml.native")

__all__ = list(_native.__all__)
globals().update({name: getattr(_native, name) for name in __all__})
