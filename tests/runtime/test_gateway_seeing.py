"""What the gateway shows: who answered, its metrics, and a request log within limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import KEY, METRICS_KEY, Serving, serving
from zaffre.runtime.gateway import request_log
from zaffre.runtime.gateway.metrics import Family, text_of
from zaffre.runtime.gateway.observing import Histogram, Tally
from zaffre.runtime.gateway.request_log import RequestLog, Row

SCRIPT = """
def init():
    pass
def run(raw):
    return 1 / 0 if raw == "fail" else raw
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("home")) as found:
        blue = found.describe("e.blue.1", found.script("blue", SCRIPT), model="churn:3")
        found.endpoint("e", blue=blue)
        found.configure()
        yield found.start().ready("e.blue.1")


def samples(gateway: Serving) -> dict[str, float]:
    answer = gateway.ask(None, "/metrics", "GET", METRICS_KEY)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_an_answer_says_which_deployment_and_model_gave_it(gateway: Serving) -> None:
    answer = gateway.ask("x", x_request_id="mine")
    assert answer.headers["azureml-model-deployment"] == "blue"
    assert answer.headers["zaffre-model"] == "churn:3"
    assert answer.headers["x-request-id"] == "mine"
    assert gateway.ask("fail").headers["zaffre-model"] == "churn:3"


@pytest.mark.parametrize("key", [None, "wrong", KEY])
def test_only_the_metrics_token_reads_the_metrics(gateway: Serving, key: str | None) -> None:
    assert gateway.ask(None, "/metrics", "GET", key).status == 401


def test_the_metrics_token_opens_nothing_else(gateway: Serving) -> None:
    assert gateway.ask("x", key=METRICS_KEY).status == 401
    assert gateway.ask("x", "/metrics", "POST", METRICS_KEY).status == 405


def test_metrics_count_answers_by_status_and_time(gateway: Serving) -> None:
    before = samples(gateway)
    for body in ("x", "x", "fail"):
        gateway.ask(body)
    gateway.ask("x", key="wrong")
    after = samples(gateway)

    def grew(name: str) -> float:
        return after[name] - before.get(name, 0)

    labels = 'endpoint="e",deployment="blue"'
    assert grew(f'zaffre_requests_total{{{labels},code="200"}}') == 2
    assert grew(f'zaffre_requests_total{{{labels},code="500"}}') == 1
    assert grew(f"zaffre_request_duration_seconds_count{{{labels}}}") == 3
    assert grew(f'zaffre_request_duration_seconds_bucket{{{labels},le="+Inf"}}') == 3
    assert grew('zaffre_refused_total{code="401"}') == 1
    assert after[f"zaffre_workers_ready{{{labels}}}"] == 1
    assert after[f"zaffre_queue_length{{{labels}}}"] == 0
    assert after[f"zaffre_memory_bytes{{{labels}}}"] > 1e6
    assert after[f"zaffre_cpu_seconds_total{{{labels}}}"] > 0
    assert after["process_resident_memory_bytes"] > 1e6


def test_metrics_are_written_as_prometheus_reads_them() -> None:
    sizes = Histogram((1, 2.5))
    for value in (1, 2, 9):
        sizes.add(value)
    family = Family("size", "histogram", "Sizes.")
    family.add_histogram({"name": 'a"\\\n'}, sizes)
    assert text_of([family]) == (
        "# HELP size Sizes.\n"
        "# TYPE size histogram\n"
        'size_bucket{name="a\\"\\\\\\n",le="1"} 1\n'
        'size_bucket{name="a\\"\\\\\\n",le="2.5"} 2\n'
        'size_bucket{name="a\\"\\\\\\n",le="+Inf"} 3\n'
        'size_sum{name="a\\"\\\\\\n"} 12\n'
        'size_count{name="a\\"\\\\\\n"} 3\n'
    )


def test_a_summary_counts_errors_and_gives_percentiles() -> None:
    tally = Tally()
    for milliseconds in range(1, 101):
        tally.add(500 if milliseconds > 98 else 200, milliseconds / 1000)
    assert tally.summary() == {
        "requests": 100, "errors": 2, "failures": 2, "p50_ms": 51.0, "p95_ms": 96.0, "p99_ms": 100.0,
    }  # fmt: skip


def row(number: int) -> Row:
    return Row(1.0, b"id-%d" % number, "e", "blue", "e.blue.1", 200, 0.001)


def test_the_request_log_keeps_four_older_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "LIMIT", 10)
    log = RequestLog(tmp_path / "requests.log")
    for number in range(7):
        log.add(row(number))
        log.flush()
    log.close()
    kept = {path.name: json.loads(path.read_text())["id"] for path in tmp_path.iterdir()}
    assert kept == {
        "requests.log": "id-6", "requests.log.1": "id-5", "requests.log.2": "id-4",
        "requests.log.3": "id-3", "requests.log.4": "id-2",
    }  # fmt: skip


def test_a_request_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "missing" / "requests.log")
    log.add(row(1))
    log.close()
