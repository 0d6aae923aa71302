"""Files scored into files: Parquet, CSV, JSON lines, Delta; on this machine and in S3."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from table_jobs import at, order, run

pa = pytest.importorskip("pyarrow")
import pyarrow.compute as pc  # noqa: E402
import pyarrow.csv  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from zaffre.runtime.tables import places  # noqa: E402
from zaffre.runtime.tables.order import Address, Refused  # noqa: E402


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Two Parquet files of ten rows, in row groups of three."""
    folder = tmp_path / "in"
    folder.mkdir()
    for part in range(2):
        rows = pa.table(
            {"id": range(part * 10, part * 10 + 10), "x": [float(one) for one in range(100, 110)]}
        )
        pq.write_table(rows, folder / f"{part}.parquet", row_group_size=3)
    return folder


def job(folder: Path, given: dict, wanted: dict | None = None, **more):
    output = {"address": at(folder / "out", "parquet"), **(wanted or {})}
    return order(folder, {"key": "id", "features": ["x"], **given}, output, **more)


def scores(folder: Path, ending: str = "parquet") -> list[tuple]:
    files = sorted(folder.glob(f"*.{ending}"))
    read = pq.read_table if ending == "parquet" else pyarrow.csv.read_csv
    table = pa.concat_tables([read(one) for one in files]).sort_by("id")
    return list(zip(*table.select(["id", "prediction"]).to_pydict().values(), strict=True))


def test_every_row_of_every_file_is_scored_once(tmp_path, numbers):
    run(tmp_path, job(tmp_path, {"address": at(numbers, "parquet")}))
    assert scores(tmp_path / "out") == [(one, (100 + one % 10) * 2.0) for one in range(20)]
    manifest = json.loads((tmp_path / "out/_zaffre/run-1.json").read_text())
    assert manifest["progress"]["ended"]
    assert sorted(manifest["files"]) == sorted(
        one.name for one in (tmp_path / "out").glob("part*")
    )


def test_bad_rows_of_a_csv_file_are_rejected_and_the_others_scored(tmp_path):
    lines = ["id,x", *(f"{one},{one}" for one in range(200))]
    lines[51], lines[101], lines[151] = "50,abc", "100,", "150,1,2,3"
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    wanted = {"address": at(tmp_path / "out", "csv")}
    given = {"address": at(tmp_path / "in.csv", "csv")}
    script = "def run(frame):\n    return frame['x'].astype(float) * 2\n"
    run(tmp_path, job(tmp_path, given, wanted, rows=64, script=script))
    assert len(scores(tmp_path / "out", "csv")) == 198  # a script may take a missing value
    files = [pyarrow.csv.read_csv(one) for one in (tmp_path / "out/_rejects").iterdir()]
    rejects = pa.concat_tables(files, promote_options="permissive")
    reasons = dict(
        zip(rejects["input_row"].to_pylist(), rejects["reason"].to_pylist(), strict=True)
    )
    assert "could not convert string to float" in reasons['{"id": "50", "x": "abc"}']
    assert "4 values, 2 are expected" in reasons["150,1,2,3"]


def test_lines_of_json_are_rows_whatever_their_values(tmp_path):
    lines = ['{"id": 1, "x": 1}', '{"id": 2, "x": 2.5}', "{", '{"id": 3, "x": null}', "[1]"]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    wanted = {"address": at(tmp_path / "out", "jsonl")}
    run(tmp_path, job(tmp_path, {"address": at(tmp_path / "in.jsonl", "jsonl")}, wanted))
    (file,) = (tmp_path / "out").glob("*.jsonl")
    assert [json.loads(line)["prediction"] for line in file.read_text().splitlines()] == [2.0, 5.0]
    rejects = "".join(one.read_text() for one in (tmp_path / "out/_rejects").iterdir())
    assert rejects.count("the line is no JSON") == 2
    assert "`x` missing" in rejects


