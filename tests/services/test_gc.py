"""Garbage collection takes what nothing refers to, and nothing else."""

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from served import context_at
from zaffre.errors import Failed
from zaffre.kinds.data import DataSpec
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.files import File
from zaffre.services import data, gc, models, trees
from zaffre.services.context import Context

HOUR = 3600


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with context_at(tmp_path) as context:
        yield context


def put(ctx: Context, content: bytes) -> str:
    return ctx.artifacts.put([content]).digest


def store(ctx: Context, **contents: bytes) -> str:
    """Store a tree and give its reference."""
    leaves = [Leaf(name, put(ctx, content), len(content)) for name, content in contents.items()]
    return f"azureml://trees/{trees.store_tree(ctx, tree_of(leaves))}"


def age(ctx: Context, hours: float = 48) -> None:
    """Make all content look old."""
    for blob, stored in ctx.artifacts.walk():
        path = ctx.artifacts.path(blob.digest)
        assert path is not None
        os.utime(path, (stored.timestamp() - hours * HOUR,) * 2)


def stored(ctx: Context) -> set[bytes]:
    return {ctx.artifacts.open(blob.digest).read() for blob, _ in ctx.artifacts.walk()}


def test_a_dry_run_deletes_nothing(ctx: Context):
    put(ctx, b"garbage")
    age(ctx)
    found = gc.collect(ctx)
    assert (found.blobs, found.bytes, found.deleted) == (1, 7, False)
    assert stored(ctx) == {b"garbage"}


def test_garbage_goes(ctx: Context):
    put(ctx, b"garbage")
    age(ctx)
    found = gc.collect(ctx, dry_run=False)
    assert (found.blobs, found.bytes, found.deleted) == (1, 7, True)
    assert stored(ctx) == set()


def test_young_content_stays(ctx: Context):
    put(ctx, b"upload under way")
    found = gc.collect(ctx, dry_run=False)
    assert (found.blobs, found.young) == (0, 1)
    assert stored(ctx) == {b"upload under way"}


def test_what_documents_and_runs_refer_to_stays(ctx: Context):
    data.create(ctx, Key("data", "default", "d"), DataSpec(path=store(ctx, a=b"of data")))
    models.create(ctx, Key("model", "default", "m"), ModelSpec(path=store(ctx, a=b"of model")))
    ctx.files.put("run:default/r", [File("a", put(ctx, b"of run"), 6)])
    store(ctx, a=b"of nobody")
    age(ctx)
    found = gc.collect(ctx, dry_run=False)
    assert found.blobs == 2
    contents = stored(ctx)
    assert {b"of data", b"of model", b"of run"} <= contents
    assert b"of nobody" not in contents
    assert len(contents) == 5


def test_all_versions_and_archived_ones_count(ctx: Context):
    key = Key("model", "default", "m")
    first = models.create(ctx, key, ModelSpec(path=store(ctx, a=b"one")))
    models.create(ctx, key, ModelSpec(path=store(ctx, a=b"two")))
    from zaffre.services import resources

    resources.archive(ctx, first.key)
    age(ctx)
    assert gc.collect(ctx, dry_run=False).blobs == 0


def test_a_deleted_model_is_garbage_later(ctx: Context):
    made = models.create(ctx, Key("model", "default", "m"), ModelSpec(path=store(ctx, a=b"x")))
    age(ctx)
    models.delete(ctx, made.key)
    assert gc.collect(ctx, dry_run=False).blobs == 2


def test_content_that_is_used_again_stays(ctx: Context):
    """Whoever is about to refer to old content asks for it first, and so makes it young."""
    digest = put(ctx, b"old but wanted")
    age(ctx)
    assert trees.missing(ctx, [digest]) == []
    assert gc.collect(ctx, dry_run=False).blobs == 0


def test_a_damaged_manifest_stops_it(ctx: Context):
    made = models.create(ctx, Key("model", "default", "m"), ModelSpec(path=store(ctx, a=b"x")))
    path = ctx.artifacts.path(made.status.tree)  # type: ignore[attr-defined,arg-type]
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"420", b"493"))
    age(ctx)
    with pytest.raises(Failed):
        gc.collect(ctx, dry_run=False)
    assert len(list(ctx.artifacts.walk())) == 2


def test_it_is_safe_beside_registrations(ctx: Context):
    """Models registered all the while, from content that was garbage a moment ago, stay whole."""
    references = [store(ctx, a=f"{n}".encode()) for n in range(15)]
    age(ctx)
    stop = threading.Event()

    def sweep() -> None:
        while not stop.wait(0.01):
            gc.collect(ctx, dry_run=False, grace=timedelta(hours=1))

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    made = []
    try:
        for number, reference in enumerate(references):
            try:
                made.append(
                    models.create(
                        ctx, Key("model", "default", f"m{number}"), ModelSpec(path=reference)
                    )
                )
            except Exception:  # noqa: BLE001 - it was garbage and is gone: that is told, not lost
                continue
    finally:
        stop.set()
        sweeper.join()
    for model in made:
        tree = trees.load_tree(ctx, model.status.tree)  # type: ignore[attr-defined,arg-type]
        assert ctx.artifacts.missing([leaf.digest for leaf in tree.leaves]) == []
