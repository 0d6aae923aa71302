"""Finished mini-batches survive the attempt of a step that did them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zaffre_parallel.journal import Journal
from zaffre_parallel.progress import Progress

from runtime.test_parallel import GUEST, run

STOPS = """
import os
def run(batch):
    if os.path.exists("notes/stop") and batch[0].endswith("3.txt"):
        os.kill(os.getppid(), 9)
        os._exit(1)
    with open("notes/ran", "a") as file:
        file.write("".join(os.path.basename(one) + "\\n" for one in batch))
    return [os.path.basename(one) for one in batch]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "data"
    place.mkdir()
    for at in range(7):
        (place / f"{at}.txt").write_text(str(at))
    return place


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "kept"
    place.mkdir()
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("ZAFFRE_UNFINISHED", str(place))
    return place


def ran(tmp_path: Path) -> list[str]:
    found = (tmp_path / "notes" / "ran").read_text().splitlines()
    (tmp_path / "notes" / "ran").unlink()
    return found


def test_a_killed_step_goes_on_at_what_is_not_done(tmp_path, folder, kept):
    (tmp_path / "notes" / "stop").touch()
    done, lines = run(tmp_path, STOPS, folder, mini_batch_size="1")
    assert done.returncode == -9
    assert lines == []
    assert ran(tmp_path) == ["0.txt", "1.txt", "2.txt"]
    (tmp_path / "notes" / "stop").unlink()
    (folder / "1.txt").write_text("changed")
    done, lines = run(tmp_path, STOPS, folder, mini_batch_size="1")
    assert lines == [f"{at}.txt" for at in range(7)], done.stdout
    assert "3 mini-batches were done by an earlier attempt" in done.stdout
    assert ran(tmp_path) == ["1.txt", "3.txt", "4.txt", "5.txt", "6.txt"]
    assert list(kept.iterdir()) == []


def test_a_step_that_failed_does_only_what_failed_again(tmp_path, folder, kept):
    script = STOPS.replace("os.kill(os.getppid(), 9)", "raise ValueError(batch)")
    (tmp_path / "notes" / "stop").touch()
    options = {"mini_batch_size": "1", "max_retries": 0, "mini_batch_error_threshold": 0}
    run(tmp_path, script, folder, processes=3, **options)
    before = ran(tmp_path)
    (tmp_path / "notes" / "stop").unlink()
    done, lines = run(tmp_path, script, folder, **options)
    assert lines == [f"{at}.txt" for at in range(7)], done.stdout
    assert sorted(before + ran(tmp_path)) == lines


def test_nothing_survives_of_a_script_that_writes_files_to_the_output(tmp_path, folder, kept):
    script = """
import os
def run(batch):
    open("made_by_the_script", "w").close()
    return batch
"""
    done, lines = run(tmp_path, script, folder, mini_batch_size="1")
    assert done.returncode == 0
    assert len(lines) == 7
    assert "no later attempt goes on from here" in done.stdout


@contextlib.contextmanager
def journal(tmp_path: Path, said: list[str]) -> Iterator[Journal]:
    with contextlib.closing(Journal(str(tmp_path), str(tmp_path), "", said.append)) as found:
        yield found


def test_what_was_cut_off_at_the_end_is_done_again(tmp_path):
    with journal(tmp_path, []) as one:
        one.keep(0, "d", "zero\n", 1)
        one.keep(1, "d", "one\n", 1)
    place = tmp_path / "finished"
    place.write_bytes(place.read_bytes()[:-2])
    with journal(tmp_path, []) as again, (tmp_path / "out").open("wb") as file:
        assert again.finished(0, "d") == 1
        assert again.finished(0, "other") is None
        assert again.finished(1, "d") is None
        again.keep(1, "d", "anew\n", 1)
        again.copy(file)
    assert (tmp_path / "out").read_text() == "zero\nanew\n"


def test_two_at_once_do_not_share_a_journal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    with journal(tmp_path, []) as first, journal(tmp_path, said) as second:
        second.keep(0, "", "x", 1)
        assert said == ["the same step runs elsewhere: this one keeps nothing for later"]
        assert first.finished(0, "") is None


def test_progress_is_logged_as_metrics_while_it_runs(tmp_path, monkeypatch):
    program = """
import json, sys
from zaffre_parallel.progress import Progress
progress = Progress(3, lambda text: None, every=0)
progress.note(2, 2)
progress.note(2, None)
"""
    (tmp_path / "journal.jsonl").touch()
    environment = {
        **os.environ,
        "PYTHONPATH": str(GUEST),
        "ZAFFRE_JOURNAL": str(tmp_path / "journal.jsonl"),
    }
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    found: dict[int, dict[str, Any]] = {}
    for line in (tmp_path / "journal.jsonl").read_text().splitlines():
        _, name, value, _, step = json.loads(line)
        found.setdefault(step, {})[name] = value
    assert found[1]["mini_batches_done"] == 1
    assert found[2] == {
        "mini_batches": 3,
        "mini_batches_done": 1,
        "failed_mini_batches": 1,
        "items": 2,
        "failed_items": 2,
    }


def test_progress_counts_what_came_back():
    progress = Progress(2, lambda text: None)
    assert progress.note(5, 3)["failed_items"] == 2
