"""Amounts: what a compute has, what jobs hold of it, and what a job asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

Amounts = Mapping[str, float]
"""How much of each resource. Where a compute's amount of one is not named, it has no end of it."""

CPUS = "cpus"
MEMORY = "memory"
GPUS = "gpus"
NODES = "nodes"

_NAMES = {CPUS: ("CPU", "CPUs"), GPUS: ("GPU", "GPUs"), NODES: ("node", "nodes")}
_UNITS = "kmgt"
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgt])i?)?b?", re.IGNORECASE)
_PATTERN = r"^[0-9]+(\.[0-9]+)?[ ]*([kKmMgGtT][iI]?)?[bB]?$"
_NEARLY = 1e-9
_KIBI = 1024.0


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


MemorySize = Annotated[str, BeforeValidator(_stripped), Field(pattern=_PATTERN)]
"""Memory as documents write it: `512m`, `2g`, `1.5 GiB`; a bare number counts bytes."""


def bytes_of(size: str) -> int:
    """Give the bytes of a size; units are powers of 1024."""
    found = _SIZE.fullmatch(size)
    if found is None:
        return 0
    power = _UNITS.index(found[2].lower()) + 1 if found[2] else 0
    return round(float(found[1]) * _KIBI**power)


def total(parts: Iterable[Amounts]) -> dict[str, float]:
    """Add amounts up."""
    found: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            found[name] = found.get(name, 0) + value
    return found


def lacking(wanted: Amounts, held: Amounts, capacity: Amounts) -> list[str]:
    """Name the resources of which there is not enough left of a capacity."""
    return [
        name
        for name, value in wanted.items()
        if value and name in capacity and held.get(name, 0) + value > capacity[name] + _NEARLY
    ]


def share(wanted: Amounts, capacity: Amounts) -> float:
    """Give the part of a compute that an amount is: the largest of its parts of each resource."""
    parts = [value / capacity[name] for name, value in wanted.items() if capacity.get(name)]
    return min(max(parts, default=1.0), 1.0)


def said(name: str, value: float) -> str:
    """Write one amount: `2 CPUs`, `1.5 GiB of memory`."""
    if name == MEMORY:
        return f"{size(value)} of memory"
    one, many = _NAMES[name]
    return f"{value:g} {one if value == 1 else many}"


def listed(amounts: Amounts) -> str:
    """Write amounts in a row: `4 CPUs, 16 GiB of memory`."""
    return ", ".join(said(name, value) for name, value in amounts.items())


def left(name: str, held: Amounts, capacity: Amounts) -> str:
    """Write how much of a resource is free: `1 of 4 free`."""
    free = max(capacity[name] - held.get(name, 0), 0)
    if name == MEMORY:
        return f"{size(free)} of {size(capacity[name])} free"
    return f"{free:g} of {capacity[name]:g} free"


def size(count: float) -> str:
    """Write bytes as a person reads them: `1.5 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < _KIBI:
            return f"{count:.3g} {unit}"
        count /= _KIBI
    return f"{count:.3g} TiB"
