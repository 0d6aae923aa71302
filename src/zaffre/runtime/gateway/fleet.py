"""All deployments: which revision takes calls, which are being replaced, which stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from zaffre.runtime.gateway import processes
from zaffre.runtime.gateway.configuration import Configuration, Deployment
from zaffre.runtime.gateway.launching import Place
from zaffre.runtime.gateway.observing import Tally
from zaffre.runtime.gateway.pool import Pool
from zaffre.runtime.gateway.processes import Record
from zaffre.runtime.gateway.usage import memory_bytes

Slot = tuple[str, str]
DRAIN_SECONDS = 10.0


class Fleet:
    """Follows the configuration: a new revision takes over when ready, the old one is drained."""

    def __init__(self, place: Place) -> None:
        self.configuration = Configuration()
        self._place = place
        self._serving: dict[Slot, Pool] = {}
        self._coming: dict[Slot, Pool] = {}
        self._leaving: dict[Pool, float] = {}
        self._loop = asyncio.get_running_loop()

    def pool(self, endpoint: str, deployment: str) -> Pool | None:
        """Give the revision that takes calls."""
        slot = (endpoint, deployment)
        return self._serving.get(slot) or self._coming.get(slot)

    def follow(self, configuration: Configuration) -> None:
        """Move towards a configuration; calls that are being served are not disturbed."""
        self.configuration = configuration
        wanted = {
            (endpoint.name, name): deployment
            for endpoint in configuration.endpoints.values()
            for name, deployment in endpoint.deployments.items()
        }
        for slot in [*self._serving, *self._coming]:
            if slot not in wanted:
                self._leave(self._serving.pop(slot, None))
                self._leave(self._coming.pop(slot, None))
        for slot, deployment in wanted.items():
            serving, coming = self._serving.get(slot), self._coming.get(slot)
            if serving is not None and serving.deployment.key == deployment.key:
                serving.update(deployment)
                self._leave(self._coming.pop(slot, None))
            elif coming is not None and coming.deployment.key == deployment.key:
                coming.update(deployment)
            else:
                self._leave(coming)
                self._coming[slot] = self._new(deployment, serving)
        self._promote()

    def _new(self, deployment: Deployment, before: Pool | None) -> Pool:
        """Make a pool; it begins with as many instances as what it takes over from has now."""
        pool = Pool(deployment, self._place)
        if before is not None:
            pool.sizing.at_least(before.sizing.instances)
        return pool

    def adopt(self) -> None:
        """Take over the workers of an earlier gateway; end those that nobody wants any more."""
        pools = {
            pool.deployment.key: pool for pool in (*self._serving.values(), *self._coming.values())
        }
        for record in list(processes.records(self._place.folder)):
            if not processes.is_alive(record, self._place.folder):
                self._clear(record)
            elif record.key in pools:
                pools[record.key].adopt(record)
            else:
                self._clear(record)
        for name in processes.strays(self._place.folder):
            processes.end(name, kindly=False)
            processes.forget(self._place.folder, name)

    def check(self) -> None:
        """Do what is due."""
        for pool in self._all():
            pool.check()
        self._promote()
        now = self._loop.time()
        for pool, until in list(self._leaving.items()):
            if not pool.stopping and (pool.is_idle or now > until):
                pool.stop()
            if pool.stopping and not pool.workers:
                del self._leaving[pool]

    def stop(self) -> None:
        """End all workers."""
        for pool in self._all():
            pool.stop()

    @property
    def is_idle(self) -> bool:
        """Tell whether no call is waiting or in work."""
        return all(pool.is_idle for pool in self._all())

    @property
    def is_at_rest(self) -> bool:
        """Tell whether nothing is due soon: no call in work, no worker missing, none leaving."""
        return not (self._coming or self._leaving) and all(
            pool.is_idle and pool.is_complete for pool in self._serving.values()
        )

    @property
    def is_gone(self) -> bool:
        """Tell whether all workers have ended."""
        return not any(pool.workers for pool in self._all())

    def serving(self) -> dict[Slot, Pool]:
        """Give the revisions that take calls."""
        return {**self._coming, **self._serving}

    def captured(self) -> set[str]:
        """Give the ids of the revisions whose traffic is captured, or kept for views."""
        asked = (pool.deployment for pool in self._all())
        return {one.id for one in asked if one.capture or one.view}

    def facts(self, tallies: dict[Slot, Tally]) -> dict[str, Any]:
        """Say how each revision is, by its id."""
        found: dict[str, Any] = {}
        for pool in self._leaving:
            found[pool.deployment.id] = {**_facts(pool), "state": "leaving"}
        for slot, pool in (*self._serving.items(), *self._coming.items()):
            tally = tallies.get(slot)
            serves = self._serving.get(slot) is pool
            found[pool.deployment.id] = {
                **_facts(pool), "endpoint": slot[0], "deployment": slot[1],
                **(_measured(pool, tally) if tally and serves else {}),
            }  # fmt: skip
        return found

    def _promote(self) -> None:
        for slot, pool in list(self._coming.items()):
            if pool.is_complete or (slot not in self._serving and pool.state == "ready"):
                self._leave(self._serving.get(slot))
                self._serving[slot] = self._coming.pop(slot)

    def _leave(self, pool: Pool | None) -> None:
        if pool is not None:
            pool.draining = True
            patience = pool.deployment.timeout_ms / 1000 + DRAIN_SECONDS
            self._leaving[pool] = self._loop.time() + patience

    def _all(self) -> Iterator[Pool]:
        yield from (*self._serving.values(), *self._coming.values(), *self._leaving)

    def _clear(self, record: Record) -> None:
        processes.end(record.name, kindly=False)
        processes.forget(self._place.folder, record.name)


def _measured(pool: Pool, tally: Tally) -> dict[str, Any]:
    pids = [worker.record.pid for worker in pool.workers]
    return {
        **tally.summary(),
        "waiting": len(pool.waiting),
        "cpu_seconds": round(pool.cpu.look(pids), 2),
        "memory_bytes": sum(map(memory_bytes, pids)),
    }


def _facts(pool: Pool) -> dict[str, Any]:
    trouble = pool.staff.trouble
    return {
        "state": pool.state,
        "error": trouble.error if trouble else None,
        "file": trouble.file if trouble else None,
        "line": trouble.line if trouble else None,
        "log": trouble.log if trouble else None,
        "compiled": pool.compiled,
        "instances": pool.staff.staying // pool.deployment.per_instance,
        "wanted": pool.sizing.instances,
        "events": list(pool.staff.events.kept),
        "pids": [worker.record.pid for worker in pool.workers],
    }
