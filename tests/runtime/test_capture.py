"""Captured traffic: a journal that a kill leaves whole, and the tables that come of it."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import METRICS_KEY, Serving, serving, until
from zaffre.adapters.local.capture_tables import ProgramTables
from zaffre.ports.capture_tables import Answered, Table
from zaffre.runtime.capture import journal
from zaffre.runtime.capture.converting import convert
from zaffre.runtime.capture.journal import Origin, Record, Segment, read, seal_left_over
from zaffre.runtime.capture.rows import input_rows, output_rows
from zaffre.runtime.capture.tables import even

ORIGIN = Origin("e", "blue", "e.blue.1", "churn:3")
SCRIPT = """
def init():
    pass
def run(raw):
    return 1 / 0 if raw == "fail" else raw
"""


def record(number: int, inputs: bytes = b"{}") -> Record:
    return Record(1.5, f"id-{number}", 200, inputs, b"[1]")


def segment(folder: Path, name: str = "a") -> Segment:
    folder.mkdir(parents=True, exist_ok=True)
    return Segment(folder, name, ORIGIN)


def add(made: Segment, *numbers: int) -> None:
    for number in numbers:
        assert made.add(journal.msgspec.msgpack.encode(record(number)))


def ids(path: Path) -> list[str]:
    return [one.request_id for one in read(path)[1]]


def test_a_sealed_segment_gives_its_records_in_order(tmp_path: Path) -> None:
    made = segment(tmp_path)
    add(made, 1, 2, 3)
    made.seal()
    origin, records = read(tmp_path / "a.sealed")
    assert origin == ORIGIN
    assert list(records) == [record(1), record(2), record(3)]


def test_a_segment_takes_no_more_than_it_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SIZE", 4096)
    made = segment(tmp_path)
    count = 0
    while made.add(b"x" * 100):
        count += 1
    assert 30 < count < 40


def test_an_empty_segment_leaves_nothing(tmp_path: Path) -> None:
    segment(tmp_path).seal()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_sealed_without_its_half_record(tmp_path: Path) -> None:
    folder = tmp_path / "default" / "e" / "blue"
    add(segment(folder), 1, 2)
    with (folder / "a.part").open("r+b") as file:
        content = file.read()
        file.seek(len(content.rstrip(b"\0")) + 4)  # a record whose length was not written yet
        file.write(b"half a record")
    segment(folder, "b")
    seal_left_over(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["a.sealed"]
    assert ids(folder / "a.sealed") == ["id-1", "id-2"]


def test_what_a_power_cut_garbled_ends_the_segment(tmp_path: Path) -> None:
    made = segment(tmp_path)
    add(made, 1)
    made.add(b"\xff\xfe garbage")
    made.seal()
    assert ids(tmp_path / "a.sealed") == ["id-1"]


ROWS = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"input_data": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}, ROWS),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}, ROWS),
        ({"dataframe_records": ROWS}, ROWS),
        ({"inputs": {"a": [1, 3], "b": [2, 4]}}, ROWS),
        ({"data": [[1, 2]]}, [{"column_0": 1, "column_1": 2}]),
        ([[1, 2]], [{"column_0": 1, "column_1": 2}]),
        ({"instances": [5, 6]}, [{"column": 5}, {"column": 6}]),
        ({"anything": 1}, [{"body": '{"anything": 1}'}]),
        ({"input_data": [[1], 2]}, [{"body": '{"input_data": [[1], 2]}'}]),
        ({"input_data": {"a": [1], "b": []}}, [{"body": '{"input_data": {"a": [1], "b": []}}'}]),
    ],
)
def test_requests_become_rows(body: Any, rows: Any) -> None:
    assert input_rows(json.dumps(body).encode()) == rows


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ([1.5, 2.5], [{"prediction": 1.5}, {"prediction": 2.5}]),
        ([[0.1, 0.9]], [{"prediction_0": 0.1, "prediction_1": 0.9}]),
        ({"result": [1, 2]}, [{"result": 1}, {"result": 2}]),
        ([{"label": "x"}], [{"label": "x"}]),
        ("done", [{"body": '"done"'}]),
        ({"a": [1], "b": [2]}, [{"a": 1, "b": 2}]),
    ],
)
def test_answers_become_rows(body: Any, rows: Any) -> None:
    assert output_rows(json.dumps(body).encode()) == rows


def test_bodies_that_are_no_json_are_kept_as_text() -> None:
    assert input_rows(b"\xffplain") == [{"body": "\ufffdplain"}]
    assert input_rows(b"[" * 5000) == [{"body": "[" * 5000}]


def test_columns_have_one_type() -> None:
    assert even([1, 2.5, None]) == [1.0, 2.5, None]
    assert even([True, None]) == [True, None]
    assert even(["a", 1, [2]]) == ["a", "1", "[2]"]
    assert even([2**60, 1]) == [str(2**60), "1"]


def batch(tmp_path: Path, *copies: str) -> Path:
    made = segment(tmp_path)
    body = json.dumps({"input_data": {"columns": ["age", "row"], "data": [[30, 1], [40, 2]]}})
    made.add(journal.msgspec.msgpack.encode(record(7, body.encode())))
    for copy in copies:
        copied = Record(1.5, copy, 200, b"[1]", b"[1]", {}, mirrored=True)
        made.add(journal.msgspec.msgpack.encode(copied))
    made.seal()
    return tmp_path


def test_tables_say_for_each_row_which_request_and_model_it_is_of(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    convert(batch(tmp_path))
    rows = pq.read_table(tmp_path / "model_inputs.parquet").to_pylist()
    assert [(row["request_id"], row["row"], row["age"], row["row_"]) for row in rows] == [
        ("id-7", 0, 30.0, 1.0),
        ("id-7", 1, 40.0, 2.0),
    ]
    assert {(row["endpoint"], row["deployment"], row["model"]) for row in rows} == {
        ("e", "blue", "churn:3")
    }
    assert rows[0]["time"].timestamp() == 1.5
    assert pq.read_table(tmp_path / "model_outputs.parquet")["prediction"].to_pylist() == [1.0]


def test_without_pyarrow_tables_are_lines_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    convert(batch(tmp_path))
    lines = (tmp_path / "model_inputs.jsonl").read_text().splitlines()
    assert [json.loads(line)["age"] for line in lines] == [30.0, 40.0]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_request_is_found_in_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
        ProgramTables().write(batch(tmp_path, "id-6"))
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        convert(batch(tmp_path, "id-6"))
    table = Table(tmp_path / f"model_inputs.{form}", form)
    assert ProgramTables().find([table], "id-6") is None
    assert ProgramTables().find([table], "id-7") == Answered("id-7", 1.5, "e", "blue", "e.blue.1")
    assert ProgramTables().find([table], "id-8") is None


# The gateway, for real.


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path) as found:
        yield found


def begin(gateway: Serving, script: str = SCRIPT, **capture: Any) -> Path:
    folder = gateway.home / "captures" / "default" / "e" / "blue"
    wish = {"folder": str(folder), "inputs": True, "outputs": True, **capture}
    code = gateway.script("blue", script)
    gateway.endpoint("e", blue=gateway.describe("e.blue.1", code, model="churn:3", capture=wish))
    gateway.configure()
    gateway.start().ready("e.blue.1")
    return folder


COLLECTS = """
from azureml.ai.monitoring import Collector
import pandas as pd

