"""A server that keeps its artifacts in a bucket: bytes go past it, and jobs read what they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest_s3 import StrictS3, moto_endpoint, s3, strict_s3
from running import Server, end_all_of
from zaffre.ml import Input, MLClient, Output, command
from zaffre.ml.entities import Data, Environment

__all__ = ["moto_endpoint", "s3", "strict_s3"]

LARGE = bytes(range(256)) * 8192


@pytest.fixture
def on_bucket(home: Path, strict_s3: StrictS3) -> Iterator[Server]:
    server = Server(home, strict_s3.variables).start()
    yield server
    server.stop()
    end_all_of(home)


def signed(s3: StrictS3, method: str) -> int:
    """How many requests came past the server."""
    return sum(verb == method and "X-Amz-Signature" in path for verb, path in s3.seen)


def near(home: Path) -> list[Path]:
    return [
        path
        for path in (home / "artifacts" / "blobs").glob("*/*")
        if path.stat().st_size >= 1 << 20
    ]


def test_large_content_goes_past_the_server_and_jobs_find_it(
    on_bucket: Server, home: Path, strict_s3: StrictS3, tmp_path: Path
):
    data = tmp_path / "data"
    data.mkdir()
    (data / "large.bin").write_bytes(LARGE)
    (data / "small.txt").write_text("small")
    client = MLClient(url=on_bucket.url, token=on_bucket.token)
    asset = client.data.create_or_update(Data(name="numbers", path=data, type="uri_folder"))
    assert near(home) == []  # the large file never was on the server's machine
    assert signed(strict_s3, "PUT") >= 1

    client.environments.create_or_update(Environment(name="here", python="current"))
    job = client.jobs.create_or_update(
        command(
            command="sha256sum ${{inputs.data}}/large.bin && cp ${{inputs.data}}/large.bin ${{outputs.copy}}/copy.bin",
            inputs={"data": Input(type="uri_folder", path=f"azureml:numbers:{asset.version}")},
            outputs={"copy": Output(type="uri_folder")},
            environment="here@latest",
        )
    )
    client.jobs.stream(job.name)
    assert client.jobs.get(job.name).status == "Completed"
    assert len(near(home)) == 1

    before = signed(strict_s3, "GET")
    assert before >= 1  # the launcher's
    client.jobs.download(job.name, download_path=tmp_path / "got", output_name="copy")
    assert [path.read_bytes() for path in (tmp_path / "got").rglob("copy.bin")] == [LARGE]
    assert signed(strict_s3, "GET") == before + 1
