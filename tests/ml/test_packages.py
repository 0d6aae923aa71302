"""Packages on the client's side: orders, and zips that are the same for the same content."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from ml.fake_server import State
from zaffre.ml.client import MLClient
from zaffre.ml.models import packed


def test_the_same_folder_is_the_same_zip(tmp_path: Path) -> None:
    made = []
    for time, name in ((1, "a"), (2_000_000_000, "b")):
        folder = tmp_path / name / "net-1"
        (folder / "server").mkdir(parents=True)
        for path in ("serve.py", "server/x.py"):
            (folder / path).write_text("print()")
            os.utime(folder / path, (time, time))
        made.append(packed(folder, tmp_path / name / "net-1.zip").read_bytes())
    assert made[0] == made[1]


def test_a_zip_holds_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "net-1"
    folder.mkdir()
    (folder / "serve.py").write_text("")
    with zipfile.ZipFile(packed(folder, tmp_path / "net-1.zip")) as archive:
        assert archive.namelist() == ["net-1/serve.py"]


def test_a_deployment_says_which_version(client: MLClient, fake: State) -> None:
    blue = {"name": "blue", "endpoint_name": "e", "model": "azureml:net:1"}
    fake.resources["online-endpoints/e/online-deployments/blue"] = blue
    for version in ("1", "2"):
        fake.resources[f"models/net/versions/{version}"] = {"name": "net", "version": version}
    order = {"deployment_name": "blue", "endpoint_name": "e"}
    assert client.models.package_contents("net", **order)["version"] == "1"
    assert client.models.package_contents("net", "2", **order)["version"] == "2"
