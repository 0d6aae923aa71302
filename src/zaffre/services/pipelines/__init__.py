"""Pipelines: submitted, taken step by step to their end, planned, canceled."""

from __future__ import annotations

from zaffre.services.jobs.stopping import cancel_parent as cancel
from zaffre.services.pipelines.advancing import advance, unfinished
from zaffre.services.pipelines.planning import plan
from zaffre.services.pipelines.submitting import submit

__all__ = ["advance", "cancel", "plan", "submit", "unfinished"]
