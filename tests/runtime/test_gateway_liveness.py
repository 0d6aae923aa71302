"""A worker that does not answer between requests is replaced; one that works is left alone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from serving import is_running, serving, until
from zaffre.runtime.gateway.liveness import Due, Liveness, Pulse

RULE = Liveness(delay=5, period=10, timeout=2, failures=2)
SCRIPT = "import os\ndef init():\n    pass\ndef run(raw):\n    return os.getpid()\n"


def looks(pulse: Pulse, *moments: float, idle: bool = True) -> list[Due]:
    return [pulse.look(RULE, now, idle=idle) for now in moments]


def test_it_is_asked_after_the_delay_and_once_in_each_period():
    pulse = Pulse(0)
    assert looks(pulse, 4, 5) == [Due.NOTHING, Due.ASK]
    pulse.heard()
    assert looks(pulse, 9, 14, 15) == [Due.NOTHING, Due.NOTHING, Due.ASK]


def test_it_is_replaced_after_so_many_failures_in_a_row():
    pulse = Pulse(0)
    assert looks(pulse, 5, 6, 7, 15, 17) == [
        Due.ASK,
        Due.NOTHING,
        Due.NOTHING,
        Due.ASK,
        Due.REPLACE,
    ]


def test_an_answer_begins_to_count_anew():
    pulse = Pulse(0)
    looks(pulse, 5, 7)
    assert pulse.failures == 1
    looks(pulse, 15)
    pulse.heard()
    assert looks(pulse, 25, 27) == [Due.ASK, Due.NOTHING]
    assert pulse.failures == 1


def test_one_that_has_a_request_is_not_asked():
    pulse = Pulse(0)
    assert looks(pulse, 5, 15, 25, idle=False) == [Due.NOTHING] * 3
    assert looks(pulse, 26) == [Due.ASK]
    assert looks(pulse, 99, idle=False) == [Due.NOTHING]
    assert pulse.failures == 0


def test_a_worker_that_stands_still_is_replaced_and_that_is_told(tmp_path: Path):
    with serving(tmp_path) as gateway:
        rule = {"delay": 0, "period": 0.1, "timeout": 5, "failures": 2}
        code = gateway.script("blue", SCRIPT)
        gateway.endpoint("e", blue=gateway.describe("blue", code, liveness=rule))
        gateway.configure()
        gateway.start().ready("blue")
        first = gateway.ask("x").json
        quick = gateway.describe("blue", code, liveness={**rule, "timeout": 0.2})
        gateway.endpoint("e", blue=quick)
        gateway.configure()
        os.kill(first, signal.SIGSTOP)
        until(lambda: not is_running(first), "it is replaced")
        until(lambda: gateway.deployment().get("events"), "it is told")
        (event,) = gateway.deployment()["events"]
        assert f"Worker {first} was replaced: it did not answer 2 times in a row" in event["what"]
        assert gateway.ask("x").json != first
