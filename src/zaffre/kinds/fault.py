"""A fault of a document, with the way to its place. Pure."""

from __future__ import annotations

from dataclasses import dataclass

Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, or worth a warning, and the way to where it stands.

    `text` is the expression that is meant, where the fault is about one inside a longer text.
    """

    message: str
    steps: Steps
    hint: str | None = None
    at_key: bool = False
    warning: bool = False
    text: str = ""
