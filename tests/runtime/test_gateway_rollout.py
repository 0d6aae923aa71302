"""New revisions take over, old ones leave, numbers change: no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Load, Serving, is_running, serving, until

SCRIPT = """
import os, time
def init():
    time.sleep(float(os.environ.get("INIT", "0")))
def run(raw):
    time.sleep(0.002)
    return os.environ["NAME"]
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path) as found:
        yield found


def revision(gateway: Serving, name: str, **changed: object) -> dict[str, object]:
    code = gateway.script("code", SCRIPT)
    return gateway.describe(name, code, **{"env": {"NAME": name}, "instances": 2, **changed})


def test_rollouts_under_load_fail_no_request(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0"))
    gateway.configure()
    gateway.start().ready("v0")
    with Load(gateway, 6) as load:
        for number in range(1, 5):
            gateway.endpoint("e", blue=revision(gateway, f"v{number}"))
            gateway.configure()
            until(lambda number=number: load.seen[f"v{number}"] > 50, f"v{number} answers")
            until(
                lambda number=number: f"v{number - 1}" not in gateway.status["deployments"],
                "the old one left",
            )
    assert load.failed == {}
    assert sum(load.seen.values()) > 500


def test_the_old_revision_serves_until_the_new_one_is_ready(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0"))
    gateway.configure()
    gateway.start().ready("v0", instances=2)
    before = gateway.pids("v0")
    gateway.endpoint("e", blue=revision(gateway, "v1", env={"NAME": "v1", "INIT": "1"}))
    gateway.configure()
    until(lambda: gateway.deployment("v1").get("state") == "starting", "the new one starts")
    assert gateway.ask().json == "v0"
    until(lambda: gateway.ask().json == "v1", "the new one serves")
    until(lambda: not any(is_running(pid) for pid in before), "the old workers ended")


def test_a_new_revision_that_fails_leaves_traffic_untouched(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0"))
    gateway.configure()
    gateway.start().ready("v0")
    bad = gateway.script("bad", "def init(): raise ValueError\ndef run(raw): return 1\n")
    with Load(gateway, 3) as load:
        gateway.endpoint("e", blue=gateway.describe("bad", bad))
        gateway.configure()
        until(lambda: gateway.deployment("bad").get("state") == "failed", "it has failed")
        until(lambda: load.seen["v0"] > 200, "the old one serves")
        gateway.endpoint("e", blue=revision(gateway, "v0"))
        gateway.configure()
        until(lambda: "bad" not in gateway.status["deployments"], "back again")
    assert load.failed == {}


def test_a_new_revision_that_never_gets_ready_fails_in_time(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0"))
    gateway.configure()
    gateway.start().ready("v0")
    never = {"env": {"NAME": "v1", "INIT": "600"}, "start_ms": 300, "timeout_ms": 100}
    gateway.endpoint("e", blue=revision(gateway, "v1", **never))
    gateway.configure()
    until(lambda: gateway.deployment("v1").get("state") == "failed", "it has failed")
    assert gateway.deployment("v1")["error"] == "The worker was not ready in 0.3 seconds."
    assert gateway.ask().json == "v0"
    until(lambda: not gateway.pids("v1"), "its workers ended")


def test_traffic_switches_within_half_a_second_and_drop_nothing(gateway: Serving) -> None:
    blue, green = revision(gateway, "vblue"), revision(gateway, "vgreen")
    gateway.endpoint("e", {"blue": 100}, blue=blue, green=green)
    gateway.configure()
    gateway.start().ready("vblue", "vgreen")
    with Load(gateway, 6) as load:
        for name in ("green", "blue") * 5:
            gateway.endpoint("e", {name: 100}, blue=blue, green=green)
            gateway.configure()
            until(lambda name=name: gateway.ask().json == f"v{name}", f"{name} serves", 0.5)
    assert load.failed == {}


def test_the_number_of_instances_changes_without_a_restart(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0", instances=1))
    gateway.configure()
    gateway.start().ready("v0")
    (first,) = gateway.pids("v0")
    with Load(gateway, 4) as load:
        gateway.endpoint("e", blue=revision(gateway, "v0", instances=3))
        gateway.configure()
        until(lambda: gateway.deployment("v0").get("instances") == 3, "three serve")
        assert first in gateway.pids("v0")
        gateway.endpoint("e", blue=revision(gateway, "v0", instances=1))
        gateway.configure()
        until(lambda: len(gateway.pids("v0")) == 1, "one serves")
    assert load.failed == {}


def test_workers_per_instance_multiply(gateway: Serving) -> None:
    gateway.endpoint("e", blue=revision(gateway, "v0", env={"NAME": "v0", "WORKER_COUNT": "2"}))
    gateway.configure()
    gateway.start().ready("v0", instances=2)
    assert len(gateway.pids("v0")) == 4


def test_the_port_moves_with_the_configuration(gateway: Serving) -> None:
    from serving import free_port

    gateway.endpoint("e", blue=revision(gateway, "v0"))
    gateway.configure()
    gateway.start().ready("v0")
    gateway.port = free_port()
    gateway.configure()

    def answers() -> bool:
        try:
            return gateway.ask().status == 200
        except OSError:
            return False

    until(answers, "it listens on the new port")
