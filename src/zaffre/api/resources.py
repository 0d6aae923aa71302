"""The same routes for every kind: list, create, show, update, delete, archive, restore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, flag, number, resource_answer, revision_of, text_answer
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Handler, Route
from zaffre.api.verbs import Verbs, verbs_of
from zaffre.errors import Conflict, Invalid, NotFound, Place, Problem
from zaffre.kinds import wire
from zaffre.kinds.listing import FACTS, NARROWING, TAG, check_words
from zaffre.kinds.loading import check
from zaffre.kinds.merge import merge_patch
from zaffre.kinds.registry import all_kinds, kind_of
from zaffre.kinds.resource import Json, Key, Kind, Resource
from zaffre.ports.metadata import Browse
from zaffre.services import resources, workspaces
from zaffre.services.context import Context

PAGE = 100
LONGEST_PAGE = 1000
QUERY = ("limit", "after", *NARROWING)


@dataclass(frozen=True)
class Surface:
    """The handlers of one kind."""

    kind: Kind
    verbs: Verbs

    def key(self, request: Request, *, name: str = "", version: str = "") -> Key:
        """Give the key that a path speaks of."""
        path = request.path_params
        if self.kind.name == "workspace":
            return Key(self.kind.name, "", request.scope["zaffre"].workspace)
        return Key(
            self.kind.name,
            request.scope["zaffre"].workspace,
            path.get("name", name),
            path.get("version", version) or self._default_version(),
            path.get("parent", ""),
        )

    def _default_version(self) -> str:
        return "latest" if self.kind.versioned else ""

    async def list(self, request: Request) -> Response:
        """List resources."""
        ctx, query = request.scope["context"], self._browse(request)
        page = await run_in_threadpool(self.verbs.browse, ctx, query)
        return text_answer(
            {"items": [wire.to_wire(item) for item in page.items], "next": page.next}
        )

    def _browse(self, request: Request) -> Browse:
        asked = request.query_params
        check_words(asked, QUERY)
        where: dict[str, str | tuple[str, ...]] = {
            fact: asked[fact] for fact in FACTS if fact in asked
        }
        key = self.key(request)
        named = {"name": key.name} if key.name else {}
        parent = {"parent": key.parent} if self.kind.parent else {}
        return Browse(
            self.kind.name,
            key.workspace,
            where={**where, **named, **parent},
            tags={
                name.removeprefix(TAG): value
                for name, value in asked.items()
                if name.startswith(TAG)
            },
            name_contains=asked.get("name_contains", ""),
            archived=flag(asked, "archived", default=False),
            versions=bool(key.name) or asked.get("versions") == "true",
            limit=number(asked, "limit", PAGE, least=1, most=LONGEST_PAGE),
            after=asked.get("after", ""),
        )

    async def create(self, request: Request) -> Response:
        """Create a resource; a repeated idempotency key gives the one made before."""
        raw = await request.body()
        ctx = once_of(request, raw, self.kind.name)
        made = await run_in_threadpool(self._create_once, ctx, request, body_of(raw))
        return self.answer(made, 201)

    def _create_once(self, ctx: Context, request: Request, document: Json) -> Resource:
        once = ctx.actor.once
        known = ctx.metadata.recall(once) if once else None
        if known is not None:
            return ctx.metadata.get(known)
        try:
            return self._create(ctx, request, document)
        except Conflict as error:
            if once is None or error.code != "idempotency_race":
                raise
            again = ctx.metadata.recall(once)
            if again is None:
                raise
            return ctx.metadata.get(again)

    def _create(self, ctx: Context, request: Request, document: Json) -> Resource:
        loaded = check(self.kind, self._addressed(request, document))
        asked = self.key(request)
        key = Key(
            self.kind.name, asked.workspace, loaded.name or "", loaded.version or "", asked.parent
        )
        if self.kind.name != "workspace":
            workspaces.require(ctx, key.workspace)
        return self.verbs.create(ctx, key, loaded.spec)

    async def show(self, request: Request) -> Response:
        """Show a resource, or the latest version of it."""
        ctx, key = request.scope["context"], self.key(request)
        return self.answer(await run_in_threadpool(self.verbs.show, ctx, key))

    async def put(self, request: Request) -> Response:
        """Create a resource, or give the one there a new spec."""
        document = body_of(await request.body())
        ctx, revision = request.scope["context"], revision_of(request)
        return await run_in_threadpool(self._put, ctx, request, document, revision)

    def _put(
        self, ctx: Context, request: Request, document: Json, revision: int | None
    ) -> Response:
        loaded = check(self.kind, self._addressed(request, document))
        try:
            found = self.verbs.find(ctx, self.key(request))
        except NotFound:
            if revision is not None:
                raise
            return self.answer(self._create(ctx, request, document), 201)
        return self.answer(self.verbs.update(ctx, found, loaded.spec, revision))

    def _addressed(self, request: Request, document: Json) -> dict[str, Json]:
        """Give a document with the name, version and parent that its path says."""
        path = request.path_params
        said = {
            field: path[field]
            for field in ("name", "version")
            if path.get(field, "latest") != "latest"
        }
        if self.kind.name == "workspace" and "workspace" in path:
            said["name"] = path["workspace"]
        if self.kind.parent_field:
            said[self.kind.parent_field] = path["parent"]
        return {**_mapping(document), **said}

    def answer(self, resource: Resource, status: int = 200) -> Response:
        """Give a resource, its revision as the ETag."""
        return resource_answer(resource, status)

    async def patch(self, request: Request) -> Response:
        """Change some fields (JSON merge patch, RFC 7396)."""
        changes = body_of(await request.body())
        ctx, revision = request.scope["context"], revision_of(request)
        return self.answer(await run_in_threadpool(self._patch, ctx, request, changes, revision))

    def _patch(
        self, ctx: Context, request: Request, changes: Json, revision: int | None
    ) -> Resource:
        found = self.verbs.find(ctx, self.key(request))
        _refuse_reported(self.kind, found, _mapping(changes))
        stored = found.spec.model_dump(mode="json", exclude_unset=True)
        wanted = self._addressed(request, merge_patch(stored, _mapping(changes)))
        wanted = {**wanted, "name": found.key.name}
        return self.verbs.update(ctx, found, check(self.kind, wanted).spec, revision)

    async def delete(self, request: Request) -> Response:
        """Delete a resource."""
        ctx, key = request.scope["context"], self.key(request)
        await run_in_threadpool(self.verbs.delete, ctx, key)
        return Response(status_code=204)

    def archiver(self, *, archived: bool) -> Handler:
        """Give the handler that archives or restores."""

        async def handle(request: Request) -> Response:
            ctx, key = request.scope["context"], self.key(request)
            found = await run_in_threadpool(lambda: resources.archive(ctx, key, archived=archived))
            return self.answer(found)

        return handle


def _refuse_reported(kind: Kind, found: Resource, changes: dict[str, Any]) -> None:
    """Refuse to change what only the server says, and what a resource is addressed by."""
    known = wire.to_wire(found)
    address = {"name", kind.parent_field, "version" if kind.versioned else ""}
    reported = {*wire.SYSTEM, *kind.status.model_fields} - type(found.spec).model_fields.keys()
    problems = tuple(
        Problem(
            f"`{name}` of {kind.title.lower()} `{found.key.name}` cannot be changed.",
            Place(field=name),
            "It is what the resource is called by." if name in address else _SAID,
        )
        for name in sorted((address | reported) & changes.keys())
        if changes[name] != known.get(name)
    )
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].hint, problems=problems)


_SAID = "It is what the server found: nobody sets it."


def _mapping(document: Json) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Invalid("The body is no JSON object.")
    return document


def collection_path(kind: Kind) -> str:
    """Give the path of a kind's collection."""
    if kind.name == "workspace":
        return "/api/v1/workspaces"
    parent = f"/{kind_of(kind.parent).plural}/{{parent}}" if kind.parent else ""
    return f"/api/v1/workspaces/{{workspace}}{parent}/{kind.plural}"


