"""Packages: made by the program that a job runs, then opened as their receiver opens them."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving import free_port
from zaffre.runtime.scoring import PROGRAM

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

ROWS = [[0.1, 0.2, 0.3], [1.0, -1.0, 2.0]]
SCRIPT = """
import json, os

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "m", "factor.txt")) as file:
        factor = float(file.read()) + float(os.environ["OFFSET"])

def run(raw_data):
    return [factor * value for value in json.loads(raw_data)["data"]]
"""


def forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    x = np.random.default_rng(0).normal(size=(80, 3))
    return RandomForestRegressor(5, random_state=0).fit(x, x @ np.array([1.0, 2.0, 3.0]))


def order(**changed: Any) -> dict[str, Any]:
    return {
        "name": "fo rest", "version": "1", "format": "python", "wheelhouse": False, "tolerance": 1e-5,
        "script": None, "model_folder": "m", "mlmodel": None, "flavor": "sklearn",
        "model_file": "model.pkl", "variables": {}, "timeout_ms": 5000, "requirements": [], **changed,
    }  # fmt: skip


def make(
    folder: Path,
    source: Path,
    changed: dict[str, Any],
    code: Path | None = None,
    schema: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Make a package as a job does."""
    program = folder / "program"
    shutil.copytree(PROGRAM.parent, program, ignore=shutil.ignore_patterns("__pycache__"))
    (program / "order.json").write_text(json.dumps(order(**changed)))
    out = folder / "out"
    out.mkdir()
    words = ["--model", source, "--output", out, *(["--code", code] if code else [])]
    words += ["--schema", schema] if schema else []
    return run(sys.executable, "-B", "package.py", *words, cwd=program)


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **more
    )


def serve(package: Path, *arguments: str, python: Path | str = sys.executable, **more: Any) -> Any:
    """Run the package's own command line."""
    return run(python, "-I", package / "serve.py", *arguments, **more)


