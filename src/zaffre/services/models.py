"""Models: one history of versions, whether they came by a document, the SDK or MLflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.artifact_path import path_of_uri
from zaffre.kinds.model import ModelContainer, ModelSpec, ModelStatus
from zaffre.kinds.reference import parse_remote
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Browse, Link, Put, Remove, Write
from zaffre.services import fields, files, mlmodel, run_files, uses
from zaffre.services.context import Context
from zaffre.services.resources import every
from zaffre.services.trees import Content
from zaffre.services.typed import spec_as

PROMPT = "mlflow.prompt.is_prompt"
TRIES = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """Where a version comes from, as an MLflow client tells it."""

    uri: str
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def container_key(workspace: str, name: str) -> Key:
    """Give the key of what is said of a name as a whole."""
    return Key("model", workspace, name)


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a version: its path is found, its files pinned; without a version it gets the next.

    Raises:
        Invalid: the path cannot be a model's.
        NotFound: nothing is at the path.
        Conflict: the version exists already.
    """
    spec = spec_as(ModelSpec, spec, "model")
    with fields.at("path"):
        content = _content(ctx, key.workspace, spec.path)
        described = mlmodel.describe(ctx, content.tree)
        spec = _described(spec, described)
    status = _status(content, described)
    return _add(ctx, Resource(key, spec, status), _links(ctx, key.workspace, content, status))


def register(ctx: Context, workspace: str, name: str, source: Source) -> Resource:
    """Store the next version of a name that is there, as an MLflow client asks for it.

    Raises:
        NotFound: there is no such name, or nothing is at the source.
        Invalid: the source is none that can be pinned.
    """
    container = container_of(ctx, workspace, name)
    prompt = source.tags.get(PROMPT, container.spec.tags.get(PROMPT, "")).lower() == "true"
    spec = ModelSpec(path=source.uri, description=source.description, tags=dict(source.tags))
    key = Key("model", workspace, name)
    if prompt:
        return _add(ctx, Resource(key, spec, ModelStatus()), [])
    content = _content(ctx, workspace, source.uri)
    described = mlmodel.describe(ctx, content.tree)
    status = _status(content, described)
    told = {
        "job_name": source.run_id or status.job_name,
        "model_id": source.model_id or status.model_id,
        "run_link": source.run_link or None,
    }
    status = status.model_copy(update=told)
    resource = Resource(key, _described(spec, described), status)
    return _add(ctx, resource, _links(ctx, workspace, content, status))


def _content(ctx: Context, workspace: str, path: str) -> Content:
    if path_of_uri(path) is not None:
        return files.artifact(ctx, workspace, path)
    return files.resolve(ctx, workspace, parse_remote(path))


def _described(spec: ModelSpec, described: mlmodel.Described | None) -> ModelSpec:
    """Take type and flavors from the MLmodel file where the document does not say them."""
    if described is None:
        if spec.type == "mlflow_model":
            raise Invalid(
                "`type` is mlflow_model, but there is no MLmodel file at the path.",
                hint="Name the folder that holds it, or set `type: custom_model`.",
            )
        return spec
    told: dict[str, Any] = {} if "type" in spec.model_fields_set else {"type": "mlflow_model"}
    if spec.flavors is None and described.flavors:
        told["flavors"] = described.flavors
    return ModelSpec.model_validate({**spec.model_dump(exclude_unset=True), **told})


def _status(content: Content, described: mlmodel.Described | None) -> ModelStatus:
    return ModelStatus(
        tree=content.digest,
        file=content.file,
        folder=content.folder,
        job_name=content.job,
        model_id=content.model_id or (described.model_id if described else None),
        file_count=len(content.tree.leaves),
        total_bytes=content.tree.size,
    )


def _links(ctx: Context, workspace: str, content: Content, status: ModelStatus) -> list[Link]:
    found = [Link(f"tree:{content.digest}", "content")]
    if content.source:
        found.append(Link(content.source, "registered"))
    if status.job_name:
        found.append(Link(run_files.reference(ctx, workspace, status.job_name), "registered"))
    return list(dict.fromkeys(found))


