"""The gateway answers as the contract says: keys, routes, headers, traffic, limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import KEY, Serving, ask, serving, until

SCRIPT = """
import json, os, sys
NAME = os.environ.get("NAME", "blue")

def init():
    print("init of", NAME)
    import helper_beside
    with open("made-in-cwd.txt", "w") as file:
        file.write("x")

def run(raw):
    print("asked")
    if raw == "variables":
        return {name: os.environ.get(name) for name in ("AML_APP_ROOT", "AZUREML_ENTRY_SCRIPT", "SCORING_TIMEOUT_MS",
                "AZUREML_MODEL_DIR", "GIVEN", "ZAFFRE_SECRET")}
    if raw == "raise":
        raise ValueError("secret detail")
    return {"name": NAME, "raw": raw}
"""

COUNTING = """
import os
def init():
    pass
def run(raw):
    with open(os.environ["COUNT"], "a") as file:
        file.write("x")
    return "copy"
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    home = tmp_path_factory.mktemp("home")
    with serving(home) as found:
        code = found.script("plain", SCRIPT)
        (code / "helper_beside.py").write_text("")
        count = found.script("count", COUNTING)
        blue = found.describe("blue", code, env={"GIVEN": "yes"}, model_dir=str(home))
        green = found.describe("green", code, env={"NAME": "green"}, max_body=1000)
        copy = found.describe("copy", count, env={"COUNT": str(home / "count")})
        found.endpoint("e", {"blue": 100}, blue=blue, green=green)
        found.endpoint(
            "split",
            {"blue": 60, "green": 40},
            blue={**blue, "id": "sblue"},
            green={**green, "id": "sgreen"},
        )["sticky_header"] = "X-Caller"
        found.endpoint("none", {}, blue={**blue, "id": "nblue"})
        found.endpoint("mirrored", {"blue": 100}, blue={**blue, "id": "mblue"}, copy=copy)[
            "mirror"
        ] = {"copy": 100}
        found.configure()
        found.start().ready("blue", "green", "sblue", "sgreen", "mblue", "copy")
        yield found


def test_a_request_gets_its_answer_with_the_contracts_headers(gateway: Serving) -> None:
    answer = gateway.ask('{"a": 1}')
    assert answer.status == 200
    assert answer.json == {"name": "blue", "raw": '{"a": 1}'}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-ms-run-function-failed"] == "False"
    assert float(answer.headers["x-ms-run-fn-exec-ms"]) > 0
    assert answer.headers["x-ms-server-version"].startswith("zaffre/")
    assert answer.headers["x-ms-request-id"] == answer.headers["x-request-id"]


def test_a_clients_request_id_is_echoed(gateway: Serving) -> None:
    answer = gateway.ask(x_ms_client_request_id="mine")
    assert answer.headers["x-ms-client-request-id"] == answer.headers["x-ms-request-id"] == "mine"
    assert gateway.ask(x_request_id="a" * 101).status == 431


def test_a_failing_script_says_so_without_its_details(gateway: Serving) -> None:
    answer = gateway.ask("raise")
    assert answer.status == 500
    assert answer.json == {
        "message": "An unexpected error occurred in scoring script. Check the logs for more info."
    }
    assert answer.headers["x-ms-run-function-failed"] == "True"
    until(lambda: "secret detail" in gateway.log("blue").read_text(), "the log has the traceback")


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x"])
@pytest.mark.parametrize(
    "path", ["/e/score", "/unknown/score", "/e/", "/e/nope", "/", "/e/swagger.json"]
)
def test_without_a_valid_key_everything_looks_the_same(
    gateway: Serving, key: str | None, path: str
) -> None:
    answer = gateway.ask(None, path, "GET", key=key)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json) == {"message"}


def test_a_key_of_one_endpoint_opens_no_unknown_one(gateway: Serving) -> None:
    assert gateway.ask(path="/unknown/score").status == 401
    assert gateway.ask(path="/E/score").status == 401


def test_routes_are_the_contracts(gateway: Serving) -> None:
    assert gateway.ask(None, "/e/", "GET").body == b"Healthy"
    assert gateway.ask(None, "/health", "GET", key=None).json == {"status": "ok"}
    assert gateway.ask(method="PUT").status == 405
    assert gateway.ask(None, "/e/other", "GET").status == 404
    assert gateway.ask(None, "/e/swagger.json", "GET").json["swagger"] == "2.0"
    assert gateway.ask(None, "/e/swagger.json?version=3", "GET").json["openapi"] == "3.0.3"
    assert gateway.ask(None, "/e/swagger.json?version=9", "GET").status == 404
    assert json.loads(gateway.ask(None, "/e/score?a=1&a=x", "GET").json["raw"]) == {"a": [1, "x"]}
    assert gateway.ask(None, method="OPTIONS").status == 200


def test_an_unknown_host_is_refused(gateway: Serving) -> None:
    assert gateway.ask(Host="evil.example").status == 421
    assert gateway.ask(Host=f"127.0.0.1:{gateway.port}").status == 200


