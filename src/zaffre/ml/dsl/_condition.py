"""Where Azure has `condition`."""

from zaffre.ml.dsl.control import condition

__all__ = ["condition"]
