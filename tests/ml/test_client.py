from __future__ import annotations

import math
import subprocess
import sys

import pytest

from zaffre.errors import Failed, Invalid
from zaffre.ml import MLClient, command
from zaffre.ml.entities import (
    AmlCompute,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)
from zaffre.ml.exceptions import ResourceExistsError, ResourceNotFoundError


def test_the_import_loads_nothing_heavy():
    code = "import sys, zaffre.ml; print([m for m in ('pydantic', 'httpx2', 'yaml', 'click', 'ssl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_table_is_there():
    import zaffre.ml

    for name in zaffre.ml.__all__:
        assert getattr(zaffre.ml, name) is not None
    with pytest.raises(AttributeError, match="no_such"):
        zaffre.ml.no_such  # noqa: B018


def test_compute_as_azures_notebooks_get_or_create_it(client):
    with pytest.raises(ResourceNotFoundError):
        client.compute.get("cpu-cluster")
    made = client.compute.begin_create_or_update(
        AmlCompute(name="cpu-cluster", min_instances=0, max_instances=4)
    ).result()
    assert made.name == "cpu-cluster"
    assert client.compute.get("cpu-cluster").max_instances == 4


def test_a_job_is_submitted_and_seen(fake, client):
    job = client.jobs.create_or_update(
        command(command="ls", environment="e@latest"), experiment_name="x"
    )
    assert job.status == "Queued"
    assert client.jobs.get(job.name).experiment_name == "x"
    assert (
        client.create_or_update(command(command="ls", environment="e@latest", name="two")).name
        == "two"
    )
    with pytest.raises(ResourceExistsError):
        client.jobs.create_or_update(command(command="ls", environment="e@latest", name="two"))


def test_metrics_are_numbers_though_json_has_none_for_some(fake, client):
    metrics = [
        {"key": "n", "value": "NaN"},
        {"key": "i", "value": "-Infinity"},
        {"key": "x", "value": 1},
    ]
    run = {"run": {"data": {"metrics": metrics}}}
    fake.routes["GET", "/api/2.0/mlflow/runs/get"] = lambda _: (200, run)
    found = client.jobs.metrics("j")
    assert math.isnan(found.pop("n"))
    assert found == {"i": -math.inf, "x": 1.0}
    assert all(isinstance(value, float) for value in found.values())


def test_lists_are_fetched_page_by_page_when_they_are_reached(fake, client):
    for index in range(250):
        fake.resources[f"jobs/j{index}"] = {"name": f"j{index}", "status": "Completed"}
    jobs = client.jobs.list()
    assert not fake.calls
    assert next(jobs).name == "j0"
    assert len(fake.calls) == 1
    assert len(list(jobs)) == 249
    assert len(fake.calls) == 3


def test_a_list_ends_where_it_was_asked_to(fake, client):
    for number in range(5):
        fake.resources[f"jobs/j{number}"] = {"name": f"j{number}"}
    assert len(list(client.jobs.list(max_results=2))) == 2
    assert [path for path in fake.asked("GET") if "limit=2" in path]
    assert list(client.jobs.list(max_results=0)) == []


def test_a_filter_that_lists_do_not_know_is_refused_at_once(fake, client):
    with pytest.raises(TypeError, match="Did you mean `experiment_name`"):
        client.jobs.list(experiment_nam="e")
    with pytest.raises(TypeError, match="`zzz`"):
        client.online_deployments.list("e", zzz=1)
    assert not fake.calls


def test_versions(fake, client):
    for version in ("1", "2"):
        fake.resources[f"models/m/versions/{version}"] = {
            "name": "m",
            "version": version,
            "path": "x",
        }
    assert client.models.get("m", "1").version == "1"
    assert client.models.get("m", label="latest").version == "2"
    assert [model.version for model in client.models.list("m")] == ["1", "2"]
    with pytest.raises(Invalid):
        client.models.get("m", "1", label="latest")
    client.models.archive("m", "1")
    assert fake.resources["models/m/versions/1"]["did"] == "archive"


def test_an_endpoint_and_its_deployment(fake, client, tmp_path):
    endpoint = client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name="e")
    ).result()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}")
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="e",
        model=Model(path=tmp_path / "model", type="mlflow_model"),
        environment=Environment(python="current"),
    )
    made = client.online_deployments.begin_create_or_update(deployment).result()
    assert made.model.path.endswith("/model")
    assert client.online_deployments.get("blue", "e").endpoint_name == "e"
    endpoint.traffic = {"blue": 100}
    client.begin_create_or_update(endpoint).result()
    assert client.online_endpoints.get("e").traffic.blue == 100
    client.online_deployments.begin_delete("blue", "e").result()
    with pytest.raises(ResourceNotFoundError):
        client.online_deployments.get("blue", endpoint_name="e")