def test_later_lines_may_lack_what_the_first_had(tmp_path):
    lines = [f'{{"id": {one}, "x": 1, "more": [1]}}' for one in range(10_000)]
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, '{"x": 2}']))
    given = {"address": at(tmp_path / "in.jsonl", "jsonl"), "keep": ["more"]}
    run(tmp_path, job(tmp_path, given, rows=10_000))
    last = pq.read_table(tmp_path / "out/part-run-1-00001.parquet").to_pylist()
    assert [(row["id"], row["more"], row["prediction"]) for row in last] == [(None, None, 4.0)]


def test_tabs_part_the_values_of_tsv_files(tmp_path):
    (tmp_path / "in.tsv").write_text("id\tx\n1\t2,5\n2\t3\n")
    done = run(tmp_path, job(tmp_path, {"address": at(tmp_path / "in.tsv", "csv")}))
    assert "1 rows scored, 1 rejected" in done.stdout


def test_a_column_that_is_not_there_is_said_before_the_model_starts(tmp_path, numbers):
    given = {"address": at(numbers, "parquet"), "watermark": "idd", "keep": ["y"]}
    wanted = {"address": at(tmp_path / "out", "parquet")}
    wrong = order(tmp_path, given, wanted, script="raise SystemExit('started')")
    done = run(tmp_path, wrong, check=False)
    assert done.returncode == 1
    assert (
        "The watermark `idd` (did you mean `id`?), kept column `y` are no columns" in done.stdout
    )


def test_a_run_is_not_resumed_on_other_files(tmp_path, numbers):
    document = job(tmp_path, {"address": at(numbers, "parquet")}, error_threshold=0)
    spoil(numbers / "1.parquet", 12)
    assert run(tmp_path, document, check=False).returncode == 1
    spoil(numbers / "1.parquet", 14)
    done = run(tmp_path, {**document, "error_threshold": -1}, check=False)
    assert "files have changed since the run began" in done.stdout


def spoil(path: Path, key: int) -> None:
    table = pq.read_table(path)
    bad = pc.if_else(pc.equal(table["id"], key), 13.0, table["x"])
    pq.write_table(table.set_column(1, "x", bad), path, row_group_size=3)


def test_incremental_runs_append_what_is_new(tmp_path, numbers):
    new = {"address": at(numbers, "parquet"), "watermark": "id"}
    run(tmp_path, job(tmp_path, new))
    pq.write_table(pa.table({"id": [20, 21], "x": [1.0, 13.0]}), numbers / "2.parquet")
    failing = job(tmp_path, new, run="run-2", error_threshold=0)
    assert run(tmp_path, failing, check=False).returncode == 1
    third = run(tmp_path, job(tmp_path, new, run="run-3"), check=False)
    assert "Run `run-2` wrote a part" in third.stdout
    pq.write_table(pa.table({"id": [22], "x": [4.0]}), numbers / "3.parquet")
    run(tmp_path, {**failing, "error_threshold": -1})  # what came behind is left to the next
    run(tmp_path, job(tmp_path, new, run="run-3"))
    run(tmp_path, job(tmp_path, new, run="run-2"))
    assert [one for one, _ in scores(tmp_path / "out")] == [*range(21), 22]


def test_a_table_becomes_the_columns_of_a_result(tmp_path, numbers):
    script = "def run(frame):\n    return frame.assign(low=1, word=frame['x'].astype(str))[['low', 'word']]\n"
    given = {"address": at(numbers, "parquet"), "keep": ["x"]}
    run(tmp_path, job(tmp_path, given, script=script, rows=100, processes=2))
    table = pq.read_table(sorted((tmp_path / "out").glob("*.parquet"))[0])
    assert table.column_names[:4] == ["id", "x", "low", "word"]
    assert table["word"][0].as_py() == "100.0"


