"""Which of the due times get a job, and which are missed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from zaffre.kinds.schedule import Missed, ScheduledRun

ON_TIME = timedelta(seconds=60)
"""How late a due time may be found that counts as found in time."""

MOST_CAUGHT_UP = 100
"""How many jobs `run_all` makes of what passed at the most; what is older is missed."""

AWAY, OVERLAP, TOO_MANY = "away", "overlap", "too_many"


@dataclass(frozen=True)
class Policy:
    """What a schedule says of late and of overlapping times; `busy`: a job of it still runs."""

    catch_up: str
    overlap: str
    busy: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of due times: each is either run or missed."""

    run: tuple[ScheduledRun, ...] = ()
    missed: tuple[Missed, ...] = ()


def decide(
    due: Sequence[datetime], now: datetime, policy: Policy, *, more: bool = False
) -> Decision:
    """Say what becomes of due times; `more`: later ones have passed too, so these are all late."""
    fates = _overlapping(
        [_fate(due, at, now, policy, more=more) for at in range(len(due))], policy
    )
    run = tuple(
        ScheduledRun(due=text_of(one), reason="due" if now - one <= ON_TIME else "catch_up")
        for one, fate in zip(due, fates, strict=True)
        if not fate
    )
    return Decision(run, tuple(_missed(due, fates)))


def _fate(due: Sequence[datetime], at: int, now: datetime, policy: Policy, *, more: bool) -> str:
    """Give why a due time is missed, or "" if it is run."""
    if not more and now - due[at] <= ON_TIME:
        return ""
    newest = at == len(due) - 1 and not more
    if policy.catch_up == "run_once":
        return "" if newest else AWAY
    if policy.catch_up == "run_all":
        return "" if not more and len(due) - at <= MOST_CAUGHT_UP else TOO_MANY
    return AWAY


def _overlapping(fates: list[str], policy: Policy) -> list[str]:
    if policy.overlap != "skip":
        return fates
    busy, found = policy.busy, []
    for fate in fates:
        found.append(OVERLAP if busy and not fate else fate)
        busy = busy or not fate
    return found


def _missed(due: Sequence[datetime], fates: Sequence[str]) -> list[Missed]:
    found = []
    for reason, group in groupby(zip(due, fates, strict=True), key=lambda pair: pair[1]):
        times = [one for one, _ in group]
        if reason:
            first, last = text_of(times[0]), text_of(times[-1])
            found.append(Missed(first=first, last=last, count=len(times), reason=reason))
    return found


def text_of(moment: datetime) -> str:
    """Give a moment of UTC as documents have it: `2026-01-15T19:00:00Z`."""
    return moment.isoformat().replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """Give the moment that a document names."""
    return datetime.fromisoformat(text)
