"""What jobs took and cost, added up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from zaffre.errors import Invalid, Unavailable
from zaffre.kinds.duration import seconds_of
from zaffre.kinds.tracking import DEFAULT_EXPERIMENT
from zaffre.kinds.usage import UsageQuery, UsageSum, check_group
from zaffre.services.computes import name_of
from zaffre.services.context import Context

TOTAL = "total"


def sums(ctx: Context, workspace: str, by: str, since: str = "") -> list[UsageSum]:
    """Add up what ended jobs took: the costliest group first, all of them together last.

    `since` is a span such as `7d`, a date or a moment.

    Raises:
        Invalid: jobs are not told apart by that, or `since` is no time.
    """
    if ctx.usage is None:
        raise Unavailable("This server adds nothing up.")
    query = UsageQuery(workspace, check_group(by), _moment(since, ctx.clock.now()))
    found: dict[str, UsageSum] = {}
    for one in ctx.usage.sums(query):
        named = replace(one, name=_name(by, one.name))
        found[named.name] = found[named.name].plus(named) if named.name in found else named
    rows = sorted(found.values(), key=lambda one: (-(one.cost or 0), -one.cpu_seconds, one.name))
    whole = UsageSum(TOTAL, 0, 0.0, 0.0, 0.0, 0.0, None)
    for one in rows:
        whole = whole.plus(one)
    return [*rows, whole]


def _name(by: str, stored: str) -> str:
    if by == "compute":
        return name_of(stored)
    return stored or DEFAULT_EXPERIMENT if by == "experiment" else stored


def _moment(text: str, now: datetime) -> float:
    if not text:
        return 0.0
    if span := seconds_of(text):
        return (now - timedelta(seconds=span)).timestamp()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "Write a span such as `7d`, or a date such as `2026-03-01`."
        raise Invalid(f"`{text}` is no time.", hint=hint) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
