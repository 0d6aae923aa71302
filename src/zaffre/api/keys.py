"""What the keys of endpoints look like, and how one is asked for."""

from __future__ import annotations

from zaffre.api.bodies import body_of
from zaffre.errors import Invalid

KEY_TYPES = ("primary", "secondary")
KEY_TYPE = {"type": "object", "properties": {"key_type": {"enum": list(KEY_TYPES)}}}
KEYS = {
    "type": "object",
    "properties": {f"{which}Key": {"type": "string"} for which in KEY_TYPES},
}


def key_type_of(raw: bytes) -> str:
    """Read which key a body speaks of.

    Raises:
        Invalid: it is neither.
    """
    body = body_of(raw)
    which = body.get("key_type", "primary") if isinstance(body, dict) else ""
    if which not in KEY_TYPES:
        raise Invalid("`key_type` is neither primary nor secondary.")
    return str(which)
