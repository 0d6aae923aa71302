"""What the gateway counts, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from zaffre.runtime.gateway import usage
from zaffre.runtime.gateway.fleet import Fleet
from zaffre.runtime.gateway.observing import Histogram, Observations
from zaffre.runtime.gateway.pool import Pool

CONTENT_TYPE = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = Mapping[str, object]


@dataclass
class Family:
    """One metric: its name, its kind, what it means, and its samples."""

    name: str
    kind: str
    about: str
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)

    def add(self, labels: Labels, value: float) -> None:
        """Add a sample."""
        self.samples.append(("", labels, value))

    def add_histogram(self, labels: Labels, histogram: Histogram) -> None:
        """Add the samples of a histogram: counts up to each bound, the sum, the number."""
        bounds = [*map(_number, histogram.bounds), "+Inf"]
        sums = list(accumulate(histogram.counts))
        for bound, count in zip(bounds, sums, strict=True):
            self.samples.append(("_bucket", {**labels, "le": bound}, count))
        self.samples.append(("_sum", labels, histogram.total))
        self.samples.append(("_count", labels, sums[-1]))


def text_of(families: Iterable[Family]) -> str:
    """Write metrics as text."""
    return "".join(line + "\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.about}"
    yield f"# TYPE {family.name} {family.kind}"
    for suffix, labels, value in family.samples:
        inner = ",".join(
            f'{name}="{str(text).translate(ESCAPES)}"' for name, text in labels.items()
        )
        named = f"{{{inner}}}" if inner else ""
        yield f"{family.name}{suffix}{named} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def families(fleet: Fleet, observations: Observations, connections: int) -> list[Family]:
    """Gather everything that is known now."""
    return [*_traffic(observations), *_deployments(fleet), *_gateway(observations, connections)]


def _traffic(observations: Observations) -> list[Family]:
    requests = Family("zaffre_requests_total", "counter", "Scoring requests answered, by status.")
    seconds = Family(
        "zaffre_request_duration_seconds", "histogram", "From a whole request to its answer."
    )
    mirrored = Family("zaffre_mirrored_total", "counter", "Pairs of answers compared.")
    for (endpoint, deployment), tally in sorted(observations.tallies.items()):
        labels = {"endpoint": endpoint, "deployment": deployment}
        for code, count in sorted(tally.codes.items()):
            requests.add({**labels, "code": code}, count)
        seconds.add_histogram(labels, tally.seconds)
        if tally.mirror.pairs:
            agreed = tally.mirror.agreed
            mirrored.add({**labels, "agrees": "true"}, agreed)
            mirrored.add({**labels, "agrees": "false"}, tally.mirror.pairs - agreed)
    return [requests, seconds, mirrored]


def _deployments(fleet: Fleet) -> list[Family]:
    queue = Family("zaffre_queue_length", "gauge", "Requests that wait for a worker.")
    busy = Family("zaffre_requests_in_flight", "gauge", "Requests that workers have.")
    ready = Family("zaffre_workers_ready", "gauge", "Worker processes that answer.")
    wanted = Family("zaffre_instances_wanted", "gauge", "Instances that there shall be.")
    sizes = Family("zaffre_batch_size", "histogram", "Requests answered by one prediction.")
    cpu = Family("zaffre_cpu_seconds_total", "counter", "Processor time of the workers.")
    memory = Family("zaffre_memory_bytes", "gauge", "Resident memory of the workers.")
    for (endpoint, deployment), pool in sorted(fleet.serving().items(), key=lambda one: one[0]):
        labels = {"endpoint": endpoint, "deployment": deployment}
        queue.add(labels, len(pool.waiting))
        busy.add(labels, sum(worker.load for worker in pool.workers))
        ready.add(labels, pool.staff.ready)
        wanted.add(labels, pool.sizing.instances)
        if pool.dealing.batches.total:
            sizes.add_histogram(labels, pool.dealing.batches)
        cpu.add(labels, pool.cpu.look(_pids(pool)))
        memory.add(labels, sum(map(usage.memory_bytes, _pids(pool))))
    return [queue, busy, ready, wanted, sizes, cpu, memory]


def _gateway(observations: Observations, connections: int) -> list[Family]:
    refused = Family("zaffre_refused_total", "counter", "Calls refused before any deployment.")
    for code, count in sorted(observations.refused.items()):
        refused.add({"code": code}, count)
    own = os.getpid()
    facts = [
        ("zaffre_capture_dropped_total", "counter",
         "Requests not captured: too large, or the disk is full.", observations.journals.dropped),
        ("zaffre_view_dropped_total", "counter",
         "Answers that views miss: too large, or the disk is full.", observations.views.dropped),
        ("zaffre_connections", "gauge", "Open connections.", connections),
        ("process_cpu_seconds_total", "counter", "Processor time of the gateway.",
         usage.cpu_seconds(own)),
        ("process_resident_memory_bytes", "gauge", "Resident memory of the gateway.",
         usage.memory_bytes(own)),
    ]  # fmt: skip
    return [refused, *(Family(n, kind, about, [("", {}, v)]) for n, kind, about, v in facts)]


def _pids(pool: Pool) -> list[int]:
    return [worker.record.pid for worker in pool.workers]
