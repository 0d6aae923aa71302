"""Workers and gateway are killed, scripts fail and hang: only what must fail does, and everything comes back."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving import Serving, is_running, kill, serving, until

SCRIPT = """
import os, signal, subprocess, sys, threading, time

def init():
    if os.environ.get("DETACH"):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)

def run(raw):
    if raw == "die":
        os._exit(9)
    if raw == "sleep":
        time.sleep(30)
    if raw == "hang":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(30)
    if raw.startswith("wait "):
        time.sleep(float(raw[5:]))
    return [os.getpid(), raw]
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path) as found:
        yield found


def simple(gateway: Serving, **changed: object) -> Serving:
    gateway.endpoint("e", blue=gateway.describe("blue", gateway.script("blue", SCRIPT), **changed))
    gateway.configure()
    return gateway.start().ready("blue", instances=int(str(changed.get("instances", 1))))


def test_a_killed_worker_fails_only_the_request_it_had(gateway: Serving) -> None:
    simple(gateway, instances=2)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(gateway.ask, f"wait 0.05 {n}"[:9]) for n in range(20)]
        dying = pool.submit(gateway.ask, "die")
        asked += [pool.submit(gateway.ask, "wait 0.05") for _ in range(20)]
        began = time.monotonic()
        assert dying.result().status == 502
        assert time.monotonic() - began < 2
        assert {one.result().status for one in asked} == {200}
    until(lambda: gateway.deployment()["instances"] == 2, "the worker is back", 3)


def test_the_only_worker_killed_while_others_wait_loses_no_more(gateway: Serving) -> None:
    simple(gateway)
    (before,) = gateway.pids()
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(gateway.ask, "wait 3")
        until(lambda: gateway.deployment()["instances"] == 1, "it is up")
        time.sleep(0.2)  # the request is in the worker's hands
        waiting = [pool.submit(gateway.ask, "x") for _ in range(6)]
        time.sleep(0.1)
        kill(before)
        assert slow.result().status == 502
        assert [one.result().status for one in waiting] == [200] * 6
    assert gateway.ask("x").json[0] != before


def test_answers_are_not_mixed_up_under_crashes(gateway: Serving) -> None:
    simple(gateway, instances=2, queue_wait_ms=20000)

    def many(name: int) -> list[int]:
        seen = []
        for number in range(60):
            text = "die" if name == 0 and number % 20 == 10 else f"{name}-{number}"
            answer = gateway.ask(text)
            seen.append(answer.status)
            if answer.status == 200:
                assert answer.json[1] == text
        return seen

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(many, range(6)))
    assert results[0].count(502) == 3
    assert all(set(seen) == {200} for seen in results[1:])


def test_a_gateway_killed_outright_finds_its_workers_again(gateway: Serving) -> None:
    simple(gateway, instances=2)
    before = sorted(gateway.pids())
    gateway.kill()
    assert all(is_running(pid) for pid in before)
    gateway.start()
    until(lambda: sorted(gateway.pids()) == before, "the same workers")
    assert gateway.ask("x").json[0] in before


def test_a_worker_that_is_no_longer_wanted_is_ended_by_the_next_gateway(gateway: Serving) -> None:
    simple(gateway)
    before = gateway.pids()
    gateway.kill()
    gateway.endpoints.clear()
    gateway.configure()
    gateway.start()
    until(lambda: not any(is_running(pid) for pid in before), "the worker has ended")
    assert not list((gateway.run / "workers").iterdir())


def test_workers_that_died_meanwhile_are_replaced(gateway: Serving) -> None:
    simple(gateway)
    (before,) = gateway.pids()
    gateway.kill()
    kill(before)
    gateway.start().ready()
    assert gateway.ask("x").json[0] != before


def test_sigterm_ends_gateway_and_workers_and_sigusr1_leaves_them(gateway: Serving) -> None:
    simple(gateway)
    before = gateway.pids()
    assert gateway.stop(signal.SIGUSR1) == 0
    assert all(is_running(pid) for pid in before)
    gateway.start()
    until(lambda: gateway.pids() == before, "the same worker")
    assert gateway.stop() == 0
    assert not any(is_running(pid) for pid in before)
    assert not list((gateway.run / "workers").iterdir())


def test_a_request_in_work_is_answered_when_the_gateway_ends_in_order(gateway: Serving) -> None:
    simple(gateway)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(gateway.ask, "wait 1")
        time.sleep(0.3)
        gateway.stop()
        assert asked.result().status == 200


