"""Malformed HTTP and JSON, by the thousand: no crash, no 5xx, no growing memory.

`ZAFFRE_FUZZ_INPUTS=1000000 pytest tests/runtime/test_gateway_fuzz.py` takes a million.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.malformed import inputs, press
from serving import KEY, Serving, serving

pytest.importorskip("sklearn")

COUNT = int(os.environ.get("ZAFFRE_FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("ZAFFRE_FUZZ_SEED", "1"))
GROWTH = 8 << 20
ECHO = "def init():\n    pass\ndef run(raw):\n    return len(raw)\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    from sklearn.linear_model import LinearRegression

    home = tmp_path_factory.mktemp("home")
    model = home / "m"
    model.mkdir()
    (model / "model.pkl").write_bytes(
        pickle.dumps(LinearRegression().fit([[1.0, 2.0], [2.0, 1.0]], [1.0, 2.0]))
    )
    signature = json.dumps([{"name": name, "type": "double"} for name in "ab"])
    (model / "MLmodel").write_text(
        "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n"
        f"  sklearn: {{pickled_model: model.pkl}}\nsignature:\n  inputs: '{signature}'\n"
    )
    with serving(home) as found:
        facts = {"queue_wait_ms": 60_000, "timeout_ms": 60_000}
        capture = {"folder": str(home / "captures" / "default" / "m" / "blue"), "inputs": True}
        found.endpoint("e", blue=found.describe("e", found.script("e", ECHO), **facts))
        found.endpoint(
            "m", blue=found.describe("m", None, mlflow_model=str(model), capture=capture, **facts)
        )
        found.configure()
        yield found.start().ready("e", "m")


def own_memory(pid: int) -> int:
    """Give the bytes that a process holds for itself; the mapped journal is the file's."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


@pytest.mark.timeout(300 + COUNT // 200)
def test_malformed_requests_neither_break_nor_fill_the_gateway(gateway: Serving) -> None:
    assert gateway.process is not None
    pid, workers = gateway.process.pid, gateway.pids("e") + gateway.pids("m")
    first = press(gateway.port, inputs(SEED, COUNT // 4, KEY))
    before = own_memory(pid)
    rest = press(gateway.port, inputs(SEED + 1, COUNT - COUNT // 4, KEY))
    statuses = first.statuses + rest.statuses
    assert first.bad + rest.bad == []
    assert {200, 400, 401, 404, 405, 421, 431} <= set(statuses), statuses
    assert own_memory(pid) - before < GROWTH, (before, own_memory(pid))
    assert gateway.process.poll() is None
    assert gateway.pids("e") + gateway.pids("m") == workers
    assert gateway.ask("four").json == 4
    assert "Traceback" not in Path(gateway.home / "gateway.log").read_text()
