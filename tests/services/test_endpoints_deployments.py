"""Deployments are pinned, prepared, handed to the gateway, and watched until they answer."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from services.endpoint_context import BLUE, ENDPOINT, GREEN, Stage, stage
from services.job_context import HeldBuilder
from zaffre.errors import Conflict, Invalid, NotFound, Stale, ZaffreError
from zaffre.kinds.endpoint import OnlineDeploymentStatus
from zaffre.kinds.model import MODEL, ModelSpec, ModelStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.builder import Broken, Building, Ready
from zaffre.ports.metadata import Actor, Browse, MetadataStore, Once, Put, Write
from zaffre.services import (
    deployments,
    gateway,
    models,
    registry,
    resources,
    rollouts,
    serving_files,
)

READY = Ready("h1", Path("/env/bin/python"), Path("/env/bin"), "3.11.2")


@pytest.fixture
def builder() -> HeldBuilder:
    return HeldBuilder(READY)


@pytest.fixture
def on(tmp_path: Path, builder: HeldBuilder) -> Iterator[Stage]:
    with stage(tmp_path / "home", builder) as found:
        found.endpoint()
        yield found


def test_a_deployment_goes_from_creating_to_succeeded(on: Stage) -> None:
    assert on.deployment().status.provisioning_state == "Creating"
    assert deployments.unfinished(on.ctx) == [BLUE]
    assert on.served() is None
    assert on.settle().provisioning_state == "Succeeded"
    assert deployments.unfinished(on.ctx) == []
    assert on.status().ready_instances == 9


def test_it_gets_no_traffic_by_itself(on: Stage) -> None:
    on.deployment()
    assert on.ctx.metadata.get(ENDPOINT).spec.traffic == {"blue": 0}
    on.settle()
    assert on.config()["endpoints"]["churn"]["traffic"] == {"blue": 0}


def test_the_gateway_is_told_how_to_start_it(on: Stage) -> None:
    on.deployment(
        environment_variables={"A": "b"},
        instance_count=3,
        request_settings={
            "request_timeout_ms": 90,
            "max_concurrent_requests_per_instance": 2,
            "max_queue_wait_ms": 70,
        },
    )
    on.settle()
    entry = on.served()
    assert entry is not None
    folder = on.ctx.home.deployments / entry["id"]
    assert entry == {
        "id": entry["id"],
        "python": "/env/bin/python",
        "model_dir": str(folder / "model"),
        "code_dir": str(folder / "code"),
        "script": "score.py",
        "mlflow_model": None,
        "model": entry["model"],
        "flavor": None,
        "model_file": None,
        "acceleration": None,
        "request_schema": None,
        "capture": None,
        "env": {"A": "b"},
        "instances": 3,
        "concurrency": 2,
        "timeout_ms": 90,
        "max_body": 10485760,
        "queue_wait_ms": 70,
        "queue_length": 2000,
        "cold_wait_ms": 60_000,
        "start_ms": 310_000,
        "scale": None,
        "liveness": {"delay": 10, "period": 10, "timeout": 2, "failures": 30},
        "log": str(on.ctx.home.logs / "deployments" / "default" / "churn" / "blue.log"),
    }
    assert (folder / "code" / "score.py").read_text() == "run"


def test_answers_name_a_registered_model_by_its_version(on: Stage) -> None:
    on.deployment(model={"name": "net", "version": "7", "path": on.tree(model__pkl="weights")})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["model"] == "net:7"
    assert deployments.show(on.ctx, BLUE).status.model_version == "net:7"


def test_the_deployment_shows_what_it_had_to_do(on: Stage) -> None:
    on.deployment()
    assert on.settle().load is None
    on.reports(blue={"state": "ready", "instances": 1, "requests": 5, "errors": 1, "p99_ms": 2.5})
    load = on.status().load
    assert (load.requests, load.errors, load.p99_ms, load.p50_ms) == (5, 1, 2.5, None)


def test_without_a_token_nobody_may_read_the_metrics(on: Stage) -> None:
    assert on.config()["metrics_keys"] == []
    on.ctx.home.metrics_token.write_text("secret\n")
    on.endpoint(Key("online_endpoint", "default", "other"))
    assert on.config()["metrics_keys"] == [hashlib.sha256(b"secret").hexdigest()]


def test_the_model_lies_under_the_last_part_of_its_path(on: Stage) -> None:
    on.deployment()
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (Path(entry["model_dir"]) / "net" / "model.pkl").read_text() == "weights"


def test_a_model_that_is_one_file_lies_right_in_the_folder(on: Stage) -> None:
    on.deployment(model={"path": on.tree(iris__pkl="weights") + "/iris.pkl"})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (Path(entry["model_dir"]) / "iris.pkl").read_text() == "weights"


def test_a_registered_model_is_pinned_when_the_deployment_is_made(on: Stage) -> None:
    path = on.tree(net___model__pkl="one") + "/net"
    models.create(on.ctx, Key("model", "default", "churn"), ModelSpec(path=path))
    on.deployment(model="azureml:churn@latest")
    newer = on.tree(net___model__pkl="two") + "/net"
    models.create(on.ctx, Key("model", "default", "churn"), ModelSpec(path=newer))
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (Path(entry["model_dir"]) / "net" / "model.pkl").read_text() == "one"
    sources = {link.source for link in on.ctx.metadata.links(BLUE.reference, up=True)}
    assert {"model:default/churn:1", "environment_build:h1"} <= sources


def test_a_model_written_inside_with_a_name_is_registered(on: Stage) -> None:
    model = {"name": "inner", "version": "2", "path": on.tree(net___a="x") + "/net"}
    on.deployment(model=model)
    assert on.ctx.metadata.get(Key(MODEL.name, "default", "inner", "2"))
    on.deployment(GREEN, model=model)
    with pytest.raises(Conflict, match="other files"):
        on.change(GREEN, model={**model, "path": on.tree(net___a="y") + "/net"})


def test_an_mlflow_model_needs_no_script_and_brings_its_environment(on: Stage) -> None:
    conda = (
        "dependencies: [python=3.11, pip, {pip: [scikit-learn, azureml-inference-server-http]}]"
    )
    path = on.tree(m___MLmodel="flavors: {}", m___conda__yaml=conda) + "/m"
    on.deployment(
        model={"path": path, "type": "mlflow_model"}, code_configuration=None, environment=None
    )
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["script"] is None
    assert entry["mlflow_model"] == f"{entry['model_dir']}/m"
    kept = on.ctx.metadata.browse(
        Browse("environment", "default", {"name": "anonymous"}, versions=True)
    )
    texts = [str(found.spec) for found in kept.items]
    assert any("scikit-learn" in text and "azureml-inference" not in text for text in texts)


def test_requirements_do_where_there_is_no_conda_file(on: Stage) -> None:
    path = on.tree(m___MLmodel="flavors: {}", m___requirements__txt="# all\nscikit-learn\n") + "/m"
    on.deployment(
        model={"path": path, "type": "mlflow_model"}, code_configuration=None, environment=None
    )
    assert on.settle().provisioning_state == "Succeeded"


def test_one_plain_file_needs_no_script_where_its_flavor_is_evident(on: Stage) -> None:
    on.deployment(code_configuration=None)
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["flavor"] == "sklearn"
    assert entry["model_file"] == f"{entry['model_dir']}/net/model.pkl"
    assert entry["mlflow_model"] is None


def test_a_declared_flavor_says_what_a_file_is(on: Stage) -> None:
    model = {"path": on.tree(model__txt="tree"), "flavors": {"lightgbm": {}}}
    on.deployment(code_configuration=None, model=model)
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (entry["flavor"], Path(entry["model_file"]).name) == ("lightgbm", "model.txt")


def test_acceleration_is_told_to_the_gateway_with_its_sample(on: Stage) -> None:
    rows = on.tree(rows__csv="a,b\n1,2\n")
    on.deployment(code_configuration=None, acceleration={"tolerance": 1e-3, "sample_data": rows})
    on.settle()
    entry = on.served()
    assert entry is not None
    told = entry["acceleration"]
    assert told["tolerance"] == 1e-3
    assert Path(told["sample"]).read_text() == "a,b\n1,2\n"
    on.reports(blue={"state": "ready", "instances": 1, "compiled": {"used": False, "reason": "x"}})
    assert on.status().compiled.reason == "x"


def test_a_model_that_brings_its_environment_gets_the_converters(on: Stage) -> None:
    path = on.tree(m___MLmodel="flavors: {}", m___requirements__txt="scikit-learn\n") + "/m"
    model = {"path": path, "type": "mlflow_model"}
    on.deployment(model=model, code_configuration=None, environment=None, acceleration={})
    kept = on.ctx.metadata.browse(
        Browse("environment", "default", {"name": "anonymous"}, versions=True)
    )
    assert any("skl2onnx" in str(found.spec) for found in kept.items)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"acceleration": {}}, "models without a script"),
        ({"code_configuration": None, "model": {"path": "WEIGHTS"}}, "needs a flavor"),
        ({"model": None, "code_configuration": None}, "nor `code_configuration`"),
        ({"code_configuration": {"scoring_script": "score.py"}}, "names no `code` folder"),
        ({"code_configuration": {"code": "TREE", "scoring_script": "other.py"}}, "no `other.py`"),
        ({"code_configuration": {"code": "TREE", "scoring_script": "../score.py"}}, "path"),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(
    on: Stage, changed: dict[str, object], message: str
) -> None:
    code = changed.get("code_configuration")
    if isinstance(code, dict) and code.get("code") == "TREE":
        code["code"] = on.tree(score__py="run")
    if changed.get("model") == {"path": "WEIGHTS"}:
        changed["model"] = {"path": on.tree(weights__bin="?")}
    with pytest.raises(Invalid, match=message):
        on.deployment(**changed)


def test_what_it_names_must_be_there(on: Stage) -> None:
    with pytest.raises(NotFound):
        on.deployment(model="azureml:nothing:1")
    with pytest.raises(NotFound):
        on.deployment(Key("online_deployment", "default", "blue", parent="nowhere"))


def test_it_waits_for_its_environment(on: Stage, builder: HeldBuilder) -> None:
    builder.answer = Building("h1", Path("log"))
    on.deployment()
    assert not deployments.advance(on.ctx, BLUE)
    assert on.status().provisioning_state == "Creating"
    builder.answer = READY
    assert on.settle().provisioning_state == "Succeeded"


def test_a_broken_environment_fails_it_with_the_reason(on: Stage, builder: HeldBuilder) -> None:
    builder.answer = Broken("h1", "no such package `nope`", Path("log"), "Correct it.")
    on.deployment()
    assert deployments.advance(on.ctx, BLUE)
    status = on.status()
    assert status.provisioning_state == "Failed"
    assert status.error.code == "environment_failed"
    assert "nope" in status.error.message
    assert on.served() is None


def test_a_failing_init_is_told_with_its_place(on: Stage) -> None:
    on.deployment()
    status = on.settle(state="failed", error="score.py:5: KeyError: 'x'", file="score.py", line=5)
    assert (status.provisioning_state, status.error.code) == ("Failed", "init_failed")
    assert status.error.message == "score.py:5: KeyError: 'x'"


def test_a_worker_that_dies_has_another_code(on: Stage) -> None:
    on.deployment()
    assert on.settle(state="failed", error="The worker ended.").error.code == "worker_failed"


def test_damaged_content_fails_it(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise NotFound("There is no such content.")

    monkeypatch.setattr(serving_files, "lay_out", gone)
    on.deployment()
    assert on.settle().error.code == "content_missing"


def test_a_new_revision_takes_over_when_it_is_ready(on: Stage) -> None:
    on.deployment()
    on.settle()
    before = on.served()
    changed = on.change(BLUE, environment_variables={"A": "b"})
    assert changed.status.provisioning_state == "Updating"
    assert on.served() == before
    assert deployments.advance(on.ctx, BLUE)
    after = on.served()
    assert after is not None
    assert before is not None
    assert after["id"] != before["id"]
    assert on.settle().provisioning_state == "Succeeded"


def test_an_update_that_fails_goes_back_to_what_served(on: Stage) -> None:
    on.deployment()
    on.settle()
    before = on.served()
    on.change(BLUE, environment_variables={"A": "b"})
    assert on.settle(state="failed", error="broken").provisioning_state == "Failed"
    assert on.served() == before
    assert on.change(BLUE).status.provisioning_state == "Updating"
    assert on.settle().provisioning_state == "Succeeded"


def test_numbers_change_without_a_new_revision(on: Stage) -> None:
    on.deployment()
    on.settle()
    before = on.served()
    on.change(BLUE, instance_count=4)
    after = on.served()
    assert after is not None
    assert before is not None
    assert (after["id"], after["instances"]) == (before["id"], 4)
    on.reports(blue={"state": "ready", "instances": 3})
    assert not deployments.advance(on.ctx, BLUE)
    assert on.settle().provisioning_state == "Succeeded"


TARGET = {"type": "target_utilization", "max_instances": 4}


def test_the_gateway_is_told_how_the_number_follows_the_load(on: Stage) -> None:
    on.deployment(scale_settings={**TARGET, "target_utilization_percentage": 50})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["scale"] == {
        "least": 1,
        "most": 4,
        "target": 0.5,
        "interval": 1,
        "cool_down": 60,
        "idle": 300,
    }
    on.change(BLUE, scale_settings={"type": "default"})
    after = on.served()
    assert after is not None
    assert (after["id"], after["scale"]) == (entry["id"], None)


def test_a_deployment_that_follows_its_load_is_ready_with_the_least_instances(on: Stage) -> None:
    on.deployment(instance_count=3, scale_settings={**TARGET, "min_instances": 2})
    assert on.settle(instances=1).provisioning_state == "Creating"
    assert on.settle(instances=2, wanted=4).provisioning_state == "Succeeded"
    assert (on.status().ready_instances, on.status().wanted_instances) == (2, 4)


def test_a_deployment_that_sleeps_has_succeeded(on: Stage) -> None:
    on.deployment(scale_settings={**TARGET, "min_instances": 0})
    assert on.settle(state="asleep", instances=0).provisioning_state == "Succeeded"


def test_a_probe_says_how_long_a_start_may_take(on: Stage) -> None:
    probe = {"initial_delay": 5, "period": 2, "failure_threshold": 10}
    on.deployment(readiness_probe=probe)
    on.settle()
    assert on.served()["start_ms"] == 25_000
    on.change(BLUE, startup_probe={**probe, "initial_delay": 0})
    assert on.served()["start_ms"] == 20_000


def test_liveness_and_what_came_of_it_are_passed_on(on: Stage) -> None:
    on.deployment(liveness_probe={"period": 1, "failure_threshold": 3})
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["liveness"] == {"delay": 10, "period": 1, "timeout": 2, "failures": 3}
    told = {"at": "2026-01-01T00:00:00Z", "what": "Worker 7 was replaced."}
    on.reports(blue={"state": "ready", "instances": 1, "events": [told]})
    assert on.status().events[0].what == told["what"]


def test_limits_of_a_queue_are_told_to_the_gateway(on: Stage) -> None:
    limits = {"max_queue_length": 5, "max_cold_start_wait_ms": 9, "max_request_bytes": 100}
    on.deployment(request_settings=limits)
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (entry["queue_length"], entry["cold_wait_ms"], entry["max_body"]) == (5, 9, 100)


def test_a_change_while_it_is_created_counts(on: Stage) -> None:
    on.deployment()
    assert on.change(BLUE, instance_count=2).status.provisioning_state == "Creating"
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["instances"] == 2


def test_the_same_document_again_changes_nothing(on: Stage) -> None:
    made = on.deployment()
    assert on.change(BLUE).revision == made.revision


def test_a_deployment_with_traffic_is_not_deleted(on: Stage) -> None:
    on.deployment()
    on.settle()
    on.share(blue=100)
    with pytest.raises(Conflict, match="100 %") as caught:
        deployments.delete(on.ctx, BLUE)
    assert "online-endpoint update" in str(caught.value.hint)
    on.share(blue=0)
    deployments.delete(on.ctx, BLUE)
    assert on.served() is None
    assert on.ctx.metadata.get(ENDPOINT).spec.traffic == {}
    with pytest.raises(NotFound):
        deployments.delete(on.ctx, BLUE)


def test_the_log_is_read_from_its_end(on: Stage) -> None:
    on.deployment()
    assert deployments.logs(on.ctx, BLUE, 5) == ""
    path = on.ctx.home.logs / "deployments" / "default" / "churn" / "blue.log"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"line {n}\n" for n in range(10)))
    assert deployments.logs(on.ctx, BLUE, 2) == "line 8\nline 9\n"
    with pytest.raises(NotFound):
        deployments.logs(on.ctx, GREEN, 2)


def test_lists_say_how_many_answer(on: Stage) -> None:
    on.deployment()
    on.settle()
    (found,) = deployments.browse(on.ctx, Browse("online_deployment", "default")).items
    assert found.status.ready_instances == 9


def test_steps_of_what_is_gone_do_nothing(on: Stage) -> None:
    assert not deployments.advance(on.ctx, GREEN)
    on.deployment()
    on.settle()
    assert not deployments.advance(on.ctx, BLUE)


def test_files_of_old_revisions_are_removed_when_nothing_serves_them(on: Stage) -> None:
    on.deployment()
    on.settle()
    on.change(BLUE, environment_variables={"A": "b"})
    on.settle()
    folders = list(on.ctx.home.deployments.iterdir())
    assert len(folders) == 2
    deployments.sweep(on.ctx)
    assert len(list(on.ctx.home.deployments.iterdir())) == 2  # young ones may be in the making
    for folder in folders:
        os.utime(folder, (0, 0))
    deployments.sweep(on.ctx)
    entry = on.served()
    assert entry is not None
    assert [path.name for path in on.ctx.home.deployments.iterdir()] == [entry["id"]]


def test_lost_files_of_what_serves_are_laid_out_again(on: Stage) -> None:
    on.deployment()
    on.settle()
    shutil.rmtree(on.ctx.home.deployments)
    deployments.sweep(on.ctx)
    entry = on.served()
    assert entry is not None
    assert (Path(entry["code_dir"]) / "score.py").read_text() == "run"


def test_large_files_are_linked_and_small_ones_copied(
    on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_files, "LINKED_BYTES", 5)
    on.deployment()
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (Path(entry["model_dir"]) / "net" / "model.pkl").stat().st_nlink == 2
    assert (Path(entry["code_dir"]) / "score.py").stat().st_nlink == 1


def test_an_inline_model_does_not_use_up_the_requests_own_token(on: Stage) -> None:
    until = on.ctx.clock.now() + timedelta(hours=1)
    once = Once("token", "digest", until, "online_deployment")
    ctx = on.ctx.acting(replace(on.ctx.actor, once=once))
    model = {"name": "inner", "version": "1", "path": on.tree(net___a="x") + "/net"}
    deployments.create(ctx, BLUE, on.spec(model=model))
    assert ctx.metadata.recall(once) == BLUE


def model(on: Stage, name: str, content: str, **document: object) -> None:
    path = on.tree(net___model__pkl=content) + "/net"
    spec = ModelSpec.model_validate({"path": path, **document})
    models.create(on.ctx, Key("model", "default", name), spec)


def weights(on: Stage, key: Key = BLUE) -> str:
    on.settle(key)
    entry = on.served(key.name)
    assert entry is not None
    return next(Path(entry["model_dir"]).rglob("model.pkl")).read_text()


def test_an_alias_means_its_version(on: Stage) -> None:
    model(on, "churn", "one")
    model(on, "churn", "two")
    registry.alias(on.ctx, "default", "churn", "champion", "1")
    on.deployment(model="azureml:churn@champion")
    assert weights(on) == "one"
    on.deployment(GREEN, model={"path": "azureml:churn:2"})
    assert weights(on, GREEN) == "two"
    with pytest.raises(NotFound, match="no alias `nobody`") as caught:
        on.change(BLUE, model="azureml:churn@nobody")
    assert "champion" in str(caught.value.hint)


def test_a_model_may_be_named_by_any_reference(on: Stage) -> None:
    on.deployment(model=on.tree(model__pkl="bare"))
    assert weights(on) == "bare"
    entry = on.served()
    assert entry is not None
    assert (Path(entry["model_dir"]) / "model" / "model.pkl").exists()


def test_a_model_whose_files_are_elsewhere_is_refused(on: Stage) -> None:
    status = ModelStatus()
    key = Key("model", "default", "far", "1")
    resources.create(on.ctx, MODEL, key, ModelSpec(path="https://far/away"), status=status)
    with pytest.raises(NotFound, match="are not here"):
        on.deployment(model="azureml:far:1")


def test_a_script_needs_no_model(on: Stage) -> None:
    on.deployment(model=None)
    on.settle()
    entry = on.served()
    assert entry is not None
    assert entry["model_dir"] is None


@pytest.mark.parametrize("conda", ["[1, 2]", "a: ["])
def test_an_mlflow_models_broken_conda_file_is_told(on: Stage, conda: str) -> None:
    path = on.tree(m___MLmodel="flavors: {}", m___conda__yaml=conda) + "/m"
    with pytest.raises(Invalid):
        on.deployment(
            model={"path": path, "type": "mlflow_model"}, code_configuration=None, environment=None
        )


def test_an_mlflow_model_without_requirements_runs_in_the_servers_interpreter(on: Stage) -> None:
    path = on.tree(m___MLmodel="flavors: {}") + "/m"
    on.deployment(
        model={"path": path, "type": "mlflow_model"}, code_configuration=None, environment=None
    )
    assert on.settle().provisioning_state == "Succeeded"


class Contested:
    """A store in which somebody else is always a little quicker, for a while."""

    def __init__(self, store: MetadataStore, times: int) -> None:
        self._store = store
        self._times = times

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def apply(self, writes: Sequence[Write], actor: Actor) -> list[Resource]:
        if self._times and any(isinstance(write, Put) for write in writes):
            self._times -= 1
            raise Stale("Somebody was quicker.")
        return self._store.apply(writes, actor)


def test_an_endpoint_that_changes_meanwhile_is_read_again(on: Stage) -> None:
    contested = replace(on.ctx, metadata=cast("MetadataStore", Contested(on.ctx.metadata, 2)))
    deployments.create(contested, BLUE, on.spec())
    assert on.ctx.metadata.get(ENDPOINT).spec.traffic == {"blue": 0}
    contested = replace(on.ctx, metadata=cast("MetadataStore", Contested(on.ctx.metadata, 99)))
    with pytest.raises(Stale):
        deployments.create(contested, GREEN, on.spec())


def test_a_deployment_that_the_gateway_has_not_seen_is_told_again(on: Stage) -> None:
    on.deployment()
    assert deployments.advance(on.ctx, BLUE)
    (on.ctx.home.run / "gateway.json").unlink()
    assert not deployments.advance(on.ctx, BLUE)
    assert on.served()


def test_states_move_along_their_table() -> None:
    with pytest.raises(Conflict, match="cannot become"):
        rollouts.moved(OnlineDeploymentStatus(provisioning_state="Succeeded"), "Failed")


def test_lost_content_does_not_stop_the_sweep(on: Stage) -> None:
    on.deployment()
    on.settle()
    shutil.rmtree(on.ctx.home.deployments)
    for blob, _ in list(on.ctx.artifacts.walk()):
        on.ctx.artifacts.discard(blob.digest)
    on.deployment(GREEN)  # not prepared yet
    deployments.sweep(on.ctx)


def test_without_a_link_large_files_are_copied(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError(18, "Cross-device link")

    monkeypatch.setattr(serving_files, "LINKED_BYTES", 0)
    monkeypatch.setattr(os, "link", no_link)
    on.deployment()
    assert weights(on) == "weights"


def test_a_sweep_of_a_home_without_deployments_does_nothing(on: Stage) -> None:
    deployments.sweep(on.ctx)
    assert not on.ctx.home.deployments.exists()


def test_a_change_is_answered_when_a_running_gateway_follows_it(on: Stage) -> None:
    status = on.ctx.home.run / "gateway-status.json"
    with (on.ctx.home.run / "gateway.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        later = threading.Timer(0.3, lambda: status.write_text('{"generation": 99}'))
        later.start()
        began = time.monotonic()
        on.endpoint(Key("online_endpoint", "default", "other"))
        assert time.monotonic() - began >= 0.2
        later.join()
    status.unlink()
    on.endpoint(Key("online_endpoint", "default", "third"))


def test_more_deployments_than_a_page_are_published(
    on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "PAGE", 1)
    for key in (BLUE, GREEN):
        on.deployment(key)
        on.settle(key)
    assert set(on.config()["endpoints"]["churn"]["deployments"]) == {"blue", "green"}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"model": "azureml:nope:1"}, "model"),
        ({"model": {"path": "runs:/nope/model"}}, "model.path"),
        ({"environment": "azureml:nope:1"}, "environment"),
        ({"environment": {"conda_file": {"dependencies": 3}}}, "environment.conda_file"),
        (
            {"code_configuration": {"scoring_script": "score.py"}},
            "code_configuration.code",
        ),
    ],
)
def test_what_is_wrong_with_a_deployment_names_its_field(
    on: Stage, document: dict[str, Any], field: str
) -> None:
    with pytest.raises(ZaffreError) as said:
        on.deployment(**document)
    assert (said.value.problems[0].place.field or "").startswith(field)