def test_a_second_gateway_refuses(gateway: Serving) -> None:
    import subprocess

    simple(gateway)
    second = subprocess.run(
        [sys.executable, "-m", "zaffre.runtime.gateway", "--home", str(gateway.home)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert second.returncode == 1
    assert "Another gateway" in second.stderr


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"generation": 1, "port": 1, "endpoints": {"e": {}}}']
)
def test_a_broken_configuration_changes_nothing(gateway: Serving, broken: str) -> None:
    simple(gateway)
    (gateway.run / "gateway.json").write_text(broken)
    log = gateway.home / "gateway.log"
    until(lambda: "cannot be read" in log.read_text(), "it says so")
    assert gateway.ask("x").status == 200
    gateway.kill()
    gateway.start()
    assert gateway.ready().ask("x").status == 200
    gateway.configure()
    until(lambda: gateway.status.get("generation") == gateway.generation, "the next one is taken")


def test_a_missing_configuration_changes_nothing(gateway: Serving) -> None:
    simple(gateway)
    (gateway.run / "gateway.json").unlink()
    gateway.kill()
    gateway.start()
    assert gateway.ready().ask("x").status == 200


def test_a_failing_init_is_told_with_file_and_line(gateway: Serving) -> None:
    code = gateway.script(
        "bad", "def run(raw):\n    return 1\n\ndef init():\n    raise KeyError('no model')\n"
    )
    gateway.endpoint("e", blue=gateway.describe("bad", code))
    gateway.configure()
    gateway.start()
    until(lambda: gateway.deployment("bad").get("state") == "failed", "it has failed")
    found = gateway.deployment("bad")
    assert (found["file"], found["line"]) == ("score.py", 5)
    assert found["error"] == "score.py:5: KeyError: 'no model'"
    assert "KeyError" in gateway.log("bad").read_text()
    assert found["log"].splitlines()[-1].endswith("KeyError: 'no model'")
    assert gateway.ask("x").status == 503
    assert gateway.ask(None, "/e/", "GET").status == 503


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def init(:\n", "SyntaxError"),
        ("import no_such_package\n", "no_such_package"),
        ("def run(raw): return 1\n", "no init() function"),
        ("def init(): pass\n", "no run() function"),
        ("def init(): pass\ndef run(*a): return 1\n", "run() cannot accept"),
        ("import os\ndef init(): os._exit(1)\ndef run(raw): return 1\n", "ended while it loaded"),
        ("import sys\ndef init(): sys.exit(1)\ndef run(raw): return 1\n", "SystemExit"),
    ],
)
def test_a_script_that_cannot_be_served_fails_with_the_reason(
    gateway: Serving, text: str, error: str
) -> None:
    gateway.endpoint("e", blue=gateway.describe("bad", gateway.script("bad", text)))
    gateway.configure()
    gateway.start()
    until(lambda: gateway.deployment("bad").get("state") == "failed", "it has failed")
    assert error in gateway.deployment("bad")["error"]


def test_a_worker_that_dies_while_it_loads_leaves_its_last_words(gateway: Serving) -> None:
    gateway.log("bad").parent.mkdir(parents=True)
    gateway.log("bad").write_text("a line of the revision before\n")
    code = gateway.script(
        "bad",
        "import os\ndef init():\n    print('\\x1b[31mno file model.pkl')\n    os._exit(3)\n"
        "def run(raw): return 1\n",
    )
    gateway.endpoint("e", blue=gateway.describe("bad", code))
    gateway.configure()
    gateway.start()
    until(lambda: gateway.deployment("bad").get("state") == "failed", "it has failed")
    assert gateway.deployment("bad")["error"] == "The worker ended while it loaded the model."
    (line,) = gateway.deployment("bad")["log"].splitlines()
    assert line.endswith("Z [31mno file model.pkl")


def test_an_interpreter_that_is_not_there_fails_the_deployment(gateway: Serving) -> None:
    code = gateway.script("blue", SCRIPT)
    gateway.endpoint("e", blue=gateway.describe("blue", code, python="/nowhere/python"))
    gateway.configure()
    gateway.start()
    until(lambda: gateway.deployment().get("state") == "failed", "it has failed")
    assert "could not be started" in gateway.deployment()["error"]


def test_a_slow_request_is_interrupted_and_the_worker_goes_on(gateway: Serving) -> None:
    simple(gateway, timeout_ms=300)
    before = gateway.pids()
    answer = gateway.ask("sleep")
    assert answer.status == 500
    assert answer.json == {"message": "Scoring timeout after 300 ms"}
    assert answer.headers["x-ms-run-function-failed"] == "True"
    assert gateway.ask("x").json[0] == before[0]


def test_a_hung_worker_is_killed_and_replaced(gateway: Serving) -> None:
    simple(gateway, timeout_ms=300)
    (before,) = gateway.pids()
    began = time.monotonic()
    answer = gateway.ask("hang")
    assert answer.status == 500
    assert answer.json == {"message": "Scoring timeout after 300 ms"}
    assert time.monotonic() - began < 3
    assert gateway.ask("x").json[0] != before


