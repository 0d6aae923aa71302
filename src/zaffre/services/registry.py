"""The model registry as MLflow knows it: names, versions, aliases, stages, tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.model import ModelContainer, ModelSpec, ModelStatus
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Link, Put, Remove, Write
from zaffre.services import models, uses
from zaffre.services.context import Context
from zaffre.services.models import again, container_key, container_of, is_number

STAGES = ("None", "Staging", "Production", "Archived")
ACTIVE = ("Staging", "Production")
LONGEST_NAME = 256
LONGEST_TAG_KEY = 250
LONGEST_TAG_VALUE = 100_000
_ALIAS = re.compile(r"[\w\-]{1,255}\Z")
_VERSION_ALIAS = re.compile(r"v\d+\Z", re.IGNORECASE)


def create(
    ctx: Context, workspace: str, name: str, tags: Mapping[str, str], description: str | None
) -> Resource:
    """Make a name under which versions can be registered.

    Raises:
        Invalid: the name or a tag is wrong.
        Conflict: the name is taken.
    """
    check_name(name)
    check_tags(tags)
    spec = ModelContainer(tags=dict(tags), description=description)
    made = Resource(container_key(workspace, name), spec, ModelStatus(), container=True)
    try:
        return ctx.metadata.apply([Add(made)], ctx.actor)[0]
    except Conflict:
        raise Conflict(f"Registered Model (name={name}) already exists.", code="exists") from None


def check_name(name: str, what: str = "name") -> None:
    """Refuse what MLflow refuses, and what cannot be shown.

    Raises:
        Invalid: the name is wrong.
    """
    if not name.strip():
        raise Invalid(f"Missing value for required parameter '{what}'.")
    if "/" in name or ":" in name:
        raise Invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if len(name) > LONGEST_NAME or not name.isprintable() or name in (".", "..") or "\\" in name:
        raise Invalid(f"Invalid value for '{what}': {name[:100]!r} is no model name.")


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that are too long.

    Raises:
        Invalid: one is.
    """
    for key, value in tags.items():
        if not key.strip() or len(key) > LONGEST_TAG_KEY:
            raise Invalid(
                f"Invalid tag key {key[:100]!r}: it has 1 to {LONGEST_TAG_KEY} characters."
            )
        if len(value) > LONGEST_TAG_VALUE:
            raise Invalid(
                f"The value of tag '{key}' has more than {LONGEST_TAG_VALUE} characters."
            )


def change(ctx: Context, key: Key, new_spec: Callable[[Resource], Spec]) -> Resource:
    """Give a version or a name a new spec.

    Raises:
        NotFound: there is none.
    """

    def attempt() -> Resource:
        found = ctx.metadata.get(key)
        spec = new_spec(found)
        if spec == found.spec:
            return found
        return ctx.metadata.apply([Put(replace(found, spec=spec))], ctx.actor)[0]

    return again(attempt)


def describe(ctx: Context, key: Key, description: str | None) -> Resource:
    """Give a version or a name another description."""
    return change(
        ctx, key, lambda found: found.spec.model_copy(update={"description": description})
    )


def tag(ctx: Context, key: Key, name: str, value: str | None) -> Resource:
    """Set a tag, or (None) take it off."""
    check_tags({name: value or ""})

    def new_spec(found: Resource) -> Spec:
        tags = {other: text for other, text in found.spec.tags.items() if other != name}
        return found.spec.model_copy(
            update={"tags": tags | ({} if value is None else {name: value})}
        )

    return change(ctx, key, new_spec)


def alias(ctx: Context, workspace: str, name: str, word: str, version: str | None) -> None:
    """Let a word mean a version, or (None) nothing.

    Raises:
        Invalid: the word cannot be an alias.
        NotFound: there is no such name or version.
    """
    check_alias(word, setting=version is not None)
    if version is not None:
        version_of(ctx, workspace, name, version)

    def new_spec(found: Resource) -> Spec:
        before = found.spec.aliases if isinstance(found.spec, ModelContainer) else {}
        kept = {other: of for other, of in before.items() if other != word}
        return found.spec.model_copy(
            update={"aliases": kept | ({word: version} if version else {})}
        )

    container_of(ctx, workspace, name)
    change(ctx, container_key(workspace, name), new_spec)


def check_alias(word: str, *, setting: bool = False) -> None:
    """Refuse words that cannot be aliases.

    Raises:
        Invalid: it is such a word.
    """
    if not _ALIAS.match(word):
        raise Invalid(
            f"Invalid alias name: '{word[:100]}'.",
            hint="Names may only contain alphanumerics, underscores and dashes.",
        )
    if setting and word.lower() == "latest":
        raise Invalid("'latest' alias name (case insensitive) is reserved.")
    if setting and _VERSION_ALIAS.match(word):
        raise Invalid(f"Version alias name '{word}' is reserved.")


