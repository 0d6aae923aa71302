"""Processes under measurement: started, weighed, and ended with all they started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

WORK = Path(__file__).resolve().parents[1] / "build" / "bench" / "work"
PATIENCE = 120.0


@dataclass
class Started:
    """A process and the moment it was started."""

    process: subprocess.Popen[bytes]
    at: float
    log: Path

    @property
    def pid(self) -> int:
        """Give its pid."""
        return self.process.pid


def scratch(name: str) -> Path:
    """Give an empty folder below `build/bench/work`."""
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """Give this environment without settings of the product, with the given variables."""
    dropped = ("ZAFFRE_", "MLFLOW_", "AZUREML_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", **variables}


@contextlib.contextmanager
def running(command: Sequence[str], log: Path, **options: object) -> Iterator[Started]:
    """Run a program for the length of the block; end it and what it started afterwards."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        at = time.perf_counter()
        process = subprocess.Popen(  # type: ignore[call-overload]
            list(command),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        try:
            yield Started(process, at, log)
        finally:
            end(family(process.pid))
            process.wait()


def family(pid: int) -> list[psutil.Process]:
    """List a process and all below it."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def of_home(home: Path) -> list[psutil.Process]:
    """List every process that works for a home: by its environment, command line or folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            words = [*process.cmdline(), process.cwd(), process.environ().get("ZAFFRE_HOME", "")]
            if process.pid != os.getpid() and any(str(home) in word for word in words):
                found.append(process)
    return found


def end(processes: Sequence[psutil.Process]) -> None:
    """Ask processes to stop, then kill those that did not."""
    left = list(processes)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        _, left = psutil.wait_procs(left, timeout=8)


def megabytes(processes: Sequence[psutil.Process]) -> float:
    """Weigh processes together: proportional set size in MiB, so shared pages count once."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total / 2**20


def answer_seconds(
    started: Started, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> float:
    """Wait for the first 200 and give the seconds since the start."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.perf_counter() - started.at < PATIENCE:
        with contextlib.suppress(urllib.error.URLError, OSError):
            request = urllib.request.Request(url, body, headers or {})
            with opener.open(request, timeout=10) as answer:
                if answer.status == 200:
                    answer.read()
                    return time.perf_counter() - started.at
        if started.process.poll() is not None:
            raise RuntimeError(f"it ended:\n{started.log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)
    raise TimeoutError(f"no answer from {url}:\n{started.log.read_text(errors='replace')[-2000:]}")
