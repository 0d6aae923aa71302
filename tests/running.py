"""A real server on a home of its own, for tests that go through HTTP; all of its processes end with it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

READY_SECONDS = 60
END_SECONDS = 15


@dataclass
class Server:
    """A server process. `url`, `gateway_url` and `token` are known once it has started."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    gateway_url: str = ""

    @property
    def token(self) -> str:
        return (self.home / "token").read_text().strip()

    @property
    def log(self) -> Path:
        return self.home.parent / f"{self.home.name}-server.log"

    @property
    def environment(self) -> dict[str, str]:
        """What a client process needs to reach this server: the product's CLI and SDK, and stock MLflow."""
        return {
            **clean_environment(self.home),
            **self.variables,
            "ZAFFRE_URL": self.url,
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_TOKEN": self.token,
        }

    def start(self) -> Server:
        record = self.home / "run" / "server.json"
        before = record.read_bytes() if record.exists() else b""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "zaffre.server"],
                env={**clean_environment(self.home), **self.variables},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._wait_until_ready(record, before)
        return self

    def _wait_until_ready(self, record: Path, before: bytes) -> None:
        assert self.process is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(
                    f"the server ended ({self.process.returncode}):\n{self.log.read_text()[-4000:]}"
                )
            with contextlib.suppress(OSError, ValueError):
                text = record.read_bytes()
                facts = json.loads(text)
                if text != before and facts["pid"] == self.process.pid:
                    self.url, self.gateway_url = facts["url"], facts["gateway_url"]
                    with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                        if answer.status == 200:
                            return
            time.sleep(0.02)
        raise AssertionError(f"the server is not ready:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """Kill the server process alone, as a crash would; jobs and the gateway go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the server and everything that runs for its home."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
        end_all_of(self.home)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask the server with the owner's token and give the parsed answer (None for an empty one)."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def clean_environment(home: Path) -> dict[str, str]:
    """This process's environment without what would lead elsewhere, and with free ports on the given home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZAFFRE_", "MLFLOW_", "AZUREML_", "COV_"))
    }
    return {
        **kept,
        "ZAFFRE_HOME": str(home),
        "ZAFFRE_PORT": "0",
        "ZAFFRE_GATEWAY_PORT": "0",
        "GIT_PYTHON_REFRESH": "quiet",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def end_all_of(home: Path) -> None:
    """End every process that works for a home: known by its environment, its folder or its command line."""
    deadline = time.monotonic() + END_SECONDS
    asked: set[int] = set()
    while found := [process for process in psutil.process_iter() if _is_of(process, str(home))]:
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill() if process.pid in asked else process.terminate()
            asked.add(process.pid)
        psutil.wait_procs(found, timeout=5)
        if time.monotonic() > deadline:
            raise AssertionError(f"processes outlive the test: {found}")


def _is_of(process: psutil.Process, home: str) -> bool:
    if process.pid == os.getpid():
        return False
    inside = home + "/"
    with contextlib.suppress(psutil.Error, OSError):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = [*process.cmdline(), process.cwd(), process.environ().get("ZAFFRE_HOME", "")]
        return any(word == home or inside in f"{word}/" for word in words)
    return False