def _add(ctx: Context, wanted: Resource, links: list[Link]) -> Resource:
    """Store a version and what its name remembers in one batch, again if another was faster."""

    def attempt() -> Resource:
        key = wanted.key
        stored = _stored_container(ctx, key.workspace, key.name)
        last = _last_number(ctx, key, stored)
        version = key.version or str(last + 1)
        number = int(version) if version.isascii() and version.isdigit() else 0
        remembered = _remember(key, stored, max(last, number))
        added = Add(replace(wanted, key=replace(key, version=version)))
        return ctx.metadata.apply([added, *links, remembered], ctx.actor)[0]

    return again(attempt, unless_named=bool(wanted.key.version))


def again(attempt: Callable[[], T], *, unless_named: bool = False) -> T:
    """Try until nobody else changed the same thing meanwhile.

    Raises:
        Stale: others were faster each time.
        Conflict: what is wanted exists and has a name of its own.
    """
    for left in reversed(range(TRIES)):
        try:
            return attempt()
        except Stale:
            if not left:
                raise
        except Conflict as error:
            if not left or unless_named or error.code != "exists":
                raise
    raise AssertionError("unreachable")


def _remember(key: Key, stored: Resource | None, last: int) -> Write:
    if stored is None:
        status = ModelStatus(last_number=last)
        name = container_key(key.workspace, key.name)
        return Add(Resource(name, ModelContainer(), status, container=True))
    kept = stored.status.model_copy(update={"last_number": last})
    return Put(replace(stored, status=kept))


def _last_number(ctx: Context, key: Key, stored: Resource | None) -> int:
    if stored is not None and isinstance(stored.status, ModelStatus) and stored.status.last_number:
        return stored.status.last_number
    numbers = [
        int(one.key.version)
        for one in versions(ctx, key.workspace, key.name)
        if is_number(one.key.version)
    ]
    return max(numbers, default=0)


def is_number(version: str) -> bool:
    """Say whether a version is a whole number, as MLflow's all are."""
    return version.isascii() and version.isdigit()


def _stored_container(ctx: Context, workspace: str, name: str) -> Resource | None:
    try:
        return ctx.metadata.get(container_key(workspace, name))
    except NotFound:
        return None


def container_of(ctx: Context, workspace: str, name: str) -> Resource:
    """Give what is said of a name as a whole.

    Raises:
        NotFound: there is no such name.
    """
    stored = _stored_container(ctx, workspace, name)
    if stored is not None:
        return stored
    raise NotFound(f"Registered Model with name={name} not found")


def versions(ctx: Context, workspace: str, name: str = "") -> list[Resource]:
    """Give all versions of a name (or of all names), the oldest first, archived ones too."""
    where = {"name": name} if name else {}
    return every(ctx, Browse("model", workspace, where=where, versions=True, archived=None))


def containers(ctx: Context, workspace: str) -> list[Resource]:
    """Give all names, the oldest first."""
    return every(ctx, Browse("model", workspace, where={"version": ""}, archived=None))


def delete(ctx: Context, key: Key) -> None:
    """Delete a version, and the aliases that mean it; its number never comes back.

    Raises:
        NotFound: there is none.
        Conflict: a deployment or an unfinished job needs it.
    """

    def attempt() -> None:
        found = ctx.metadata.get(key)
        if found.container:
            raise NotFound(f"There is no version of model `{key.name}` without a version.")
        uses.refuse_used(ctx, found.key)
        stored = _stored_container(ctx, key.workspace, key.name)
        last = _last_number(ctx, key, stored)
        writes: list[Write] = [Remove(found.key)]
        if stored is not None and isinstance(stored.spec, ModelContainer):
            kept = {
                name: of for name, of in stored.spec.aliases.items() if of != found.key.version
            }
            spec = stored.spec.model_copy(update={"aliases": kept})
            remembered = _remember(key, replace(stored, spec=spec), last)
            writes.append(remembered)
        else:
            writes.append(_remember(key, None, last))
        ctx.metadata.apply(writes, ctx.actor)

    again(attempt)
