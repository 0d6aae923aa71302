"""Load on an HTTP address: wrk where it is installed, else a small generator of our own."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.table import percentile

MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass(frozen=True)
class Load:
    """What came of a load: answers a second, milliseconds, and answers that were not 2xx."""

    rate: float
    p50: float
    p99: float
    bad: int


@dataclass(frozen=True)
class Place:
    """Something that answers: its address, what it is sent, and the headers that come with it."""

    url: str
    body: bytes
    headers: dict[str, str]

    def press(self, connections: int, seconds: float, work: Path) -> Load:
        """POST the body over and over on some connections; `work` is a folder for notes."""
        if program := shutil.which("wrk"):
            return _wrk(self, program, f"-c{connections} -d{max(1, round(seconds))}s", work)
        order = json.dumps([self.url, self.body.decode(), connections, seconds, self.headers])
        command = [sys.executable, "-m", "benchmarks.load"]
        done = subprocess.run(command, input=order, capture_output=True, text=True, check=True)
        return Load(**json.loads(done.stdout))


def generator() -> str:
    """Name what makes the load."""
    return "wrk" if shutil.which("wrk") else "the bundled generator (wrk is not installed)"


def _wrk(place: Place, program: str, amount: str, work: Path) -> Load:
    script = work / "post.lua"
    lines = ['wrk.method = "POST"', f"wrk.body = [=[{place.body.decode()}]=]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in place.headers.items()]
    script.write_text("\n".join(lines))
    command = [program, "-t1", *amount.split(), "--latency", "-s", str(script), place.url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise RuntimeError(f"wrk said:\n{said}")
    return Load(float(rate[1]), _share(said, 50), _share(said, 99), int(bad[1]) if bad else 0)


def _share(said: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\s*$", said, re.MULTILINE)
    return float(found[1]) * MILLISECONDS[found[2]] if found else float("nan")


async def _connection(url: str, request: bytes, until: float, taken: list[float]) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    bad = 0
    while (start := time.perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if length is None:
            raise RuntimeError("the answer does not say how long it is; install wrk to measure it")
        await reader.readexactly(int(length[1]))
        taken.append(time.perf_counter() - start)
        bad += not head.startswith(b"HTTP/1.1 2")
    writer.close()
    return bad


def _request(url: str, body: str, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Content-Length: {len(body.encode())}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def _press(
    url: str, body: str, connections: int, seconds: float, headers: dict[str, str]
) -> Load:
    request = _request(url, body, headers)
    taken: list[float] = []
    start = time.perf_counter()
    crowd = (_connection(url, request, start + seconds, taken) for _ in range(connections))
    bad = sum(await asyncio.gather(*crowd))
    rate = len(taken) / (time.perf_counter() - start)
    return Load(rate, percentile(taken, 0.5) * 1000, percentile(taken, 0.99) * 1000, bad)


class Sample(NamedTuple):
    """A request under a steady load: when it was answered, in how many seconds, if well."""

    at: float
    seconds: float
    good: bool


class Steady:
    """A load that goes on while something else happens; it reconnects where it is cut off."""

    def __init__(self, place: Place, connections: int) -> None:
        """Prepare it."""
        self._order = json.dumps([place.url, place.body.decode(), connections, place.headers])
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Steady:
        """Begin."""
        command = [sys.executable, "-m", "benchmarks.load", "steady"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._order}\n")
        self._process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        """End, whatever became of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> list[Sample]:
        """End it and give every request."""
        assert self._process is not None
        said, _ = self._process.communicate("stop\n")
        return [Sample(*row) for row in json.loads(said)]


async def _keep_asking(
    url: str, request: bytes, stop: asyncio.Event, samples: list[Sample]
) -> None:
    parts = urlsplit(url)
    writer = None
    while not stop.is_set():
        start, good = time.time(), False
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            good = head.startswith(b"HTTP/1.1 2")
        except (OSError, asyncio.IncompleteReadError):
            writer = None
        samples.append(Sample(time.time(), time.time() - start, good))
    if writer is not None:
        writer.close()


async def _steady(url: str, body: str, connections: int, headers: dict[str, str]) -> list[Sample]:
    """Press until a line comes on standard input."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    samples: list[Sample] = []
    request = _request(url, body, headers)
    await asyncio.gather(*(_keep_asking(url, request, stop, samples) for _ in range(connections)))
    return samples


def main() -> None:
    """Read an order from standard input, press, print what came of it."""
    if "steady" in sys.argv:
        print(json.dumps(asyncio.run(_steady(*json.loads(sys.stdin.readline())))))
        return
    print(json.dumps(asyncio.run(_press(*json.load(sys.stdin))).__dict__))


if __name__ == "__main__":
    main()
