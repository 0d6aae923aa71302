"""Prediction views: kept, filled on two paths, and asked."""

from zaffre.services.predictions.following import follow, followed, refresh
from zaffre.services.predictions.keeping import browse, create, delete, show, sweep, update
from zaffre.services.predictions.loading import advance, load, unfinished
from zaffre.services.predictions.looking import look, page
from zaffre.services.predictions.taking import take_in

__all__ = [
    "advance",
    "browse",
    "create",
    "delete",
    "follow",
    "followed",
    "load",
    "look",
    "page",
    "refresh",
    "show",
    "sweep",
    "take_in",
    "unfinished",
    "update",
]
