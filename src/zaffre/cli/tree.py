"""Lineage as a drawing: what a thing came of, and what it led to, as two trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from zaffre.cli import output
from zaffre.cli.options import Wanted

UP = ("came of", "target", "source")
DOWN = ("led to", "source", "target")


def show(wanted: Wanted, lineage: dict[str, Any], start: tuple[str, str]) -> None:
    """Print a lineage: drawn for a person, exact for a program."""
    if wanted.drawn:
        click.echo("\n".join(drawn(lineage, start)))
    else:
        wanted.show(lineage)


def drawn(lineage: dict[str, Any], start: tuple[str, str]) -> Iterator[str]:
    """Draw a lineage round a thing, given by kind and name.

    An edge goes from what was there before (`source`) to what came of it (`target`).
    """
    nodes = {node["id"]: node for node in lineage["nodes"]}
    root = next((key for key, node in nodes.items() if _is(node, start)), None)
    if root is None:
        yield "Nothing is known of its lineage."
        return
    yield click.style(label(nodes[root]), bold=True)
    for heading, own, other in (UP, DOWN):
        branches = list(_Tree(lineage["edges"], nodes, own, other).below(root))
        if branches:
            yield f"  {click.style(heading, dim=True)}"
            yield from (f"  {line}" for line in branches)


@dataclass
class _Tree:
    """One direction of a lineage. What hangs from two branches is drawn in full once."""

    edges: list[dict[str, Any]]
    nodes: dict[str, dict[str, Any]]
    own: str
    other: str
    seen: set[str] = field(default_factory=set)

    def below(self, at: str) -> Iterator[str]:
        """Draw what hangs below a node."""
        self.seen.add(at)
        found = [edge for edge in self.edges if edge[self.own] == at]
        branches = [edge for edge in found if edge[self.other] in self.nodes]
        for index, edge in enumerate(branches):
            last = index == len(branches) - 1
            there = edge[self.other]
            again = there in self.seen and self._leads_on(there)
            note = f"{edge.get('relation', '')}{', as above' if again else ''}"
            mark = "└─" if last else "├─"
            yield f"{mark} {label(self.nodes[there])}  {click.style(note, dim=True)}"
            if not again:
                for line in self.below(there):
                    yield f"{'   ' if last else '│  '}{line}"

    def _leads_on(self, node: str) -> bool:
        return any(edge[self.own] == node for edge in self.edges)


def label(node: dict[str, Any]) -> str:
    """Name a node: its kind, its name and version, and what is said of it."""
    name = ":".join(str(part) for part in (node.get("name"), node.get("version")) if part)
    said = node.get("label")
    text = f"{str(node.get('kind', '')).replace('_', ' ')} {name}".strip()
    known = {name, node.get("name"), None, ""}
    return output.clean(text if said in known else f"{text} ({said})")


def _is(node: dict[str, Any], start: tuple[str, str]) -> bool:
    return (node.get("kind"), node.get("name")) == start