def init():
    global features, inputs, broken
    features, inputs = Collector(name="features"), Collector(name="model_inputs")
    broken = Collector(name="features", on_error=lambda error: print("not kept", error))

def run(raw):
    context = inputs.collect(pd.DataFrame({"secret": [1]}))
    features.collect(pd.DataFrame({"age": [30, 40]}), context)
    broken.collect({"what": object()})
    Collector(name="unwanted").collect([{"x": 1}])
    return 1 / 0 if raw == "fail" else str(context)
"""


def test_what_a_script_collects_is_captured_with_its_request(gateway: Serving) -> None:
    pytest.importorskip("pandas")
    pq = pytest.importorskip("pyarrow.parquet")
    folder = begin(gateway, script=COLLECTS, inputs=False, outputs=False, custom=["features"])
    ids = [gateway.ask(text).json for text in ("one", "two")]
    assert gateway.ask("fail").status == 500
    gateway.stop()
    convert(folder)
    rows = pq.read_table(folder / "features.parquet").to_pylist()
    assert [(row["correlation_id"], row["row"], row["age"]) for row in rows] == [
        (one, at, age) for one in ids for at, age in enumerate([30, 40])
    ]
    assert rows[0]["model"] == "churn:3"
    assert [path.name for path in folder.glob("*.parquet")] == ["features.parquet"]


def test_the_gateway_captures_what_succeeded(gateway: Serving) -> None:
    folder = begin(gateway, headers=["X-Customer", "Authorization"])
    gateway.ask("first", x_request_id="one", x_customer="7")
    gateway.ask("fail", x_request_id="two")
    gateway.stop()
    (path,) = folder.glob("*.sealed")
    origin, records = read(path)
    assert origin == Origin("e", "blue", "e.blue.1", "churn:3")
    (found,) = records
    assert (found.request_id, found.status) == ("one", 200)
    assert (found.inputs, found.outputs, found.headers) == (b"first", b'"first"', {"x-customer": "7"})  # fmt: skip


def test_a_script_may_collect_by_itself_as_on_azure(gateway: Serving) -> None:
    code = (
        "from azureml.ai.monitoring import Collector\n"
        "from azureml.ai.monitoring.context import BasicCorrelationContext\n"
        "def init():\n    global inputs, outputs\n    inputs = Collector(name='model_inputs')\n"
        "    outputs = Collector(name='model_outputs', on_error=print)\n"
        "def run(raw):\n    context = inputs.collect(raw, BasicCorrelationContext(id='mine'))\n"
        "    outputs.collect([1], context)\n    return str(context)\n"
    )
    gateway.endpoint("e", blue=gateway.describe("blue", gateway.script("blue", code)))
    gateway.configure()
    gateway.start().ready()
    assert gateway.ask("x").json == "mine"


def test_only_the_wanted_side_is_captured_and_a_rate_of_nothing_is_nothing(
    gateway: Serving,
) -> None:
    folder = begin(gateway, outputs=False)
    gateway.ask("x")
    gateway.endpoints["e"]["deployments"]["blue"]["capture"]["rate"] = 0.0
    gateway.configure()
    until(lambda: gateway.status["generation"] == 2, "it is followed")
    gateway.ask("not captured", x_request_id="later")
    gateway.stop()
    found = [one for path in folder.glob("*.sealed") for one in read(path)[1]]
    assert [one.outputs for one in found] == [None] * len(found)
    assert "later" not in {one.request_id for one in found}


def test_a_killed_gateway_loses_and_doubles_no_answer(gateway: Serving) -> None:
    folder = begin(gateway)
    answered: list[str] = []

    def many(client: int) -> None:
        for number in range(10_000):
            name = f"{client}-{number}"
            try:
                if gateway.ask("x", x_request_id=name).status == 200:
                    answered.append(name)
            except OSError:
                return

    clients = [threading.Thread(target=many, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    while len(answered) < 200 and any(client.is_alive() for client in clients):
        threading.Event().wait(0.01)
    gateway.kill()
    for client in clients:
        client.join()
    gateway.start().ready("e.blue.1")
    gateway.ask("x", x_request_id="after")
    gateway.stop(signal.SIGTERM)
    captured = [name for path in folder.glob("*.sealed") for name in ids(path)]
    assert len(captured) == len(set(captured))
    assert {*answered, "after"} <= set(captured)


def test_no_room_for_the_journal_hurts_no_request(gateway: Serving) -> None:
    (gateway.home / "captures").write_text("a file where a folder should be")
    begin(gateway)
    assert [gateway.ask("x").status for _ in range(5)] == [200] * 5
    metrics = gateway.ask(None, "/metrics", "GET", METRICS_KEY).body
    assert b"zaffre_capture_dropped_total 5" in metrics