def test_a_slow_request_does_not_hold_up_those_behind_it(gateway: Serving) -> None:
    simple(gateway, instances=2, timeout_ms=20000)
    for _ in range(200):
        assert gateway.ask("x").status == 200  # quick ones: workers are given several at a time
    with ThreadPoolExecutor(16) as pool:
        slow = pool.submit(gateway.ask, "wait 5")
        time.sleep(0.1)
        began = time.monotonic()
        quick = [pool.submit(gateway.ask, "x") for _ in range(60)]
        assert {one.result().status for one in quick} == {200}
        assert time.monotonic() - began < 3
        assert slow.result().status == 200


def test_requests_that_are_taken_back_are_answered_by_others(gateway: Serving) -> None:
    """A request that takes a little too long, again and again, with quick ones behind it."""
    simple(gateway, instances=2, timeout_ms=8000)

    def many(client: int) -> set[int]:
        return {
            gateway.ask("wait 0.03" if (number * 7 + client) % 23 == 0 else "x").status
            for number in range(60)
        }

    began = time.monotonic()
    with ThreadPoolExecutor(24) as pool:
        assert set().union(*pool.map(many, range(24))) == {200}
    assert time.monotonic() - began < 30


def test_what_waits_too_long_is_refused_with_retry_after(gateway: Serving) -> None:
    simple(gateway, queue_wait_ms=200)
    with ThreadPoolExecutor(4) as pool:
        slow = pool.submit(gateway.ask, "wait 2")
        time.sleep(0.3)
        late = [pool.submit(gateway.ask, "wait 0.5") for _ in range(3)]
        answers = [one.result() for one in late]
        assert {answer.status for answer in answers} == {503}
        assert all(answer.headers["retry-after"] == "1" for answer in answers)
        assert slow.result().status == 200


def test_detached_children_end_with_their_worker(gateway: Serving) -> None:
    simple(gateway, env={"DETACH": "1"})
    found: list[int] = []

    def children() -> list[int]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    ours = str(gateway.home).encode() in (entry / "environ").read_bytes()
                    if ours and b"time.sleep(600)" in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    until(children, "the child runs")
    gateway.endpoints.clear()
    gateway.configure()
    until(lambda: not any(is_running(pid) for pid in found), "it has ended")


def test_clients_that_go_away_leave_nothing_behind(gateway: Serving) -> None:
    import socket

    simple(gateway)
    for _ in range(30):
        client = socket.create_connection(("127.0.0.1", gateway.port))
        client.sendall(
            b"POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf"
        )
        client.close()
    threads = [threading.Thread(target=lambda: gateway.ask("wait 0.05")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: gateway.status["connections"] == 0, "no connection is left")
    assert gateway.ask("x").status == 200


def test_the_log_is_capped(gateway: Serving) -> None:
    simple(gateway)
    log = gateway.log("blue")
    with log.open("ab") as file:
        file.truncate((64 << 20) + 10)
    until(lambda: log.stat().st_size < 1000, "the log was cut")
    assert log.with_name(f"{log.name}.1").stat().st_size == 64 << 20


def test_a_gateway_whose_home_is_deleted_ends_with_its_workers(gateway: Serving) -> None:
    import shutil

    simple(gateway)
    before = gateway.pids()
    shutil.rmtree(gateway.run)
    assert gateway.process is not None
    assert gateway.process.wait(20) == 0
    until(lambda: not any(is_running(pid) for pid in before), "the workers ended")


LARGE = """
def init(): pass
def run(raw):
    return "x" * int(raw)
"""


def test_large_answers_arrive_whole_beside_small_ones(gateway: Serving) -> None:
    gateway.endpoint(
        "e", blue=gateway.describe("blue", gateway.script("blue", LARGE), instances=2)
    )
    gateway.configure()
    gateway.start().ready("blue", instances=2)
    sizes = [30_000_000, 1, 5_000_000, 17, 300_000, 2, 65_536, 262_144, 1_000_000] * 2
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda size: len(gateway.ask(str(size)).json), sizes))
    assert answers == sizes


def test_large_requests_arrive_whole_beside_small_ones(gateway: Serving) -> None:
    code = gateway.script("blue", "def init(): pass\ndef run(raw): return len(raw)\n")
    gateway.endpoint("e", blue=gateway.describe("blue", code, max_body=50 << 20))
    gateway.configure()
    gateway.start().ready()
    sizes = [20_000_000, 1, 5_000_000, 0, 300_000, 2, 65_536, 262_144, 262_135]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda size: gateway.ask(b"x" * size).json, sizes))
    assert answers == sizes


def test_what_was_answered_before_a_death_is_delivered(gateway: Serving) -> None:
    code = gateway.script(
        "blue",
        "import os, threading\ndef init(): pass\n"
        "def run(raw):\n    threading.Timer(0.02, os._exit, [1]).start()\n    return raw\n",
    )
    gateway.endpoint("e", blue=gateway.describe("blue", code, queue_wait_ms=20000))
    gateway.configure()
    gateway.start().ready()
    for number in range(5):
        assert gateway.ask(str(number)).json == str(number)
        until(lambda: gateway.deployment().get("instances") == 1, "it is back")