@contextmanager
def answering(
    package: Path, python: Path | str = sys.executable, **variables: str
) -> Iterator[int]:
    """Let a package answer on a port; its process ends in order."""
    port = free_port()
    process = subprocess.Popen(
        [str(python), "-I", str(package / "serve.py"), "--port", str(port)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/score" in line, line
        yield port
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        is_json = answer.getheader("Content-Type") == "application/json"
        return answer.status, json.loads(content) if is_json else content
    finally:
        connection.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "model.pkl").write_bytes(pickle.dumps(forest()))
    return folder


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Path:
    folder = tmp_path_factory.mktemp("made")
    made = make(folder, source, {})
    assert made.returncode == 0, made.stderr
    return folder / "out"


def test_it_locks_what_answering_needs_and_nothing_more(package: Path) -> None:
    lines = (package / "requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines}
    assert {"scikit-learn", "numpy", "joblib", "scipy"} <= names
    assert not names & {"zaffre", "mlflow", "pandas", "pytest", "pydantic"}


def test_it_answers_as_the_model(package: Path, source: Path) -> None:
    body = json.dumps({"input_data": ROWS})
    ended = serve(package, "--score", "-", input=body)
    assert json.loads(ended.stdout) == pytest.approx(forest().predict(ROWS))


def test_it_can_check_itself_and_notices_another_model(package: Path, tmp_path: Path) -> None:
    assert "answers as where it was packaged" in serve(package, "--check").stdout
    other = tmp_path / "other"
    shutil.copytree(package, other)
    wrong = forest()
    wrong.estimators_ = wrong.estimators_[:1]
    (other / "model" / "m" / "model.pkl").write_bytes(pickle.dumps(wrong))
    ended = serve(other, "--check")
    assert ended.returncode == 1
    assert "not as where it was packaged" in ended.stdout
    sums = run("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=other)
    assert "model.pkl: FAILED" in sums.stdout


def test_the_same_content_makes_the_same_package(
    package: Path, source: Path, tmp_path: Path
) -> None:
    assert make(tmp_path, source, {}).returncode == 0
    again = tmp_path / "out" / "SHA256SUMS"
    assert again.read_text() == (package / "SHA256SUMS").read_text()


def test_over_http_it_has_health_answers_and_a_description(package: Path) -> None:
    with answering(package) as port:
        assert ask(port, "GET", "/") == (200, b"Healthy")
        status, answer = ask(port, "POST", "/score", json.dumps({"input_data": ROWS}))
        assert (status, answer) == (200, pytest.approx(forest().predict(ROWS)))
        status, document = ask(port, "GET", "/swagger.json?version=3")
        assert (status, document["info"]["title"]) == (200, "fo rest")


def test_over_http_bad_requests_are_told_and_the_next_is_answered(package: Path) -> None:
    with answering(package, SCORING_KEY="secret") as port:
        key = {"Authorization": "Bearer secret"}
        good = json.dumps({"input_data": ROWS})
        assert ask(port, "GET", "/")[0] == 200
        assert ask(port, "POST", "/score", good)[0] == 401
        assert ask(port, "POST", "/score", good, Authorization="Bearer wrong")[0] == 401
        assert ask(port, "POST", "/score", "{", **key)[0] == 400
        assert ask(port, "POST", "/score", '{"input_data": [[1]]}', **key)[0] == 400
        assert ask(port, "POST", "/elsewhere", good, **key)[0] == 404
        assert ask(port, "GET", "/swagger.json?version=9", **key)[0] == 404
        assert ask(port, "DELETE", "/score", **key)[0] == 501
        assert ask(port, "POST", "/score", iter([b"{}"]), **key)[0] == 411
        assert (
            ask(port, "POST", "/score", None, **{**key, "Content-Length": str(1 << 40)})[0] == 413
        )
        assert ask(port, "POST", "/score", good, **key)[0] == 200


def test_a_script_comes_with_its_variables_and_imports(tmp_path: Path) -> None:
    model, code = tmp_path / "model", tmp_path / "code"
    model.mkdir()
    code.mkdir()
    (model / "factor.txt").write_text("2")
    (code / "score.py").write_text(SCRIPT + "\ndef later():\n    import yaml\n")
    changed = {
        "script": "score.py",
        "flavor": None,
        "model_file": None,
        "variables": {"OFFSET": "1"},
    }
    made = make(tmp_path, model, changed, code)
    assert made.returncode == 0, made.stderr
    out = tmp_path / "out"
    assert json.loads(serve(out, "--score", "-", input='{"data": [1, 2]}').stdout) == [3.0, 6.0]
    assert (out / "requirements.txt").read_text().startswith("pyyaml==")
    assert not (out / "example").exists()


def test_a_scripts_own_modules_are_its_own_whatever_their_names(tmp_path: Path) -> None:
    model, code = tmp_path / "model", tmp_path / "code"
    (code / "yaml").mkdir(parents=True)
    model.mkdir()
    (code / "yaml" / "__init__.py").write_text("VALUE = 7\n")
    script = "import yaml\ndef init(): pass\ndef run(raw_data): return yaml.VALUE\n"
    (code / "score.py").write_text(script)
    changed = {"script": "score.py", "flavor": None, "model_file": None}
    made = make(tmp_path, model, changed, code)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "out" / "requirements.txt").read_text() == ""
    assert serve(tmp_path / "out", "--score", "-", input="{}").stdout.strip() == "7"


def test_a_request_schema_is_kept(tmp_path: Path) -> None:
    from zaffre.services.request_schemas import code_of

    model, code, schema = (tmp_path / name for name in ("model", "code", "schema"))
    for folder in (model, code, schema):
        folder.mkdir()
    (code / "score.py").write_text("def init(): pass\ndef run(raw_data): return 1\n")
    wanted = {"type": "object", "required": ["data"]}
    (schema / "schema.json").write_text(json.dumps(wanted))
    (schema / "check.py").write_text(code_of(wanted))
    changed = {"script": "score.py", "flavor": None, "model_file": None}
    made = make(tmp_path, model, changed, code, schema)
    assert made.returncode == 0, made.stderr
    assert serve(tmp_path / "out", "--score", "-", input='{"data": 1}').stdout.strip() == "1"
    refused = serve(tmp_path / "out", "--score", "-", input="{}")
    assert refused.returncode == 1
    assert "data" in refused.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def init(): raise OSError('no network')\ndef run(x): pass\n", "no network"),
        ("import a_module_nobody_has\n", "a_module_nobody_has"),
        ("def init(:\n", "invalid syntax"),
    ],
)
def test_what_cannot_be_served_is_no_package(tmp_path: Path, text: str, reason: str) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "score.py").write_text(text)
    (tmp_path / "model").mkdir()
    changed = {"script": "score.py", "flavor": None, "model_file": None}
    made = make(tmp_path, tmp_path / "model", changed, code)
    assert made.returncode == 1
    assert "The package cannot be made: what it holds cannot be served" in made.stderr
    assert reason in made.stderr


def test_without_its_requirements_it_says_what_to_install(package: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    assert run(sys.executable, "-m", "venv", "--without-pip", bare).returncode == 0
    ended = serve(package, "--check", python=bare / "bin" / "python")
    assert ended.returncode == 1
    assert "pip install -r requirements.txt" in ended.stderr


def test_a_model_that_does_not_reproduce_is_no_onnx_package(tmp_path: Path, source: Path) -> None:
    pytest.importorskip("skl2onnx")
    made = make(tmp_path, source, {"format": "onnx", "tolerance": 1e-15})
    assert made.returncode == 1
    assert "answers differently" in made.stderr


@pytest.mark.slow
@pytest.mark.packages
def test_it_runs_without_zaffre_and_without_network(tmp_path: Path, source: Path) -> None:
    pytest.importorskip("skl2onnx")
    made = make(tmp_path, source, {"format": "onnx", "wheelhouse": True})
    assert made.returncode == 0, made.stderr
    out, clean = tmp_path / "out", tmp_path / "clean"
    assert run(sys.executable, "-m", "venv", clean).returncode == 0
    python = clean / "bin" / "python"
    where = ("--no-index", "--find-links", "wheelhouse", "-r", "requirements.txt")
    installed = run(python, "-m", "pip", "install", "--quiet", *where, cwd=out)
    assert installed.returncode == 0, installed.stderr
    listed = run(python, "-m", "pip", "list").stdout
    assert "onnxruntime" in listed
    assert "scikit" not in listed
    assert "zaffre" not in listed
    with answering(out, python) as port:
        status, answer = ask(port, "POST", "/score", json.dumps({"input_data": ROWS}))
        assert (status, answer) == (200, pytest.approx(forest().predict(ROWS), rel=1e-5))
    assert serve(out, "--check", python=python).returncode == 0
