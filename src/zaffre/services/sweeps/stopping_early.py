"""Which running trials are stopped because others do better. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from zaffre.kinds.sweep import EarlyTermination

Histories = Mapping[int, Sequence[float]]
"""The values of the metric that each trial has logged so far, in order."""


def stopped(
    policy: EarlyTermination, goal: str, histories: Histories, running: set[int]
) -> list[int]:
    """Name the running trials that a policy stops now."""
    sign = 1.0 if goal == "maximize" else -1.0
    better = {
        trial: [sign * one for one in values if one == one]  # noqa: PLR0124 (no NaN)
        for trial, values in histories.items()
        if not policy.exclude_finished_jobs or trial in running
    }
    judge = {
        "bandit": _bandit,
        "median_stopping": _median,
        "truncation_selection": _truncation,
    }[policy.type]
    return [
        trial
        for trial in sorted(running)
        if (interval := _interval(policy, len(better.get(trial, ())))) is not None
        and judge(policy, better, trial, interval)
    ]


def _interval(policy: EarlyTermination, reported: int) -> int | None:
    """Give the last number of values at which a trial is judged."""
    every = max(1, policy.evaluation_interval)
    last = reported // every * every
    return last if last and last >= policy.delay_evaluation else None


def _reached(better: Histories, interval: int) -> dict[int, Sequence[float]]:
    return {
        trial: values[:interval] for trial, values in better.items() if len(values) >= interval
    }


def _bandit(policy: EarlyTermination, better: Histories, trial: int, interval: int) -> bool:
    reached = _reached(better, interval)
    best = max(max(values) for values in reached.values())
    if policy.slack_amount is not None:
        allowed = best - policy.slack_amount
    else:
        factor = policy.slack_factor or 0.0
        # best / (1 + factor) of what is maximized, best * (1 + factor) of what is minimized.
        loss = factor / (1 + factor) if best > 0 else factor
        allowed = best - abs(best) * loss
    return max(reached[trial]) < allowed


def _median(policy: EarlyTermination, better: Histories, trial: int, interval: int) -> bool:
    del policy
    reached = _reached(better, interval)
    averages = [sum(values) / len(values) for values in reached.values()]
    return len(averages) > 1 and max(reached[trial]) < median(averages)


def _truncation(policy: EarlyTermination, better: Histories, trial: int, interval: int) -> bool:
    reached = _reached(better, interval)
    ranked = sorted(reached, key=lambda one: (max(reached[one]), -one))
    count = len(ranked) * (policy.truncation_percentage or 0) // 100
    return trial in ranked[:count]
