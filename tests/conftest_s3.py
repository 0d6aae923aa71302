"""A server that answers as S3 does, with one bucket; and one in front of it that checks digests, too."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

BUCKET = "lake"
PROGRAM = ["-u", "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]


@dataclass(frozen=True)
class S3:
    """Where the bucket is, and what opens it."""

    endpoint: str

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/zaffre"

    @property
    def options(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": "key",
            "secret_access_key": "hush-hush",
        }

    @property
    def variables(self) -> dict[str, str]:
        """What a server needs to keep its artifacts here."""
        return {
            "ZAFFRE_ARTIFACTS": self.url,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "hush-hush",
        }


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the whole test run."""
    pytest.importorskip("moto")
    pytest.importorskip("obstore")
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("w") as file:
        process = subprocess.Popen([sys.executable, *PROGRAM], stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while "Running on http" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{log.read_text().partition('http://127.0.0.1:')[2].split()[0]}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def s3(moto_endpoint: str) -> S3:
    """An empty bucket; its server does not look at digests."""
    for method, path in (("POST", "moto-api/reset"), ("PUT", BUCKET)):
        request = urllib.request.Request(f"{moto_endpoint}/{path}", method=method)
        urllib.request.urlopen(request).read()
    return S3(moto_endpoint)


class _Checking(BaseHTTPRequestHandler):
    """Hands every request on, after it has compared the body with its digest as S3 does."""

    protocol_version = "HTTP/1.1"
    behind = ""
    seen: list[tuple[str, str]]
    away: threading.Event

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path))
        if self.away.is_set():
            self._answer(503, b"<Error><Code>ServiceUnavailable</Code></Error>", {})
            return
        wanted = self.headers.get("x-amz-checksum-sha256")
        if wanted and base64.b64encode(hashlib.sha256(body).digest()).decode() != wanted:
            self._answer(400, b"<Error><Code>BadDigest</Code></Error>", {})
            return
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        request = urllib.request.Request(
            self.behind + self.path, body or None, headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                self._answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read(), dict(error.headers))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        kept = ("etag", "last-modified", "content-type", "content-range", "content-length")
        told = {name.lower(): value for name, value in headers.items() if name.lower() in kept}
        if self.command != "HEAD" or "content-length" not in told:
            told["content-length"] = str(len(body))
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._hand_on
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class StrictS3(S3):
    """A bucket whose server refuses content that is not what its digest says; `seen` are its requests.

    While `away` is set, it answers that it cannot.
    """

    seen: list[tuple[str, str]]
    away: threading.Event


@pytest.fixture
def strict_s3(s3: S3) -> Iterator[StrictS3]:
    """An empty bucket; its server checks digests."""
    seen: list[tuple[str, str]] = []
    away = threading.Event()
    handler = type("Checking", (_Checking,), {"behind": s3.endpoint, "seen": seen, "away": away})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield StrictS3(f"http://127.0.0.1:{server.server_address[1]}", seen, away)
    server.shutdown()
    server.server_close()
    thread.join()
