"""The number of instances of one revision: as set, or as its load asks for."""

from __future__ import annotations

from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.scaling import Course, Scale, step, woken

LITTLE = 1e-6


class Sizing:
    """Averages the load between looks, and says how many instances there shall be."""

    def __init__(self, deployment: Deployment, now: float) -> None:
        self.was_asked = False
        self._deployment = deployment
        self._course = Course(deployment.instances, now)
        self._sum = 0.0
        self._samples = 0
        self._due = now
        self.at_least(deployment.instances)

    @property
    def instances(self) -> int:
        """How many there shall be."""
        return self._course.wanted if self._scale else self._deployment.instances

    @property
    def workers(self) -> int:
        """How many processes these are."""
        return self.instances * self._deployment.per_instance

    @property
    def may_sleep(self) -> bool:
        """Tell whether there may be none."""
        return self._scale is not None and self._scale.least == 0

    @property
    def _scale(self) -> Scale | None:
        return self._deployment.scale

    def follow(self, deployment: Deployment) -> None:
        """Take new settings; where the load decides, the number goes on from where it is."""
        before, self._deployment = self._deployment, deployment
        if deployment.scale != before.scale:
            self.at_least(0 if before.scale else before.instances)

    def at_least(self, instances: int) -> None:
        """Begin with a number, such as that of the revision before, within the bounds."""
        if self._scale is not None:
            wanted = max(instances, self._course.wanted, self._scale.least)
            wanted = min(wanted, self._scale.most)
            self._course = Course(wanted, self._course.busy_at)

    def wake(self, now: float) -> None:
        """Want one instance at least: there is something to do."""
        self._course = woken(self._course, now)

    def look(self, now: float, load: int) -> bool:
        """Note how many requests there are; when a look is due, decide. True if it changed.

        `was_asked` tells of requests that were too quick to be seen.
        """
        if self._scale is None:
            return False
        self._sum += load
        self._samples += 1
        if now < self._due:
            return False
        before = self._course.wanted
        demand = max(self._sum / self._samples, LITTLE if self.was_asked else 0.0)
        concurrency = self._deployment.concurrency
        self._course = step(self._scale, self._course, now, demand, concurrency)
        self._sum, self._samples, self._due = 0.0, 0, now + self._scale.interval
        self.was_asked = False
        return self._course.wanted != before
