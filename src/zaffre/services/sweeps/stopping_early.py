"""Which running trials are stopped because others do better. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from zaffre.kinds.sweep_settings import EarlyTermination

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
    return [trial for trial in sorted(running) if _falls(policy, judge, better, trial)]


def _falls(
    policy: EarlyTermination, judge: Callable[..., bool], better: Histories, trial: int
) -> bool:
    """Judge a trial by its best so far against what others had at the same number of values."""
    interval = _interval(policy, better, trial)
    if interval is None:
        return False
    rivals = {
        other: values[:interval] for other, values in better.items() if len(values) >= interval
    }
    return judge(policy, {**rivals, trial: better[trial]}, trial)


def _interval(policy: EarlyTermination, better: Histories, trial: int) -> int | None:
    """Give the last number of values at which a trial is judged: one that another has reached.

    A trial that started first is ahead of all others; it is judged where the next one stands.
    """
    others = (len(values) for other, values in better.items() if other != trial)
    reported = min(len(better.get(trial, ())), max(others, default=0))
    every = max(1, policy.evaluation_interval)
    last = reported // every * every
    return last if last and last >= policy.delay_evaluation else None


def _bandit(policy: EarlyTermination, rivals: Histories, trial: int) -> bool:
    best = max(max(values) for values in rivals.values())
    if policy.slack_amount is not None:
        allowed = best - policy.slack_amount
    else:
        factor = policy.slack_factor or 0.0
        # best / (1 + factor) of what is maximized, best * (1 + factor) of what is minimized.
        loss = factor / (1 + factor) if best > 0 else factor
        allowed = best - abs(best) * loss
    return max(rivals[trial]) < allowed


def _median(policy: EarlyTermination, rivals: Histories, trial: int) -> bool:
    del policy
    averages = [sum(values) / len(values) for values in rivals.values()]
    return max(rivals[trial]) < median(averages)


def _truncation(policy: EarlyTermination, rivals: Histories, trial: int) -> bool:
    ranked = sorted(rivals, key=lambda one: (max(rivals[one]), -one))
    count = len(ranked) * (policy.truncation_percentage or 0) // 100
    return trial in ranked[:count]
