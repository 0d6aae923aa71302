"""The secrets socket: text that is encrypted at rest."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Seals text to the row that it belongs to."""

    def seal(self, text: str, bound_to: str) -> str:
        """Encrypt a text; it opens only with the same `bound_to`."""

    def open(self, sealed: str, bound_to: str) -> str:
        """Decrypt a text.

        Raises:
            Failed: it was sealed elsewhere or changed.
        """
