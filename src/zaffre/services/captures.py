"""Captured traffic: what the gateway's journal holds becomes versions of data assets.

A version holds everything that is kept of a collection: `@latest` is the data for monitoring and
for training again. A batch of segments is gathered in a folder of its own, turned into tables, and
each table becomes a file of the next version, once: where the latest version has the file already,
none is made, so a batch may be taken as often as a crash demands.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from zaffre.errors import NotFound
from zaffre.kinds.data import DATA, DataSpec, DataStatus
from zaffre.kinds.deployment_settings import COLLECTIONS, DataCollector
from zaffre.kinds.endpoint import OnlineDeploymentSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.metadata import Browse, Link
from zaffre.services import resources, trees, workspaces
from zaffre.services.context import Context

SEGMENTS = 4
KEPT_VERSIONS = 100
COLLECTION_TAG, DEPLOYMENT_TAG = "zaffre.collection", "zaffre.deployment"
_CHUNK = 1 << 20


class Collected(NamedTuple):
    """One collection of a deployment, and the data asset that it becomes."""

    asset: Key
    deployment: Key
    collection: str
    collector: DataCollector

    @property
    def tags(self) -> dict[str, str]:
        """Give the tags by which versions are known to be ours."""
        deployment = f"{self.deployment.parent}/{self.deployment.name}"
        return {COLLECTION_TAG: self.collection, DEPLOYMENT_TAG: deployment}


def journals(ctx: Context) -> list[Path]:
    """List the journals in which something waits to be collected."""
    return sorted(
        {path.parent for path in ctx.home.captures.glob("*/*/*/*") if path.suffix != ".part"}
    )


def collect(ctx: Context, folder: Path) -> bool:
    """Turn the oldest segments of a journal into versions of data; true if there were some."""
    for done in folder.glob("*.done"):
        shutil.rmtree(done)
    batch = _begun(folder) or _gather(folder)
    if batch is None or ctx.tables is None:
        return False
    ctx.tables.write(batch)
    workspace, endpoint, name = folder.relative_to(ctx.home.captures).parts
    key = Key("online_deployment", workspace, name, parent=endpoint)
    with contextlib.suppress(NotFound):  # without its workspace nobody can want it
        workspaces.require(ctx, workspace)
        collector = _collector(ctx, key)
        for collection in (*COLLECTIONS, *collector.custom):
            name = collector.kept.get(collection) or f"{key.parent}-{key.name}-{collection}"
            collected = Collected(Key("data", workspace, name), key, collection, collector)
            for table in batch.glob(f"{collection}.*"):
                _add(ctx, collected, table)
    done = batch.with_suffix(".done")
    batch.rename(done)
    shutil.rmtree(done)
    return True


def retain(ctx: Context) -> None:
    """Let go of what is older than the collectors say, also where nothing new comes."""
    for collection in _collections(ctx):
        query = Browse("data", tags={COLLECTION_TAG: collection}, archived=None)
        for found in resources.every(ctx, query):
            endpoint, _, name = found.spec.tags.get(DEPLOYMENT_TAG, "").partition("/")
            key = Key("online_deployment", found.key.workspace, name, parent=endpoint)
            asset = replace(found.key, version="")
            _renew(ctx, Collected(asset, key, collection, _collector(ctx, key)), None)


def _collections(ctx: Context) -> list[str]:
    """Name all collections that there may be."""
    found = set(COLLECTIONS)
    for one in resources.every(ctx, Browse("online_deployment", archived=None)):
        if isinstance(one.spec, OnlineDeploymentSpec) and one.spec.data_collector is not None:
            found.update(one.spec.data_collector.custom)
    return sorted(found)


def kept_of(leaves: Sequence[Leaf], oldest_day: str, most_bytes: int) -> list[Leaf]:
    """Say which files are kept: none from before a day, and of the newest as many as fit. Pure."""
    kept: list[Leaf] = []
    size = 0
    for leaf in sorted(leaves, key=lambda one: one.path, reverse=True):
        size += leaf.size
        if leaf.path[: len(oldest_day)] < oldest_day or (kept and size > most_bytes):
            break
        kept.append(leaf)
    return kept


def _begun(folder: Path) -> Path | None:
    """Give the batch that a crash left; one that had got nothing yet is removed."""
    for batch in sorted(folder.glob("*.batch")):
        if any(batch.glob("*.sealed")):
            return batch
        shutil.rmtree(batch)
    return None


def _gather(folder: Path) -> Path | None:
    """Move the oldest sealed segments into a batch, which is named after the first of them."""
    sealed = sorted(folder.glob("*.sealed"))[:SEGMENTS]
    if not sealed:
        return None
    batch = sealed[0].with_suffix(".batch")
    batch.mkdir(mode=0o700)
    for segment in sealed:
        segment.rename(batch / segment.name)
    return batch


def _collector(ctx: Context, key: Key) -> DataCollector:
    """Give a deployment's collector; one that is gone kept everything."""
    with contextlib.suppress(NotFound):
        spec = ctx.metadata.get(key).spec
        if isinstance(spec, OnlineDeploymentSpec) and spec.data_collector is not None:
            return spec.data_collector
    return DataCollector()


