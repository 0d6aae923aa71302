"""The product under measurement, by its public surface: command line and HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.processes import Started, answer_seconds, end, environment, of_home, running

BIN = Path(sys.executable).parent
JSON = "application/json"


@dataclass
class Product:
    """A running server on a home of its own."""

    home: Path
    url: str
    gateway_url: str
    ready_seconds: float

    @property
    def token(self) -> str:
        """Give the owner's token."""
        return (self.home / "token").read_text().strip()

    @property
    def variables(self) -> dict[str, str]:
        """Give what clients need to know."""
        return {
            "ZAFFRE_HOME": str(self.home),
            "ZAFFRE_URL": self.url,
            "ZAFFRE_TOKEN": self.token,
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_TOKEN": self.token,
        }

    def client(self) -> Client:
        """Open one kept-alive connection to the API."""
        return Client(self.url, self.token)

    def cli(self, *words: str, cwd: Path | None = None) -> str:
        """Run the command line on this home and give what it printed."""
        done = subprocess.run(
            [str(BIN / "zaffre"), *words],
            cwd=cwd,
            env=environment(**self.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"zaffre {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout


class Client:
    """One kept-alive HTTP connection."""

    def __init__(self, url: str, token: str = "") -> None:
        """Connect at the first call."""
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=120
        )
        self._headers = {"Content-Type": JSON}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send bytes, give the answer's; raises if it is not 2xx."""
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content

    def post(self, path: str, document: Any) -> Any:
        """Send a document by POST, give the answer's."""
        return json.loads(self.send("POST", path, json.dumps(document).encode()))

    def get(self, path: str) -> Any:
        """Get a document."""
        return json.loads(self.send("GET", path))


@contextlib.contextmanager
def serving(home: Path, **variables: str) -> Iterator[Product]:
    """Run the server on a home (made if new) for the length of the block."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = home / "run" / "server.json"
    record.unlink(missing_ok=True)
    settings = {
        "ZAFFRE_HOME": str(home),
        "ZAFFRE_PORT": "0",
        "ZAFFRE_GATEWAY_PORT": "0",
        **variables,
    }
    command = [sys.executable, "-m", "zaffre.server"]
    try:
        with running(
            command, home.parent / f"{home.name}.log", env=environment(**settings)
        ) as started:
            facts = _facts(started, record)
            seconds = answer_seconds(started, f"{facts['url']}/health")
            yield Product(home, facts["url"], facts["gateway_url"], seconds)
    finally:
        end(of_home(home))


def _facts(started: Started, record: Path) -> dict[str, Any]:
    while started.process.poll() is None and time.perf_counter() - started.at < 60:
        with contextlib.suppress(OSError, ValueError):
            facts: dict[str, Any] = json.loads(record.read_text())
            return facts
        time.sleep(0.005)
    raise RuntimeError(f"the server did not start:\n{started.log.read_text()[-3000:]}")