def by_alias(ctx: Context, workspace: str, name: str, word: str) -> Resource:
    """Give the version that a word means.

    Raises:
        NotFound: there is no such name.
        Invalid: the word means nothing.
    """
    check_alias(word)
    container = container_of(ctx, workspace, name)
    if word.lower() == "latest":
        found = models.versions(ctx, workspace, name)
        if not found:
            raise NotFound(f"Latest version not found for model {name}.")
        return max(found, key=order_of)
    aliases = aliases_of(container)
    if word not in aliases:
        raise Invalid(f"Registered model alias {word} not found.")
    return version_of(ctx, workspace, name, aliases[word])


def order_of(found: Resource) -> tuple[int, int]:
    """Give what orders versions: the number; others come before all numbers."""
    version = found.key.version
    return (1, int(version)) if is_number(version) else (0, 0)


def aliases_of(container: Resource | None) -> Mapping[str, str]:
    """Give the words of a name and the versions that they mean."""
    spec = container.spec if container else None
    return spec.aliases if isinstance(spec, ModelContainer) else {}


def version_of(ctx: Context, workspace: str, name: str, version: str) -> Resource:
    """Give a version.

    Raises:
        NotFound: there is none.
    """
    try:
        found = ctx.metadata.get(Key("model", workspace, name, version)) if version else None
    except NotFound:
        found = None
    if found is None or found.key.version != version:
        raise NotFound(f"Model Version (name={name}, version={version}) not found")
    return found


def stage_of(found: Resource) -> str:
    """Give the stage of a version."""
    spec = found.spec
    return (spec.stage if isinstance(spec, ModelSpec) else None) or "None"


def canonical_stage(text: str) -> str:
    """Give a stage as it is written.

    Raises:
        Invalid: it is none.
    """
    known = {stage.lower(): stage for stage in STAGES}
    if text.lower() not in known:
        raise Invalid(
            f"Invalid Model Version stage: {text[:100]}. Value must be one of {', '.join(STAGES)}."
        )
    return known[text.lower()]


def move(
    ctx: Context, workspace: str, name: str, version: str, stage: str, *, archive_others: bool
) -> Resource:
    """Move a version to a stage; the others there may be archived in the same moment.

    Raises:
        Invalid: there is no such stage, or it is none whose versions can be archived.
        NotFound: there is no such version.
    """
    stage = canonical_stage(stage)
    if archive_others and stage not in ACTIVE:
        raise Invalid(
            "Model version transition cannot archive existing model versions because "
            f"'{stage}' is not an Active stage. Valid stages are {list(ACTIVE)}"
        )

    def attempt() -> Resource:
        moved = version_of(ctx, workspace, name, version)
        others = models.versions(ctx, workspace, name) if archive_others else []
        writes: list[Write] = [_staged(moved, stage)]
        writes += [
            _staged(other, "Archived")
            for other in others
            if stage_of(other) == stage and other.key != moved.key
        ]
        return ctx.metadata.apply(writes, ctx.actor)[0]

    return again(attempt)


def _staged(found: Resource, stage: str) -> Put:
    return Put(replace(found, spec=found.spec.model_copy(update={"stage": stage})))


def latest_versions(
    ctx: Context, workspace: str, name: str, stages: Sequence[str] = ()
) -> list[Resource]:
    """Give the newest version in each stage.

    Raises:
        NotFound: there is no such name.
        Invalid: there is no such stage.
    """
    container_of(ctx, workspace, name)
    wanted = {canonical_stage(stage) for stage in stages} or set(STAGES)
    return newest(models.versions(ctx, workspace, name), wanted)


def newest(versions: Sequence[Resource], stages: set[str]) -> list[Resource]:
    """Give the newest version in each of some stages."""
    found: dict[str, Resource] = {}
    for one in sorted(versions, key=order_of):
        found[stage_of(one)] = one
    return [one for stage, one in found.items() if stage in stages]


def rename(ctx: Context, workspace: str, name: str, new_name: str) -> Resource:
    """Give a name and all its versions another name; links lead from the old to the new.

    Raises:
        NotFound: there is no such name.
        Conflict: the new one is taken, or a deployment or an unfinished job needs a version.
    """
    check_name(new_name, "new_name")

    def attempt() -> Resource:
        container = container_of(ctx, workspace, name)
        writes: list[Write] = []
        for one in [container, *models.versions(ctx, workspace, name)]:
            uses.refuse_used(ctx, one.key)
            key = replace(one.key, name=new_name)
            writes += [Remove(one.key), Add(replace(one, key=key))]
            if key.version:
                writes.append(Link(one.key.reference, "renamed", key.reference))
        return ctx.metadata.apply(writes, ctx.actor)[0]

    if name == new_name:
        return container_of(ctx, workspace, name)
    return again(attempt, unless_named=True)


def delete(ctx: Context, workspace: str, name: str) -> None:
    """Delete a name with all its versions.

    Raises:
        NotFound: there is no such name.
        Conflict: a deployment or an unfinished job needs one of them.
    """
    container = container_of(ctx, workspace, name)
    versions = models.versions(ctx, workspace, name)
    for one in versions:
        uses.refuse_used(ctx, one.key)
    found = [container, *versions]
    ctx.metadata.apply([Remove(one.key) for one in found], ctx.actor)