def test_a_header_picks_the_deployment(gateway: Serving) -> None:
    assert gateway.ask(azureml_model_deployment="green").json["name"] == "green"
    assert gateway.ask(azureml_model_deployment="nowhere").status == 404


def test_traffic_is_shared_by_its_weights(gateway: Serving) -> None:
    names = Counter(gateway.ask(path="/split/score").json["name"] for _ in range(100))
    assert names == {"blue": 60, "green": 40}
    gateway.ask(None, "/split/", "GET")  # a look at its health is nobody's turn


def test_a_caller_that_says_who_it_is_stays_with_a_deployment(gateway: Serving) -> None:
    def answered(caller: int) -> str:
        return gateway.ask(path="/split/score", x_caller=f"caller-{caller}").json["name"]

    first = [answered(caller) for caller in range(20)]
    assert set(first) == {"blue", "green"}
    assert [answered(caller) for caller in range(20)] == first


def test_without_traffic_only_the_header_reaches_a_deployment(gateway: Serving) -> None:
    assert gateway.ask(path="/none/score").status == 404
    gateway.ready("nblue")
    assert gateway.ask(path="/none/score", azureml_model_deployment="blue").status == 200


def test_a_mirrored_request_is_copied_and_its_answer_dropped(gateway: Serving) -> None:
    count = gateway.home / "count"
    for _ in range(5):
        assert gateway.ask(path="/mirrored/score").json["name"] == "blue"
    until(lambda: count.exists() and len(count.read_text()) == 5, "five copies came")
    counts = {"pairs": 5, "agreed": 0, "dropped": 0}
    until(lambda: gateway.deployment("copy").get("mirror") == counts, "they are counted")


def test_a_pair_of_answers_is_logged_with_status_digest_and_time(gateway: Serving) -> None:
    gateway.ask(path="/mirrored/score", x_request_id="paired")
    log = gateway.home / "logs" / "mirrored.log"

    def pairs() -> list[dict[str, object]]:
        rows = map(json.loads, log.read_text().splitlines()) if log.exists() else []
        return [row for row in rows if row["id"] == "paired"]

    until(pairs, "the pair is logged")
    (pair,) = pairs()
    assert pair["agrees"] is False
    for name, deployment in (("answered", "blue"), ("mirrored", "copy")):
        told = pair[name]
        assert (told["deployment"], told["status"]) == (deployment, 200)
        assert len(told["digest"]) == 16
        assert told["ms"] > 0


def test_a_body_that_is_too_large_is_refused(gateway: Serving) -> None:
    assert gateway.ask(b"x" * (1 << 20)).status == 200
    assert gateway.ask(b"x" * ((1 << 20) + 1)).status == 413
    assert gateway.ask(b"x" * 2000, azureml_model_deployment="green").status == 413
    assert gateway.ask(b"x" * 900, azureml_model_deployment="green").status == 200


def test_the_script_sees_the_contracts_variables_and_no_secrets(gateway: Serving) -> None:
    found = gateway.ask("variables").json
    assert found["AML_APP_ROOT"] == str(gateway.home / "code" / "plain")
    assert found["AZUREML_ENTRY_SCRIPT"] == "score.py"
    assert found["SCORING_TIMEOUT_MS"] == "5000"
    assert found["AZUREML_MODEL_DIR"] == str(gateway.home)
    assert found["GIVEN"] == "yes"
    assert found["ZAFFRE_SECRET"] is None
    assert (gateway.home / "code" / "plain" / "made-in-cwd.txt").exists()


def test_printed_lines_are_in_the_log_with_their_time(gateway: Serving) -> None:
    lines = gateway.log("green").read_text().splitlines()
    assert any(line.endswith("Z init of green") for line in lines)


def test_requests_are_counted_and_logged(gateway: Serving) -> None:
    before = gateway.deployment("blue").get("requests", 0)
    gateway.ask(x_ms_client_request_id="counted", x_request_id="counted-1")
    until(lambda: gateway.deployment("blue").get("requests", 0) > before, "the status counts it")
    assert gateway.deployment("blue")["p99_ms"] > 0
    log = gateway.home / "logs" / "requests.log"
    until(lambda: log.exists() and '"counted-1"' in log.read_text(), "the log has it")
    row = next(json.loads(line) for line in log.read_text().splitlines() if '"counted-1"' in line)
    assert (row["endpoint"], row["deployment"], row["status"]) == ("e", "blue", 200)
    assert log.stat().st_mode & 0o077 == 0


def test_a_connection_serves_many_requests(gateway: Serving) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    for number in range(20):
        assert ask(connection, str(number)).json["raw"] == str(number)
    connection.close()


def test_files_of_the_gateway_are_private(gateway: Serving) -> None:
    folder = gateway.home / "run"
    for path in (
        folder / "workers",
        *(folder / "workers").iterdir(),
        folder / "gateway-status.json",
    ):
        assert Path(path).stat().st_mode & 0o077 == 0, path
