"""Jobs in containers: what the engine is asked for, and that nothing is left."""

from __future__ import annotations

import os

import pytest

from fake_podman import FakePodman
from runtime.test_launcher import Bench
from zaffre.runtime.launcher import container
from zaffre.runtime.launcher.plan import Plan
from zaffre.testing.compute import wait_for

IMAGE = "sha256:12"


@pytest.fixture
def podman(tmp_path):
    return FakePodman(tmp_path / "podman")


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "home", "auto")
    yield made
    made.compute.cancel("a")
    wait_for(lambda: not made.compute.alive())


def words_of(folder, **document):
    plan = Plan(
        str(folder),
        {
            "job": "a",
            "command": "echo $SECRET",
            "container": {"engine": "/usr/bin/podman", "image": IMAGE},
            **document,
        },
    )
    given = {"SECRET": "s3cret", "PATH": "/job/bin", "LANG": "C"}
    return container.run_command(plan, given, {"PATH": "/bin", "LANG": "C"}, 0)


def test_the_engine_is_asked_to_run_the_command(tmp_path):
    (tmp_path / "wd").mkdir()
    assert words_of(tmp_path) == [
        *("/usr/bin/podman", "run", "--rm", "--name", "zaffre-a-0-0", "--network", "host"),
        *(() if os.getuid() == 0 else ("--userns", "keep-id")),
        *("--volume", f"{tmp_path}/wd:{tmp_path}/wd"),
        *("--workdir", f"{tmp_path}/wd", "--env", "SECRET"),
        *("--entrypoint", "/bin/sh", IMAGE, "-c", "echo $SECRET"),
    ]


def test_values_of_variables_are_not_in_the_list_of_processes(tmp_path):
    assert not any("s3cret" in word for word in words_of(tmp_path))


def test_inputs_are_seen_read_only_and_copies_may_change(tmp_path):
    for name in ("wd", "inputs/given", "inputs/copy"):
        (tmp_path / name).mkdir(parents=True)
    inputs = [{"name": "given", "mode": "ro_mount"}, {"name": "copy", "mode": "rw_mount"}]
    words = words_of(tmp_path, inputs=inputs)
    seen = [words[at + 1] for at, word in enumerate(words) if word == "--volume"]
    assert f"{tmp_path}/inputs:{tmp_path}/inputs:ro" in seen
    assert seen[-1] == f"{tmp_path}/inputs/copy:{tmp_path}/inputs/copy"


def test_a_job_runs_in_its_image(bench, podman):
    facts = bench.run(
        'echo "$WORD in $(basename $PWD)"; echo kept > ../outputs/o/x; echo $VIRTUAL_ENV',
        container={"engine": str(podman.path), "image": IMAGE},
        env={"WORD": "hello"},
        outputs=[bench.output()],
    )
    assert facts["outcome"] == "completed"
    assert bench.log() == "hello in wd\n\n"
    (run,) = podman.asked("run")
    assert run[run.index("--entrypoint") + 2] == IMAGE
    assert podman.asked("rm") == [["rm", "--force", "zaffre-a-0-0"]]


def test_a_failing_command_is_told_as_such(bench, podman):
    facts = bench.run("exit 7", container={"engine": str(podman.path), "image": IMAGE})
    assert (facts["outcome"], facts["exit_code"]) == ("failed", 7)


def test_an_engine_that_is_gone_is_told(bench, tmp_path):
    gone = {"engine": str(tmp_path / "podman"), "image": IMAGE}
    facts = bench.run("true", container=gone)
    assert facts["outcome"] == "failed"
    assert "cannot be started" in bench.log()