def _add(ctx: Context, collected: Collected, table: Path) -> None:
    """Make the next version, with one file more."""
    batch = table.parent.stem
    path = f"{batch[:4]}/{batch[4:6]}/{batch[6:8]}/{batch}{table.suffix}"
    with table.open("rb") as file:
        blob = ctx.artifacts.put(iter(lambda: file.read(_CHUNK), b""))
    _renew(ctx, collected, Leaf(path, blob.digest, blob.size))


def _renew(ctx: Context, collected: Collected, new: Leaf | None) -> None:
    """Make the next version, if its files are others than those of the latest one."""
    before = _files(ctx, next(_versions(ctx, collected), None))
    if new is not None and new.path in {leaf.path for leaf in before}:
        return
    collector = collected.collector
    days = timedelta(days=collector.retention_days or 0)
    oldest = f"{ctx.clock.now() - days:%Y/%m/%d}" if collector.retention_days else ""
    kept = kept_of([*before, new] if new else before, oldest, collector.max_megabytes << 20)
    gone = {leaf.path for leaf in before} - {leaf.path for leaf in kept}
    if new is not None or gone:
        if kept:
            _store(ctx, collected, kept)
        _forget(ctx, collected, gone)


def _store(ctx: Context, collected: Collected, leaves: Sequence[Leaf]) -> None:
    key = collected.deployment
    digest = trees.store_tree(ctx, tree_of(leaves))
    spec = DataSpec(
        type="uri_folder",
        path=f"azureml://trees/{digest}",
        description=f"Captured at endpoint {key.parent}, deployment {key.name}.",
        tags=collected.tags,
    )
    size = sum(leaf.size for leaf in leaves)
    status = DataStatus(tree=digest, file_count=len(leaves), total_bytes=size)
    links = [Link(f"tree:{digest}", "content"), Link(key.reference, "captured")]
    resources.create(ctx, DATA, collected.asset, spec, status=status, links=links)


def _forget(ctx: Context, collected: Collected, gone: set[str]) -> None:
    """Delete versions that hold files which are no longer kept, and old ones that nobody used."""
    for place, found in enumerate(_versions(ctx, collected)):
        held = bool(gone) and any(leaf.path in gone for leaf in _files(ctx, found))
        surplus = place >= KEPT_VERSIONS and not ctx.metadata.links(found.key.reference, up=False)
        if held or surplus:
            resources.delete(ctx, found.key)


def _versions(ctx: Context, collected: Collected) -> Iterator[Resource]:
    """Give the versions that were made here, newest first; a user's own are left alone."""
    where = {"name": collected.asset.name}
    query = Browse("data", collected.asset.workspace, where=where, versions=True, archived=None)
    for found in reversed(resources.every(ctx, query)):
        if collected.tags.items() <= found.spec.tags.items():
            yield found


def _files(ctx: Context, found: Resource | None) -> list[Leaf]:
    status = found.status if found else None
    if not isinstance(status, DataStatus) or status.tree is None:
        return []
    return list(trees.load_tree(ctx, status.tree).leaves)
