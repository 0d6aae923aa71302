"""Pairs of answers to mirrored requests, as the gateway logged them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from zaffre.kinds.resource import Key
from zaffre.services.context import Context

LOG_BYTES = 8 << 20


def pairs(ctx: Context, key: Key, lines: int) -> str:
    """Give the last pairs of a deployment that requests are mirrored to, one a line.

    Raises:
        NotFound: there is no such deployment.
    """
    ctx.metadata.get(key)
    path = ctx.home.logs / "mirrored.log"
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            texts = file.read(LOG_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    own = [text for text in texts if _is_of(_parsed(text), key)]
    return "".join(f"{text}\n" for text in own[-lines:])


def _is_of(row: Mapping[str, Any], key: Key) -> bool:
    names = (row.get("endpoint"), row.get("mirrored", {}).get("deployment"))
    return names == (key.parent, key.name)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        return {}  # the first line may be cut
    return row if isinstance(row, dict) else {}
