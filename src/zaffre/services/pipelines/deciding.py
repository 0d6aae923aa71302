"""What control nodes decide by: outputs that are literals, conditions, items of fan-outs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.conditions import condition_of
from zaffre.kinds.fan_out import Items, data_item, items_of
from zaffre.kinds.graph import Level, Node
from zaffre.kinds.job import OutputResult, StepStatus
from zaffre.kinds.port_values import literal
from zaffre.kinds.reference import Tree
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import FromMetric, FromParent, FromStep, Source, Value, source_of
from zaffre.kinds.step import LITERALS
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.services import trees
from zaffre.services.context import Context
from zaffre.services.pipelines.identifying import Identifier

_LONGEST = 64 * 1024
"""Bytes of an output that is a literal."""


def values_of(
    ctx: Context, level: Level, node: Node, results: Mapping[str, OutputResult]
) -> dict[str, Any]:
    """Give the outputs of a step that are literals: what it wrote to their files.

    Raises:
        Invalid: one is not what it was declared.
    """
    found: dict[str, Any] = {}
    if node.inline:
        return found
    for name, result in results.items():
        kind = level.output(node, name).get("type")
        if kind in LITERALS and result.tree:
            try:
                found[name] = literal(_text(ctx, result.tree), str(kind))
            except Invalid as error:
                message = f"Its output `{name}` is wrong: {error.message}"
                raise Invalid(
                    message, hint=f"Write one {kind} to `${{{{outputs.{name}}}}}`."
                ) from error
    return found


def _text(ctx: Context, tree: str) -> str:
    leaves = trees.load_tree(ctx, tree).leaves
    if len(leaves) != 1 or leaves[0].size > _LONGEST:
        raise Invalid(f"it takes one small file; these are {len(leaves)}.")
    with ctx.artifacts.open(leaves[0].digest) as file:
        return bytes(file.read(_LONGEST + 1)).decode("utf-8", "replace")


class Deciding:
    """Finds what the sources of one pipeline's control nodes hold now."""

    def __init__(self, ctx: Context, workspace: str, level: Level, identifier: Identifier) -> None:
        self._ctx = ctx
        self._workspace = workspace
        self._level = level
        self._identifier = identifier

    def came_out(self, node: Node, steps: Mapping[str, StepStatus]) -> bool:
        """Judge the condition of a node.

        Raises:
            Invalid: it cannot be judged.
        """
        condition = condition_of(node.control.get("condition"))
        return condition.holds(lambda source: self._found(source, node, steps))

    def _found(self, source: Source, node: Node, steps: Mapping[str, StepStatus]) -> Json:
        if isinstance(source, Value):
            return source.value
        if isinstance(source, FromParent):
            return self._level.values.get(source.name)
        if isinstance(source, FromStep):
            step = node.step_meant(source.step)
            return self._output(step, source.output, steps[step])
        if isinstance(source, FromMetric):
            return self._metric(steps[node.step_meant(source.step)], source)
        raise Invalid("A condition looks at a value; this is none.")

    def _output(self, step: str, output: str, status: StepStatus) -> Json:
        if output in status.values:
            return status.values[output]
        if output not in status.results:
            raise Invalid(f"Step `{step}` left no output `{output}`.")
        try:
            return _text(self._ctx, status.results[output].tree or "").strip()
        except (Invalid, NotFound) as error:
            raise Invalid(f"The output `{output}` of step `{step}` is no value.") from error

    def _metric(self, step: StepStatus, source: FromMetric) -> float:
        for job in (step.job, step.reused):
            if job:
                run = self._ctx.tracking.get_run(self._workspace, job)
                for metric in run.metrics:
                    if metric.key == source.metric:
                        return metric.value
        raise Invalid(f"Step `{source.step}` logged no metric `{source.metric}`.")

    def items(self, node: Node, steps: Mapping[str, StepStatus]) -> Items:
        """Give the items of a fan-out: written, in an input, or what a step before made.

        Raises:
            Invalid: these are no items.
        """
        said = node.control.get("items")
        source = source_of(said, None) if isinstance(said, str) else Value(said)
        found: Json
        if isinstance(source, FromStep):
            step = node.step_meant(source.step)
            if source.output not in steps[step].values:
                path = f"azureml://jobs/{steps[step].job}/outputs/{source.output}"
                return self._folder(node, path)
            found = steps[step].values[source.output]
        elif isinstance(source, FromParent):
            found = self._level.values.get(source.name)
            if isinstance(found, dict) and isinstance(found.get("path"), str):
                return self._folder(node, found["path"])
        else:
            found = source.value if isinstance(source, Value) else None
        return items_of(found, node)

    def _folder(self, node: Node, path: str) -> Items:
        """Give an item for each file and folder that lies directly in a folder."""
        digest, _, _ = (self._identifier.content(path) or "").partition("/")
        if not digest:
            raise Invalid(
                f"What `{path}` holds is not known before a step reads it.",
                hint="Make it a data asset, or the output of a step.",
            )
        tree = trees.load_tree(self._ctx, digest)
        first = dict.fromkeys(leaf.path.partition("/")[0] for leaf in tree.leaves)
        found = {}
        for at, name in enumerate(first):
            file = tree.find(name) is not None
            place = Tree(digest, name) if file else Tree(trees.part(self._ctx, tree, name).digest)
            found[f"item_{at}"] = data_item(node, str(place), file=file)
        return items_of(found, node)


def chosen(
    places: Sequence[tuple[str, str]], steps: Mapping[str, StepStatus]
) -> OutputResult | None:
    """Give what an output holds that one of several steps wrote: the last of those that ran."""
    found = [steps[step].results.get(output) for step, output in places if step in steps]
    return next((one for one in reversed(found) if one is not None), None)


def gathered(
    ctx: Context, places: Sequence[tuple[str, str]], steps: Mapping[str, StepStatus]
) -> OutputResult | None:
    """Put what steps wrote to one output together: folders by step, or a JSON list of literals."""
    made = [(steps[step], step, output) for step, output in places if step in steps]
    made = [one for one in made if one[2] in one[0].results]
    if made and all(output in step.values for step, _, output in made):
        return _listed(ctx, [step.values[output] for step, _, output in made])
    leaves = []
    for step, name, output in made:
        tree = trees.load_tree(ctx, step.results[output].tree or "")
        leaves += [replace(leaf, path=f"{name}/{leaf.path}") for leaf in tree.leaves]
    if not made:
        return None
    return OutputResult(type="uri_folder", tree=trees.store_tree(ctx, tree_of(leaves)))


def _listed(ctx: Context, values: Sequence[Json]) -> OutputResult:
    blob = ctx.artifacts.put([json.dumps(values).encode()])
    tree = tree_of([Leaf("values.json", blob.digest, blob.size)])
    return OutputResult(type="uri_file", tree=trees.store_tree(ctx, tree), file="values.json")
