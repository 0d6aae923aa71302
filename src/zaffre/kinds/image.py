"""Container images: what a name tells of the Python that is meant. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PYTHON = re.compile(
    r"(?:docker\.io/)?(?:library/)?python(?::(?P<tag>[\w.-]+))?(?:@sha256:[0-9a-f]+)?"
)
_CURATED = re.compile(
    r"[\w.-]+/azureml/curated/(?P<name>[\w.-]+)(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?"
)
_VERSION = re.compile(r"(\d+\.\d+(?:\.\d+)?)(?:-.*)?$")


@dataclass(frozen=True)
class Image:
    """What an image's name tells: the Python version in its tag, or a curated name."""

    python: bool = False
    version: str = ""
    curated: str = ""


def read(name: str) -> Image:
    """Read an image's name."""
    found = _PYTHON.fullmatch(name)
    if found:
        tagged = _VERSION.match(found["tag"] or "")
        return Image(python=True, version=tagged[1] if tagged else "")
    curated = _CURATED.fullmatch(name)
    return Image(curated=curated["name"]) if curated else Image()
