"""The doctor finds what is broken, says which, and changes nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import context_at
from zaffre.errors import Unavailable
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.files import File
from zaffre.services import doctor, models, trees
from zaffre.services.context import Context
from zaffre.services.doctor import Finding


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    tmp_path.chmod(0o700)
    with context_at(tmp_path) as context:
        yield context


@pytest.fixture
def blob(ctx: Context) -> Path:
    """The file of a model's only content."""
    digest = ctx.artifacts.put([b"weights"]).digest
    tree = trees.store_tree(ctx, tree_of([Leaf("weights", digest, 7)]))
    models.create(ctx, Key("model", "default", "m"), ModelSpec(path=f"azureml://trees/{tree}"))
    path = ctx.artifacts.path(digest)
    assert path is not None
    return path


def found(ctx: Context, *, full: bool = False) -> list[tuple[str, str]]:
    diagnosis = doctor.examine(ctx, full=full)
    assert all(finding.fix for finding in diagnosis.findings)
    return [(finding.check, finding.severity) for finding in diagnosis.findings]


def test_a_healthy_home(ctx: Context, blob: Path):
    ctx.files.put("run:default/r", [File("a", ctx.artifacts.put([b"x"]).digest, 1)])
    for full in (False, True):
        assert found(ctx, full=full) == []
        assert doctor.examine(ctx, full=full).healthy


def test_an_open_home(ctx: Context, blob: Path):
    ctx.home.root.chmod(0o755)
    assert found(ctx) == [("folders", "error")]


def test_lost_content(ctx: Context, blob: Path):
    blob.unlink()
    diagnosis = doctor.examine(ctx)
    assert [finding.check for finding in diagnosis.findings] == ["trees"]
    assert diagnosis.findings[0].subject == "model:default/m:1"
    assert "`weights`" in diagnosis.findings[0].problem
    assert not diagnosis.healthy


def test_cut_content(ctx: Context, blob: Path):
    blob.chmod(0o600)
    blob.write_bytes(b"weight")
    blob.chmod(0o400)
    assert found(ctx) == [("trees", "error")]


def test_changed_content_needs_the_full_look(ctx: Context, blob: Path):
    blob.chmod(0o600)
    blob.write_bytes(b"WEIGHTS")
    blob.chmod(0o400)
    assert found(ctx) == []
    assert found(ctx, full=True) == [("content", "error")]


def test_content_that_can_be_written_to(ctx: Context, blob: Path):
    blob.chmod(0o600)
    assert found(ctx) == [("content", "warning")]
    assert doctor.examine(ctx).healthy


def test_a_lost_and_a_damaged_manifest(ctx: Context, blob: Path):
    tree = ctx.artifacts.path(models.versions(ctx, "default")[0].status.tree)  # type: ignore[attr-defined]
    assert tree is not None
    tree.chmod(0o600)
    tree.write_bytes(b"nonsense")
    tree.chmod(0o400)
    assert found(ctx) == [("trees", "error")]
    tree.unlink()
    assert found(ctx) == [("trees", "error")]


def test_lost_artifacts_of_a_run(ctx: Context):
    digest = ctx.artifacts.put([b"x"]).digest
    ctx.files.put("run:default/r", [File("a", digest, 1)])
    ctx.artifacts.discard(digest)
    assert found(ctx) == [("files", "error")]


def test_leftovers(ctx: Context):
    left = ctx.home.artifacts / "tmp" / "put-left"
    left.write_bytes(b"half")
    assert found(ctx) == []
    os.utime(left, (0, 0))
    assert found(ctx) == [("leftovers", "warning")]


def test_others_bring_their_checks(ctx: Context):
    def sick(_: Context) -> Iterator[Finding]:
        yield Finding("jobs", "job:default/j", "It has no process.", "Start the server.")

    def breaks(_: Context) -> Iterator[Finding]:
        raise Unavailable("The database is away.")
        yield

    diagnosis = doctor.examine(ctx, more=[("jobs", sick), ("database", breaks)])
    assert [finding.check for finding in diagnosis.findings] == ["jobs", "database"]
    assert "away" in diagnosis.findings[1].problem
    assert diagnosis.checks[-2:] == ["jobs", "database"]
