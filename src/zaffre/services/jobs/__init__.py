"""Jobs: submitted, taken step by step to their end, watched, stopped."""

from __future__ import annotations

from zaffre.services.jobs.advancing import advance
from zaffre.services.jobs.changing import update
from zaffre.services.jobs.journals import take as journal
from zaffre.services.jobs.queue import held, unfinished
from zaffre.services.jobs.reading import logs, outputs, require_here
from zaffre.services.jobs.showing import browse, browse_computes, show, show_compute
from zaffre.services.jobs.stopping import cancel, delete
from zaffre.services.jobs.submitting import submit
from zaffre.services.jobs.tending import report, tidy
from zaffre.services.jobs.variables import job_environment

__all__ = [
    "advance",
    "browse",
    "browse_computes",
    "cancel",
    "delete",
    "held",
    "job_environment",
    "journal",
    "logs",
    "outputs",
    "report",
    "require_here",
    "show",
    "show_compute",
    "submit",
    "tidy",
    "unfinished",
    "update",
]
