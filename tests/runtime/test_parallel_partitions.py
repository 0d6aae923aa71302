"""Mini-batches by the values of columns, over folders of tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.test_parallel import run

pytest.importorskip("pandas")

SCRIPT = """
def run(part, mini_batch_context):
    key = mini_batch_context.partition_key_value
    return [f"{key['k']}:{len(part)}"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "data"
    (place / "year=2024").mkdir(parents=True)
    (place / "a.csv").write_text("k,v\na,1\nb,2\n")
    (place / "year=2024" / "b.csv").write_text("k,v\na,3\n")
    (place / "_SUCCESS").write_text("")
    return place


def test_rows_of_all_tables_of_a_folder_come_by_key(tmp_path, folder):
    done, lines = run(tmp_path, SCRIPT, folder, partition_keys=["k"])
    assert lines == ["a:2", "b:1"], done.stdout + done.stderr


def test_folders_named_by_a_value_give_a_column(tmp_path, folder):
    (folder / "a.csv").unlink()
    script = SCRIPT.replace("['k']", "['year']")
    done, lines = run(tmp_path, script, folder, partition_keys=["year"])
    assert lines == ["2024:1"], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("keys", "name", "said"),
    [
        (["k"], "x.png", "`x.png` is no CSV, TSV, Parquet or JSON lines file"),
        (["w"], "c.csv", "a.csv has no column `w`; it has k, v"),
    ],
)
def test_what_cannot_be_cut_by_key_is_refused(tmp_path, folder, keys, name, said):
    (folder / name).write_text("k,v\n")
    done, lines = run(tmp_path, SCRIPT, folder, partition_keys=keys)
    assert done.returncode == 1
    assert said in done.stdout
    assert lines == []


def test_a_failed_mini_batch_is_listed_with_its_key(tmp_path, folder):
    done, _ = run(
        tmp_path, "def run(part):\n    1 / 0\n", folder, partition_keys=["k"], max_retries=0
    )
    assert done.returncode == 0, done.stdout
    lines = (tmp_path / "logs" / "failed_mini_batches.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["key"]["k"] for line in lines) == ["a", "b"]
