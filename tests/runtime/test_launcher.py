"""The launcher: inputs, log, limits, outputs, journal, and the true end of a job."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.launcher_server import Told, serving
from zaffre.adapters.local import LocalCompute, LocalSettings
from zaffre.store.artifacts import FolderArtifacts
from zaffre.testing.compute import ended, plan, wait_for


class Bench:
    """A home with a local compute and an artifact store."""

    def __init__(self, home: Path, isolation: str) -> None:
        self.home = home
        self.store = FolderArtifacts(home / "artifacts")
        settings = LocalSettings(
            jobs=home / "jobs",
            blobs=home / "artifacts" / "blobs",
            environment=os.environ,
            hide=(home,),
            isolation=isolation,
        )
        self.compute = LocalCompute(settings)
        self.folder = self.compute.folder("a")

    def run(self, command: str, **facts: Any) -> dict[str, Any]:
        """Run one job to its end."""
        self.compute.start("a", plan("a", command, **facts))
        return ended(self.compute, "a").facts

    def log(self, limit: int = 1_000_000) -> str:
        return self.compute.logs("a", 0, limit).decode(errors="replace")

    def tree(self, **files: bytes) -> dict[str, Any]:
        rows = []
        for name, content in sorted(files.items()):
            blob = self.store.put([content])
            path = name.replace("__", "/")
            rows.append([path, blob.digest, blob.size, 493 if path.endswith("_x") else 420])
        return {"files": rows}

    def given(self, name: str = "x", **facts: Any) -> dict[str, Any]:
        return {"name": name, "type": "uri_folder", "mode": "ro_mount", **facts}

    def output(self, name: str = "o", kind: str = "uri_folder", path: str = "") -> dict[str, Any]:
        return {
            "name": name,
            "type": kind,
            "mode": None,
            "path": path or str(self.folder / "outputs" / name),
        }


@pytest.fixture(params=["auto", "none"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home", request.param)
    yield made
    made.compute.cancel("a")
    wait_for(lambda: not made.compute.alive())


def test_code_is_a_writable_copy(bench: Bench) -> None:
    tree = bench.tree(
        main=b"import sys; print(open('lib/d').read())",
        lib__d=b"data",
        run_x=b"#!/bin/sh\necho ran\n",
    )
    blob = bench.store.put([json.dumps(tree).encode()])
    code = str(bench.store.path(blob.digest))
    bench.run(f"{sys.executable} main; echo more >> lib/d; ./run_x", code=code)
    assert bench.log() == "data\nran\n"
    assert bench.store.open(tree["files"][0][1]).read() == b"data"


def test_a_mounted_input_is_linked_and_a_download_copied(bench: Bench) -> None:
    tree = bench.tree(a=b"content")
    mounted, copied = bench.given("m", tree=tree), bench.given("c", tree=tree, mode="download")
    facts = bench.run(
        "cat ../inputs/m/a ../inputs/c/a; echo own > ../inputs/c/a", inputs=[mounted, copied]
    )
    assert facts["outcome"] == "completed"
    assert bench.log() == "contentcontent"
    blob = bench.store.path(tree["files"][0][1])
    assert blob is not None
    assert (bench.folder / "inputs/m/a").stat().st_ino == blob.stat().st_ino
    assert blob.read_bytes() == b"content"


def test_isolated_jobs_cannot_write_to_mounted_inputs(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", "auto")
    tree = bench.tree(a=b"content")
    facts = bench.run(
        "echo x > ../inputs/m/a; echo x > ../inputs/m/b", inputs=[bench.given("m", tree=tree)]
    )
    if facts["isolation"] != "namespaces":
        pytest.skip("this machine allows no namespaces")
    assert bench.log().count("Read-only file system") == 2


def test_isolated_jobs_see_nothing_of_the_home_but_their_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", "auto")
    (bench.home / "token").write_text("secret")
    store = bench.home / "datastores" / "d"
    store.mkdir(parents=True)
    (store / "f").write_text("shared")
    bench.compute.folder("other").mkdir(parents=True)
    facts = bench.run(
        f"ls {bench.home} {bench.home}/jobs; cat ../inputs/x/f; umount {bench.home}; cat {bench.home}/token; ls /proc",
        inputs=[bench.given(path=str(store))],
        env={"LC_ALL": "C"},
    )
    if facts["isolation"] != "namespaces":
        pytest.skip("this machine allows no namespaces")
    log = bench.log()
    assert "secret" not in log
    assert "token\n" not in log
    assert "other" not in log
    assert "shared" in log
    assert str(os.getpid()) not in log.split()


def test_a_damaged_input_is_not_used(bench: Bench) -> None:
    tree = bench.tree(a=b"content")
    blob = bench.store.path(tree["files"][0][1])
    assert blob is not None
    blob.chmod(0o600)
    blob.write_bytes(b"CONTENT")
    facts = bench.run("echo ran", inputs=[bench.given(tree=tree)])
    assert facts["error"]["code"] == "preparation"
    assert "damaged" in facts["error"]["message"]
    assert "ran\n" not in bench.log()


def test_a_missing_input_says_so(bench: Bench) -> None:
    tree = {"files": [["a", "sha256:" + "0" * 64, 1, 420]]}
    assert "missing" in bench.run("echo ran", inputs=[bench.given(tree=tree)])["error"]["message"]
    assert bench.compute.report("a").facts["exit_code"] is None


def test_a_local_path_is_given_by_link(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "f").write_text("here")
    inputs = [
        bench.given("d", path=str(tmp_path / "data")),
        bench.given("f", path=str(tmp_path / "data" / "f"), file="f"),
    ]
    bench.run("cat ../inputs/d/f ../inputs/f/f", inputs=inputs)
    assert bench.log() == "herehere"


def test_a_local_path_that_is_not_there_fails_the_job(bench: Bench) -> None:
    facts = bench.run("true", inputs=[bench.given(path="/none/such")])
    assert "nothing at `/none/such`" in facts["error"]["message"]


def test_an_address_is_downloaded(bench: Bench) -> None:
    told = Told()
    told.files["/f.csv"] = b"a,b\n"
    with serving(told) as url:
        bench.run("cat ../inputs/x/f.csv", inputs=[bench.given(url=f"{url}/f.csv", file="f.csv")])
    assert bench.log() == "a,b\n"


@pytest.mark.parametrize("address", ["/none", "file:///etc/passwd", "gopher://x"])
def test_an_address_that_cannot_be_had_fails_the_job(bench: Bench, address: str) -> None:
    with serving(Told()) as url:
        address = url + address if address.startswith("/") else address
        facts = bench.run("cat ../inputs/x/f", inputs=[bench.given(url=address, file="f")])
    assert facts["error"]["code"] == "preparation"
    assert address in facts["error"]["message"]


def test_a_download_has_a_limit(bench: Bench) -> None:
    told = Told()
    told.files["/f"] = b"x" * 5000
    with serving(told) as url:
        limits = {"download_bytes": 100}
        facts = bench.run("true", inputs=[bench.given(url=f"{url}/f", file="f")], limits=limits)
    assert "limit of 100 bytes" in facts["error"]["message"]


def test_a_mirror_stands_in_for_an_address(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "iris.csv").write_text("iris")
    url = "https://nowhere.invalid/datasets/iris.csv"
    mirrors = {
        "https://nowhere.invalid/": "https://no.invalid/",
        url: f"file://{tmp_path}/iris.csv",
    }
    bench.run("cat ../inputs/x/i", inputs=[bench.given(url=url, file="i")], mirrors=mirrors)
    assert bench.log() == "iris"


def test_outputs_are_there_before_and_sealed_after(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "store" / "deep" / "f.txt"
    outputs = [
        bench.output("o"),
        bench.output("f", "uri_file", str(bench.folder / "outputs/f/f")),
        bench.output("d", "uri_file", str(outside)),
    ]
    facts = bench.run(
        f"mkdir ../outputs/o/s && echo 1 > ../outputs/o/s/a && echo 2 > ../outputs/f/f && echo 3 > {outside};"
        " echo 4 > outputs/x; echo 5 > logs/y; echo 6 > $ZAFFRE_ARTIFACTS/z; touch ../outputs/o/e;"
        " chmod +x ../outputs/o/e",
        outputs=outputs,
    )
    sealed = facts["sealed"]["outputs"]
    assert [(row[0], row[3]) for row in sealed["o"]] == [("e", 0o755), ("s/a", 0o644)]
    assert sealed["f"][0][:3] == ["f", "sha256:" + hashlib.sha256(b"2\n").hexdigest(), 2]
    assert sealed["d"][0][4].startswith(str(bench.folder))
    assert outside.read_text() == "3\n"
    paths = [row[0] for row in facts["sealed"]["artifacts"]]
    assert paths == ["z", "outputs/x", "logs/y", "user_logs/std_log.txt"]
    for row in [*sealed["o"], *facts["sealed"]["artifacts"]]:
        assert "sha256:" + hashlib.sha256(Path(row[4]).read_bytes()).hexdigest() == row[1]


def test_odd_files_are_left_out_with_a_note(bench: Bench) -> None:
    program = (
        "import os; os.chdir('../outputs/o'); os.mkfifo('fifo'); os.symlink('/etc/passwd', 'away');"
        "open('in', 'w').write('1'); os.symlink('in', 'link'); open(b'bad\\xff', 'w'); open('a\\\\b', 'w'); open('c\\td', 'w');"
        "os.symlink('/etc', 'folder'); open('f' * 255, 'w')"
    )
    facts = bench.run(f'{sys.executable} -c "{program}"', outputs=[bench.output()])
    assert facts["outcome"] == "completed", facts
    assert [row[0] for row in facts["sealed"]["outputs"]["o"]] == ["f" * 255, "in", "link"]
    assert bench.log().count("Not kept:") == 6


def test_an_output_that_cannot_be_written_fails_the_job(bench: Bench) -> None:
    facts = bench.run("true", outputs=[bench.output(path="/proc/none/x")])
    assert "Output `o` cannot be written at `/proc/none/x`" in facts["error"]["message"]


def test_what_a_failed_job_made_is_kept(bench: Bench) -> None:
    facts = bench.run("echo 1 > ../outputs/o/a; kill -SEGV $$", outputs=[bench.output()])
    assert (facts["outcome"], facts["signal"], facts["exit_code"]) == ("failed", 11, 139)
    assert "SIGSEGV" in facts["error"]["message"]
    assert [row[0] for row in facts["sealed"]["outputs"]["o"]] == ["a"]


def test_a_command_that_is_not_there(bench: Bench) -> None:
    facts = bench.run("nosuchprogram")
    assert facts["exit_code"] == 127
    assert "not found" in facts["error"]["message"]


def test_the_cause_of_a_failure_is_not_the_farewell_of_mlflow(bench: Bench) -> None:
    facts = bench.run(
        "echo ValueError: no; echo '🏃 View run a at: u'; echo '🧪 View experiment at: u'; exit 1"
    )
    assert facts["error"]["message"].endswith("Its last line: ValueError: no")


def test_a_timeout_ends_the_job(bench: Bench) -> None:
    facts = bench.run(
        "trap '' TERM; echo on; while true; do sleep 1; done", timeout=0.5, grace=0.3
    )
    assert facts["error"]["code"] == "timeout"
    assert "timeout of 0.5 seconds" in bench.log()


def test_time_for_a_clean_end_is_given(bench: Bench) -> None:
    bench.compute.start(
        "a",
        plan(
            "a",
            "trap 'echo clean; exit 5' TERM; echo on; while true; do sleep 0.1; done",
            grace=30,
        ),
    )
    wait_for(lambda: "on" in bench.log())
    bench.compute.cancel("a")
    facts = ended(bench.compute, "a").facts
    assert facts["outcome"] == "canceled"
    assert bench.log().endswith("clean\n")


def test_the_log_keeps_its_first_and_last_part(bench: Bench) -> None:
    limit = 400_000
    facts = bench.run(
        "for i in $(seq 1 100000); do echo line $i; done", limits={"log_bytes": limit}
    )
    log = bench.log()
    assert log.startswith("line 1\nline 2\n")
    assert log.endswith("line 99999\nline 100000\n")
    assert "bytes left out here" in log
    assert facts["log_bytes"] == len(log) < limit * 1.05


def test_binary_output_and_huge_lines_come_byte_for_byte(bench: Bench) -> None:
    program = "import os,sys; sys.stdout.buffer.write(bytes(range(256))*16384)"
    bench.run(f'{sys.executable} -c "{program}"')
    assert bench.compute.logs("a", 0, 2**23) == bytes(range(256)) * 16384


def test_python_output_comes_at_once(bench: Bench) -> None:
    program = "import time; print(1); time.sleep(1000)"
    bench.compute.start("a", plan("a", f'{sys.executable} -c "{program}"'))
    wait_for(lambda: bench.log() == "1\n")


def test_a_bounded_fork_bomb_is_ended(bench: Bench) -> None:
    bomb = "f() { sleep 1000 & [ $1 -gt 0 ] && { f $(($1-1)) & f $(($1-1)) & }; sleep 1000; }; f 5"
    bench.compute.start("a", plan("a", f"({bomb}) & echo on; sleep 1000", grace=0.2))
    wait_for(lambda: len(bench.compute.alive().get("a", [])) > 60)
    bench.compute.cancel("a")
    assert ended(bench.compute, "a").facts["outcome"] == "canceled"
    wait_for(lambda: not bench.compute.alive())


def test_use_of_the_machine_is_told(bench: Bench) -> None:
    program = "x = bytearray(50_000_000); sum(range(2_000_000))"
    usage = bench.run(f'{sys.executable} -c "{program}"')["usage"]
    assert usage["peak_memory_bytes"] > 50_000_000
    assert 0.01 < usage["cpu_seconds"] < 60
    assert usage["wall_seconds"] > 0.01


def test_a_multi_line_command_is_one_script(bench: Bench) -> None:
    bench.run("x=1\nif true; then\n  echo $x && echo b | tr b c\nfi  \n")
    assert bench.log() == "1\nc\n"


def test_the_environment_is_what_the_plan_says(bench: Bench) -> None:
    env = {"A": "1 2", "PATH": os.environ["PATH"]}
    bench.run(
        "echo $A; echo $PATH | cut -d: -f1; echo $ZAFFRE_JOB_FOLDER",
        env=env,
        python_bin="/opt/py/bin",
    )
    assert bench.log().splitlines() == ["1 2", "/opt/py/bin", str(bench.folder)]


def test_a_job_installs_into_a_layer_of_its_own(bench: Bench) -> None:
    python = Path(sys.executable)
    version = ".".join(map(str, sys.version_info[:3]))
    facts = bench.run(
        "python -c 'import sys, pydantic; print(sys.prefix)'; echo $VIRTUAL_ENV",
        python=str(python),
        python_bin=str(python.parent),
        python_version=version,
    )
    assert facts["outcome"] == "completed", bench.log()
    assert bench.log().splitlines() == [f"{bench.folder}/venv"] * 2


@pytest.mark.parametrize(
    ("distribution", "count", "expected"),
    [
        ({"type": "pytorch", "process_count_per_instance": 2}, 1, ["0 0 2 0", "1 1 2 0"]),
        ({"type": "pytorch"}, 2, ["0 0 2 0", "1 0 2 1"]),
    ],
)
def test_several_processes_know_their_ranks(
    bench: Bench, distribution: dict[str, Any], count: int, expected: list[str]
) -> None:
    bench.run(
        "echo $RANK $LOCAL_RANK $WORLD_SIZE $NODE_RANK",
        distribution=distribution,
        instance_count=count,
    )
    assert sorted(bench.log().splitlines()) == expected


def test_mpi_and_tensorflow_processes(bench: Bench) -> None:
    bench.run(
        "echo $OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE",
        distribution={"type": "mpi"},
        instance_count=2,
    )
    assert sorted(bench.log().splitlines()) == ["0/2", "1/2"]
    kind = {"type": "tensorflow", "worker_count": 1, "parameter_server_count": 1}
    bench.compute.start("t", plan("t", "echo $TF_CONFIG", distribution=kind))
    ended(bench.compute, "t")
    assert sorted(
        bench.compute.logs("t", 0, 9999).decode().count(w)
        for w in ('"ps", "index": 0', '"worker", "index": 0')
    ) == [1, 1]


def test_one_failing_process_ends_the_others(bench: Bench) -> None:
    facts = bench.run(
        "[ $RANK = 1 ] && exit 4; sleep 1000", distribution={"type": "pytorch"}, instance_count=2
    )
    assert (facts["outcome"], facts["exit_code"]) == ("failed", 4)


def test_many_instances_without_a_distribution_run_once_with_a_note(bench: Bench) -> None:
    bench.run("echo ran", instance_count=3, warnings=["of the plan"])
    assert bench.log().count("ran\n") == 1
    assert "instance_count is 3" in bench.log()
    assert "of the plan" in bench.log()


LOGGING = """{python} -c '
import time
import zaffre.ml as z
for i in range({count}):
    z.log_metric("loss", 1 / (i + 1), i)
    {pause}
