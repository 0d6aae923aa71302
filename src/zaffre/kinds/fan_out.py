"""Fan-outs: a step done for each of some items, as a pipeline of its own. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.graph import Node, mapping
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.resource import Json

GATHERS = "zaffre.gathers"
"""The property of a pipeline whose steps all write the same outputs, which are put together."""

MOST_ITEMS = 1000
FORMS = "Write a list, or a mapping by name, of the inputs that each item gives: `[{lr: 0.1}]`."
Items = Mapping[str, Mapping[str, Json]]
"""The inputs that each item gives, by the name of the step that it becomes."""


def items_of(value: Json, node: Node) -> Items:
    """Read the items of a fan-out; what is no mapping is the one input that the step lacks.

    Raises:
        Invalid: these are no items, or too many.
    """
    if isinstance(value, str):
        value = _json(value)
    rows = dict(_named(value))
    if len(rows) > MOST_ITEMS:
        raise Invalid(
            f"A fan-out has at most {MOST_ITEMS} items; these are {len(rows)}.",
            hint="Use a step of type `parallel`, which cuts its data into mini-batches.",
        )
    for name in rows:
        if not names.PORT.match(name):
            hint = "Use letters, digits, `_` and `-`, beginning with a letter."
            raise Invalid(f"{shown(name)} is no name of an item.", hint=hint)
    return {
        name: row if isinstance(row, dict) else {sole_input(node): row}
        for name, row in rows.items()
    }


def data_item(node: Node, path: str, *, file: bool) -> dict[str, Json]:
    """Give the inputs of an item that is a file or folder.

    Raises:
        Invalid: it is not plain for which input it is.
    """
    return {sole_input(node): {"type": "uri_file" if file else "uri_folder", "path": path}}


def sole_input(node: Node) -> str:
    """Give the one input that an item is for: that which the step itself does not give.

    Raises:
        Invalid: there are several, or none.
    """
    open_ = [name for name in node.declared if name not in node.inputs]
    if len(open_) != 1:
        what = listed(open_) if open_ else "none"
        raise Invalid(
            f"For which input of `{node.written or node.name}` are the items? Not given: {what}.",
            hint="Write each item as a mapping: `{input: value}`.",
        )
    return open_[0]


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid(f"{shown(text)} are no items.", hint=FORMS) from None


def _named(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield from ((str(name), row) for name, row in value.items())
    elif isinstance(value, list):
        yield from ((f"item_{at}", row) for at, row in enumerate(value))
    else:
        raise Invalid(f"{shown(str(value))} are no items.", hint=FORMS)


def fan_out(node: Node, inputs: Mapping[str, Json], items: Items) -> dict[str, Json]:
    """Give the pipeline that does a step for each item; it puts the outputs together."""
    jobs = {name: _step(node, inputs, given) for name, given in items.items()}
    outputs: dict[str, Json] = {name: {} for name in node.output_names}
    return {"type": "pipeline", "jobs": jobs, "inputs": dict(inputs), "outputs": outputs}


def _step(node: Node, inputs: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    passed = {name: f"${{{{parent.inputs.{name}}}}}" for name in inputs if name not in given}
    return {
        **node.step,
        "inputs": {**passed, **given},
        "outputs": {
            name: _promoted(name, mapping(node.step, "outputs").get(name))
            for name in node.output_names
        },
    }


def _promoted(name: str, said: Json) -> Json:
    bound = f"${{{{parent.outputs.{name}}}}}"
    if not isinstance(said, dict):
        return bound
    kept = {word: said[word] for word in ("type", "mode") if said.get(word)}
    return {**kept, "path": bound} if kept else bound
