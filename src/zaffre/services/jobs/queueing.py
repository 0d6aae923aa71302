"""Which waiting jobs start now, and why the others do not: pure decisions.

The more urgent go first; among equals, experiments take turns, that with the fewest jobs under way
first; within an experiment, the first come goes first. Who is first to wait for a resource keeps a
place: none behind it may take of that what it needs, so that no stream of small jobs delays it.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zaffre.kinds.amounts import Amounts, lacking, total
from zaffre.kinds.resource import Key


@dataclass(frozen=True)
class Held:
    """A job under way, and what it holds. `until` is when it may be expected to end."""

    key: Key
    group: str
    amounts: Amounts
    until: float | None = None


@dataclass(frozen=True)
class Waiting:
    """A job that waits; `group` is whom it takes turns with, `capacity` what it may use up."""

    key: Key
    group: str
    amounts: Amounts
    capacity: Amounts
    urgency: int = 0


@dataclass(frozen=True)
class Turn:
    """What is decided of a waiting job: it starts, or there is not enough of what it lacks.

    `ahead` counts those that come before it and wait, too. `never` says that it asks for more than
    there is.
    """

    job: Waiting
    ahead: int = 0
    lacks: tuple[str, ...] = ()
    never: bool = False

    @property
    def starts(self) -> bool:
        """Say whether it starts now."""
        return not self.lacks


def decide(held: Sequence[Held], waiting: Sequence[Waiting]) -> list[Turn]:
    """Decide about the jobs of one pool, given in the order in which they came."""
    taken = total(one.amounts for one in held)
    kept: dict[str, float] = {}
    scarce: set[str] = set()
    turns: list[Turn] = []
    ahead = 0
    for job in in_turn(held, waiting):
        if beyond := lacking(job.amounts, {}, job.capacity):
            turns.append(Turn(job, ahead, tuple(beyond), never=True))
            continue
        lacks = lacking(job.amounts, total((taken, kept)), job.capacity)
        turns.append(Turn(job, ahead, tuple(lacks)))
        if not lacks:
            taken = total((taken, job.amounts))
            continue
        ahead += 1
        if scarce.isdisjoint(lacks):  # else it waits behind the one that keeps that place
            scarce.update(lacks)
            kept = total((kept, job.amounts))
    return turns


def in_turn(held: Iterable[Held], waiting: Iterable[Waiting]) -> Iterator[Waiting]:
    """Give waiting jobs in the order in which they are considered."""
    under_way = Counter(one.group for one in held)
    levels: dict[int, dict[str, deque[tuple[int, Waiting]]]] = defaultdict(
        lambda: defaultdict(deque)
    )
    for place, job in enumerate(waiting):
        levels[job.urgency][job.group].append((place, job))
    for urgency in sorted(levels, reverse=True):
        lines = levels[urgency]
        heads = [(under_way[group], line[0][0], group) for group, line in lines.items()]
        heapq.heapify(heads)
        while heads:
            _, _, group = heapq.heappop(heads)
            yield lines[group].popleft()[1]
            under_way[group] += 1
            if lines[group]:
                heapq.heappush(heads, (under_way[group], lines[group][0][0], group))
