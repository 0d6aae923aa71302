"""Jobs from submission to their end, on a compute that the test holds in hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.job_context import HeldBuilder, HeldCompute, command, job_context, journal_line
from zaffre.errors import Conflict, Failed, Invalid, NotFound, Stale
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.data import DataSpec
from zaffre.kinds.job_state import NEXT, TERMINAL, JobState
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import JournalGap
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.builder import Broken, Building, Container, Ready
from zaffre.ports.compute import Report
from zaffre.ports.metadata import Browse, Put
from zaffre.services import data, files, jobs, resources
from zaffre.services.context import Context
from zaffre.services.jobs import advancing, journals, pools
from zaffre.services.jobs.facts import key_of, state_of, status_of
from zaffre.services.jobs.variables import JobFacts, job_environment, tracking_url


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with job_context(tmp_path / "home") as made:
        yield made


@pytest.fixture
def compute(ctx: Context) -> HeldCompute:
    held = ctx.computes["local"]
    assert isinstance(held, HeldCompute)
    return held


def key(name: str = "j1") -> Key:
    return Key("job", "default", name)


def go_on(ctx: Context, name: str = "j1") -> Resource:
    """Advance until the job does not move any more."""
    for _ in range(20):
        if not jobs.advance(ctx, key(name)):
            break
    return ctx.metadata.get(key(name))


def state(ctx: Context, name: str = "j1") -> str:
    return state_of(ctx.metadata.get(key(name))).value


def run_status(ctx: Context, name: str = "j1") -> str:
    return ctx.tracking.get_info("default", name).status


def folder_tree(ctx: Context, **contents: bytes) -> str:
    leaves = []
    for path, content in contents.items():
        blob = ctx.artifacts.put([content])
        leaves.append(Leaf(f"{path}.txt", blob.digest, blob.size))
    return files.store_tree(ctx, tree_of(leaves))


def test_a_submitted_job_is_queued_and_has_its_run(ctx: Context) -> None:
    commit = {"mlflow.source.git.commit": "c0ffee", "other": "x"}
    spec = command(display_name="first", experiment_name="e", tags={"a": "b"}, properties=commit)
    job = jobs.submit(ctx, key(), spec)
    assert state_of(job) is JobState.QUEUED
    run = ctx.tracking.get_run("default", "j1")
    assert (run.info.name, run.info.status) == ("first", "SCHEDULED")
    assert {("a", "b"), ("mlflow.source.git.commit", "c0ffee")} <= set(run.tags)
    assert "other" not in dict(run.tags)
    found = ctx.metadata.browse(Browse("job", where={"state": "Queued", "experiment_name": "e"}))
    assert [one.key.name for one in found.items] == ["j1"]


def test_a_job_without_a_name_gets_one_that_can_be_said(ctx: Context) -> None:
    first = jobs.submit(ctx, key(""), command()).key.name
    second = jobs.submit(ctx, key(""), command()).key.name
    assert first != second
    assert len(first.split("_")) == 3


@pytest.mark.parametrize(
    ("spec", "field", "part"),
    [
        (command("x ${{inputs.dat}}", inputs={"data": 1}), "command", "Did you mean `data`?"),
        (command("x ${{outputs.y}}"), "command", "declare it under `outputs`"),
        (command(inputs={"a.b": 1}), "inputs.a.b", "becomes a variable"),
        (command(inputs={"x": {"path": "azureml:none:1"}}), "inputs.x.path", "data list"),
        (command(inputs={"x": {"path": "s3://b/k"}}), "inputs.x.path", "https address"),
        (command(inputs={"x": {"path": "/etc/passwd"}}), "inputs.x.path", "References begin"),
        (command(outputs={"x": {"path": "https://a/b"}}), "outputs.x.path", "leave the path out"),
        (
            command(outputs={"x": {"path": "azureml://datastores/none/paths/a"}}),
            "outputs.x.path",
            "",
        ),
        (command("a\0b"), "command", "code folder"),
        (command(environment_variables={"a=b": "1"}), "environment_variables", "letters"),
        (command(environment="azureml:none:1"), "environment", ""),
        (command(code="./src"), "code", "References begin"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(
    ctx: Context, spec, field: str, part: str
) -> None:
    with pytest.raises(Invalid) as caught:
        jobs.submit(ctx, key(), spec)
    problem = caught.value.problems[0]
    assert problem.place.field == field
    assert part in (problem.hint or "")
    assert not ctx.metadata.browse(Browse("job")).items


def test_a_taken_name_is_a_conflict(ctx: Context) -> None:
    jobs.submit(ctx, key(), command())
    with pytest.raises(Conflict):
        jobs.submit(ctx, key(), command())


def test_a_name_must_be_an_mlflow_run_id(ctx: Context) -> None:
    with pytest.raises(Invalid, match="no valid job name"):
        jobs.submit(ctx, key("a.b"), command())


def test_a_run_that_is_reported_cannot_be_submitted(ctx: Context) -> None:
    with pytest.raises(Invalid, match="cannot run yet"):
        jobs.submit(ctx, key(), kind("job").variants["run"]())


def test_a_job_goes_through_all_states(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    assert state_of(go_on(ctx)) is JobState.STARTING
    assert compute.starts == ["j1"]
    compute.reports["j1"] = Report("running", {"started_at": 10.0})
    assert status_of(go_on(ctx)).started_at == 10.0
    assert (state(ctx), run_status(ctx)) == ("Running", "RUNNING")
    compute.reports["j1"] = Report("finalizing", {"started_at": 10.0, "ended_at": 12.5})
    assert state_of(go_on(ctx)) is JobState.FINALIZING
    compute.end("j1")
    status = status_of(go_on(ctx))
    assert (status.status, status.exit_code, status.ended_at) == ("Completed", 0, 12.5)
    assert status.usage is not None
    assert status.usage.wall_seconds == 2.5
    info = ctx.tracking.get_info("default", "j1")
    assert (info.status, info.start_time, info.end_time) == ("FINISHED", 10_000, 12_500)
    assert jobs.advance(ctx, key()) is False


def test_a_terminal_state_is_never_left(ctx: Context, compute: HeldCompute) -> None:
    assert all(not NEXT[state] for state in TERMINAL)
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    compute.end("j1", "failed", error={"code": "exit_code", "message": "no"}, exit_code=3)
    assert state_of(go_on(ctx)) is JobState.FAILED
    compute.end("j1", "completed")
    go_on(ctx)
    assert state(ctx) == "Failed"
    with pytest.raises(Conflict):
        jobs.cancel(ctx, key())


def test_outputs_and_artifacts_are_kept_before_the_end(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(
        ctx,
        key(),
        command("x ${{outputs.m}} ${{outputs.f}}", outputs={"m": None, "f": {"type": "uri_file"}}),
    )
    go_on(ctx)
    plan = compute.plans["j1"]
    assert plan["env"]["ZAFFRE_OUT_f"] == str(compute.folder("j1") / "outputs/f/f")
    compute.end(
        "j1",
        outputs={"m": {"a/b.txt": b"1", "c.txt": b"1"}, "f": {"f": b"2"}},
        artifacts={"outputs/x.txt": b"1", "user_logs/std_log.txt": b"log\n"},
    )
    results = status_of(go_on(ctx)).results
    tree = files.load_tree(ctx, str(results["m"].tree))
    assert [leaf.path for leaf in tree.leaves] == ["a/b.txt", "c.txt"]
    assert results["f"].file == "f"
    listed = jobs.outputs(ctx, key())
    assert [one["path"] for one in listed["artifacts"]] == [
        "outputs/x.txt",
        "user_logs/std_log.txt",
    ]
    with ctx.artifacts.open(listed["artifacts"][0]["digest"]) as file:
        assert file.read() == b"1"
    links = ctx.metadata.links("job:default/j1", up=False)
    assert (f"tree:{results['m'].tree}", "output:m") in {
        (one.target, one.relation) for one in links
    }
    compute.root.rename(compute.root.with_name("gone"))
    assert jobs.logs(ctx, key(), 0, 100) == b"log\n"
    assert jobs.logs(ctx, key(), 2, 1) == b"g"
    assert jobs.logs(ctx, key(), 4, 100) == b""


def test_the_output_artifacts_is_the_run_folder(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command(outputs={"artifacts": None}))
    go_on(ctx)
    compute.end("j1", artifacts={"outputs/world.txt": b"w"})
    tree = status_of(go_on(ctx)).results["artifacts"].tree
    assert [leaf.path for leaf in files.load_tree(ctx, str(tree)).leaves] == ["outputs/world.txt"]


@pytest.mark.parametrize("place", ["/etc/passwd", "{jobs}/j1/../../token", "{jobs}/j1/.."])
def test_a_sealed_file_outside_the_folder_is_not_taken(
    ctx: Context, compute: HeldCompute, place: str
) -> None:
    (ctx.home.root / "token").write_text("secret")
    jobs.submit(ctx, key(), command(outputs={"m": None}))
    go_on(ctx)
    row = ["x", "sha256:" + "0" * 64, 1, 420, place.format(jobs=compute.root)]
    compute.end("j1", sealed={"outputs": {"m": [row]}, "artifacts": []})
    status = status_of(go_on(ctx))
    assert status.status == "Failed"
    assert status.error is not None
    assert "outside of the job's folder" in status.error.message
    assert (ctx.home.root / "token").exists()


def test_finalizing_may_be_repeated_after_a_crash(
    ctx: Context, compute: HeldCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.submit(ctx, key(), command(outputs={"m": None}))
    go_on(ctx)
    compute.end("j1", outputs={"m": {"a": b"1"}}, artifacts={"b": b"2"})
    apply = type(ctx.metadata).apply

    def crash(self, writes, actor):
        if any(
            isinstance(w, Put) and getattr(w.resource.status, "status", "") == "Completed"
            for w in writes
        ):
            raise KeyboardInterrupt
        return apply(self, writes, actor)

    monkeypatch.setattr(type(ctx.metadata), "apply", crash)
    with pytest.raises(KeyboardInterrupt):
        go_on(ctx)
    monkeypatch.undo()
    assert state(ctx) == "Starting"
    status = status_of(go_on(ctx))
    assert status.status == "Completed"
    assert len(files.load_tree(ctx, str(status.results["m"].tree)).leaves) == 1


def test_slots_are_kept_and_the_first_comes_first(ctx: Context, compute: HeldCompute) -> None:
    local = ctx.metadata.get(Key("compute", "default", "local"))
    resources.replace_spec(ctx, kind("compute"), local, LocalComputeSpec(slots=1))
    for name in ("a", "b", "c"):
        jobs.submit(ctx, key(name), command())
    assert [one.name for one in jobs.unfinished(ctx)] == ["a"]
    go_on(ctx, "a")
    assert [one.name for one in jobs.unfinished(ctx)] == ["a"]
    assert state_of(go_on(ctx, "b")) is JobState.QUEUED
    compute.end("a")
    go_on(ctx, "a")
    assert [one.name for one in jobs.unfinished(ctx)] == ["b"]
    assert state_of(go_on(ctx, "b")) is JobState.STARTING


def test_a_pool_of_its_own_has_its_own_slots(ctx: Context) -> None:
    local = ctx.metadata.get(Key("compute", "default", "local"))
    resources.replace_spec(ctx, kind("compute"), local, LocalComputeSpec(slots=1))
    resources.create(
        ctx, kind("compute"), Key("compute", "default", "side"), LocalComputeSpec(slots=2)
    )
    for name in ("a", "b"):
        jobs.submit(ctx, key(name), command())
    for name in ("s1", "s2", "s3"):
        jobs.submit(ctx, key(name), command(compute="azureml:side"))
    assert [one.name for one in jobs.unfinished(ctx)] == ["a", "s1", "s2"]


def test_a_cloud_compute_means_the_local_pool_with_a_warning(ctx: Context) -> None:
    job = jobs.submit(ctx, key(), command(compute="azureml:cpu-cluster"))
    assert pools.pool_of(ctx, "default", job.spec) == "local"
    assert any("cpu-cluster" in text for text in status_of(job).warnings)


def test_a_job_waits_for_its_environment(tmp_path: Path) -> None:
    builder = HeldBuilder(Building("h9", tmp_path / "log"))
    with job_context(tmp_path / "home", builder=builder) as ctx:
        jobs.submit(ctx, key(), command())
        assert state_of(go_on(ctx)) is JobState.PREPARING
        assert status_of(ctx.metadata.get(key())).environment_hash == "h9"
        builder.answer = HeldBuilder().answer
        assert state_of(go_on(ctx)) is JobState.STARTING


def test_a_broken_environment_fails_the_job_with_the_cause(tmp_path: Path) -> None:
    builder = HeldBuilder(Broken("h9", "No package `nope`.", tmp_path / "log", "Check it."))
    with job_context(tmp_path / "home", builder=builder) as ctx:
        jobs.submit(ctx, key(), command())
        status = status_of(go_on(ctx))
        assert (status.status, ctx.tracking.get_info("default", "j1").status) == (
            "Failed",
            "FAILED",
        )
        assert status.error is not None
        assert status.error.message == "No package `nope`. Check it."


def test_inputs_are_pinned_at_submission_and_resolved_at_the_start(
    ctx: Context, compute: HeldCompute
) -> None:
    one = folder_tree(ctx, iris=b"1")
    spec = DataSpec(type="uri_file", path=f"azureml://trees/{one}/iris.txt")
    data.create(ctx, Key("data", "default", "iris", "1"), spec)
    store = ctx.home.datastores / "default" / "workspaceblobstore"
    text = "x ${{inputs.d}} ${{inputs.s}} ${{inputs.p}} ${{inputs.w}} ${{inputs.t}}"
    jobs.submit(
        ctx,
        key(),
        command(
            text,
            inputs={
                "d": {"type": "uri_file", "path": "azureml:iris@latest"},
                "p": {
                    "type": "uri_file",
                    "path": "azureml://datastores/workspaceblobstore/paths/a/b.csv",
                },
                "w": {"type": "uri_file", "path": "https://example.org/x%20y.csv?q=1"},
                "t": {"path": f"azureml://trees/{one}"},
                "s": "it's; rm -rf /",
            },
        ),
    )
    status = status_of(ctx.metadata.get(key()))
    assert status.resolved_inputs["d"] == "azureml:iris:1"
    data.create(ctx, Key("data", "default", "iris", "2"), spec)
    (store / "a").mkdir(parents=True)
    (store / "a/b.csv").write_text("x")
    go_on(ctx)
    plan = compute.plans["j1"]
    inputs = {given["name"]: given for given in plan["inputs"]}
    place = compute.folder("j1") / "inputs"
    env = plan["env"]
    assert env["ZAFFRE_IN_d"] == str(place / "d/iris.txt") == env["AZUREML_INPUT_d"]
    assert inputs["d"]["tree"]["files"][0][0] == "iris.txt"
    assert (inputs["p"]["path"], inputs["p"]["file"]) == (str(store / "a/b.csv"), "b.csv")
    assert env["ZAFFRE_IN_w"] == str(place / "w/x y.csv")
    assert env["ZAFFRE_IN_t"] == str(place / "t")
    assert env["ZAFFRE_IN_s"] == "it's; rm -rf /"
    assert "rm -rf" not in plan["command"]
    links = {(one.source, one.relation) for one in ctx.metadata.links("job:default/j1", up=True)}
    assert ("data:default/iris:1", "input:d") in links
    assert (f"tree:{one}", "input:t") in links


def test_an_output_in_a_datastore_goes_there(ctx: Context, compute: HeldCompute) -> None:
    path = "azureml://datastores/${{default_datastore}}/paths/${{name}}/out.txt"
    jobs.submit(ctx, key(), command(outputs={"o": {"type": "uri_file", "path": path}}))
    go_on(ctx)
    place = ctx.home.datastores / "default" / "workspaceblobstore" / "j1" / "out.txt"
    assert compute.plans["j1"]["outputs"][0]["path"] == str(place)


def test_code_is_given_and_linked(ctx: Context, compute: HeldCompute) -> None:
    tree = folder_tree(ctx, main=b"print()")
    jobs.submit(ctx, key(), command(code=f"azureml://trees/{tree}"))
    go_on(ctx)
    assert Path(compute.plans["j1"]["code"]).name == tree.removeprefix("sha256:")
    links = {(one.source, one.relation) for one in ctx.metadata.links("job:default/j1", up=True)}
    assert (f"tree:{tree}", "code") in links
    assert ("environment_build:h1", "environment") in links


def test_what_cannot_be_resolved_fails_the_job(ctx: Context) -> None:
    tree = folder_tree(ctx, x=b"1")
    jobs.submit(ctx, key(), command(inputs={"x": {"path": f"azureml://trees/{tree}/none.txt"}}))
    status = status_of(go_on(ctx))
    assert status.status == "Failed"
    assert status.error is not None
    assert (status.error.code, "none.txt" in status.error.message) == ("inputs", True)


def test_a_queued_job_is_canceled_at_once(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    assert state_of(jobs.cancel(ctx, key())) is JobState.CANCELED
    assert run_status(ctx) == "KILLED"
    assert state_of(jobs.cancel(ctx, key())) is JobState.CANCELED
    assert compute.starts == []


@pytest.mark.parametrize("began", [True, False])
def test_a_cancel_is_seen_through(ctx: Context, compute: HeldCompute, *, began: bool) -> None:
    if not began:
        ctx.builder.answer = Building("h9", Path("/none"))
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    assert state_of(jobs.cancel(ctx, key())) is JobState.CANCEL_REQUESTED
    assert compute.canceled == ["j1"]
    if began:
        go_on(ctx)
        assert state(ctx) == "CancelRequested"
        compute.end("j1", "canceled", exit_code=None)
    assert state_of(go_on(ctx)) is JobState.CANCELED
    assert run_status(ctx) == "KILLED"


def test_a_job_that_ended_before_its_cancel_keeps_its_true_end(
    ctx: Context, compute: HeldCompute
) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    compute.end("j1")
    jobs.cancel(ctx, key())
    assert state_of(go_on(ctx)) is JobState.COMPLETED


def test_a_lost_job_fails_with_the_cause(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    compute.reports["j1"] = Report("running", {})
    go_on(ctx)
    compute.reports["j1"] = Report("lost", {})
    status = status_of(go_on(ctx))
    assert status.error is not None
    assert (status.status, status.error.code) == ("Failed", "launcher_lost")


def test_a_running_job_whose_folder_is_gone_fails(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    compute.reports["j1"] = Report("running", {})
    go_on(ctx)
    del compute.reports["j1"]
    status = status_of(go_on(ctx))
    assert status.error is not None
    assert (status.status, status.error.code) == ("Failed", "lost")


def test_a_job_that_can_never_begin_fails(
    ctx: Context, compute: HeldCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args):
        raise Failed("never")

    monkeypatch.setattr(HeldCompute, "start", never)
    jobs.submit(ctx, key(), command())
    status = status_of(go_on(ctx))
    assert status.error is not None
    assert (status.status, status.error.code) == ("Failed", "launcher")


def test_a_deleted_run_does_not_hold_its_job_up(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    (compute.folder("j1") / "journal.jsonl").write_bytes(journal_line("m", "a", 1.0, 1, 1))
    ctx.tracking.stage_run("default", "j1", "deleted")
    compute.end("j1", artifacts={"x": b"1"})
    assert state_of(go_on(ctx)) is JobState.COMPLETED


def test_a_start_is_repeated_only_until_it_has_begun(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    go_on(ctx)
    assert compute.starts == ["j1"]


def test_a_missing_run_is_made_again(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(ctx.tracking), "create_run", crash)
    with pytest.raises(KeyboardInterrupt):
        jobs.submit(ctx, key(), command())
    monkeypatch.undo()
    with pytest.raises(NotFound):
        ctx.tracking.get_info("default", "j1")
    go_on(ctx)
    assert run_status(ctx) == "SCHEDULED"


def test_a_stale_move_is_tried_again(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.submit(ctx, key(), command())

    def stale(*_args, **_kwargs):
        raise Stale("moved")

    monkeypatch.setattr(type(ctx.metadata), "apply", stale)
    assert jobs.advance(ctx, key()) is True


def test_the_journal_is_taken_exactly_once(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    first = journal_line("m", "loss", 0.5, 1000, 1) + journal_line("p", "lr", "0.1")
    second = journal_line("m", "loss", "NaN", 2000, 2) + journal_line("t", "note", "x")
    assert jobs.journal(ctx, key(), 0, first + b'["m","cut') == len(first)
    with pytest.raises(JournalGap) as gap:
        jobs.journal(ctx, key(), 0, first)
    assert gap.value.stored == len(first)
    rest = journal_line("p", "lr", "0.2") + b"rubbish\n" + journal_line("m", "k" * 300, 1.0, 1, 1)
    journal = compute.folder("j1") / "journal.jsonl"
    journal.write_bytes(first + second + rest)
    compute.end("j1")
    go_on(ctx)
    history = ctx.tracking.history("default", "j1", "loss").points
    assert [(point.step, point.timestamp) for point in history] == [(1, 1000), (2, 2000)]
    run = ctx.tracking.get_run("default", "j1")
    assert list(run.params) == [("lr", "0.1")]
    assert ("note", "x") in run.tags
    assert ctx.tracking.journal_offset("default", "j1") == len(first + second + rest)


def test_a_journal_line_longer_than_a_piece_is_taken_whole(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "PIECE", 16)
    jobs.submit(ctx, key(), command())
    path = tmp_path / "journal"
    path.write_bytes(
        journal_line("m", "loss", 0.5, 1000, 1) + journal_line("t", "a" * 100, "b" * 100)
    )
    journals.take_rest(ctx, key(), path)
    assert ctx.tracking.journal_offset("default", "j1") == path.stat().st_size


def test_delete_wants_an_ended_job(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    with pytest.raises(Conflict, match="has not ended"):
        jobs.delete(ctx, key())
    jobs.cancel(ctx, key())
    jobs.delete(ctx, key())
    with pytest.raises(NotFound):
        ctx.metadata.get(key())
    assert ctx.tracking.get_info("default", "j1").stage == "deleted"


def test_folders_of_ended_jobs_are_tidied(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key("a"), command())
    jobs.submit(ctx, key("b"), command())
    go_on(ctx, "a")
    go_on(ctx, "b")
    compute.end("a")
    go_on(ctx, "a")
    (compute.root / "stranger").mkdir()
    assert jobs.tidy(ctx) == 2
    assert set(compute.reports) == {"b"}


def test_places_tell_workspaces_apart() -> None:
    assert key_of("j1") == key("j1")
    assert key_of("w@j1") == Key("job", "w", "j1")


def test_the_token_of_a_job_ends_with_it(ctx: Context, compute: HeldCompute) -> None:
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    token = compute.plans["j1"]["token"]
    principal = ctx.tokens.check(token)
    assert principal is not None
    assert (principal.job, principal.workspace) == ("j1", "default")
    compute.end("j1")
    go_on(ctx)
    assert ctx.tokens.check(token) is None


def test_a_job_has_the_variables_of_mlflow_and_azure() -> None:
    facts = JobFacts(
        "w", "j", "http://s", "t", "3", "exp", inputs={"x": "/p"}, outputs={"y": "/q"}
    )
    found = job_environment(facts)
    assert found["MLFLOW_TRACKING_URI"] == tracking_url("http://s", "w") == "http://s/workspaces/w"
    assert found["MLFLOW_RUN_ID"] == found["AZUREML_RUN_ID"] == "j"
    assert found["AZUREML_INPUT_x"] == found["AZUREML_DATAREFERENCE_x"] == "/p"
    assert found["AZUREML_OUTPUT_y"] == "/q"
    assert found["AZUREML_ARM_WORKSPACE_NAME"] == "w"
    assert found["MLFLOW_EXPERIMENT_NAME"] == found["AZUREML_EXPERIMENT_NAME"] == "exp"


def test_time_passes_in_the_clock_alone(ctx: Context) -> None:
    jobs.submit(ctx, key(), command())
    ctx.clock.pass_by(timedelta(seconds=5))
    status = status_of(jobs.cancel(ctx, key()))
    assert status.queued_at is not None
    assert status.ended_at == status.queued_at + 5


def test_outputs_with_a_name_are_registered_once(
    ctx: Context, compute: HeldCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {
        "m": {"type": "custom_model", "name": "net"},
        "d": {"type": "uri_folder", "name": "table", "version": "7"},
        "x": {"type": "mlflow_model", "name": "bad"},
    }
    jobs.submit(ctx, key(), command(outputs=outputs))
    go_on(ctx)
    compute.end("j1", outputs={"m": {"w": b"1"}, "d": {"t": b"2"}, "x": {"f": b"3"}})
    original = advancing.move

    def crash(ctx, job, state, **facts):
        if state is JobState.COMPLETED:
            raise KeyboardInterrupt
        return original(ctx, job, state, **facts)

    monkeypatch.setattr(advancing, "move", crash)
    with pytest.raises(KeyboardInterrupt):
        go_on(ctx)
    monkeypatch.undo()
    status = status_of(go_on(ctx))
    assert status.status == "Completed"
    assert {name: result.asset for name, result in status.results.items()} == {
        "m": "azureml:net:1",
        "d": "azureml:table:7",
        "x": None,
    }
    assert any("no MLmodel file" in text for text in status.warnings)
    model = ctx.metadata.get(Key("model", "default", "net", "latest"))
    assert (model.key.version, model.status.tree) == ("1", status.results["m"].tree)


def test_a_job_in_an_image_is_planned_without_an_interpreter(
    ctx: Context, compute: HeldCompute
) -> None:
    image = Container("/usr/bin/podman", "sha256:12")
    nothing = Path()
    ctx.builder.answer = Ready("h1", nothing, nothing, container=image)
    jobs.submit(ctx, key(), command())
    go_on(ctx)
    plan = next(iter(compute.plans.values()))
    assert plan["container"] == {"engine": "/usr/bin/podman", "image": "sha256:12"}
    assert "python" not in plan


def test_what_is_not_as_asked_of_an_environment_is_said_with_the_job(ctx: Context) -> None:
    ctx.builder.answer = replace(ctx.builder.answer, warnings=("The image is not used.",))
    jobs.submit(ctx, key(), command())
    assert "The image is not used." in status_of(go_on(ctx)).warnings
