"""Captured traffic becomes versions of data: each row once, within limits, whatever crashes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.endpoint_context import BLUE, Stage, stage
from zaffre.errors import NotFound
from zaffre.kinds.resource import Key
from zaffre.kinds.tree import Leaf
from zaffre.kinds.workspace import WorkspaceSpec
from zaffre.ports.capture_tables import Answered, Table
from zaffre.services import captures, lineage, trees, workspaces
from zaffre.services.captures import kept_of

COLLECTOR = {"collections": {"model_inputs": {"enabled": "True"}, "model_outputs": None}}


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.ctx = replace(found.ctx, tables=Tables())
        found.endpoint()
        yield found


def journal(on: Stage) -> Path:
    folder = on.ctx.home.captures / "default" / "churn" / "blue"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sealed(on: Stage, *names: str) -> None:
    for name in names:
        (journal(on) / f"{name}.sealed").write_text(f"{name} ")


class Tables:
    """Plays the program that makes tables: a word for each segment."""

    def write(self, batch: Path) -> None:
        text = "".join(path.read_text() for path in sorted(batch.glob("*.sealed")))
        for name in ("model_inputs", "model_outputs", "features", "scores", "off"):
            (batch / f"{name}.parquet").write_text(text)

    def find(self, tables: Sequence[Table], request_id: str) -> Answered | None:
        for table in tables:
            if request_id in table.path.read_text():
                return Answered(request_id, 1.0, "churn", "blue", "churn.blue.gone")
        return None


def collect(on: Stage) -> None:
    for folder in captures.journals(on.ctx):
        while captures.collect(on.ctx, folder):
            pass


def asset(on: Stage, version: str = "latest", name: str = "churn-blue-model_inputs") -> Any:
    return on.ctx.metadata.get(Key("data", "default", name, version))


def content(on: Stage, found: Any) -> str:
    leaves = trees.load_tree(on.ctx, found.status.tree).leaves
    return "".join(on.ctx.artifacts.open(leaf.digest).read().decode() for leaf in leaves)


def test_the_gateway_is_told_what_to_capture(on: Stage) -> None:
    logging = {"capture_headers": ["x-customer"]}
    on.deployment(data_collector={**COLLECTOR, "sampling_rate": 0.5, "request_logging": logging})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["capture"] == {
        "folder": str(on.ctx.home.captures / "default" / "churn" / "blue"),
        "inputs": True, "outputs": True, "rate": 0.5, "span": 3600, "headers": ["x-customer"],
        "custom": [],
    }  # fmt: skip


def test_a_changed_collector_starts_no_new_workers(on: Stage) -> None:
    on.deployment()
    on.settle()
    before = on.served()
    on.change(BLUE, data_collector=COLLECTOR)
    entry = on.served()
    assert before is not None
    assert entry is not None
    assert before["capture"] is None
    assert entry["id"] == before["id"]
    assert entry["capture"]["inputs"]


def test_each_version_holds_everything_so_far(on: Stage) -> None:
    on.deployment(data_collector=COLLECTOR)
    sealed(on, "20260101T10-a", "20260101T11-b")
    collect(on)
    sealed(on, "20260102T10-c")
    collect(on)
    latest = asset(on)
    assert latest.key.version == "2"
    assert content(on, latest) == "20260101T10-a 20260101T11-b 20260102T10-c "
    assert content(on, asset(on, "1")) == "20260101T10-a 20260101T11-b "
    assert [leaf.path for leaf in trees.load_tree(on.ctx, latest.status.tree).leaves] == [
        "2026/01/01/20260101T10-a.parquet",
        "2026/01/02/20260102T10-c.parquet",
    ]
    assert list(journal(on).iterdir()) == []


def test_it_is_known_where_captured_data_is_from(on: Stage) -> None:
    on.deployment(data_collector=COLLECTOR)
    sealed(on, "20260101T10-a")
    collect(on)
    relations = {link.relation: link.source for link in on.ctx.metadata.links("data:default/churn-blue-model_inputs:1", up=True)}  # fmt: skip
    assert relations["captured"] == BLUE.reference


class Crash(Exception):
    pass


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    on: Stage, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    on.deployment(data_collector=COLLECTOR)
    sealed(on, "20260101T10-a", "20260101T11-b")
    left = [step]

    def counted(real: Any) -> Any:
        def act(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            found = real(*args, **named)
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            return found

        return act

    with monkeypatch.context() as patch:
        for owner, name in (
            (Path, "rename"), (captures.shutil, "rmtree"), (captures.resources, "create"), (captures.trees, "store_tree"),
        ):  # fmt: skip
            patch.setattr(owner, name, counted(getattr(owner, name)))
        with contextlib.suppress(Crash):
            collect(on)
    sealed(on, "20260101T12-c")
    collect(on)
    assert sorted(content(on, asset(on)).split()) == [
        "20260101T10-a", "20260101T11-b", "20260101T12-c",
    ]  # fmt: skip
    assert list(journal(on).iterdir()) == []


def test_files_past_the_retention_go_and_the_versions_that_hold_them(on: Stage) -> None:
    on.deployment(data_collector={**COLLECTOR, "retention_days": 30})
    now = on.ctx.clock.now()
    old, young = (f"{now - timedelta(days=days):%Y%m%d}T10-x" for days in (29, 1))
    sealed(on, old)
    collect(on)
    sealed(on, young)
    collect(on)
    on.ctx.clock.pass_by(timedelta(days=5))  # type: ignore[attr-defined]  # the tests' clock
    captures.retain(on.ctx)
    assert content(on, asset(on)).split() == [young]
    with pytest.raises(Exception, match="no data"):
        asset(on, "2")


def test_a_users_own_data_of_that_name_is_left_alone(on: Stage) -> None:
    from zaffre.kinds.data import DataSpec
    from zaffre.services import data

    own = DataSpec(type="uri_folder", path=on.tree(a__csv="own"))
    data.create(on.ctx, Key("data", "default", "mine"), own)
    named = {"collections": {"model_inputs": {"data": {"name": "mine"}}}}
    on.deployment(data_collector=named)
    sealed(on, "20260101T10-a")
    collect(on)
    assert content(on, asset(on, "1", "mine")) == "own"
    assert content(on, asset(on, "2", "mine")) == "20260101T10-a "


def test_the_journal_of_a_deployment_that_is_gone_is_kept(on: Stage) -> None:
    sealed(on, "20260101T10-a")
    collect(on)
    assert content(on, asset(on)) == "20260101T10-a "


def logged(on: Stage, request: str, **facts: Any) -> None:
    line = {"time": 1.0, "id": request, "endpoint": "churn", "deployment": "blue", **facts}
    on.ctx.home.logs.mkdir(exist_ok=True)
    with (on.ctx.home.logs / "requests.log").open("a") as log:
        log.write(json.dumps({**line, "status": 200, "ms": 1.5}, separators=(",", ":")) + "\n")


def test_a_request_that_reached_no_deployment_says_so(on: Stage) -> None:
    logged(on, "lost", deployment="")
    with pytest.raises(NotFound, match="reached no deployment of endpoint `churn`"):
        lineage.walk_request(on.ctx, "default", "lost")


def came_of(on: Stage, request: str) -> set[str]:
    found = lineage.walk_request(on.ctx, "default", request)
    return {edge["source"].partition(":")[0] for edge in found["edges"]}


def test_a_logged_request_leads_to_what_answered_it_then(on: Stage) -> None:
    on.deployment(model={"name": "net", "version": "1", "path": on.tree(a__pkl="old")})
    on.settle()
    entry = on.served()
    assert entry is not None
    logged(on, "before", revision=entry["id"])
    on.change(BLUE, model={"name": "net", "version": "2", "path": on.tree(a__pkl="new")})
    on.settle()
    found = lineage.walk_request(on.ctx, "default", "before")
    assert found["start"] == "request:default/before"
    kinds = {node["kind"]: node for node in found["nodes"]}
    assert kinds["model"]["version"] == "1"
    assert {"revision", "model", "tree", "environment_build"} <= came_of(on, "before")
    assert kinds["request"]["milliseconds"] == 1.5


def test_of_a_mirrored_request_the_answer_counts_that_somebody_got(on: Stage) -> None:
    on.deployment()
    on.settle()
    logged(on, "x", revision=(on.served() or {})["id"])
    logged(on, "x", revision="churn.green.1", deployment="green", mirrored=True)
    assert lineage.walk_request(on.ctx, "default", "x")["nodes"][0]["deployment"] == "blue"


def test_a_captured_request_is_found_after_the_log_forgot_it(on: Stage) -> None:
    on.deployment(data_collector=COLLECTOR)
    on.settle()
    sealed(on, "20260101T10-a")
    collect(on)
    assert "online_deployment" in came_of(on, "20260101T10-a")
    with pytest.raises(NotFound, match="Nothing is known of request `other`"):
        lineage.walk_request(on.ctx, "default", "other")


def test_requests_of_another_workspace_are_unknown(on: Stage) -> None:
    on.deployment()
    on.settle()
    logged(on, "x", revision=(on.served() or {})["id"])
    workspaces.create(on.ctx, Key("workspace", "", "other"), WorkspaceSpec())
    with pytest.raises(NotFound):
        lineage.walk_request(on.ctx, "other", "x")


def test_lineage_of_a_model_is_not_crowded_with_revisions(on: Stage) -> None:
    on.deployment(model={"name": "net", "version": "1", "path": on.tree(a__pkl="old")})
    found = lineage.walk(on.ctx, Key("model", "default", "net", "1"), "down")
    assert "revision" not in {node["kind"] for node in found["nodes"]}


def test_of_files_the_newest_that_fit_are_kept() -> None:
    files = [Leaf(f"2026/01/0{day}/x.parquet", "", 10) for day in (1, 2, 3, 4)]
    assert kept_of(files, "", 25) == [files[3], files[2]]
    assert kept_of(files, "2026/01/03", 1000) == [files[3], files[2]]
    assert kept_of(files, "", 1) == [files[3]]
    assert kept_of(files, "2027/01/01", 1000) == []


def test_what_a_script_collects_needs_a_script(on: Stage) -> None:
    chosen = {"collections": {"model_inputs": None, "request": None}}
    spec = on.spec(data_collector=chosen)
    assert not [field for field, _ in spec.remarks() if field == "data_collector"]
    bare = spec.model_copy(update={"code_configuration": None})
    assert [text for field, text in bare.remarks() if field == "data_collector"] == [
        "Without a script nobody collects `request`."
    ]
    with pytest.raises(ValueError, match="collections"):
        on.spec(data_collector={"collections": {"../up": None}})


def test_what_a_script_collects_becomes_data_of_its_own(on: Stage) -> None:
    names = {
        "features": None,
        "scores": {"data": {"name": "all-scores"}},
        "off": {"enabled": False},
    }
    on.deployment(data_collector={"collections": names})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["capture"]["custom"] == ["features", "scores"]
    sealed(on, "20260101T10-a")
    collect(on)
    for name in ("churn-blue-features", "all-scores"):
        assert content(on, asset(on, name=name)) == "20260101T10-a "
    with pytest.raises(NotFound):
        asset(on, name="churn-blue-off")
