"""What a sweep has tried, as a drawing of parallel coordinates needs it."""

from __future__ import annotations

from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.resource import Key
from zaffre.kinds.sweep import SweepJobSpec
from zaffre.services.context import Context
from zaffre.services.jobs.facts import status_of
from zaffre.services.sweeps.advancing import best_of
from zaffre.services.sweeps.sampling import flat


def trials(ctx: Context, key: Key) -> dict[str, Any]:
    """Give the axes, a row for each trial, and the best so far.

    Raises:
        NotFound: there is no such job.
        Invalid: it is no sweep.
    """
    job = ctx.metadata.get(key)
    if not isinstance(job.spec, SweepJobSpec):
        raise Invalid(f"Job `{key.name}` is no sweep.", hint="Only sweeps have trials.")
    found, objective = status_of(job).trials, job.spec.objective
    best = best_of(found, objective.goal)
    rows = [
        {
            "number": one.number,
            "job": one.job,
            "status": one.status,
            "stopped": one.stopped,
            "value": one.value,
            "params": flat(one.params),
        }
        for one in found
    ]
    names = dict.fromkeys(name for one in found for name in flat(one.params))
    return {
        "metric": objective.primary_metric,
        "goal": objective.goal,
        "parameters": list(names),
        "trials": rows,
        "best": best.job if best else None,
    }