def test_a_process_that_dies_of_a_row_costs_that_row(tmp_path, numbers):
    script = "import os\ndef run(frame):\n    if (frame['x'] == 13).any():\n        os._exit(3)\n    return frame['x']\n"
    spoil(numbers / "0.parquet", 5)
    run(tmp_path, job(tmp_path, {"address": at(numbers, "parquet")}, script=script))
    assert len(scores(tmp_path / "out")) == 19
    (reject,) = (tmp_path / "out/_rejects").iterdir()
    assert "exit code 3" in pq.read_table(reject)["reason"][0].as_py()


def test_a_model_that_does_not_load_ends_the_job(tmp_path, numbers):
    script = "raise RuntimeError('no weights')\n"
    done = run(
        tmp_path, job(tmp_path, {"address": at(numbers, "parquet")}, script=script), check=False
    )
    assert "The model could not be loaded: RuntimeError: no weights" in done.stdout


def test_a_model_without_a_script_gets_the_columns_of_its_signature(tmp_path):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0, 0], [1, 0], [0, 1]], [0, 10, 1])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    columns = [{"name": "a", "type": "long"}, {"name": "b", "type": "double"}]
    loading = {
        "flavors": {
            "python_function": {"loader_module": "mlflow.sklearn"},
            "sklearn": {"pickled_model": "model.pkl"},
        },
        "signature": {"inputs": json.dumps(columns)},
    }
    rows = ["b,note,a", "0.5,x,2", "1,y,3.5", ",z,1", "2,w,4"]
    (tmp_path / "in.csv").write_text("\n".join(rows))
    document = order(
        tmp_path,
        {"address": at(tmp_path / "in.csv", "csv"), "keep": ["note"]},
        {"address": at(tmp_path / "out", "csv")},
        model={"mlflow_model": str(tmp_path), "mlmodel": loading},
    )
    run(tmp_path, document)
    (file,) = (tmp_path / "out").glob("*.csv")
    table = pyarrow.csv.read_csv(file)
    found = dict(zip(table["note"].to_pylist(), table["prediction"].to_pylist(), strict=True))
    assert found == pytest.approx({"x": 20.5, "w": 42.0})
    (file,) = (tmp_path / "out/_rejects").iterdir()
    reasons = pyarrow.csv.read_csv(file)["reason"].to_pylist()
    assert reasons[0] == "`a` is no long"
    assert reasons[1].startswith("`b` missing: ValueError: Input X contains NaN")


