"""Packages of models: what goes in, and the job that makes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.endpoint_context import BLUE, Stage
from services.job_context import job_context
from zaffre.errors import Invalid, NotFound, Unavailable
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.package import order_of
from zaffre.kinds.resource import Key, Resource
from zaffre.runtime.scoring import PROGRAM
from zaffre.services import job_types, models, packages, trees

KEY = Key("model", "default", "net", "1")


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with job_context(tmp_path / "home") as ctx:
        found = Stage(replace(ctx, job_types=job_types.OWN, scoring_program=PROGRAM.parent))
        found.endpoint()
        yield found


def model(on: Stage, **document: Any) -> Resource:
    given = {"path": on.tree(net___model__onnx="weights") + "/net", **document}
    return models.create(on.ctx, KEY, ModelSpec.model_validate(given))


def planned(on: Stage, **order: Any) -> packages.Plan:
    return packages.plan(on.ctx, KEY, order_of(order))


def submitted(on: Stage, **order: Any) -> tuple[CommandJobSpec, dict[str, Any]]:
    """Give the job of a package, and the order that lies beside its program."""
    job = packages.submit(on.ctx, planned(on, **order))
    assert isinstance(job.spec, CommandJobSpec)
    tree = trees.load_tree(on.ctx, str(job.spec.code).rpartition("/")[2])
    assert tree.find("package.py")
    assert tree.find("zaffre_scoring/standing.py")
    leaf = tree.find("order.json")
    assert leaf is not None
    with on.ctx.artifacts.open(leaf.digest) as file:
        return job.spec, json.loads(file.read())


def test_a_dry_run_lists_what_goes_in(on: Stage) -> None:
    model(on)
    found = packages.contents(on.ctx, planned(on, wheelhouse=True))
    assert {"path": "model/net/model.onnx", "bytes": 7} in found["files"]
    assert {"wheelhouse/", "serve.py", "Dockerfile", "kubernetes.yaml"} <= {
        one["path"] for one in found["files"]
    }
    assert (found["flavor"], found["total_bytes"]) == ("onnx", 7)


def test_a_compiled_package_has_the_compiled_model_alone(on: Stage) -> None:
    model(on)
    found = packages.contents(on.ctx, planned(on, format="onnx"))
    assert found["files"][0]["path"] == "model/model.onnx"
    assert not any("net/" in one["path"] for one in found["files"])


def test_a_job_makes_it_from_the_model_as_registered(on: Stage) -> None:
    model(on)
    spec, order = submitted(on, tolerance=1e-3)
    assert spec.command.startswith("python -B package.py --model")
    assert spec.inputs["model"].path == "azureml:net:1"  # type: ignore[union-attr]
    assert list(spec.outputs) == ["package"]
    assert (order["flavor"], order["model_file"]) == ("onnx", "model.onnx")
    assert order["model_folder"] == "net"
    assert order["tolerance"] == 1e-3


def test_the_same_order_is_the_same_program(on: Stage) -> None:
    model(on)
    assert submitted(on)[0].code == submitted(on)[0].code


def test_an_mlflow_models_file_is_read_for_the_job(on: Stage) -> None:
    text = "flavors: {sklearn: {pickled_model: model.pkl}}\nsignature: {inputs: '[]'}\n"
    model(on, path=on.tree(m___MLmodel=text, m___requirements__txt="scikit-learn\n") + "/m")
    spec, order = submitted(on, format="onnx")
    assert order["mlmodel"] == {
        "flavors": {"sklearn": {"pickled_model": "model.pkl"}},
        "signature": {"inputs": "[]"},
    }
    assert "anonymous" in str(spec.environment)


def test_a_script_and_sample_data_go_with_it(on: Stage) -> None:
    model(on)
    code = {"code": on.tree(score__py="run"), "scoring_script": "score.py"}
    rows = on.tree(rows__csv="a\n1\n")
    environment = {"requirements": ["scikit-learn>=1.5"]}
    spec, order = submitted(on, code_configuration=code, sample_data=rows, environment=environment)
    assert "--code" in spec.command
    assert spec.command.count("rows.csv") == 1
    assert (order["script"], order["requirements"]) == ("score.py", ["scikit-learn>=1.5"])


def test_a_deployment_gives_script_variables_and_environment(on: Stage) -> None:
    model(on)
    schema = on.tree(schema__json='{"type": "object"}')
    on.deployment(environment_variables={"A": "b"}, request_schema=schema)
    spec, order = submitted(on, endpoint_name=BLUE.parent, deployment_name=BLUE.name)
    assert "--schema" in spec.command
    assert (order["script"], order["variables"]) == ("score.py", {"A": "b"})
    with pytest.raises(Invalid, match="cannot be compiled"):
        planned(on, endpoint_name=BLUE.parent, deployment_name=BLUE.name, format="onnx")


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"format": "zip"}, "format"),
        ({"tolerance": 0}, "tolerance"),
        ({"tolerence": 1}, "tolerence"),
        ({"deployment_name": "blue"}, "belong together"),
        (
            {"format": "onnx", "code_configuration": {"code": "x", "scoring_script": "s.py"}},
            "cannot be compiled",
        ),
        (
            {"endpoint_name": "e", "deployment_name": "b", "environment": "azureml:x:1"},
            "either a deployment",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_the_field(
    order: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        order_of(order)


def test_what_is_not_there_cannot_be_packaged(on: Stage) -> None:
    with pytest.raises(NotFound):
        planned(on)
    model(on, path=on.tree(weights__bin="?"))
    with pytest.raises(Invalid, match="needs a flavor"):
        planned(on)


def test_without_a_program_it_says_so(on: Stage) -> None:
    model(on)
    plan = planned(on)
    with pytest.raises(Unavailable):
        packages.submit(replace(on.ctx, scoring_program=None), plan)
