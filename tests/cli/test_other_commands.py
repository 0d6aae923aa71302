"""Verbs of single nouns, against the fake server."""

from __future__ import annotations

import hashlib
import json

import pytest

WS = "/api/v1/workspaces/default"


def keep(fake, content: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    fake.blobs[digest] = content
    return digest


@pytest.fixture
def job(fake):
    """A job that has ended and left an output and a file."""
    model, report = keep(fake, b"model"), keep(fake, b"report")
    tree = keep(fake, json.dumps({"files": [["m.txt", model, 5, 420]]}).encode())
    fake.resources["jobs/j"] = {
        "name": "j",
        "status": "Completed",
        "started_at": 1.0,
        "ended_at": 2.5,
        "exit_code": 0,
        "usage": {"cpu_seconds": 1.0, "peak_memory_bytes": 2_000_000},
        "results": {"model": {"type": "custom_model", "tree": tree}},
    }
    fake.routes["GET", f"{WS}/jobs/j/outputs"] = lambda _: (
        200,
        {
            "outputs": {"model": {"type": "custom_model", "tree": tree}},
            "artifacts": [{"path": "outputs/report.txt", "digest": report, "size": 6}],
        },
    )
    fake.routes["GET", "/api/2.0/mlflow/runs/get"] = lambda _: (
        200,
        {
            "run": {
                "data": {
                    "metrics": [{"key": "r2", "value": 0.5}],
                    "params": [{"key": "a", "value": "1"}],
                }
            }
        },
    )
    return fake.resources["jobs/j"]


def test_a_job_is_shown_to_a_person_with_what_came_of_it(job, zaffre):
    shown = zaffre("job", "show", "j", "-o", "table").out
    for part in ("Completed", "1.5 s", "r2=0.5", "model=custom_model", "2.0 MB", "1, 6 B"):
        assert part in shown, shown


def test_metrics_that_are_no_numbers_are_shown(fake, job, zaffre):
    metrics = [{"key": key, "value": key} for key in ("NaN", "Infinity", "-Infinity")]
    run = {"run": {"data": {"metrics": [*metrics, {"key": "x", "value": 1}]}}}
    fake.routes["GET", "/api/2.0/mlflow/runs/get"] = lambda _: (200, run)
    for done in (zaffre("job", "show", "j", "-o", "table"), zaffre("job", "stream", "j")):
        assert done.code == 0, done.err
        assert "-Infinity=-inf Infinity=inf NaN=nan x=1" in done.out + done.err


def test_every_warning_is_in_the_summary(job, zaffre):
    job["warnings"] = ["a: the first.", "b: the second."]
    shown = zaffre("job", "show", "j", "-o", "table").out
    assert "a: the first." in shown
    assert "b: the second." in shown


def test_all_of_a_job_is_downloaded(job, zaffre, tmp_path):
    done = zaffre("job", "download", "-n", "j", "--all", "-p", "left")
    assert done.code == 0, done.err
    assert (tmp_path / "left" / "named-outputs" / "model" / "m.txt").read_text() == "model"
    assert (tmp_path / "left" / "artifacts" / "outputs" / "report.txt").read_text() == "report"
    assert len(done.result) == 2


def test_one_output_is_downloaded(job, zaffre, tmp_path):
    zaffre("job", "download", "-n", "j", "--output-name", "model", "--download-path", "one")
    assert (tmp_path / "one" / "named-outputs" / "model" / "m.txt").is_file()
    assert not (tmp_path / "one" / "artifacts").exists()
    wrong = zaffre("job", "download", "-n", "j", "--output-name", "nothing")
    assert wrong.code == 2
    assert "`model`" in wrong.err


def test_cancelling_waits_for_the_end(fake, job, zaffre):
    assert zaffre("job", "cancel", "-n", "j").code == 0
    assert job["did"] == "cancel"


def test_a_log_is_followed(fake, job, zaffre):
    assert zaffre("job", "logs", "j", "--follow").out == fake.log


def test_validation_needs_no_server(zaffre, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yml").write_text(
        "command: ls\nenvironment: e@latest\nidentity: {type: managed}\n"
    )
    done = zaffre("job", "validate", "-f", "job.yml")
    assert done.code == 0
    assert "Warning: job.yml:3" in done.err
    (tmp_path / "job.yml").write_text("command: ls\nenvironment: e@latest\ncode: nowhere\n")
    done = zaffre("job", "validate", "-f", "job.yml")
    assert done.code == 2
    assert "job.yml:3" in done.err


def test_a_lineage_is_drawn_or_exact(fake, job, zaffre):
    found = {
        "nodes": [
            {"id": "1", "kind": "job", "name": "j"},
            {"id": "2", "kind": "data", "name": "d", "version": "1"},
        ],
        "edges": [{"source": "2", "relation": "input", "target": "1"}],
    }
    fake.routes["GET", f"{WS}/lineage/job/j"] = lambda _: (200, found)
    assert zaffre("job", "show", "j", "--lineage").result == found
    assert "data d:1" in zaffre("job", "show", "j", "--lineage", "-o", "table").out
    assert "data d:1" in zaffre("lineage", "job", "j", "-o", "table").out


def test_the_lineage_of_a_model_is_that_of_its_latest_version(fake, zaffre):
    fake.resources["models/m/versions/3"] = {"name": "m", "version": "3"}
    fake.routes["GET", f"{WS}/lineage/model/m/3"] = lambda _: (200, {"nodes": [], "edges": []})
    assert zaffre("lineage", "model", "m").code == 0
    assert "Nothing is known" in zaffre("lineage", "model", "m:3", "-o", "table").out


def test_the_lineage_of_a_prediction_is_found_by_its_request_id(fake, zaffre):
    found = {
        "nodes": [
            {"id": "1", "kind": "request", "name": "mine-1"},
            {"id": "2", "kind": "model", "name": "m", "version": "3"},
        ],
        "edges": [{"source": "2", "relation": "model", "target": "1"}],
    }
    fake.routes["GET", f"{WS}/lineage"] = lambda _: (200, found)
    assert zaffre("lineage", "mine-1").result == found
    assert "model m:3" in zaffre("lineage", "mine-1", "-o", "table").out


def test_a_kind_that_is_not_there_has_no_lineage(zaffre):
    done = zaffre("lineage", "modle", "m:3")
    assert done.code == 2
    assert "Known: workspace" in done.err


def test_a_model_is_downloaded_into_a_folder_of_its_name(fake, zaffre, tmp_path):
    tree = keep(fake, json.dumps({"files": [["deep/a.txt", keep(fake, b"a"), 1, 420]]}).encode())
    fake.resources["models/m/versions/1"] = {"name": "m", "version": "1", "tree": tree}
    fake.resources["models/far/versions/1"] = {"name": "far", "version": "1", "path": "s3://b/m"}
    assert zaffre("model", "download", "-n", "m", "-v", "1", "-p", "here").code == 0
    assert (tmp_path / "here" / "m" / "deep" / "a.txt").read_text() == "a"
    far = zaffre("model", "download", "-n", "far")
    assert far.code == 1
    assert "s3://b/m" in far.err


def test_an_environment_is_built_and_waited_for(fake, zaffre):
    path = "environments/e/versions/1"
    fake.resources[path] = {"name": "e", "version": "1", "build_state": "ready"}
    assert zaffre("environment", "build", "-n", "e").result["build_state"] == "ready"
    fake.resources[path] = {
        "name": "e",
        "version": "1",
        "build_state": "failed",
        "build_error": "No such package.",
    }
    failed = zaffre("environment", "build", "-n", "e")
    assert failed.code == 1
    assert "No such package." in failed.err
    assert zaffre("environment", "build", "-n", "e", "--no-wait").code == 0


def test_the_log_of_a_build_is_printed_until_the_build_ends(fake, zaffre):
    place = f"{WS}/environments/e/versions/1/log"
    path = "environments/e/versions/1"
    fake.resources[path] = {"name": "e", "version": "1", "build_state": "building"}
    told = [b"one\n", b"one\ntwo\n"]

    def log(_):
        if len(told) == 1:
            fake.resources[path]["build_state"] = "ready"
        return 200, told.pop(0) if len(told) > 1 else told[0]

    fake.routes["GET", place] = log
    assert zaffre("environment", "logs", "-n", "e", "-F").out == "one\ntwo\n"
    fake.routes["GET", place] = lambda _: (200, b"")
    silent = zaffre("environment", "logs", "-n", "e")
    assert silent.out == ""
    assert "never built" in silent.err


def test_a_lock_is_printed(fake, zaffre):
    fake.resources["environments/e/versions/1"] = {"name": "e", "version": "1"}
    fake.routes["GET", f"{WS}/environments/e/versions/1/lock"] = lambda _: (200, b"{}\n")
    assert zaffre("environment", "lock", "-n", "e", "--platform", "linux-x86_64").out == "{}\n"


def test_collecting_garbage_is_a_dry_run_unless_it_is_told(fake, zaffre):
    fake.routes["POST", f"{WS}/gc"] = lambda _: (
        200,
        {"blobs": 3, "bytes": 5000, "deleted": False},
    )
    done = zaffre("workspace", "gc", "-o", "table")
    assert "3 blobs, 5.0 kB" in done.out
    assert "--delete" in done.err
    assert zaffre("workspace", "gc", "--delete").result["blobs"] == 3


def test_an_endpoint_answers(fake, zaffre, tmp_path):
    (tmp_path / "request.json").write_text('{"data": [1]}')
    fake.resources["online-endpoints/e"] = {
        "name": "e",
        "auth_mode": "key",
        "scoring_uri": f"{fake.url}/e/score",
    }
    fake.routes["GET", f"{WS}/online-endpoints/e/keys"] = lambda _: (
        200,
        {"primaryKey": "owner-token", "secondaryKey": "s"},
    )
    fake.routes["POST", "/e/score"] = lambda _: (200, [1.5])
    done = zaffre(
        "online-endpoint", "invoke", "-n", "e", "--request-file", "request.json", "-d", "green"
    )
    assert done.result == [1.5]
    fake.routes["POST", "/e/score"] = lambda _: (500, {"message": "An unexpected error occurred."})
    failed = zaffre("online-endpoint", "invoke", "-n", "e", "--request-file", "request.json")
    assert failed.code == 1
    assert "500" in failed.err
    assert "get-logs" in failed.err
    fake.routes["POST", "/e/score"] = lambda _: (404, {"message": "No deployment takes traffic."})
    failed = zaffre("online-endpoint", "invoke", "-n", "e", "--request-file", "request.json")
    assert "get-logs" not in failed.err
    assert "update --traffic" in failed.err


def test_keys_are_replaced(fake, zaffre):
    fake.resources["online-endpoints/e"] = {"name": "e"}
    fake.routes["GET", f"{WS}/online-endpoints/e/keys"] = lambda _: (
        200,
        {"primaryKey": "p", "secondaryKey": "new"},
    )
    done = zaffre("online-endpoint", "regenerate-keys", "-n", "e", "--key-type", "secondary")
    assert done.result["secondaryKey"] == "new"
    assert {"key_type": "secondary"} in fake.bodies


def test_a_deployments_log_is_printed(fake, zaffre):
    path = f"{WS}/online-endpoints/e/online-deployments/blue/logs"
    fake.routes["GET", path] = lambda query: (200, b"line 1\nline 2\n"[: 7 * int(query["lines"])])
    assert (
        zaffre("online-deployment", "get-logs", "-n", "blue", "-e", "e", "--lines", "1").out
        == "line 1\n"
    )


def test_mirrored_answers_are_printed(fake, zaffre):
    path = f"{WS}/online-endpoints/e/online-deployments/green/logs"
    fake.routes["GET", path] = lambda query: (200, f"mirrored {query['mirrored']}\n".encode())
    done = zaffre("online-deployment", "get-logs", "-n", "green", "-e", "e", "--mirrored")
    assert done.out == "mirrored true\n"


def test_a_rollback_leaves_alone_what_was_changed_meanwhile(fake, zaffre):
    path = "online-endpoints/e/online-deployments/blue"
    blue = {"name": "blue", "endpoint_name": "e", "provisioning_state": "Succeeded", "revision": 4}
    fake.resources[path] = blue
    done = zaffre("online-deployment", "rollback", "-n", "blue", "-e", "e", "-o", "json")
    assert done.code == 0, done.err
    assert done.result["did"] == "rollback"
    assert '"4"' in [headers["If-Match"] for headers in fake.headers]
    fake.resources["online-endpoints/e"] = {"name": "e", "revision": 7}
    assert zaffre("online-endpoint", "rollback", "e").code == 0
    assert fake.resources["online-endpoints/e"]["did"] == "rollback"


def test_completion_is_printed(zaffre):
    assert "_ZAFFRE_COMPLETE" in zaffre("completion", "bash").out


def test_web_is_understood(fake, job, zaffre):
    assert "studio" in zaffre("job", "show", "j", "--web").err
