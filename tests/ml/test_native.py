"""Native logging: whole lines from many threads and processes, exact numbers, no dependency."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zaffre
from zaffre.ml import native
from zaffre.services.jobs import journals

GUEST = Path(zaffre.__file__).parent / "runtime" / "guest"


def run(
    program: str, folder: Path, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program as a job's process would, with a plain interpreter."""
    (folder / "journal.jsonl").touch()
    python = os.path.realpath(sys.executable)
    return subprocess.run(
        [python, *options, "-c", program],
        env={
            "PYTHONPATH": str(GUEST),
            "ZAFFRE_JOURNAL": str(folder / "journal.jsonl"),
            "ZAFFRE_ARTIFACTS": str(folder / "artifacts"),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=folder,
    )


def rows(folder: Path) -> list[list]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]


def test_all_calls_leave_their_lines(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("x")
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "g").write_text("y")
    program = """
import zaffre.ml as z
assert z.in_job()
z.log_metric('a', 1, 3)
z.log_metrics({'b': 0.5, 'ü "': 2}, 4)
z.log_metrics({})
z.log_param('p', 1)
z.log_params({'q': [1]})
z.set_tag('t', None)
z.set_tags({'u': 'v'})
z.log_artifact('f.txt')
z.log_artifact('f.txt', 'in/side')
z.log_artifacts('d', 'all')
"""
    run(program, tmp_path)
    found = [[*row[:3], *row[4:]] for row in rows(tmp_path)]
    assert found == [
        ["m", "a", 1.0, 3],
        ["m", "b", 0.5, 4],
        ["m", 'ü "', 2.0, 4],
        ["p", "p", "1"],
        ["p", "q", "[1]"],
        ["t", "t", "None"],
        ["t", "u", "v"],
    ]
    kept = sorted(
        str(p.relative_to(tmp_path / "artifacts"))
        for p in (tmp_path / "artifacts").rglob("*")
        if p.is_file()
    )
    assert kept == ["all/e/g", "f.txt", "in/side/f.txt"]


def test_no_package_is_needed_and_none_is_loaded(tmp_path: Path) -> None:
    done = run(
        "import sys, zaffre.ml; print(zaffre.ml.__file__, 'pydantic' in sys.modules)",
        tmp_path,
        "-S",
    )
    assert str(GUEST) in done.stdout
    assert done.stdout.endswith("False\n")


def test_an_installed_zaffre_comes_first(tmp_path: Path) -> None:
    installed = tmp_path / "site" / "zaffre"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("here = 1\n")
    (installed / "other.py").write_text("there = 2\n")
    program = "import zaffre, zaffre.other; print(zaffre.here, zaffre.other.there)"
    path = f"{GUEST}:{tmp_path / 'site'}"
    assert run(program, tmp_path, PYTHONPATH=path).stdout == "1 2\n"


@pytest.mark.parametrize(
    "version", ["python3.8", "python3.9", "python3.10", "python3.12", "python3.13"]
)
def test_other_versions_of_python_can_log(tmp_path: Path, version: str) -> None:
    python = shutil.which(version)
    if (
        python is None
        or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"no {version} here")
    journal = tmp_path / "journal.jsonl"
    journal.touch()
    subprocess.run(
        [python, "-c", "import zaffre.ml; zaffre.ml.log_metric('a', 1)"],
        env={
            "PYTHONPATH": str(GUEST),
            "ZAFFRE_JOURNAL": str(journal),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        check=True,
    )
    assert len(rows(tmp_path)) == 1


def test_odd_numbers_come_through_exactly(tmp_path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1]
    program = f"""
import zaffre.ml as z
nan, inf = float("nan"), float("inf")
for i, value in enumerate({values!r}):
    z.log_metric("x", value, i)
"""
    run(program, tmp_path)
    batch = journals.parse((tmp_path / "journal.jsonl").read_bytes())
    for wanted, metric in zip(values, batch.metrics, strict=True):
        assert repr(wanted) == repr(metric.value)


def test_threads_and_processes_never_mix_their_lines(tmp_path: Path) -> None:
    run(
        """
import os, threading
import zaffre.ml as z
z.log_metric("before", 0)
def work(name):
    for i in range(1000):
        z.log_metric(name + "x" * 200, i, i)
for n in range(3):
    if os.fork() == 0:
        threads = [threading.Thread(target=work, args=(f"{n}{t}",)) for t in range(3)]
        [t.start() for t in threads]; [t.join() for t in threads]
        os._exit(0)
for n in range(3): os.wait()
""",
        tmp_path,
    )
    found = rows(tmp_path)
    assert len(found) == 9001
    steps: dict[str, list[int]] = {}
    for row in found[1:]:
        steps.setdefault(row[1], []).append(row[4])
    assert all(one == list(range(1000)) for one in steps.values())


def test_a_cut_line_spoils_no_other(tmp_path: Path) -> None:
    run(
        """
import os
import zaffre.ml as z
z.log_metric("a", 1)
real, calls = os.write, []
def cut(file, data):
    calls.append(1)
    return real(file, data[:5]) if len(calls) == 1 else real(file, data)
os.write = cut
z.log_metric("b", 2)
os.write = real
z.log_metric("c", 3)
""",
        tmp_path,
    )
    batch = journals.parse((tmp_path / "journal.jsonl").read_bytes())
    assert [metric.key for metric in batch.metrics] == ["a", "b", "c"]


def test_a_full_disk_is_an_error_of_the_call(tmp_path: Path) -> None:
    program = "import zaffre.ml as z\ntry: z.log_metric('a', 1)\nexcept OSError: print('full')"
    assert run(program, tmp_path, ZAFFRE_JOURNAL="/dev/full").stdout == "full\n"


def test_outside_of_a_job_nothing_happens(tmp_path: Path) -> None:
    program = "import zaffre.ml as z; z.log_metric('a', 1); z.log_artifact('x'); print(z.in_job())"
    assert run(program, tmp_path, ZAFFRE_JOURNAL="", ZAFFRE_ARTIFACTS="").stdout == "False\n"


@pytest.mark.parametrize("key", ["", "k" * 251, None, 3])
def test_a_key_that_cannot_be_kept_is_refused(key: object) -> None:
    with pytest.raises(ValueError, match="A key is a text"):
        native.log_metric(key, 1)  # type: ignore[arg-type]


def test_a_path_out_of_the_artifacts_is_refused() -> None:
    with pytest.raises(ValueError, match="leads out"):
        native.log_artifact("x", "../y")


def test_a_call_costs_microseconds(tmp_path: Path) -> None:
    done = run(
        """
import time
import zaffre.ml as z
best = 1.0
for _ in range(10):
    begun = time.perf_counter()
    for i in range(2000): z.log_metric("loss", 0.123456789 * i, i)
    best = min(best, (time.perf_counter() - begun) / 2000)
print(best * 1e6)
""",
        tmp_path,
    )
    assert float(done.stdout) < 100, "an order of magnitude above the aim, for slow machines"
    print(done.stdout)
