"""Components: versions that never change, checked where they are made."""

from __future__ import annotations

from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound, Place, Problem
from zaffre.kinds import graph
from zaffre.kinds.component import COMPONENT
from zaffre.kinds.document import dotted
from zaffre.kinds.graph_rules import component_faults
from zaffre.kinds.reference import Asset, RegistryAsset, Tree, parse_remote
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Link
from zaffre.services import resources, trees
from zaffre.services.context import Context

_FREE = frozenset({"description", "tags", "properties", "display_name"})
"""What may be said anew of a version."""


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a version of a component; components that it refers to become a part of it.

    Raises:
        Invalid: it is written wrong.
        NotFound: what it refers to is not there.
        Conflict: the version exists already.
    """
    whole = _whole(ctx, key.workspace, spec)
    links = []
    code = getattr(whole, "code", None) or getattr(getattr(whole, "task", None), "code", None)
    if code:
        reference = parse_remote(code)
        if isinstance(reference, Tree):
            trees.hold(ctx, reference.digest)
            links.append(Link(f"tree:{reference.digest}", "code"))
    return resources.create(ctx, COMPONENT, key, whole, links=links)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Say something else about a version; what it runs never changes.

    Raises:
        Conflict: what it runs would change.
    """
    whole = _whole(ctx, found.key.workspace, spec)
    now, then = (one.model_dump(mode="json", exclude=set(_FREE)) for one in (found.spec, whole))
    if now != then:
        changed = next(name for name in then if now.get(name) != then[name])
        raise Conflict(
            f"`{changed}` of component `{found.key.name}` version {found.key.version} "
            "cannot change.",
            hint="Leave `version` out, or give a new one, to make the next.",
            code="immutable",
        )
    return resources.replace_spec(ctx, COMPONENT, found, whole, revision=revision)


def _whole(ctx: Context, workspace: str, spec: Spec) -> Spec:
    document = spec.model_dump(mode="json", exclude_unset=True)
    problems = embed(ctx, workspace, document)
    problems += [
        Problem(fault.message, Place(field=dotted(fault.steps)), fault.hint)
        for fault in component_faults(document)
        if not fault.warning
    ]
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].hint, problems=tuple(problems))
    return type(spec).model_validate(document)


def embed(ctx: Context, workspace: str, document: dict[str, Any]) -> list[Problem]:
    """Put registered components in the places of their names, however deep; list those missing."""
    known: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for holder, steps in list(graph.holders(document)):
        for word in ("component", "trial"):
            text = holder.get(word)
            if isinstance(text, str):
                try:
                    if text not in known:
                        known[text] = find(ctx, workspace, text)
                    holder[word] = known[text]
                except (Invalid, NotFound) as error:
                    place = Place(field=dotted((*steps, word)))
                    problems.append(Problem(error.message, place, error.hint))
    return problems


def find(ctx: Context, workspace: str, text: str) -> dict[str, Any]:
    """Give the document of a registered component that a reference means.

    Raises:
        NotFound: there is none.
        Invalid: it is no such reference.
    """
    reference = parse_remote(text)
    if isinstance(reference, RegistryAsset):
        reference = Asset(reference.name, reference.version, reference.label or "latest")
    if not isinstance(reference, Asset):
        raise Invalid(
            f"`{text}` is no component.", hint="Write `azureml:NAME:VERSION` or a local file."
        )
    version = reference.version or reference.label or "latest"
    try:
        found = ctx.metadata.get(Key("component", workspace, reference.name, version))
    except NotFound:
        raise NotFound(
            f"There is no component `{reference}`.",
            hint="`zaffre component list` shows what there is.",
        ) from None
    document = found.spec.model_dump(mode="json", exclude_unset=True)
    return {**document, "name": found.key.name, "version": found.key.version}
