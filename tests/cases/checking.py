"""What a case expects, compared with what the product did."""

from __future__ import annotations

import json
import math
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from running import Server


def log(said: str, expect: dict[str, Any]) -> None:
    """Compare a job's log: substrings, and whole lines in their order."""
    for text in expect.get("log_has", ()):
        assert text in said, f"`{text}` is not in the log:\n{said}"
    lines = iter(said.splitlines())
    for wanted in expect.get("log_lines", ()):
        assert any(line.strip() == wanted for line in lines), f"no line `{wanted}` in:\n{said}"


def files(folder: Path, expect: dict[str, Any], base: Path) -> None:
    """Compare files below a folder; an empty name is the only file there."""
    for name, wanted in expect.items():
        path = folder / name if name else only_file(folder)
        assert path.is_file(), f"no {name} in {sorted(map(str, folder.rglob('*')))}"
        lines = {key: wanted[key] for key in ("by_file", "tolerance") if key in wanted}
        if lines:
            predictions(path, **lines)
        content(path, {key: wanted[key] for key in wanted if key not in lines}, base)


def only_file(folder: Path) -> Path:
    """Give the one file below a folder."""
    (found,) = [path for path in folder.rglob("*") if path.is_file()]
    return found


def content(path: Path, wanted: dict[str, Any], base: Path) -> None:
    """Compare one file with what is said about it."""
    for key, value in wanted.items():
        if key == "text":
            assert path.read_text() == value
        elif key == "json":
            assert json.loads(path.read_text()) == value
        elif key == "same_as":
            assert path.read_bytes() == (base / value).read_bytes()
        elif key == "line_count":
            assert len(path.read_text().splitlines()) == value
        elif key in ("row_count", "row_count_no_header"):
            header = key == "row_count"
            assert len(path.read_text().splitlines()) - header == value
        elif key == "column_counts":
            last = Counter(line.split()[-1] for line in path.read_text().splitlines())
            assert last == value["last"]
        elif key == "exists":
            assert path.exists() is value
        else:
            raise AssertionError(f"this case checks `{key}`, which is not known here")


def predictions(path: Path, by_file: dict[str, Any], tolerance: float) -> None:
    """Compare lines `row,prediction,file`: for each file their number, sum, first and last."""
    found: dict[str, list[float]] = {}
    for line in path.read_text().splitlines():
        row, value, file = line.split(",")
        assert int(row) == len(found.setdefault(file, []))
        found[file].append(float(value))
    assert found.keys() == by_file.keys()
    for file, facts in by_file.items():
        got = found[file]
        told = {"rows": len(got), "sum": sum(got), "first": got[0], "last": got[-1]}
        for name, value in facts.items():
            assert abs(told[name] - value) <= tolerance, (file, name, told)


def answer(said: str, expect: dict[str, Any]) -> None:
    """Compare a JSON answer, numbers within the tolerance."""
    for way, wanted in expect.get("fields", {}).items():
        value = json.loads(said)
        for part in way.split("."):
            value = value[part]
        assert value == wanted, way
    if "json" not in expect:
        return
    got = json.loads(said)
    while isinstance(got, str):  # a scoring script may answer a JSON text in JSON
        got = json.loads(got)
    assert close(got, expect["json"], expect.get("tolerance", 0)), f"{got} is not {expect['json']}"


def close(got: Any, wanted: Any, tolerance: float) -> bool:
    """Say whether two documents agree, numbers within a tolerance."""
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(
            close(one, other, tolerance) for one, other in zip(got, wanted, strict=True)
        )
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(
            close(got[key], wanted[key], tolerance) for key in wanted
        )
    if isinstance(wanted, float) and isinstance(got, int | float):
        return math.isclose(got, wanted, rel_tol=tolerance, abs_tol=tolerance)
    return got == wanted


def run_data(server: Server, job: str, expect: dict[str, Any]) -> None:
    """Compare what a job logged, as MLflow's protocol tells it."""
    data = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={job}")["run"]["data"]
    params = {one["key"]: one["value"] for one in data.get("params", ())}
    metrics = {one["key"]: one["value"] for one in data.get("metrics", ())}
    assert expect.get("params", {}).items() <= params.items()
    for key, wanted in expect.get("metrics", {}).items():
        assert close(metrics.get(key), wanted, expect.get("tolerance", 0)), f"{key}: {metrics}"
    for key, wanted in expect.get("metric_history", {}).items():
        path = f"/api/2.0/mlflow/metrics/get-history?run_id={job}&metric_key={key}"
        history = server.call("GET", path)["metrics"]
        assert [[one.get("step", 0), one["value"]] for one in history] == wanted


def trials(server: Server, job: str, expect: dict[str, Any]) -> None:
    """Compare the trials of a sweep: how many, how many at once, what they tried, which is best."""
    shown = server.call("GET", f"/api/v1/workspaces/default/jobs/{job}")
    found = shown["trials"]
    assert len(found) == expect["count"]
    moments = sorted((one[end], end == "started_at") for one in found for end in ENDS)
    running = most = 0
    for _, begins in moments:
        running += 1 if begins else -1
        most = max(most, running)
    assert most <= expect["max_concurrent"]
    values = {one["job"]: trial(server, one["job"], expect) for one in found}
    assert shown["best_child"] == min(values, key=lambda name: values[name])


ENDS = ("ended_at", "started_at")
LENGTH = {"hello": 5, "world": 5, "hello_world": 11}


def trial(server: Server, job: str, expect: dict[str, Any]) -> float:
    """Compare what one trial logged, and give its metric."""
    data = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={job}")["run"]["data"]
    params = {one["key"]: one["value"] for one in data["params"]}
    metrics = {one["key"]: one["value"] for one in data["metrics"]}
    for name, wanted in expect["params"].items():
        if "equals" in wanted:
            assert float(params[name]) == wanted["equals"]
        if "one_of" in wanted:
            assert params[name] in wanted["one_of"]
        if "between" in wanted:
            assert wanted["between"][0] <= float(params[name]) <= wanted["between"][1]
    value = float(metrics[expect["metric"]])
    worked_out = float(params["A"]) + LENGTH[params["B"]] * float(params["C"])
    assert abs(value - worked_out) <= expect["tolerance"]
    return value


def download(server: Server, job: str, where: Path, *words: str) -> Path:
    """Download a job's files with the command line."""
    command = ["zaffre", "job", "download", "-n", job, "--download-path", str(where), *words]
    done = subprocess.run(
        command, env=server.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return where
