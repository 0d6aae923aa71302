"""A lock: what exactly an environment was made of on one platform, to make it again. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zaffre.errors import Invalid


@dataclass(frozen=True)
class Lock:
    """The packages of an environment: conda's records, and pip lines with the digest of each.

    `python` is the interpreter's version. What had to give way stays said: `warnings`, `relaxed`.
    """

    platform: str
    python: str
    conda: tuple[Mapping[str, Any], ...] = ()
    pip: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()

    def serves(self, platform: str, python: str) -> bool:
        """Say whether it can be used for a platform and a version of Python."""
        return self.platform == platform and _minor(self.python) == _minor(python)

    def to_text(self) -> str:
        """Write it; equal locks give equal text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Lock:
        """Read what `to_text` gave.

        Raises:
            Invalid: this is no lock.
        """
        try:
            found: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in json.loads(text).items()
            }
            return cls(**found)
        except (ValueError, TypeError, AttributeError):
            raise Invalid("This is no lock of an environment.") from None


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
