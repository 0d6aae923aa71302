"""What `run()` returned, as text to append and a number of items."""

from __future__ import annotations

from typing import Any, NamedTuple


class Lines(NamedTuple):
    """Whole lines, and how many items they stand for."""

    text: str
    items: int


def written(result: Any) -> Lines:
    """Give the text of what `run()` returned, and how many items it is."""
    if isinstance(result, Lines):
        return result
    if hasattr(result, "to_csv") and hasattr(result, "columns"):
        return Lines(result.to_csv(sep=" ", header=False, index=False), len(result))
    if result is None:
        return Lines("", 0)
    try:
        items = list(result.tolist() if hasattr(result, "tolist") else result)
    except TypeError:
        return Lines("", len(result))
    return Lines("".join(f"{one}\n" for one in items), len(items))
