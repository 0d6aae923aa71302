"""Where the content of a job's inputs comes from: found when the job starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.data import DataSpec
from zaffre.kinds.job_ports import JobInput
from zaffre.kinds.reference import Asset, CloudPath, DatastorePath, WebAddress, parse_remote
from zaffre.services import datastores, files, trees
from zaffre.services.context import Context
from zaffre.services.jobs import checking

_UNNAMED = "data"


@dataclass(frozen=True)
class Source:
    """Where an input's content comes from: a tree here, a path on this machine, or an address.

    `file` is set where the input is one file; `reference` is its end in links.
    """

    tree: str = ""
    path: str = ""
    url: str = ""
    file: str | None = None
    reference: str = ""


def find(ctx: Context, workspace: str, text: str) -> Source:
    """Find what a reference means now.

    Raises:
        Invalid: jobs cannot read it.
        NotFound: it is not there.
        Conflict: it is not there yet.
    """
    reference = parse_remote(text)
    if isinstance(reference, Asset):
        return _of_asset(ctx, workspace, reference)
    if isinstance(reference, DatastorePath):
        place = datastores.folder(ctx, workspace, reference)
        file = place.name if place.is_file() else None
        link = f"datastore:{workspace}/{reference.datastore}"
        return Source(path=str(place), file=file, reference=link)
    if isinstance(reference, WebAddress):
        return Source(url=reference.url, file=_file_name(reference.url))
    if isinstance(reference, CloudPath):
        hint = "Give a local path, a datastore path or an https address."
        raise Invalid(f"`{reference}` cannot be read yet.", hint=hint)
    content = files.resolve(ctx, workspace, reference)
    return Source(tree=content.digest, file=content.file, reference=f"tree:{content.digest}")


def places(ctx: Context, code: str | None, inputs: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Say where the launcher gets content that is not on this machine; {} where all is here.

    What it cannot get by itself is brought here first.
    """
    if ctx.direct is None:
        return {}
    used = trees.load_tree(ctx, code).leaves if code else ()
    digests = {leaf.digest for leaf in used}
    digests |= {row[1] for one in inputs if one["tree"] for row in one["tree"]["files"]}
    distant = ctx.direct.distant(sorted(digests))
    found = ctx.direct.downloads(distant)
    for digest in distant:
        if digest not in found:
            ctx.artifacts.path(digest)
    return {digest: place.url for digest, place in found.items()}


def _of_asset(ctx: Context, workspace: str, reference: Asset) -> Source:
    found = ctx.metadata.get(checking.find_asset(ctx, workspace, reference))
    tree = getattr(found.status, "tree", None)
    if tree is None:
        inner = find(ctx, workspace, str(getattr(found.spec, "path", "")))
        return replace(inner, reference=found.key.reference)
    file = getattr(found.status, "file", None)
    if isinstance(found.spec, DataSpec) and found.spec.type == "uri_file":
        file = trees.load_tree(ctx, tree).leaves[0].path
    return Source(tree=tree, file=file, reference=found.key.reference)


def _file_name(url: str) -> str:
    """Give the name that a download gets: the last part of the address, if it can name a file."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    try:
        return names.path(last) if "/" not in last else _UNNAMED
    except Invalid:
        return _UNNAMED


def planned(ctx: Context, name: str, given: JobInput, source: Source) -> dict[str, Any]:
    """Give an input as the launcher's plan has it."""
    tree = trees.load_tree(ctx, source.tree) if source.tree else None
    rows = [[one.path, one.digest, one.size, one.mode] for one in tree.leaves] if tree else []
    return {
        "name": name,
        "type": given.type,
        "mode": given.mode or "ro_mount",
        "tree": {"files": rows} if tree else None,
        "file": source.file,
        "path": source.path or None,
        "url": source.url or None,
    }
