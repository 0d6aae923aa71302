"""The MLmodel file: what a folder says of the model in it. Read as data, never loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds import yaml_text
from zaffre.kinds.resource import Json
from zaffre.kinds.tree import Leaf, Tree
from zaffre.services.context import Context

NAME = "MLmodel"
_LARGEST = 2**20


@dataclass(frozen=True)
class Described:
    """What an MLmodel file says."""

    flavors: dict[str, Json] = field(default_factory=dict)
    model_id: str | None = None
    run_id: str | None = None
    signature: Json = None


def describe(ctx: Context, tree: Tree) -> Described | None:
    """Read the MLmodel file of a tree; None where there is none that can be read."""
    leaf = tree.find(NAME)
    if leaf is None or leaf.size > _LARGEST:
        return None
    data = _read(ctx, leaf)
    flavors = data.get("flavors")
    named: dict[str, Any] = flavors if isinstance(flavors, dict) else {}
    return Described(
        named, _text(data.get("model_id")), _text(data.get("run_id")), data.get("signature")
    )


def document(ctx: Context, tree: Tree) -> dict[str, Json]:
    """Give what is needed of an MLmodel file to load the model: its flavors and signature."""
    leaf = tree.find(NAME)
    data = _read(ctx, leaf) if leaf is not None else {}
    return {"flavors": data.get("flavors") or {}, "signature": data.get("signature")}


def _read(ctx: Context, leaf: Leaf) -> dict[str, Json]:
    with ctx.artifacts.open(leaf.digest) as file:
        content = file.read(_LARGEST)
    try:
        data = yaml_text.read(content.decode()).data
    except (Invalid, UnicodeDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