def routes_of(kind: Kind) -> list[Route]:
    """Give the routes that a kind has by being a kind."""
    surface = Surface(kind, verbs_of(kind))
    base = collection_path(kind)
    title = kind.title.lower()
    own = Access.OWN if kind.name == "workspace" else Access.WRITE
    spec, read = kind.name, kind.name
    made = [
        Route(
            "GET",
            base,
            surface.list,
            Access.READ,
            f"List every {title}.",
            answer=[read],
            query=QUERY,
        ),
        Route("POST", base, surface.create, own, f"Create {kind.one}.", body=spec, answer=read),
    ]
    for path, about in _addresses(kind, base, title):
        made += _resource_routes(surface, path, about, own)
    return made


def _addresses(kind: Kind, base: str, title: str) -> list[tuple[str, str]]:
    one = [
        (
            f"{base}/{{workspace}}" if kind.name == "workspace" else f"{base}/{{name}}",
            f"the {title}" if not kind.versioned else f"the latest version of {kind.one}",
        )
    ]
    return (
        [*one, (f"{base}/{{name}}/versions/{{version}}", f"a version of {kind.one}")]
        if kind.versioned
        else one
    )


def _resource_routes(surface: Surface, path: str, about: str, access: Access) -> list[Route]:
    name = surface.kind.name
    reader = Access.JOB if name == "job" else Access.READ

    def changing(
        method: str, handler: Handler, summary: str, *, at: str = path, body: str | None = None
    ) -> Route:
        return Route(method, at, handler, access, f"{summary} {about}.", body=body, answer=name)

    archive, restore = surface.archiver(archived=True), surface.archiver(archived=False)
    made = [
        Route("GET", path, surface.show, reader, f"Show {about}.", answer=name),
        changing("PUT", surface.put, "Create or update", body=name),
        changing("PATCH", surface.patch, "Change fields of", body="patch"),
        Route("DELETE", path, surface.delete, access, f"Delete {about}."),
        changing("POST", archive, "Archive", at=f"{path}/archive"),
        changing("POST", restore, "Restore", at=f"{path}/restore"),
    ]
    if surface.kind.versioned and path.endswith("{name}"):
        versions = f"{path}/versions"
        summary = f"List versions of {about}."
        made.append(Route("GET", versions, surface.list, Access.READ, summary, query=QUERY))
    return made


def resource_routes() -> list[Route]:
    """Give the generic routes of all kinds."""
    return [route for kind in all_kinds() for route in routes_of(kind)]
