"""Sweeps: submitted, their trials run and judged, the best one named."""

from __future__ import annotations

from zaffre.services.jobs.stopping import cancel_parent as cancel
from zaffre.services.sweeps.advancing import advance, unfinished
from zaffre.services.sweeps.showing import trials
from zaffre.services.sweeps.submitting import submit

__all__ = ["advance", "cancel", "submit", "trials", "unfinished"]
