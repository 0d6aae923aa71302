"""What jobs and components read and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from zaffre.kinds import job_ports, step
from zaffre.ml.entity import Part

DECLARING = ("default", "optional", "min", "max", "enum", "description")
"""What only a component says of its inputs."""


ONLY_COMPONENTS = ("is_control", "early_available", "description")
"""What only a component says of its outputs."""


class Input(Part, model=job_ports.JobInput):
    """Data that a job reads, or what a component declares: `Input(type="number", min=0)`."""

    @classmethod
    def model_for(cls, given: Mapping[str, Any]) -> type[BaseModel]:
        """Give what its fields are checked against."""
        kind = str(getattr(given.get("type"), "value", given.get("type")))
        if kind in step.LITERALS or any(name in given for name in DECLARING):
            return step.ComponentInput
        return job_ports.JobInput


class Output(Part, model=job_ports.JobOutput):
    """A file or folder that a job writes; of a component also a literal."""

    @classmethod
    def model_for(cls, given: Mapping[str, Any]) -> type[BaseModel]:
        """Give what its fields are checked against."""
        kind = str(getattr(given.get("type"), "value", given.get("type")))
        if kind in step.LITERALS or any(name in given for name in ONLY_COMPONENTS):
            return step.ComponentOutput
        return job_ports.JobOutput


def value_of(given: Any) -> Any:
    """Give the value of a job's input that was declared as a component's, or the input itself."""
    if isinstance(given, Mapping) and given.get("type") in step.LITERALS:
        return given.get("default", None if given.get("optional") else given)
    return given