def test_a_deleted_job_is_gone_though_its_run_can_be_restored(monkeypatch, client):
    left = {"name": "j", "kind": "job", "type": "run", "status": "Failed", "archived": True}
    monkeypatch.setattr(client.jobs._connection, "call", lambda *_: None)
    monkeypatch.setattr(client.jobs._connection, "get", lambda *_: left)
    assert client.jobs.begin_delete("j").result(timeout=1) is None


def test_a_deployment_that_fails_says_why(fake, client):
    path = "online-endpoints/e/online-deployments/blue"
    fake.resources[path] = {
        "name": "blue",
        "endpoint_name": "e",
        "provisioning_state": "Failed",
        "error": {"message": "score.py has no `run`."},
    }
    stored = client.online_deployments.get("blue", "e")
    with pytest.raises(Failed, match=r"score\.py has no"):
        client.online_deployments.until_ready(stored).result()


def test_the_workspace_is_found(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("ZAFFRE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZAFFRE_URL", raising=False)
    monkeypatch.delenv("ZAFFRE_TOKEN", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "config.json").write_text(
        '{"url": "http://one/", "token": "t", "workspace_name": "w"}'
    )
    monkeypatch.chdir(inner)
    found = MLClient.from_config().connection.settings
    assert (found.url, found.token, found.workspace) == ("http://one", "t", "w")
    assert MLClient(object(), url="http://two").connection.settings.url == "http://two"
    monkeypatch.setenv("ZAFFRE_URL", "http://three")
    monkeypatch.setenv("ZAFFRE_TOKEN", "u")
    found = MLClient().connection.settings
    assert (found.url, found.token) == ("http://three", "u")
    with pytest.raises(Invalid, match="no workspace configuration"):
        MLClient.from_config(path=tmp_path / "nowhere.json")


def test_azures_arguments_are_accepted(fake, tmp_path):
    client = MLClient(
        object(),
        "subscription",
        "group",
        "aml-workspace",
        url=fake.url,
        token="owner-token",
        home=tmp_path,
    )
    with client, pytest.warns(UserWarning, match="aml-workspace"):
        assert list(client.jobs.list()) == []


def test_a_client_shows_no_token(tmp_path):
    assert "secret" not in repr(MLClient(url="http://x", token="secret", home=tmp_path))


class Display:
    """What IPython's display module is to us."""

    def __init__(self):
        self.shown: list[str] = []

    def HTML(self, text):  # noqa: N802
        return text

    def display(self, text, *, display_id):
        self.shown.append(text)
        return self

    def update(self, text):
        self.shown.append(text)


def test_a_job_in_a_notebook_shows_its_live_state(fake, client, monkeypatch, capsys):
    import types

    display = Display()
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    fake.resources["jobs/j"] = {"name": "j", "display_name": "<b>", "status": "Running"}
    client.jobs.stream("j")
    assert capsys.readouterr().out == fake.log
    assert "Running" in display.shown[0]
    assert "Completed" in display.shown[-1]
    assert "&lt;b&gt;" in display.shown[0]


def test_a_pipeline_in_a_notebook_shows_its_steps(fake, client, monkeypatch):
    import types

    display = Display()
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    step = {"job": "p-a", "status": "Completed", "reused": "old"}
    fake.resources["jobs/p"] = {
        "name": "p", "type": "pipeline", "status": "Running", "jobs": {"a": {}}, "steps": {"a": step},
    }  # fmt: skip
    client.jobs.stream("p")
    assert "<b>a</b>: Completed (reused from old)" in display.shown[-1]
    assert "reused from old" in client.jobs.get("p")._repr_html_()


def test_a_job_looks_at_itself_again_when_it_is_shown(fake, client):
    fake.resources["jobs/j"] = {"name": "j", "status": "Running"}
    job = client.jobs.get("j")
    fake.resources["jobs/j"]["status"] = "Completed"
    assert "Completed" in job._repr_html_()
    fake.faults = [(404, {"detail": "Gone."})]
    assert "last reached" in job._repr_html_()


def test_all_unfinished_jobs_are_cancelled_before_a_stop(fake, client):
    from zaffre.ml.stopping import cancel_jobs

    fake.resources["jobs/j"] = {"name": "j", "status": "Completed"}
    assert cancel_jobs(client) == 1
    assert fake.resources["jobs/j"]["did"] == "cancel"


def test_the_commit_of_the_code_goes_with_the_job(fake, client, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "One"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    client.jobs.create_or_update(
        command(command="ls", code=tmp_path / "src", environment="e@latest")
    )
    properties = fake.bodies[-1]["properties"]
    assert properties["azureml.git.commit"] == properties["mlflow.source.git.commit"]
    assert len(properties["azureml.git.commit"]) == 40


def test_a_registered_entity_stands_for_itself_in_another():
    model = Model.from_document(
        {"name": "m", "version": "2", "id": "azureml:m:2", "path": "x", "revision": 1}
    )
    deployment = ManagedOnlineDeployment(name="blue", endpoint_name="e", model=model)
    assert deployment.to_document()["model"] == "azureml:m:2"
