"""The machine that the server runs on: what there is of it for jobs."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.kinds.amounts import CPUS, GPUS, MEMORY, Amounts


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver shows it; `index` is its place in the driver's list."""

    index: int
    name: str
    memory_bytes: int
    uuid: str


@dataclass(frozen=True)
class Machine:
    """CPUs, memory and GPUs; 0 bytes of memory mean that nobody knows how much there is."""

    cpus: int = 1
    memory_bytes: int = 0
    gpus: tuple[Gpu, ...] = ()

    def capacity(self) -> Amounts:
        """Give what jobs can hold together."""
        memory = {MEMORY: float(self.memory_bytes)} if self.memory_bytes else {}
        return {CPUS: float(self.cpus), **memory, GPUS: float(len(self.gpus))}
