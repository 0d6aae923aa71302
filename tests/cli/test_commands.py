from __future__ import annotations

import json

import pytest

JOB = """\
command: echo hello
environment: azureml:e@latest
experiment_name: first
"""


@pytest.fixture
def job_file(tmp_path):
    path = tmp_path / "job.yml"
    path.write_text(JOB)
    return path


def test_a_job_is_created_from_its_file(fake, zaffre, job_file):
    done = zaffre(
        "job",
        "create",
        "-f",
        str(job_file),
        "--name",
        "j",
        "--set",
        "tags.owner=me",
        "--set",
        "limits.timeout=5",
    )
    assert done.code == 0, done.err
    assert done.result["name"] == "j"
    assert fake.bodies[-1]["tags"] == {"owner": "me"}
    assert fake.bodies[-1]["limits"] == {"timeout": 5}


def test_a_dry_run_sends_nothing(fake, zaffre, job_file):
    done = zaffre("job", "create", "-f", str(job_file), "--dry-run")
    assert done.code == 0
    assert "command: echo hello" in done.out
    assert not fake.calls


def test_a_wrong_document_names_file_line_and_field(fake, zaffre, tmp_path):
    (tmp_path / "job.yml").write_text("comand: ls\nenvironment: e@latest\n")
    done = zaffre("job", "create", "-f", "job.yml")
    assert done.code == 2
    assert done.out == ""
    assert "job.yml:1" in done.err
    assert "`command`" in done.err
    assert not fake.calls


def test_a_missing_code_folder_is_said_with_its_line(fake, zaffre, tmp_path):
    (tmp_path / "job.yml").write_text("command: ls\nenvironment: e@latest\ncode: ./no_such\n")
    done = zaffre("job", "create", "-f", "job.yml")
    assert done.code == 2
    assert "job.yml:3" in done.err
    assert "no_such" in done.err
    assert not fake.calls


def test_what_exists_is_a_failure(fake, zaffre, job_file):
    zaffre("job", "create", "-f", str(job_file), "--name", "j")
    done = zaffre("job", "create", "-f", str(job_file), "--name", "j")
    assert done.code == 1
    assert "exists" in done.err


def test_compute_is_created_from_flags_alone(fake, zaffre):
    done = zaffre(
        "compute",
        "create",
        "-n",
        "batch-cluster",
        "--type",
        "amlcompute",
        "--min-instances",
        "0",
        "--max-instances",
        "5",
    )
    assert done.code == 0, done.err
    body = fake.bodies[-1]
    assert (body["name"], body["type"], body["min_instances"], body["max_instances"]) == (
        "batch-cluster",
        "amlcompute",
        0,
        5,
    )