print("logged")
'"""


def logging(count: int, pause: str = "") -> str:
    return LOGGING.format(python=sys.executable, count=count, pause=pause)


def journal(bench: Bench) -> bytes:
    return (bench.folder / "journal.jsonl").read_bytes()


def test_the_journal_comes_exactly_once(bench: Bench) -> None:
    told = Told()
    with serving(told) as url:
        facts = bench.run(logging(5000), url=url, token="t")
        assert told.journal == journal(bench)
        assert facts["journal_bytes"] == len(told.journal)
        wait_for(lambda: told.reports and told.reports[-1]["phase"] == "ended")
    assert told.journal.count(b"\n") == 5000
    assert told.tokens == {"Bearer t"}


def test_lost_answers_double_nothing(bench: Bench) -> None:
    told = Told()
    told.lose_answers = 2
    with serving(told) as url:
        bench.run(logging(60, "time.sleep(0.05)"), url=url, token="t")
    assert told.journal == journal(bench)[: len(told.journal)]
    assert len(told.journal) > 0


def test_a_server_that_is_away_delays_nobody(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    begun = time.monotonic()
    facts = bench.run(logging(100), url=f"http://127.0.0.1:{port}")
    assert facts["outcome"] == "completed"
    assert facts["journal_bytes"] == 0
    assert journal(bench).count(b"\n") == 100
    assert time.monotonic() - begun < 30


def test_a_server_that_comes_back_gets_all(bench: Bench) -> None:
    told = Told()
    told.refuse = True
    with serving(told) as url:
        go = bench.home / "datastores" / "go"
        go.parent.mkdir(parents=True)
        outputs = [bench.output("g", path=str(go.parent))]
        command = logging(100) + f"; while [ ! -e {go} ]; do sleep 0.05; done"
        bench.compute.start("a", plan("a", command, url=url, outputs=outputs))
        wait_for(lambda: told.posts and "logged" in bench.log())
        assert told.journal == b""
        told.refuse = False
        wait_for(lambda: told.journal == journal(bench))
        go.touch()
        ended(bench.compute, "a")


def test_a_server_that_hangs_delays_nobody(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        facts = bench.run(logging(10), url=f"http://127.0.0.1:{deaf.getsockname()[1]}")
    assert facts["outcome"] == "completed"
    assert facts["ended_at"] - facts["started_at"] < 10


def test_a_plan_that_cannot_be_read_ends_the_job(bench: Bench) -> None:
    bench.compute.start("a", {"job": "a"})
    facts = ended(bench.compute, "a").facts
    assert (facts["outcome"], facts["error"]["code"]) == ("failed", "plan")


def test_sigterm_to_the_launcher_ends_the_job_in_order(bench: Bench) -> None:
    bench.compute.start("a", plan("a", "echo on; sleep 1000"))
    wait_for(lambda: "on" in bench.log())
    os.kill(bench.compute.report("a").facts["pid"], 15)
    facts = ended(bench.compute, "a").facts
    assert facts["error"]["code"] == "stopped"


def test_a_cancel_before_the_command_runs_it_never(bench: Bench) -> None:
    bench.folder.mkdir(parents=True)
    bench.compute.cancel("a")
    facts = bench.run("echo ran")
    assert facts["outcome"] == "canceled"
    assert bench.log() == ""


def test_a_download_that_hangs_can_be_canceled(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/f"
        bench.compute.start("a", plan("a", "true", inputs=[bench.given(url=address, file="f")]))
        deaf.settimeout(60)
        line, _ = deaf.accept()
        begun = time.monotonic()
        bench.compute.cancel("a")
        assert ended(bench.compute, "a").facts["outcome"] == "canceled"
        assert time.monotonic() - begun < 10
        line.close()
