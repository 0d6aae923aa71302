"""The description of the API: complete, and without references to nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zaffre.api.openapi import openapi
from zaffre.api.table import all_routes


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    document = openapi(all_routes())
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) - known == set()
