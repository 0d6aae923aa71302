"""A model in the place of a script: files of every form get `row,prediction,file`."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zaffre.runtime

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
linear = pytest.importorskip("sklearn.linear_model")

GUEST = Path(zaffre.runtime.__file__).parent / "guest"
SIGNATURE = '[{"name": "a", "type": "double"}, {"name": "b", "type": "long"}]'
FRAME = {"a": [1.0, 2.0, 3.0], "b": [10, 20, 40]}
WANTED = [12.0, 24.0, 46.0]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A regression that says 2 a + b, laid out as a batch deployment's model."""
    folder = tmp_path / "model"
    (folder / "net").mkdir(parents=True)
    made = linear.LinearRegression().fit([[0, 0], [1, 0], [0, 1]], [0, 2, 1])
    (folder / "net" / "model.pkl").write_bytes(pickle.dumps(made))
    flavors = {
        "python_function": {"loader_module": "mlflow.sklearn"},
        "sklearn": {"pickled_model": "model.pkl", "serialization_format": "pickle"},
    }
    document = {"flavors": flavors, "signature": {"inputs": SIGNATURE}}
    spec = {"mlflow_model": "net", "mlmodel": document}
    (folder / "zaffre_model.json").write_text(json.dumps(spec))
    return folder


def run(tmp_path: Path, model: Path, data: Path, **settings: Any):
    target = tmp_path / "out"
    target.mkdir()
    said = {"script": "", "timeout": 60, "output_file": "predictions.csv", **settings}
    done = subprocess.run(
        [sys.executable, "-m", "zaffre_parallel", str(data), str(target)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(GUEST),
            "AZUREML_MODEL_DIR": str(model),
            "ZAFFRE_PARALLEL": json.dumps(said),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done, target / "predictions.csv"


def write(data: Path) -> None:
    """Write the same rows in every form that is read."""
    data.mkdir()
    frame = pd.DataFrame(FRAME)
    frame.to_csv(data / "1.csv", index=False)
    frame.to_csv(data / "2.tsv", index=False, sep="\t")
    frame.to_json(data / "3.jsonl", orient="records", lines=True)
    frame.to_json(data / "4.json", orient="records")
    frame[["b", "a"]].to_csv(data / "5.csv", index=False)
    frame.to_parquet(data / "6.parquet")
    frame.to_feather(data / "7.feather")


def test_rows_of_every_form_are_predicted(tmp_path, model):
    write(tmp_path / "data")
    done, found = run(tmp_path, model, tmp_path / "data", mini_batch_size="3", processes=2)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(",") for line in found.read_text().splitlines()]
    assert [(row, file) for row, _, file in rows[:4]] == [
        ("0", "1.csv"),
        ("1", "1.csv"),
        ("2", "1.csv"),
        ("0", "2.tsv"),
    ]
    assert [float(value) for _, value, _ in rows] == pytest.approx(WANTED * 7)


def test_rows_of_a_table_are_predicted(tmp_path, model):
    write(tmp_path / "data")
    table = (
        "paths:\n  - file: ./1.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n"
    )
    (tmp_path / "data" / "MLTable").write_text(table)
    done, found = run(tmp_path, model, tmp_path / "data", kind="mltable")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(found.read_text().splitlines()) == 3


def test_files_that_do_not_fit_fail_alone(tmp_path, model):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("a,b\n1,10\n")
    (data / "b.csv").write_text("a,c\n1,10\n")
    (data / "c.csv").write_text("a,b\n")
    (data / "d.png").write_bytes(b"\x89PNG")
    done, found = run(tmp_path, model, data, mini_batch_size="1", max_retries=0)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = found.read_text().splitlines()
    assert line.endswith(",a.csv")
    failures = (tmp_path / "logs" / "failed_mini_batches.jsonl").read_text()
    assert len(failures.splitlines()) == 2
    assert "Model is missing inputs ['b']" in failures
    assert "d.png is no table" in failures
