"""A real gateway with real workers on a home of its own, for tests; all of its processes end with it."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.runtime.gateway.processes import end, records

KEY = "a-key-of-the-tests"
METRICS_KEY = "a-metrics-key-of-the-tests"
SECONDS = 40


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Serving:
    """A gateway process and its configuration."""

    home: Path
    endpoints: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    generation: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def status(self) -> dict[str, Any]:
        try:
            return json.loads((self.run / "gateway-status.json").read_text())
        except (OSError, ValueError):
            return {}

    def deployment(self, name: str = "blue", **facts: Any) -> dict[str, Any]:
        """Give how a revision stands, by its id."""
        return self.status.get("deployments", {}).get(name, {})

    def script(self, name: str, text: str) -> Path:
        """Write a scoring script in a folder of its own."""
        folder = self.home / "code" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "score.py").write_text(text)
        return folder

    def describe(self, revision: str, code: Path | None = None, **changed: Any) -> dict[str, Any]:
        """Describe a deployment."""
        return {
            "id": revision, "python": sys.executable, "model_dir": None, "code_dir": str(code) if code else None,
            "script": "score.py" if code else None, "mlflow_model": None, "env": {}, "instances": 1,
            "concurrency": 1, "timeout_ms": 5000, "max_body": 1 << 20, "queue_wait_ms": 5000,
            "log": str(self.log(revision)), **changed,
        }  # fmt: skip

    def log(self, revision: str) -> Path:
        return self.home / "logs" / "deployments" / f"{revision}.log"

    def endpoint(
        self, name: str = "e", traffic: dict[str, int] | None = None, **deployments: Any
    ) -> dict[str, Any]:
        """Put an endpoint into the configuration; the first deployment gets all traffic unless told otherwise."""
        shares = (
            {next(iter(deployments)): 100} if traffic is None and deployments else traffic or {}
        )
        self.endpoints[name] = {
            "workspace": "default", "keys": [hashlib.sha256(KEY.encode()).hexdigest()], "auth_mode": "key",
            "traffic": shares, "mirror": {}, "deployments": deployments,
        }  # fmt: skip
        return self.endpoints[name]

    def configure(self) -> None:
        """Write the configuration."""
        self.generation += 1
        document = {
            "generation": self.generation, "port": self.port, "hosts": ["127.0.0.1"],
            "metrics_keys": [hashlib.sha256(METRICS_KEY.encode()).hexdigest()],
        }  # fmt: skip
        self.run.mkdir(parents=True, exist_ok=True)
        temporary = self.run / "gateway.json.test"
        temporary.write_text(json.dumps({**document, "endpoints": self.endpoints}))
        temporary.replace(self.run / "gateway.json")

    def start(self) -> Serving:
        """Start the gateway and wait until it listens."""
        with (self.home / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "zaffre.runtime.gateway", "--home", str(self.home)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        until(self._listens, "the gateway listens")
        return self

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "gateway.log").read_text()[-4000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ready(self, *ids: str, instances: int = 1) -> Serving:
        """Wait until revisions answer."""
        for name in ids or ("blue",):
            until(
                lambda name=name: (
                    self.deployment(name).get("state") == "ready"
                    and self.deployment(name).get("instances", 0) >= instances
                ),
                f"{name} is ready: {self.deployment(name)}",
            )
        return self

    def pids(self, revision: str = "blue") -> list[int]:
        return list(self.deployment(revision).get("pids", []))

    def ask(
        self, body: bytes | str | None = b"x", path: str = "/e/score", method: str = "POST", key: str | None = KEY,
        **headers: str,
    ) -> Answer:  # fmt: skip
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            return ask(connection, body, path, method, key, **headers)
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill the gateway; its workers go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the gateway in order."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def clean(self) -> None:
        """End every process that is left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        folder = self.run / "workers"
        if folder.is_dir():
            for record in list(records(folder)):
                end(record.name, kindly=False)


def ask(
    connection: http.client.HTTPConnection, body: bytes | str | None = b"x", path: str = "/e/score",
    method: str = "POST", key: str | None = KEY, **headers: str,
) -> Answer:  # fmt: skip
    """Send one request on an open connection."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        sent.setdefault("Authorization", f"Bearer {key}")
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    connection.request(method, path, body=body, headers=sent)
    answer = connection.getresponse()
    content = answer.read()
    return Answer(
        answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
    )


class Load:
    """Clients that ask without pause, and count what they get: names begin with `v`."""

    def __init__(self, gateway: Serving | int, clients: int, key: str = KEY) -> None:
        self.seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._port = gateway if isinstance(gateway, int) else gateway.port
        self._key = key
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stop.is_set():
            try:
                answer = ask(connection, key=self._key)
                self.seen[answer.json if answer.status == 200 else f"status {answer.status}"] += 1
            except (OSError, http.client.HTTPException) as error:
                self.seen[repr(error)] += 1
                connection.close()
        connection.close()

    @property
    def failed(self) -> dict[str, int]:
        return {what: count for what, count in self.seen.items() if not what.startswith("v")}


@contextmanager
def serving(home: Path) -> Iterator[Serving]:
    """Give a gateway that is not started yet, and end what it started."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    found = Serving(home)
    try:
        yield found
    finally:
        found.clean()


def until(true: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether a process lives and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
