"""Where Azure has `do_while`."""

from zaffre.ml.dsl.control import do_while

__all__ = ["do_while"]
