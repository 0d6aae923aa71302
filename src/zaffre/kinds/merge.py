"""JSON merge patch (RFC 7396): how a change of some fields meets a document."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.kinds.resource import Json


def merge_patch(target: Json, patch: Json) -> Json:
    """Give the target with the patch's fields put in; what is null in the patch goes away."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, change in patch.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), change)
    return merged
