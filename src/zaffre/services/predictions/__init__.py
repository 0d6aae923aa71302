"""Prediction views: kept, filled on two paths, and asked."""

from zaffre.services.predictions.keeping import browse, create, delete, show, update
from zaffre.services.predictions.loading import advance, load, unfinished
from zaffre.services.predictions.looking import look, page

__all__ = [
    "advance",
    "browse",
    "create",
    "delete",
    "load",
    "look",
    "page",
    "show",
    "unfinished",
    "update",
]
