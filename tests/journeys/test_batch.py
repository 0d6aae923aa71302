"""A batch endpoint through the SDK and a real server: retries, thresholds, files of one's own, tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Server
from zaffre.ml import Input, MLClient
from zaffre.ml.constants import AssetTypes, BatchDeploymentOutputAction
from zaffre.ml.entities import (
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Environment,
    Job,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPT = """
import os
import sys

def init():
    global word
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "net", "word.txt")) as file:
        word = file.read()

def run(paths):
    names = [os.path.basename(path) for path in paths]
    mark = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "tried-" + names[0])
    if "bad.txt" in names:
        raise ValueError("bad is bad")
    if "flaky.txt" in names and not os.path.exists(mark):
        open(mark, "w").close()
        os._exit(3)
    return [f"{name} {word} {os.environ['SAID']}" for name in names]
"""


class Batch:
    """A client, its endpoint, and words for what the tests do."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.client = MLClient(url=server.url, token=server.token)
        self.folder = folder
        self.client.batch_endpoints.begin_create_or_update(BatchEndpoint(name="words")).result()

    def deploy(self, name: str, **settings: object) -> None:
        made = ModelBatchDeployment(
            name=name,
            endpoint_name="words",
            model=Model(path=str(self.folder / "net")),
            code_configuration=CodeConfiguration(str(self.folder / "src"), "score.py"),
            environment=Environment(python="current"),
            settings=ModelBatchDeploymentSettings(
                mini_batch_size=1,
                retry_settings=BatchRetrySettings(max_retries=1, timeout=60),
                environment_variables={"SAID": "well"},
                **settings,
            ),
        )
        self.client.batch_deployments.begin_create_or_update(made).result()

    def score(self, *names: str, **more: object) -> Job:
        data = self.folder / "-".join(names)
        data.mkdir(exist_ok=True)
        for name in names:
            (data / name).write_text("x")
        job = self.client.batch_endpoints.invoke(
            endpoint_name="words",
            inputs={"texts": Input(type=AssetTypes.URI_FOLDER, path=str(data))},
            **more,
        )
        return self.client.jobs.wait(job.name, timeout=120)

    def lines(self, job: Job, file: str = "predictions.csv") -> list[str]:
        place = self.folder / job.name
        self.client.jobs.download(job.name, download_path=place, output_name="score")
        return (place / "named-outputs" / "score" / file).read_text().splitlines()


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    folder = tmp_path_factory.mktemp("batch")
    (folder / "src").mkdir()
    (folder / "src" / "score.py").write_text(SCRIPT)
    (folder / "net").mkdir()
    (folder / "net" / "word.txt").write_text("hi")
    home = folder / "home"
    home.mkdir()
    home.chmod(0o700)
    server = Server(home).start()
    try:
        yield Batch(server, folder)
    finally:
        server.stop()


def test_what_failed_is_tried_again_and_the_rest_is_there(batch: Batch) -> None:
    batch.deploy("all", max_concurrency_per_instance=2)
    job = batch.score("a.txt", "flaky.txt", "z.txt", deployment_name="all")
    assert job.status == "Completed"
    assert batch.lines(job) == ["a.txt hi well", "flaky.txt hi well", "z.txt hi well"]
    (step,) = batch.client.jobs.list(parent_job_name=job.name)
    assert batch.client.jobs.metrics(step.name)["failed_mini_batches"] == 0


def test_more_failures_than_allowed_fail_the_job(batch: Batch) -> None:
    batch.deploy("strict", error_threshold=0)
    job = batch.score("bad.txt", deployment_name="strict")
    assert job.status == "Failed"
    again = batch.score(
        "bad.txt", "good.txt", deployment_name="strict", params_override=[{"error_threshold": -1}]
    )
    assert again.status == "Completed"
    assert batch.lines(again) == ["good.txt hi well"]
    told = again.to_dict()
    assert told["processed"]["items"] == told["processed"]["failed_items"] == 1
    assert "1 of 2 items failed" in told["warnings"][0]
    assert told["processed"]["first_error"] in told["warnings"][0]
    (step,) = batch.client.jobs.list(parent_job_name=again.name)
    assert batch.client.jobs.metrics(step.name)["failed_items"] == 1


def test_a_script_may_write_its_own_files(batch: Batch) -> None:
    batch.deploy("own", output_action=BatchDeploymentOutputAction.SUMMARY_ONLY)
    job = batch.score("flaky.txt", deployment_name="own")
    assert job.status == "Completed"
    assert batch.lines(job, "tried-flaky.txt") == []
    names = {one.name for one in batch.client.batch_endpoints.list_jobs("words")}
    assert job.name in names
    own = batch.client.batch_deployments.list_jobs("words", name="own")
    assert [one.name for one in own] == [job.name]
