"""The runner of parallel steps, as a program on real files."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zaffre.runtime

GUEST = Path(zaffre.runtime.__file__).parent / "guest"
sys.path.append(str(GUEST))
from zaffre_parallel import plain_yaml  # noqa: E402
from zaffre_parallel.__main__ import HAD_TRIES  # noqa: E402

NAMES = """
import os, sys
def init():
    print("init", os.getpid())
def run(batch):
    return [os.path.basename(one) for one in batch]
def shutdown():
    print("shutdown")
"""


def run(tmp_path: Path, script: str, data: Path, *arguments: str, **settings: Any):
    (tmp_path / "score.py").write_text(script)
    target = tmp_path / "out.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": str(GUEST),
        "ZAFFRE_PARALLEL": json.dumps({"script": "score.py", "timeout": 20, **settings}),
    }
    done = subprocess.run(
        [sys.executable, "-m", "zaffre_parallel", str(data), str(target), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = target.read_text().splitlines() if target.exists() else []
    return done, lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "data"
    place.mkdir()
    for at in range(7):
        (place / f"{at}.txt").write_text("x" * 100)
    return place


def test_files_come_in_mini_batches_and_results_in_order(tmp_path, folder):
    done, lines = run(tmp_path, NAMES, folder, mini_batch_size="2", processes=2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines == [f"{at}.txt" for at in range(7)]
    assert "4 mini-batches for 2 processes" in done.stdout
    assert "shutdown" in done.stdout


def test_files_come_by_size(tmp_path, folder):
    done, _ = run(tmp_path, NAMES, folder, mini_batch_size="300b")
    assert "3 mini-batches" in done.stdout


def test_a_script_reads_its_arguments_and_leaves_the_rest(tmp_path, folder):
    script = """
import argparse
def init():
    global word
    cli = argparse.ArgumentParser(allow_abbrev=False)
    cli.add_argument("--word")
    word = cli.parse_known_args()[0].word
def run(batch):
    return [word] * len(batch)
"""
    words = ("--word", "hi", "--allowed_failed_percent", "30")
    done, lines = run(tmp_path, script, folder, *words)
    assert lines == ["hi"] * 7, done.stderr


FAILS = """
def run(batch):
    if any(one.endswith("3.txt") for one in batch):
        raise ValueError("three is bad")
    return batch
"""


def test_a_failed_mini_batch_is_tried_again_and_listed(tmp_path, folder):
    done, lines = run(tmp_path, FAILS, folder, mini_batch_size="1", max_retries=1)
    assert done.returncode == 0
    assert len(lines) == 6
    assert done.stdout.count("failed (try") == 2
    (failure,) = (tmp_path / "logs" / "failed_mini_batches.jsonl").read_text().splitlines()
    told = json.loads(failure)
    assert "three is bad" in told["error"]
    assert told["files"] == ["3.txt"]
    assert told["tries"] == 2


@pytest.mark.parametrize("settings", [{"error_threshold": 0}, {"mini_batch_error_threshold": 0}])
def test_too_many_failures_fail_the_step(tmp_path, folder, settings):
    done, _ = run(tmp_path, FAILS, folder, mini_batch_size="1", max_retries=0, **settings)
    assert done.returncode == HAD_TRIES
    assert next(iter(settings)) in done.stdout


def test_fewer_results_than_items_are_failed_items(tmp_path, folder):
    script = "def run(batch):\n    return batch[:1]\n"
    done, _ = run(tmp_path, script, folder, mini_batch_size="7", error_threshold=5)
    assert done.returncode == HAD_TRIES
    assert "6 items failed" in done.stdout


def test_a_failing_init_is_fatal_whatever_may_fail(tmp_path, folder):
    script = "def init():\n    raise RuntimeError('no model')\ndef run(batch):\n    return batch\n"
    done, _ = run(tmp_path, script, folder, error_threshold=-1)
    assert done.returncode == HAD_TRIES
    assert "init() failed: RuntimeError: no model" in done.stdout


def test_a_mini_batch_that_takes_too_long_or_kills_its_process_fails_alone(tmp_path, folder):
    script = """
import os, time
def run(batch):
    if batch[0].endswith("1.txt"):
        time.sleep(60)
    if batch[0].endswith("2.txt"):
        os._exit(9)
    return batch
"""
    done, lines = run(
        tmp_path, script, folder, mini_batch_size="1", max_retries=0, timeout=2, processes=2
    )
    assert done.returncode == 0
    assert len(lines) == 5
    assert "longer than 2 s" in done.stdout
    assert "exit code 9" in done.stdout


def test_the_time_of_a_mini_batch_does_not_count_init(tmp_path, folder):
    script = """
import time
def init():
    time.sleep(1.5)
def run(batch):
    return batch
"""
    done, lines = run(tmp_path, script, folder, timeout=1, max_retries=0, mini_batch_size="7")
    assert done.returncode == 0, done.stdout
    assert len(lines) == 7


def test_lists_of_anything_with_a_length_count(tmp_path, folder):
    script = """
class Summary:
    def __len__(self):
        return 7
def run(batch):
    return Summary()
"""
    done, lines = run(tmp_path, script, folder, mini_batch_size="7", error_threshold=0)
    assert done.returncode == 0, done.stdout
    assert lines == []


def test_rows_come_by_key_with_their_context(tmp_path):
    pytest.importorskip("pandas")
    table = tmp_path / "table"
    table.mkdir()
    (table / "a.csv").write_text("k,v\na,1\nb,2\na,3\n")
    (table / "MLTable").write_text(
        "paths:\n  - file: ./a.csv\ntransformations:\n"
        "  - read_delimited:\n      delimiter: ','\n      encoding: ascii\n"
        "  - filter: col('v') > 1\n"
    )
    script = """
def run(part, mini_batch_context):
    return [f"{mini_batch_context.partition_key_value['k']}:{len(part)}"] * len(part)
"""
    done, lines = run(tmp_path, script, table, kind="mltable", partition_keys=["k"])
    assert lines == ["a:1", "b:1"], done.stdout + done.stderr


def test_rows_come_by_size_and_frames_go_without_header(tmp_path):
    pytest.importorskip("pandas")
    table = tmp_path / "table"
    table.mkdir()
    (table / "a.csv").write_text("k,v\n" + "ab,1\n" * 1000)
    (table / "MLTable").write_text(
        "paths:\n- pattern: ./*.csv\ntransformations:\n- read_delimited:\n    header: all_files_same_headers\n- drop_columns: [k]\n"
    )
    script = "def run(part):\n    return part.assign(w=2)\n"
    done, lines = run(tmp_path, script, table, kind="mltable", mini_batch_size="1kb")
    assert lines == ["1 2"] * 1000, done.stdout + done.stderr
    assert "5 mini-batches" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "paths:\n  - file: ./a.csv\n  - pattern: '*.csv'\ntransformations:\n  - read_delimited:\n      delimiter: \",\"\n      header: no_header\n  - take: 5\n",
        "type: mltable\npaths:\n- folder: ./x # here\ntransformations:\n- read_parquet\n- keep_columns: [a, b]\n- convert_column_types:\n  - columns: c\n    column_type: int\n",
    ],
)
def test_the_small_reader_reads_as_yaml_does(text):
    yaml = pytest.importorskip("yaml")
    assert plain_yaml._block(plain_yaml._lines(text)) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "file", sorted((GUEST / "zaffre_parallel").glob("*.py")), ids=lambda file: file.stem
)
def test_the_runner_is_written_for_python_3_7(file):
    ast.parse(file.read_text(), str(file), feature_version=(3, 7))
