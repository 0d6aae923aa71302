"""Lineage: what a thing came of and what came of it, down to the digests of content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from zaffre.errors import Failed, Invalid, NotFound
from zaffre.kinds.registry import entries
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.capture_tables import Answered
from zaffre.ports.metadata import Browse, Link
from zaffre.services import answered as requests
from zaffre.services import history, run_files, trees
from zaffre.services.batch import deployments as batch_deployments
from zaffre.services.batch import jobs as batch_jobs
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import revision_reference

MOST_NODES = 1000
SHOWN_FILES = 20


def walk(ctx: Context, key: Key, direction: str = "both") -> dict[str, Any]:
    """Give the nodes and edges above (`up`) or below (`down`) a resource, or both.

    An edge goes from what was there before (`source`) to what came of it (`target`).

    Raises:
        NotFound: there is no such resource.
    """
    start = _start(ctx, key)
    found = _Walk(ctx, key.workspace)
    found.visit(start)
    if direction in ("up", "both"):
        found.follow(start, up=True)
    if direction in ("down", "both"):
        found.follow(start, up=False)
    return found.answer(start)


def walk_request(ctx: Context, workspace: str, request_id: str) -> dict[str, Any]:
    """Give what made an answered request's prediction: revision, model, code, job, data.

    Raises:
        NotFound: nothing is known of the request.
    """
    answered = requests.find(ctx, workspace, request_id)
    maker = revision_reference(workspace, answered.revision)
    if not ctx.metadata.links(maker, up=True):
        key = Key("online_deployment", workspace, answered.deployment, parent=answered.endpoint)
        maker = ctx.metadata.get(key).key.reference
    start = f"request:{workspace}/{request_id}"
    found = _Walk(ctx, workspace)
    found.nodes[start] = _request(start, answered)
    found.visit(maker)
    found.links[Link(maker, "answered", start)] = None
    found.follow(maker, up=True)
    return found.answer(start)


def _request(reference: str, answered: Answered) -> dict[str, Any]:
    at = datetime.fromtimestamp(answered.time, UTC).isoformat(timespec="milliseconds")
    place = f"{answered.endpoint}/{answered.deployment}"
    node = {"id": reference, "kind": "request", "name": answered.request_id, "version": ""}
    facts = {**answered._asdict(), "time": at, "label": f"{place}, {at}"}
    return node | {name: value for name, value in facts.items() if value is not None}


def _start(ctx: Context, key: Key) -> str:
    """Give the reference to begin at; a run that is no job is one, too."""
    try:
        return ctx.metadata.get(key).key.reference
    except NotFound:
        if key.kind != "job":
            raise
        return f"run:{key.workspace}/{history.run_of(ctx, key.workspace, key.name).id}"


@dataclass
class _Walk:
    """What has been found so far, breadth first."""

    ctx: Context
    workspace: str
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[Link, None] = field(default_factory=dict)
    complete: bool = True

    def visit(self, reference: str) -> bool:
        """Note a node and say whether it may be shown."""
        if reference in self.nodes:
            return True
        if len(self.nodes) >= MOST_NODES:
            self.complete = False
            return False
        node = describe(self.ctx, self.workspace, reference)
        if node is not None:
            self.nodes[reference] = node
        return node is not None

    def answer(self, start: str) -> dict[str, Any]:
        """Give everything that was found."""
        edges = [
            {"source": link.source, "relation": link.relation, "target": link.target}
            for link in self.links
        ]
        return {
            "start": start,
            "nodes": list(self.nodes.values()),
            "edges": edges,
            "complete": self.complete,
        }

    def follow(self, start: str, *, up: bool) -> None:
        """Follow all links in one direction."""
        waiting, seen = [start], {start}
        while waiting:
            for link in neighbours(self.ctx, self.workspace, waiting.pop(0), up=up):
                other = link.source if up else link.target
                if not self.visit(other):
                    continue
                self.links[link] = None
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)


def neighbours(ctx: Context, workspace: str, reference: str, *, up: bool) -> Iterator[Link]:
    """Give the links of one node in one direction: those stored, and those that facts imply."""
    for link in ctx.metadata.links(reference, up=up):
        if up or not link.target.startswith("revision:"):  # they are for single predictions
            yield link
    kind, _, name = reference.partition(":")
    name = name.partition("/")[2]
    if kind == "online_endpoint" and up:
        query = Browse("online_deployment", workspace, where={"parent": name}, archived=None)
        for deployment in ctx.metadata.browse(query).items:
            yield Link(deployment.key.reference, "serves", reference)
    if kind == "online_deployment" and not up:
        yield Link(reference, "serves", f"online_endpoint:{workspace}/{name.partition('/')[0]}")
    yield from _of_batches(ctx, workspace, kind, name, up=up)
    if kind == "logged_model" and up:
        yield from _makers(ctx, workspace, name)
    if kind in ("job", "run") and not up:
        for model in ctx.logged_models.of_run(workspace, name):
            yield Link(reference, "logged", f"logged_model:{workspace}/{model.model_id}")


def _of_batches(ctx: Context, workspace: str, kind: str, name: str, *, up: bool) -> Iterator[Link]:
    """Give the links between the jobs of batch deployments, these, and their endpoints."""
    reference = f"{kind}:{workspace}/{name}"
    endpoint, _, deployment = name.partition("/")
    if kind == "batch_endpoint" and up:
        for found in batch_deployments.of_endpoint(ctx, Key(kind, workspace, name)):
            yield Link(found.key.reference, "serves", reference)
    if kind == "batch_deployment" and not up:
        yield Link(reference, "serves", f"batch_endpoint:{workspace}/{endpoint}")
        query = Browse("job")
        for job in batch_jobs.browse(ctx, workspace, endpoint, query, deployment).items:
            yield Link(reference, "scored", job.key.reference)
    if kind == "job" and up:
        made_by = batch_jobs.deployment_of(ctx, Key("job", workspace, name))
        if made_by is not None:
            yield Link(made_by.reference, "scored", reference)


def _makers(ctx: Context, workspace: str, model_id: str) -> Iterator[Link]:
    try:
        run = ctx.logged_models.get(workspace, model_id, deleted=True).source_run_id
    except NotFound:
        return
    if run:
        yield Link(
            run_files.reference(ctx, workspace, run),
            "logged",
            f"logged_model:{workspace}/{model_id}",
        )


def describe(ctx: Context, workspace: str, reference: str) -> dict[str, Any] | None:
    """Give a node; None where it belongs to another workspace."""
    kind, _, rest = reference.partition(":")
    if kind in ("tree", "blob"):
        return _content(ctx, kind, reference, rest)
    place, slash, name = rest.partition("/")
    if slash and place != workspace:
        return None
    if kind in {entry.name for entry in entries()}:
        return _resource(ctx, kind, place, name)
    node = {"id": reference, "kind": kind, "name": name or rest, "version": "", "label": ""}
    return node | _facts(ctx, kind, workspace, name)


def _facts(ctx: Context, kind: str, workspace: str, name: str) -> dict[str, Any]:
    """Give what is known of a run or a logged model."""
    try:
        if kind == "run":
            info = ctx.tracking.get_info(workspace, name)
            return {"label": info.name, "state": info.status}
        if kind == "logged_model":
            return {"label": ctx.logged_models.get(workspace, name, deleted=True).name}
    except NotFound:
        return {"gone": True}
    return {}


def _content(ctx: Context, kind: str, reference: str, digest: str) -> dict[str, Any]:
    node = {"id": reference, "kind": kind, "name": digest[:19], "version": "", "digest": digest}
    if kind == "blob":
        return node | {"label": ""}
    try:
        tree = trees.load_tree(ctx, digest)
    except (NotFound, Invalid, Failed):
        return node | {"label": "not stored", "gone": True}
    files = [[leaf.path, leaf.digest] for leaf in tree.leaves[:SHOWN_FILES]]
    count = len(tree.leaves)
    label = tree.leaves[0].path if count == 1 else f"{count} files"
    return node | {"label": label, "file_count": count, "total_bytes": tree.size, "files": files}


def _resource(ctx: Context, kind: str, workspace: str, name: str) -> dict[str, Any]:
    parent, slash, last = name.rpartition("/")
    plain, _, version = (last if slash else name).partition(":")
    key = Key(kind, workspace, plain, version, parent)
    node: dict[str, Any] = {"id": key.reference, "kind": kind, "name": plain, "version": version}
    node |= {"parent": parent} if parent else {}
    try:
        found = ctx.metadata.get(key)
        return node | _shown(history.show(ctx, key) if kind == "job" else found)
    except NotFound:
        return node | {"label": "", "gone": True}


def _shown(found: Resource) -> dict[str, Any]:
    spec, status = found.spec, found.status
    state = getattr(status, "status", None) or getattr(status, "provisioning_state", None)
    facts = {
        "label": getattr(spec, "display_name", None) or "",
        "type": getattr(spec, "type", None),
        "state": state,
        "created_at": found.created_at.isoformat() if found.created_at else None,
        "created_by": found.created_by,
    }
    return {name: value for name, value in facts.items() if value is not None}
