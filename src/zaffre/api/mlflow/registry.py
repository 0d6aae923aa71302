"""The routes of MLflow's model registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import text_answer
from zaffre.api.mlflow.asked import Asked, asked
from zaffre.api.mlflow.registry_forms import container_form, version_form
from zaffre.api.mlflow.registry_rights import Guard, allow, check_source, check_version
from zaffre.api.routing import Access, Caller, Handler, Route
from zaffre.errors import NotFound
from zaffre.kinds.artifact_path import tree_uri
from zaffre.kinds.model import ModelSpec, ModelStatus
from zaffre.kinds.resource import Resource
from zaffre.services import artifact_rights, models, registry, registry_search
from zaffre.services.context import Context

Work = Callable[[Context, str, Asked], Any]
_BASE = "/api/2.0/mlflow"
# For more names than this, one query for all is cheaper than one for each.
_FEW = 20


def create_name(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Make a name."""
    made = registry.create(
        ctx, workspace, wanted.text("name"), wanted.pairs("tags"), wanted.maybe("description")
    )
    return {"registered_model": container_form(made)}


def get_name(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Give a name and its newest versions."""
    return {"registered_model": _name(ctx, workspace, wanted.text("name"))}


def _name(ctx: Context, workspace: str, name: str) -> dict[str, Any]:
    container = models.container_of(ctx, workspace, name)
    return container_form(container, models.versions(ctx, workspace, name))


def update_name(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Describe a name."""
    name = wanted.text("name")
    models.container_of(ctx, workspace, name)
    registry.describe(ctx, models.container_key(workspace, name), wanted.maybe("description"))
    return {"registered_model": _name(ctx, workspace, name)}


def rename(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Give a name another name."""
    registry.rename(ctx, workspace, wanted.text("name"), wanted.text("new_name"))
    return {"registered_model": _name(ctx, workspace, wanted.text("new_name"))}


def delete_name(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Delete a name and its versions."""
    registry.delete(ctx, workspace, wanted.text("name"))
    return {}


def search_names(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Find names."""
    limit = wanted.number("max_results", 100, most=registry_search.MOST_NAMES)
    found = registry_search.names(ctx, workspace, _search(wanted, limit))
    known: dict[str, list[Resource]] = {}
    if len(found.items) > _FEW:
        for one in models.versions(ctx, workspace):
            known.setdefault(one.key.name, []).append(one)
    else:
        known = {
            one.key.name: models.versions(ctx, workspace, one.key.name) for one in found.items
        }
    shown = [container_form(one, known.get(one.key.name, ())) for one in found.items]
    return {"registered_models": shown} | ({"next_page_token": found.next} if found.next else {})


def _search(wanted: Asked, limit: int) -> registry_search.Asked:
    return registry_search.Asked(
        wanted.maybe("filter"), wanted.texts("order_by"), limit, wanted.maybe("page_token")
    )


def latest_versions(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Give the newest version in each stage."""
    name = wanted.text("name")
    found = registry.latest_versions(ctx, workspace, name, wanted.texts("stages"))
    return {"model_versions": _versions(ctx, workspace, found)}


def set_name_tag(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Set a tag of a name."""
    key = models.container_of(ctx, workspace, wanted.text("name")).key
    registry.tag(ctx, key, wanted.text("key"), wanted.maybe("value") or "")
    return {}


def delete_name_tag(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Take a tag off a name."""
    key = models.container_of(ctx, workspace, wanted.text("name")).key
    registry.tag(ctx, key, wanted.text("key"), None)
    return {}


def set_alias(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Let a word mean a version."""
    registry.alias(
        ctx, workspace, wanted.text("name"), wanted.text("alias"), wanted.text("version")
    )
    return {}


def delete_alias(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Let a word mean nothing."""
    registry.alias(ctx, workspace, wanted.text("name"), wanted.text("alias"), None)
    return {}


def get_by_alias(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Give the version that a word means."""
    found = registry.by_alias(ctx, workspace, wanted.text("name"), wanted.text("alias"))
    return {"model_version": _version(ctx, workspace, found)}


def create_version(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Register the next version of a name."""
    tags = wanted.pairs("tags")
    registry.check_tags(tags)
    source = models.Source(
        wanted.text("source"),
        wanted.maybe("run_id") or None,
        wanted.maybe("run_link"),
        wanted.maybe("model_id") or None,
        wanted.maybe("description"),
        tags,
    )
    made = models.register(ctx, workspace, wanted.text("name"), source)
    return {"model_version": _version(ctx, workspace, made)}


def get_version(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Give a version."""
    return {"model_version": _version(ctx, workspace, _wanted(ctx, workspace, wanted))}


def _wanted(ctx: Context, workspace: str, wanted: Asked) -> Resource:
    return registry.version_of(ctx, workspace, wanted.text("name"), wanted.text("version"))


def update_version(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Describe a version."""
    found = _wanted(ctx, workspace, wanted)
    put = registry.describe(ctx, found.key, wanted.maybe("description"))
    return {"model_version": _version(ctx, workspace, put)}


def move(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Move a version to a stage."""
    moved = registry.move(
        ctx,
        workspace,
        wanted.text("name"),
        wanted.text("version"),
        wanted.text("stage"),
        archive_others=wanted.flag("archive_existing_versions"),
    )
    return {"model_version": _version(ctx, workspace, moved)}


def delete_version(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Delete a version."""
    models.delete(ctx, _wanted(ctx, workspace, wanted).key)
    return {}


def download_uri(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Say where the files of a version are."""
    found = _wanted(ctx, workspace, wanted)
    if isinstance(found.status, ModelStatus) and found.status.tree:
        return {"artifact_uri": tree_uri(found.status.tree)}
    if isinstance(found.spec, ModelSpec):
        return {"artifact_uri": found.spec.path}
    raise NotFound("This version has no files.")


def search_versions(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Find versions."""
    limit = wanted.number("max_results", 10_000, most=registry_search.MOST_VERSIONS)
    found = registry_search.versions(ctx, workspace, _search(wanted, limit))
    shown = _versions(ctx, workspace, found.items)
    return {"model_versions": shown} | ({"next_page_token": found.next} if found.next else {})


def set_version_tag(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Set a tag of a version."""
    key = _wanted(ctx, workspace, wanted).key
    registry.tag(ctx, key, wanted.text("key"), wanted.maybe("value") or "")
    return {}


def delete_version_tag(ctx: Context, workspace: str, wanted: Asked) -> Any:
    """Take a tag off a version."""
    registry.tag(ctx, _wanted(ctx, workspace, wanted).key, wanted.text("key"), None)
    return {}


def _versions(ctx: Context, workspace: str, found: Sequence[Resource]) -> list[dict[str, Any]]:
    names = {one.key.name for one in found}
    if len(names) > _FEW:
        known = {one.key.name: one for one in models.containers(ctx, workspace)}
    else:
        known = {name: one for name in names if (one := _maybe(ctx, workspace, name))}
    return [version_form(one, registry.aliases_of(known.get(one.key.name))) for one in found]


def _maybe(ctx: Context, workspace: str, name: str) -> Resource | None:
    try:
        return models.container_of(ctx, workspace, name)
    except NotFound:
        return None


def _version(ctx: Context, workspace: str, found: Resource) -> dict[str, Any]:
    return _versions(ctx, workspace, [found])[0]


def _answering(work: Work, guard: Guard | None, *, changes: bool) -> Handler:
    """Give the handler that reads the request, does the work off the loop, and answers."""

    async def handle(request: Request) -> Response:
        caller: Caller = request.scope["zaffre"]
        if changes:
            artifact_rights.check_writer(caller.principal)
        wanted = await asked(request)
        ctx: Context = request.scope["context"]

        def guarded() -> Any:
            if guard is not None:
                guard(ctx, caller, wanted)
            return work(ctx, caller.workspace, wanted)

        return text_answer(await run_in_threadpool(guarded))

    handle.__doc__ = work.__doc__
    return handle


def _route(method: str, path: str, work: Work, guard: Guard | None = None) -> Route:
    """Make a route. Jobs may read the registry; what they may change has a guard."""
    reads = path.endswith("get-latest-versions")
    changes = method != "GET" and not reads
    access = Access.JOB if not changes else Access.JOB_WRITE if guard else Access.WRITE
    handler = _answering(work, guard, changes=changes)
    summary = (work.__doc__ or "").strip()
    return Route(method, f"{_BASE}/{path}", handler, access, summary, reads=reads)


NAME, VERSION = "registered-models", "model-versions"
ROUTES: tuple[Route, ...] = (
    _route("POST", f"{NAME}/create", create_name, allow),
    _route("GET", f"{NAME}/get", get_name),
    _route("PATCH", f"{NAME}/update", update_name),
    _route("POST", f"{NAME}/rename", rename),
    _route("DELETE", f"{NAME}/delete", delete_name),
    _route("GET", f"{NAME}/search", search_names),
    _route("GET", f"{NAME}/get-latest-versions", latest_versions),
    _route("POST", f"{NAME}/get-latest-versions", latest_versions),
    _route("POST", f"{NAME}/set-tag", set_name_tag),
    _route("DELETE", f"{NAME}/delete-tag", delete_name_tag),
    _route("POST", f"{NAME}/alias", set_alias, check_version),
    _route("DELETE", f"{NAME}/alias", delete_alias),
    _route("GET", f"{NAME}/alias", get_by_alias),
    _route("POST", f"{VERSION}/create", create_version, check_source),
    _route("GET", f"{VERSION}/get", get_version),
    _route("PATCH", f"{VERSION}/update", update_version, check_version),
    _route("POST", f"{VERSION}/transition-stage", move),
    _route("DELETE", f"{VERSION}/delete", delete_version),
    _route("GET", f"{VERSION}/get-download-uri", download_uri),
    _route("GET", f"{VERSION}/search", search_versions),
    _route("POST", f"{VERSION}/set-tag", set_version_tag, check_version),
    _route("DELETE", f"{VERSION}/delete-tag", delete_version_tag),
)
