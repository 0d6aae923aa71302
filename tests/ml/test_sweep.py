"""Sweeps written in Python are the documents that YAML gives."""

from __future__ import annotations

import pytest

from zaffre.kinds.registry import kind
from zaffre.ml import command, dsl
from zaffre.ml.checking import check
from zaffre.ml.sweep import (
    BanditPolicy,
    Choice,
    LogUniform,
    QNormal,
    Randint,
    SweepJob,
    Uniform,
)


def job(tmp_path):
    (tmp_path / "t.py").write_text("")
    return command(
        command="python t.py --lr ${{inputs.lr}} --kind ${{inputs.kind}} --seed ${{inputs.seed}}",
        code=str(tmp_path),
        environment="azureml:AzureML-sklearn-1.5@latest",
        inputs={"lr": 0.1, "kind": "a", "seed": 3},
    )


def test_a_command_becomes_a_sweep(tmp_path):
    asked = job(tmp_path)(lr=Uniform(min_value=0.01, max_value=0.9), kind=Choice(["a", "b"]))
    made = asked.sweep(
        compute="cpu-cluster",
        sampling_algorithm="random",
        primary_metric="loss",
        goal="Minimize",
    )
    assert isinstance(made, SweepJob)
    made.set_limits(max_total_trials=20, max_concurrent_trials=10, timeout=7200)
    made.early_termination = BanditPolicy(slack_factor=0.15, evaluation_interval=1)
    made.display_name = "lr"
    sent = check(kind("job"), made.as_document()).data
    assert sent["search_space"] == {
        "lr": {"type": "uniform", "min_value": 0.01, "max_value": 0.9},
        "kind": {"type": "choice", "values": ["a", "b"]},
    }
    assert sent["objective"] == {"goal": "minimize", "primary_metric": "loss"}
    assert sent["limits"]["max_total_trials"] == 20
    assert sent["trial"]["command"] == asked.body()["command"]
    assert sent["trial"]["inputs"]["seed"]["default"] == 3
    assert sent["early_termination"]["type"] == "bandit"


def test_distributions_say_what_they_take():
    assert Randint(upper=3) == {"type": "randint", "upper": 3}
    assert QNormal(1, 2, 0.5) == {"type": "qnormal", "mu": 1, "sigma": 2, "q": 0.5}
    assert LogUniform(-6, -1)["min_value"] == -6
    with pytest.raises(TypeError, match="min_value"):
        Uniform(min_valeu=1)


def test_a_step_of_a_pipeline_may_be_a_sweep(tmp_path):
    train = job(tmp_path)

    @dsl.pipeline
    def search():
        step = train(lr=Uniform(0, 1))
        found = step.sweep(primary_metric="loss", goal="minimize")
        found.set_limits(max_total_trials=4)

    document = search().to_document()
    (step,) = document["jobs"].values()
    assert step["type"] == "sweep"
    assert step["search_space"] == {"lr": {"type": "uniform", "min_value": 0, "max_value": 1}}
    assert step["limits"] == {"max_total_trials": 4}
    assert "component" not in step
    assert step["trial"]["command"].startswith("python t.py")


def test_the_settings_of_an_inner_pipeline_are_its_own():
    step = command(command="echo", environment="azureml:e:1")

    @dsl.pipeline(default_compute="small", continue_on_step_failure=True)
    def inner():
        step()

    @dsl.pipeline(default_compute="large")
    def outer():
        part = inner()  # noqa: F841 (its name is the step's)

    document = outer().to_document()
    assert document["settings"] == {"default_compute": "large"}
    assert document["jobs"]["part"]["component"]["settings"] == {
        "default_compute": "small",
        "continue_on_step_failure": True,
    }
