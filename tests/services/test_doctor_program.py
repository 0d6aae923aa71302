"""The doctor's program: it looks at a whole home, says what is wrong, and ends accordingly."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from served import context_at
from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.files import File
from zaffre.ports.metadata import Add
from zaffre.services import doctor_jobs
from zaffre.services.context import Context


def add_job(ctx: Context, name: str, state: str) -> None:
    spec = CommandJobSpec.model_validate({"command": "true", "environment": "azureml:e:1"})
    ctx.metadata.apply([Add(Resource(Key("job", "default", name), spec, JobStatus(status=state)))])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with context_at(home) as ctx:
        ctx.artifacts.put([b"x"])
    return home


def run(home: Path, *words: str) -> tuple[int, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.server.doctor", "--home", str(home), "--json", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(home.parent)},
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def snapshot(home: Path) -> dict[str, bytes]:
    skipped = ("-shm", "-wal")
    found = (
        path for path in home.rglob("*") if path.is_file() and not path.name.endswith(skipped)
    )
    return {str(path): path.read_bytes() for path in found}


def test_a_healthy_home_is_left_as_it_was(home: Path):
    before = snapshot(home)
    for words in ((), ("--full",)):
        code, found = run(home, *words)
        assert (code, found["healthy"], found["findings"]) == (0, True, [])
    assert snapshot(home) == before


def test_no_home(tmp_path: Path):
    code, found = run(tmp_path / "nowhere")
    assert (code, found["findings"][0]["check"]) == (1, "home")
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_database(home: Path):
    path = home / "zaffre.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 8] = os.urandom(4096 * 7)
    path.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    code, found = run(home)
    assert (code, {one["check"] for one in found["findings"]}) == (1, {"database"})


def test_a_database_that_is_none(home: Path):
    (home / "zaffre.db").write_bytes(os.urandom(10_000))
    for suffix in ("-wal", "-shm"):
        (home / f"zaffre.db{suffix}").unlink(missing_ok=True)
    code, found = run(home)
    (finding,) = found["findings"]
    assert (code, finding["check"]) == (1, "database")
    assert "is no SQLite database" in finding["problem"]
    assert "zaffre down" in finding["fix"]


def test_secrets_that_others_may_read(home: Path):
    for name in ("token", "secret.key"):
        (home / name).write_text("s")
        (home / name).chmod(0o644)
    code, found = run(home)
    assert code == 1
    assert {Path(one["subject"]).name for one in found["findings"]} == {"token", "secret.key"}
    assert all("chmod 600" in one["fix"] for one in found["findings"])


def test_what_belongs_to_nothing_is_told(home: Path):
    (home / "envs" / "zzz").mkdir(parents=True)
    (home / "envs" / ("0" * 32)).mkdir()
    (home / "artifacts" / "junk").write_text("x")
    code, found = run(home)
    assert code == 0
    told = {Path(one["subject"]).name for one in found["findings"]}
    assert told == {"zzz", "junk"}


def test_an_artifact_that_was_cut_short(home: Path):
    with context_at(home) as ctx:
        blob = ctx.artifacts.put([b"all of it"])
        ctx.files.put("run:default/r", [File("a.txt", blob.digest, blob.size)])
        path = ctx.artifacts.path(blob.digest)
    assert path
    path.chmod(0o600)
    path.write_bytes(b"all")
    path.chmod(0o400)
    code, found = run(home)
    (finding,) = found["findings"]
    assert (code, finding["check"], finding["subject"]) == (1, "files", blob.digest)


def test_a_database_of_another_release(home: Path):
    database = sqlite3.connect(home / "zaffre.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    code, found = run(home)
    assert code == 1
    assert "9999" in found["findings"][0]["problem"]


def test_jobs_and_processes_are_compared(home: Path, monkeypatch: pytest.MonkeyPatch):
    from datetime import timedelta

    monkeypatch.setattr(doctor_jobs, "SETTLED", timedelta(0))
    with context_at(home) as ctx:
        for name, state in (
            ("a", "Running"),
            ("b", "Running"),
            ("c", "Completed"),
            ("d", "Queued"),
        ):
            add_job(ctx, name, state)
        (home / "jobs" / "stray").mkdir(parents=True)
        alive = {"a": [1], "c": [2, 3], "ghost": [4]}

        def found(*, live: bool) -> list[tuple[str, str]]:
            check = doctor_jobs.jobs(alive, live=live)
            return [(one.subject.rpartition("/")[2], one.severity) for one in check(ctx)]

        others = [("c", "error"), ("ghost", "error"), ("stray", "warning")]
        assert found(live=True) == [("b", "error"), *others]
        assert found(live=False) == [("b", "warning"), *others]


def test_a_job_that_just_changed_is_left_alone(home: Path):
    with context_at(home) as ctx:
        add_job(ctx, "a", "Running")
        assert list(doctor_jobs.jobs({}, live=True)(ctx)) == []


def test_people_read_text(home: Path):
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.server.doctor", "--home", str(home)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home.parent)},
    )
    assert done.stdout.endswith("The home is well.\n")
    assert "✓ database" in done.stdout
