"""What the stores withstand: a bucket that is away, a full disk beside it, a second server on a home."""

from __future__ import annotations

import json
import subprocess
import urllib.error
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from attacks.calling import Raw
from conftest_s3 import StrictS3, moto_endpoint, s3, strict_s3
from faults.asking import until
from faults.recording import CURRENT, WS
from running import Server, end_all_of

__all__ = ["moto_endpoint", "s3", "strict_s3"]


@pytest.fixture
def on_bucket(home: Path, strict_s3: StrictS3) -> Iterator[Server]:
    server = Server(home, strict_s3.variables).start()
    yield server
    server.stop()
    end_all_of(home)


def state(server: Server, name: str) -> str:
    return str(server.call("GET", f"{WS}/jobs/{name}")["status"])


def put(server: Server, content: bytes) -> int:
    """Store content, and give the status of the answer."""
    raw = Raw(server.url)
    path = f"{WS}/blobs/sha256:{sha256(content).hexdigest()}"
    answer = raw.call("PUT", path, body=content, token=server.token)
    raw.close()
    return int(answer.status)


def test_a_job_whose_bucket_is_away_ends_when_it_is_back(
    on_bucket: Server, strict_s3: StrictS3, tmp_path: Path
):
    """Its outputs are safe in its folder; it is not Completed before they are stored."""
    command = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo 42 > outputs/answer"
    on_bucket.call("POST", f"{WS}/jobs", {"name": "j", "command": command, "environment": CURRENT})
    until(lambda: state(on_bucket, "j") == "Running", "it runs")
    strict_s3.away.set()
    asked = len(strict_s3.seen)
    (tmp_path / "go").touch()
    until(lambda: len(strict_s3.seen) > asked + 10, "the bucket was asked again and again")
    assert state(on_bucket, "j") in ("Running", "Finalizing")
    strict_s3.away.clear()
    until(lambda: state(on_bucket, "j") == "Completed", "it is kept")
    outputs = on_bucket.call("GET", f"{WS}/jobs/j/outputs")["artifacts"]
    assert "outputs/answer" in [one["path"] for one in outputs]


def test_an_upload_to_a_bucket_that_is_away_is_refused_and_leaves_nothing(
    on_bucket: Server, strict_s3: StrictS3
):
    strict_s3.away.set()
    assert put(on_bucket, b"lost") == 503
    strict_s3.away.clear()
    digest = f"sha256:{sha256(b'lost').hexdigest()}"
    missing = on_bucket.call("POST", f"{WS}/blobs/missing", {"digests": [digest]})["missing"]
    assert missing == [digest]
    assert put(on_bucket, b"lost") == 201


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """The home's folder of content on a disk of 48 MB, of which 32 are kept free."""
    folder = home / "artifacts"
    folder.mkdir(mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_beside_a_bucket_is_said_and_nothing_is_sent(
    small_disk: Path, home: Path, strict_s3: StrictS3
):
    server = Server(home, strict_s3.variables).start()
    try:
        large = bytes(24 << 20)
        assert put(server, large) == 507
        assert not [path for _, path in strict_s3.seen if sha256(large).hexdigest() in path]
        assert put(server, b"small") == 201
        assert list((small_disk / "tmp").iterdir()) == []
    finally:
        server.stop()
        end_all_of(home)


def test_a_second_server_on_a_home_is_refused_and_names_the_first(server: Server):
    with pytest.raises(AssertionError) as raised:
        Server(server.home).start()
    assert f"A server runs on {server.home} already" in str(raised.value)
    assert server.process is not None
    assert f"pid {server.process.pid}" in str(raised.value)
    assert server.call("GET", "/api/v1/workspaces")["items"]


def test_a_presigned_address_is_not_told_to_those_who_may_not_read(
    on_bucket: Server,
):
    digest = f"sha256:{'0' * 64}"
    raw = Raw(on_bucket.url)
    body = json.dumps({"digests": [digest]}).encode()
    answer = raw.call("POST", f"{WS}/blobs/downloads", body=body, token="zaf_wrong")
    raw.close()
    assert answer.status == 401
    with pytest.raises(urllib.error.HTTPError) as raised:
        on_bucket.call("POST", f"{WS}/blobs/downloads", {"digests": ["../x"]})
    assert raised.value.code == 422
    raised.value.close()
