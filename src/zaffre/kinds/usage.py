"""What jobs took of computes, added up: by experiment, user, tag or compute."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.errors import Invalid

GROUPS = ("experiment", "user", "compute")
TAG = "tag:"


@dataclass(frozen=True)
class UsageQuery:
    """Which ended jobs to add up, and by what: one of `GROUPS`, or `tag:KEY`.

    `since` is in seconds since 1970: jobs that ended later count.
    """

    workspace: str
    by: str = "experiment"
    since: float = 0.0


@dataclass(frozen=True)
class UsageSum:
    """What some jobs took together. `cost` is None where none of them had a price."""

    name: str
    jobs: int
    wall_seconds: float
    cpu_seconds: float
    memory_byte_seconds: float
    gpu_seconds: float
    cost: float | None

    def plus(self, other: UsageSum) -> UsageSum:
        """Add another sum to this one, under this one's name."""
        costs = [one for one in (self.cost, other.cost) if one is not None]
        return UsageSum(
            self.name,
            self.jobs + other.jobs,
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            self.memory_byte_seconds + other.memory_byte_seconds,
            self.gpu_seconds + other.gpu_seconds,
            sum(costs) if costs else None,
        )


def check_group(by: str) -> str:
    """Give what to add up by.

    Raises:
        Invalid: jobs are not told apart by that.
    """
    if by in GROUPS or (by.startswith(TAG) and by != TAG):
        return by
    hint = f"Use one of {', '.join(GROUPS)}, or `tag:KEY`."
    raise Invalid(f"Use of computes is not added up by `{by}`.", hint=hint)
