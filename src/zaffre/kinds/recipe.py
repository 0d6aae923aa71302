"""A recipe: all that decides what an environment contains, as one value. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Relax(StrEnum):
    """When version pins may give way because no build exists for the Python at hand."""

    NEVER = "never"
    ABSENT = "absent"  # only if the Python asked for is not on the machine
    ALWAYS = "always"  # curated environments: the name says a family, not a version


@dataclass(frozen=True)
class Recipe:
    """What an environment is made of.

    `interpreter` is "" (any that fits `python`), "current" (the server's own) or an absolute path.
    `own` says that the environment is a folder of its own; otherwise the interpreter is used as it
    is. `python` is a version specifier ("" is any). `image` is used in place of all that, where
    there is a container engine. `warnings` are for people, and `locks` (pairs of platform and
    digest) say what was found for it before: both are no part of the identity.
    """

    interpreter: str = ""
    own: bool = True
    python: str = ""
    requirements: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    relax: Relax = Relax.NEVER
    image: str = ""
    warnings: tuple[str, ...] = ()
    locks: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Give in a word what the environment is made of."""
        if not self.own:
            return "interpreter"
        return "conda" if self.conda else "pip"

    @property
    def known_warnings(self) -> tuple[str, ...]:
        """Give what is true wherever it is built; of an image that only the machine can say."""
        return () if self.image else self.warnings

    def to_json(self) -> dict[str, Any]:
        """Give the recipe as plain JSON, without locks."""
        plain = asdict(replace(self, locks=()))
        del plain["locks"]
        if not self.image:
            del plain["image"]  # recipes from before there were images keep their digests
        return {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Recipe:
        """Read what `to_json` gave."""
        plain: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in document.items()
        }
        return cls(**{**plain, "relax": Relax(plain["relax"])})

    def digest(self) -> str:
        """Give the SHA-256 of what decides the content (64 hex digits)."""
        document = self.to_json()
        del document["warnings"]
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def warned(self, *warnings: str) -> Recipe:
        """Give the same recipe with more to say about it."""
        return replace(self, warnings=(*self.warnings, *warnings))
