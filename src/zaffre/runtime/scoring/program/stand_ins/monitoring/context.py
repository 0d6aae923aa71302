"""What joins the inputs and outputs that a script collects."""

from __future__ import annotations

import uuid
from typing import Optional


class CorrelationContext:
    """An id."""

    def __init__(self, id: Optional[str] = None) -> None:
        self._id = id or str(uuid.uuid4())

    @property
    def id(self) -> str:
        """Give the id."""
        return self._id

    def __str__(self) -> str:
        return self._id


class BasicCorrelationContext(CorrelationContext):
    """An id that the script chose, or a new one."""
