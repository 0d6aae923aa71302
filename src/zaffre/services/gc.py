"""Garbage collection: stored content that nothing refers to any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.registry import all_kinds
from zaffre.kinds.resource import Resource
from zaffre.kinds.tree import parse
from zaffre.ports.metadata import Browse
from zaffre.services import trees
from zaffre.services.context import Context

GRACE = timedelta(hours=24)
"""How long content is kept that nothing refers to: an upload may still be under way."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MANIFEST = b'{"files":['
_PAGE = 1000


@dataclass(frozen=True)
class Collected:
    """How much content nothing refers to, and whether it was deleted; what is young stays."""

    blobs: int = 0
    bytes: int = 0
    young: int = 0
    kept: int = 0
    deleted: bool = False


def collect(ctx: Context, *, dry_run: bool = True, grace: timedelta = GRACE) -> Collected:
    """Find what nothing refers to and, unless it is a dry run, delete what is older than `grace`.

    Safe beside uploads and everything else: what is referred to meanwhile was stored or asked for
    meanwhile, and so is young.

    Raises:
        Failed: a manifest that is referred to is damaged, so that its files cannot be known.
    """
    before = ctx.clock.now() - grace
    marked = mark(ctx)
    old: dict[str, int] = {}
    found = Collected(deleted=not dry_run)
    for blob, stored in ctx.artifacts.walk():
        if bytes.fromhex(blob.digest[7:]) in marked:
            found = replace(found, kept=found.kept + 1)
        elif stored > before:
            found = replace(found, young=found.young + 1)
        else:
            old[blob.digest] = blob.size
    if not dry_run:
        # What was handed from one document to another while the first look went on is seen now.
        again = mark(ctx)
        old = {
            digest: size
            for digest, size in old.items()
            if bytes.fromhex(digest[7:]) not in again
            and ctx.artifacts.discard(digest, unless_since=before)
        }
    return replace(found, blobs=len(old), bytes=sum(old.values()))


def mark(ctx: Context) -> set[bytes]:
    """Give the digests that documents, trees and files refer to, as 32 bytes each."""
    found: set[bytes] = set()
    for digest in named(ctx):
        raw = bytes.fromhex(digest[7:])
        if raw not in found:
            found.add(raw)
            found |= _leaves(ctx, digest)
    return found | {bytes.fromhex(blob.digest[7:]) for blob in ctx.files.contents()}


def named(ctx: Context) -> Iterator[str]:
    """Give every digest that stands anywhere in a document, in whatever field."""
    for found in documents(ctx):
        yield from _DIGEST.findall(found.spec.model_dump_json())
        yield from _DIGEST.findall(found.status.model_dump_json())


def documents(ctx: Context) -> Iterator[Resource]:
    """Give all resources of all kinds, versions and containers too."""
    for kind in all_kinds():
        query = Browse(kind.name, versions=True, archived=None, ascending=True, limit=_PAGE)
        yield from _pages(ctx, query)
        if kind.container is not None:
            yield from _pages(ctx, replace(query, where={"version": ""}))


def _pages(ctx: Context, query: Browse) -> Iterator[Resource]:
    while True:
        page = ctx.metadata.browse(query)
        yield from page.items
        if not page.next:
            return
        query = replace(query, after=page.next)


def _leaves(ctx: Context, digest: str) -> set[bytes]:
    """Give the content of a tree; other content has none."""
    try:
        with ctx.artifacts.open(digest) as file:
            if file.read(len(_MANIFEST)) != _MANIFEST:
                return set()
            content = _MANIFEST + file.read(trees.MANIFEST_BYTES)
        return {bytes.fromhex(leaf.digest[7:]) for leaf in parse(content).leaves}
    except (NotFound, Invalid):
        return set()
