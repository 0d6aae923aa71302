"""Processors, memory and GPUs of a container; kept, not acted on."""

from __future__ import annotations

from zaffre.ml.fields import Fields


class ResourceSettings(Fields):
    """So many processors, so much memory, so many GPUs."""