def test_without_the_extra_it_says_what_to_install(tmp_path, numbers, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("zaffre.runtime.tables.")]:
        if not name.endswith(("__main__", "order", "asking")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run(tmp_path, job(tmp_path, {"address": at(numbers, "parquet")}), check=False)
    assert done.returncode == 1
    assert "pip install 'zaffre[tables]'" in done.stdout


def test_delta_tables_are_read_and_upserted(tmp_path, numbers):
    deltalake = pytest.importorskip("deltalake")
    table, target = tmp_path / "delta", tmp_path / "scores"
    for part in sorted(numbers.iterdir()):
        deltalake.write_deltalake(table, pq.read_table(part), mode="append")
    wanted = {"address": at(target, "delta"), "mode": "upsert"}
    given = {"address": at(table, "delta")}
    run(tmp_path, job(tmp_path, given, wanted))
    run(tmp_path, job(tmp_path, given, wanted, run="run-2"))
    found = deltalake.DeltaTable(target).to_pyarrow_table().sort_by("id")
    assert found["id"].to_pylist() == list(range(20))
    assert set(found["prediction_id"].to_pylist()) == {f"run-2-{one}" for one in range(20)}


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server that answers as S3 does, with one bucket."""
    pytest.importorskip("moto")
    obstore = pytest.importorskip("obstore")
    log = tmp_path / "moto.log"
    program = [
        sys.executable,
        "-u",
        "-W",
        "ignore",
        "-m",
        "moto.server",
        "-H",
        "127.0.0.1",
        "-p",
        "0",
    ]
    with log.open("w") as file:
        process = subprocess.Popen(program, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while "Running on http" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        port = log.read_text().partition("http://127.0.0.1:")[2].split()[0]
        endpoint = f"http://127.0.0.1:{port}"
        make_bucket(endpoint)
        assert obstore
        yield {
            "endpoint": endpoint,
            "region": "us-east-1",
            "access_key_id": "key",
            "secret_access_key": "hush-hush",
        }
    finally:
        process.kill()
        process.wait()


def make_bucket(endpoint: str) -> None:
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/lake", method="PUT")).read()


def test_objects_in_s3_are_read_and_written(tmp_path, numbers, s3):
    from obstore.store import from_url

    store = from_url("s3://lake", config=s3, client_options={"allow_http": True})
    for one in numbers.iterdir():
        store.put(f"in/{one.name}", one.read_bytes())
    given = {"address": at("s3://lake/in", "parquet", options=s3)}
    wanted = {"address": at("s3://lake/out", "parquet", options=s3)}
    done = run(tmp_path, job(tmp_path, given, wanted))
    (tmp_path / "copy").mkdir()
    for page in store.list("out"):
        for one in page:
            if one["path"].endswith(".parquet"):
                name = one["path"].rpartition("/")[2]
                (tmp_path / "copy" / name).write_bytes(bytes(store.get(one["path"]).bytes()))
    assert [one for one, _ in scores(tmp_path / "copy")] == list(range(20))
    assert "hush" not in done.stdout


def test_objects_of_text_are_read_too(tmp_path, s3):
    from obstore.store import from_url

    store = from_url("s3://lake", config=s3, client_options={"allow_http": True})
    store.put("rows.csv", b"id,x\n1,2\n2,3\n")
    store.put("rows.jsonl", b'{"id": 1, "x": 2}\n')
    for name, kind, count in (("rows.csv", "csv", 2), ("rows.jsonl", "jsonl", 1)):
        given = {"address": at(f"s3://lake/{name}", kind, options=s3)}
        done = run(tmp_path, job(tmp_path, given, run=kind))
        assert f"{count} rows scored" in done.stdout


AZURE = {"account_name": "a", "container_name": "c"}
LAKE = "abfss://c@a.dfs.core.windows.net/in"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        (LAKE, {**AZURE, "account_key": "aGk="}),
        (LAKE, {**AZURE, "sas_token": "sv=1&sig=x", "endpoint": "http://a.blob.local"}),
        (LAKE, {**AZURE, "tenant_id": "t", "client_id": "i", "client_secret": "s"}),
        ("gs://b/in", {}),
        (
            "s3://b/in/x.parquet",
            {"access_key_id": "a", "secret_access_key": "b", "session_token": "t"},
        ),
    ],
)
def test_every_store_takes_the_words_of_its_datastore(url, options):
    pytest.importorskip("obstore")
    assert places.place_of(Address(url, "parquet", options))


def test_a_key_that_is_none_is_not_repeated():
    pytest.importorskip("obstore")
    key = json.dumps({"client_email": "x", "private_key": "hush-hush", "private_key_id": "z"})
    with pytest.raises(Refused, match="`gs://b/in` cannot be reached") as raised:
        places.place_of(Address("gs://b/in", "parquet", {"service_account_key": key}))
    assert "hush" not in str(raised.value)


def test_delta_in_s3_is_written_once(tmp_path, numbers, s3):
    deltalake = pytest.importorskip("deltalake")
    given = {"address": at(numbers, "parquet")}
    wanted = {"address": at("s3://lake/delta", "delta", options=s3)}
    run(tmp_path, job(tmp_path, given, wanted))
    options = {**s3, "allow_http": "true"}
    table = deltalake.DeltaTable("s3://lake/delta", storage_options=options).to_pyarrow_table()
    assert sorted(table["id"].to_pylist()) == list(range(20))
