"""Where Azure has `parallel_for`."""

from zaffre.ml.dsl.control import parallel_for

__all__ = ["parallel_for"]
