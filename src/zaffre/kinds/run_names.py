"""Names for runs that were given none: `amber-otter-417`. Pure."""

from __future__ import annotations

from collections.abc import Callable

_QUALITIES = """
    amber brave bright calm clever crisp eager fair fleet gentle glad golden grand hardy keen
    kind light lively loyal lucid mellow merry mild neat noble proud quick quiet rapid rare
    royal sharp smart solid sturdy sunny swift tidy vivid warm wise witty
"""
_THINGS = """
    alder badger beech birch brook cedar comet crane delta ember falcon fern finch fjord forest
    glade grove harbor hawk heron island juniper lagoon larch lark lynx maple marten meadow
    otter owl pine quail raven reef ridge river robin rowan sparrow spruce stone summit swan
    tern thrush valley walnut willow wren
"""


def run_name(below: Callable[[int], int]) -> str:
    """Make a name; `below` gives a random whole number below another."""
    qualities, things = _QUALITIES.split(), _THINGS.split()
    return f"{qualities[below(len(qualities))]}-{things[below(len(things))]}-{below(1000)}"
