"""Deployments that follow a model: a new version beside the old, judged, then step by step."""

from zaffre.services.following.advancing import advance, followers
from zaffre.services.following.keeping import create, update

__all__ = ["advance", "create", "followers", "update"]
