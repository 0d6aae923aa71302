"""Clusters: computes whose nodes are elsewhere, or come and go."""

from zaffre.services.clusters.opening import create, update
from zaffre.services.clusters.tending import tend

__all__ = ["create", "tend", "update"]