def test_a_model_is_created_from_flags_with_its_files(fake, zaffre, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.txt").write_text("x")
    done = zaffre("model", "create", "--name", "m", "--type", "mlflow_model", "--path", "model")
    assert done.code == 0, done.err
    assert fake.bodies[-1]["path"].endswith("/model")


def test_an_empty_folder_is_no_model(fake, zaffre, tmp_path):
    (tmp_path / "model").mkdir()
    done = zaffre("model", "create", "--name", "m", "--path", "model")
    assert done.code == 2
    assert "`model` is empty" in done.err
    assert not fake.calls


def test_deleting_the_latest_version_waits_for_that_one_alone(fake, zaffre):
    for version in ("1", "2"):
        fake.resources[f"data/d/versions/{version}"] = {"name": "d", "version": version}
    done = zaffre("data", "delete", "-n", "d", "--yes")
    assert done.code == 0, done.err
    assert list(fake.resources) == ["data/d/versions/1"]


def test_a_field_that_only_set_makes_is_placed_there(zaffre, job_file):
    done = zaffre("job", "create", "-f", str(job_file), "--set", "foo.bar=1")
    assert done.code == 2
    assert done.err.startswith("--set foo.bar=1: Unknown field `foo`")


def test_a_tag_to_list_by_has_a_value(fake, zaffre):
    done = zaffre("job", "list", "--tag", "owner")
    assert done.code == 2
    assert "KEY=VALUE" in done.err


def test_traffic_is_one_text(fake, zaffre):
    fake.resources["online-endpoints/e"] = {"name": "e", "traffic": {"blue": 100}}
    done = zaffre("online-endpoint", "update", "--name", "e", "--traffic", "blue=90 green=10")
    assert done.code == 0, done.err
    assert fake.bodies[-1] == {"traffic": {"blue": 90, "green": 10}}
    assert zaffre("online-endpoint", "update", "-n", "e", "--traffic", "blue:90").code == 2


def test_traffic_that_is_given_is_all_of_it(fake, zaffre):
    fake.resources["online-endpoints/e"] = {
        "name": "e",
        "traffic": {"blue": 50, "green": 50},
        "mirror_traffic": {"blue": 10},
    }
    words = ("--traffic", "green=100", "--mirror-traffic", "green=5")
    assert zaffre("online-endpoint", "update", "-n", "e", *words).code == 0
    assert fake.bodies[-1] == {
        "traffic": {"blue": 0, "green": 100},
        "mirror_traffic": {"blue": None, "green": 5},
    }


def test_a_workspace_of_azure_is_warned_of_on_one_line_and_not_written_for(
    fake, zaffre, tmp_path, monkeypatch
):
    (tmp_path / "config.json").write_text(
        json.dumps({"subscription_id": "s", "resource_group": "g", "workspace_name": "aml-ws"})
    )
    listed = zaffre("job", "list")
    assert listed.code == 0
    assert listed.err == "Warning: There is no workspace `aml-ws` here: `default` is used.\n"
    made = zaffre("compute", "create", "-n", "c", "--type", "amlcompute")
    assert made.code == 1
    assert "nothing is written elsewhere" in made.err
    assert not fake.resources
    assert (
        zaffre("compute", "create", "-n", "c", "--type", "amlcompute", "-w", "default").code == 0
    )


def test_mirror_traffic_and_queries(fake, zaffre):
    fake.resources["online-endpoints/e"] = {"name": "e", "traffic": {"blue": 100, "green": 0}}
    assert zaffre("online-endpoint", "update", "-n", "e", "--mirror-traffic", "green=10").code == 0
    assert fake.bodies[-1] == {"mirror_traffic": {"green": 10}}
    assert zaffre("online-endpoint", "show", "-n", "e", "--query", "traffic").result == {
        "blue": 100,
        "green": 0,
    }
    assert (
        zaffre("online-endpoint", "show", "-n", "e", "--query", "name", "-o", "tsv").out == "e\n"
    )
    assert zaffre("online-endpoint", "show", "-n", "e", "--query", "a..b").code == 2


def test_all_traffic_goes_to_the_new_deployment(fake, zaffre, tmp_path):
    fake.resources["online-endpoints/e"] = {"name": "e", "traffic": {"blue": 100}}
    (tmp_path / "score.py").write_text("")
    done = zaffre(
        *("online-deployment", "create", "--name", "green", "--endpoint", "e", "--all-traffic"),
        *(
            "--set",
            "code_configuration.code=.",
            "--set",
            "code_configuration.scoring_script=score.py",
        ),
        *("--set", "environment=azureml:x@latest", "--set", "model=azureml:m:1"),
    )
    assert done.code == 0, done.err
    assert fake.resources["online-endpoints/e"]["traffic"] == {"blue": 0, "green": 100}


def test_a_deployment_needs_its_endpoint(fake, zaffre):
    done = zaffre("online-deployment", "show", "-n", "blue")
    assert done.code == 2
    assert "-e ENDPOINT" in done.err


def test_update_sets_a_field(fake, zaffre):
    fake.resources["online-endpoints/e/online-deployments/blue"] = {
        "name": "blue",
        "endpoint_name": "e",
    }
    done = zaffre(
        "online-deployment",
        "update",
        "--name",
        "blue",
        "--endpoint-name",
        "e",
        "--set",
        "instance_count=2",
    )
    assert done.code == 0, done.err
    assert fake.bodies[-1] == {"instance_count": 2}


def test_lists_go_on_past_a_page_and_stop_where_asked(fake, zaffre):
    for index in range(230):
        fake.resources[f"jobs/j{index}"] = {"name": f"j{index}", "status": "Completed"}
    assert len(zaffre("job", "list", "-r", "210").result) == 210
    done = zaffre("job", "list", "-o", "table")
    assert len(done.out.splitlines()) == 51
    assert "--max-results" in done.err


def test_delete_asks_unless_it_is_told(fake, zaffre):
    fake.resources["computes/c"] = {"name": "c"}
    assert zaffre("compute", "delete", "-n", "c").code == 2
    assert zaffre("compute", "delete", "-n", "c", "--yes").code == 0
    assert zaffre("compute", "show", "-n", "c").code == 1


def test_versions_may_stand_in_the_name(fake, zaffre):
    fake.resources["models/m/versions/3"] = {"name": "m", "version": "3"}
    assert zaffre("model", "show", "m:3").result["version"] == "3"
    assert zaffre("model", "show", "-n", "m").result["version"] == "3"
    assert zaffre("model", "show", "m:3", "-v", "2").code == 2


def test_streaming_ends_with_a_summary_and_the_jobs_outcome(fake, zaffre):
    fake.resources["jobs/j"] = {
        "name": "j",
        "status": "Running",
        "started_at": 1.0,
        "ended_at": 4.0,
        "ends_as": "Failed",
    }
    done = zaffre("job", "stream", "-n", "j")
    assert done.out == fake.log
    assert "duration" in done.err
    assert "3.0 s" in done.err
    assert done.code == 1


def test_logs_are_printed_as_they_are(fake, zaffre):
    fake.resources["jobs/j"] = {"name": "j", "status": "Running"}
    assert zaffre("job", "logs", "-n", "j").out == fake.log


def test_an_interrupted_stream_says_how_to_come_back(fake, zaffre, monkeypatch):
    fake.resources["jobs/j"] = {"name": "j", "status": "Running"}

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zaffre.cli.streaming.Terminal.text", interrupt)
    done = zaffre("job", "stream", "-n", "j")
    assert done.code == 130
    assert "zaffre job stream -n j" in done.err


def test_a_misspelt_command_is_suggested(zaffre):
    done = zaffre("jbo", "list")
    assert done.code == 2
    assert "`job`" in done.err


def test_keys_are_only_in_the_answer_that_shows_them(fake, zaffre):
    path = "/api/v1/workspaces/default/online-endpoints/e/keys"
    fake.routes["GET", path] = lambda _: (200, {"primaryKey": "p", "secondaryKey": "s"})
    assert (
        zaffre(
            "online-endpoint", "get-credentials", "-n", "e", "--query", "primaryKey", "-o", "tsv"
        ).out
        == "p\n"
    )


def test_outputs_are_exact(fake, zaffre):
    fake.resources["computes/c"] = {"name": "c", "odd": "é\t\u001b[31m", "number": 0.1 + 0.2}
    assert zaffre("compute", "show", "-n", "c").result == fake.resources["computes/c"]
    assert json.dumps(0.1 + 0.2) in zaffre("compute", "show", "-n", "c", "-o", "yaml").out
    assert zaffre("compute", "show", "-n", "c", "-o", "none").out == ""
    assert "\u001b" not in zaffre("compute", "show", "-n", "c", "-o", "table").out
