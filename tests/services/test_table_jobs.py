"""Batch invocations over tables: what job they become, and who is told what opens their places."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.job_context import job_context
from services.test_batch import ENDPOINT, World
from services.test_pipelines import Builder
from zaffre.errors import Conflict, Invalid
from zaffre.kinds.datastore import DATASTORE, DatastoreStatus
from zaffre.kinds.invocation import read
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.loading import check
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.reference import DatastorePath
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.schedule import SCHEDULE
from zaffre.kinds.table_job import VARIABLE, datastores_of
from zaffre.kinds.wire import to_wire
from zaffre.services import (
    datastore_secrets,
    datastores,
    job_types,
    jobs,
    pipelines,
    schedules,
)
from zaffre.services.batch import jobs as batch_jobs
from zaffre.services.batch import tables

CRM = Key("datastore", "default", "crm")
LAKE = Key("datastore", "default", "lake")


class Tables(World):
    """A world with a database and a bucket."""

    def store(self, key: Key = CRM, **document: Any) -> Resource:
        given = document or {
            "type": "sql",
            "url": "postgresql://me@db/crm",
            "credentials": {"password": "hush"},
        }
        spec = DATASTORE.spec_for(given).model_validate(given)
        return datastores.create(self.ctx, key, spec)

    def lake(self) -> Resource:
        credentials = {"access_key_id": "id", "secret_access_key": "hush"}
        return self.store(LAKE, type="s3", bucket="b", region="r", credentials=credentials)

    def invoke(self, given: dict, wanted: dict | None = None, **more: Any) -> Resource:
        outputs = {"predictions": wanted} if wanted else {}
        return batch_jobs.invoke(
            self.ctx, ENDPOINT, read({"inputs": {"rows": given}, "outputs": outputs, **more})
        )

    def order(self, job: Resource) -> dict[str, Any]:
        assert isinstance(job.spec, PipelineJobSpec)
        document = job.spec.model_dump(mode="json")
        return json.loads(document["jobs"]["batchscoring"]["environment_variables"][VARIABLE])


@pytest.fixture
def world(tmp_path: Path):
    with job_context(tmp_path, builder=Builder()) as ctx:
        world = Tables(replace(ctx, job_types=job_types.OWN))
        world.endpoint()
        world.deploy(settings={"max_concurrency_per_instance": 2, "error_threshold": 5})
        world.store()
        yield world


ROWS = {"type": "table", "path": "azureml://datastores/crm", "table": "customers", "key": "id"}
SCORES = {"type": "table", "path": "azureml://datastores/crm", "table": "scores", "mode": "upsert"}


def test_an_invocation_over_tables_is_a_job_that_knows_names_and_no_secrets(world):
    job = world.invoke(ROWS, SCORES)
    order = world.order(job)
    assert order["input"]["address"] == {"datastore": "crm", "path": "", "format": "sql"}
    assert order["output"] == {
        "address": {"datastore": "crm", "path": "", "format": "sql"},
        "table": "scores",
        "mode": "upsert",
    }
    assert order["processes"] == 2
    assert order["error_threshold"] == 5
    assert order["stream"] == "default/diabetes/ridge"
    assert "hush" not in json.dumps(to_wire(job))


def test_a_job_that_only_checks_waits_for_no_environment(world):
    here = world.invoke(ROWS, SCORES).spec.model_dump(mode="json")["jobs"]["batchscoring"]
    world.deploy("other", environment={"python": "3.9"})
    job = world.invoke(ROWS, SCORES, check_only=True, deployment_name="other")
    step = job.spec.model_dump(mode="json")["jobs"]["check"]
    assert step["environment"] == here["environment"]
    assert json.loads(step["environment_variables"][VARIABLE])["check_only"]
    with pytest.raises(Invalid, match="is for tables"):
        batch_jobs.invoke(
            world.ctx,
            ENDPOINT,
            read(
                {"input": {"path": "azureml:x:1"}, "check_only": True, "deployment_name": "ridge"}
            ),
        )


def test_files_come_and_go_by_ports_of_the_job(world):
    job = world.invoke(
        {"type": "table", "path": "azureml://datastores/workspaceblobstore/paths/in/rows.csv"}
    )
    assert world.order(job)["input"]["address"] == {"port": "rows", "format": "csv"}
    assert world.order(job)["output"]["address"] == {"port": "score", "format": "parquet"}
    assert job.spec.outputs["score"].type == "uri_folder"


def test_what_does_not_go_together_is_said_at_once(world):
    with pytest.raises(Invalid) as raised:
        world.invoke(
            {"type": "table", "path": "azureml://datastores/crm"}, {**SCORES, "table": None}
        )
    assert [problem.message for problem in raised.value.problems] == [
        "The input is a database: it needs a `table` or a `query`.",
        "The input is a database: it needs a `key`.",
        "The output is a database: it needs a `table`.",
        "`mode: upsert` needs the column that names a row.",
    ]


@pytest.mark.parametrize(
    ("given", "wanted", "words"),
    [
        ({"path": "azureml:x:1", "table": "t"}, None, "has no `table`"),
        (
            {"path": "azureml:x:1", "key": "id"},
            {"type": "table", "mode": "upsert"},
            "cannot be upserted",
        ),
        ({"path": "azureml:x:1"}, {"type": "table", "table": "t"}, "has no table"),
        (
            {"path": "azureml:x:1"},
            {"type": "table", "path": "azureml:y:1"},
            "no place that predictions",
        ),
    ],
)
def test_files_are_no_databases(world, given, wanted, words):
    with pytest.raises(Invalid, match=words):
        world.invoke({"type": "table", **given}, wanted)


def test_one_table_is_scored_into_one(world):
    with pytest.raises(Invalid, match="There are 2 inputs"):
        batch_jobs.invoke(world.ctx, ENDPOINT, read({"inputs": {"a": ROWS, "b": 1}}))
    with pytest.raises(Invalid, match="several outputs"):
        batch_jobs.invoke(
            world.ctx, ENDPOINT, read({"inputs": {"a": ROWS}, "outputs": {"a": SCORES, "b": {}}})
        )
    plain = {"path": "azureml://datastores/workspaceblobstore/paths/out"}
    order = world.order(world.invoke(ROWS, plain))
    assert order["output"]["address"] == {"port": "predictions", "format": "parquet"}


def running(world, job: Resource) -> Resource:
    """Take the pipeline so far that its step is a job."""
    pipelines.advance(world.ctx, job.key)
    key = Key("job", "default", f"{job.key.name}-batchscoring")
    return world.ctx.metadata.get(key)


def test_the_running_job_is_told_what_opens_its_places(world):
    world.lake()
    lake = {"type": "table", "path": "azureml://datastores/lake/paths/scores/daily"}
    step = running(world, world.invoke(ROWS, lake))
    assert tables.addresses(world.ctx, step.key) == {
        "input": {"url": "postgresql://me@db/crm", "secret": "hush"},
        "output": {
            "url": "s3://b/scores/daily",
            "options": {"access_key_id": "id", "secret_access_key": "hush", "region": "r"},
        },
    }
    assert isinstance(step.spec, CommandJobSpec)
    assert datastores_of(step.spec.environment_variables) == {"input": "crm", "output": "lake"}


def test_a_job_that_is_over_is_told_nothing(world):
    step = running(world, world.invoke(ROWS, SCORES))
    jobs.cancel(world.ctx, step.key)
    with pytest.raises(Conflict, match="is over"):
        tables.addresses(world.ctx, step.key)


def test_other_jobs_are_told_nothing(world):
    spec = CommandJobSpec.model_validate({"command": "true", "environment": {"python": "current"}})
    job = jobs.submit(world.ctx, Key("job", "default", ""), spec)
    with pytest.raises(Invalid, match="about no tables"):
        tables.addresses(world.ctx, job.key)


def test_a_job_is_resumed_under_its_run(world):
    first = world.invoke(ROWS, SCORES, name="first")
    with pytest.raises(Conflict, match="Job `first` is Running"):
        batch_jobs.invoke(world.ctx, ENDPOINT, read({"resume": "first"}))
    pipelines.cancel(world.ctx, first.key)
    pipelines.advance(world.ctx, first.key)
    second = batch_jobs.invoke(world.ctx, ENDPOINT, read({"resume": "first", "name": "second"}))
    assert world.order(second)["run"] == "first"
    pipelines.cancel(world.ctx, second.key)
    pipelines.advance(world.ctx, second.key)
    third = batch_jobs.invoke(world.ctx, ENDPOINT, read({"resume": "second"}))
    assert world.order(third)["run"] == "first"


def test_only_what_lies_outside_the_job_can_be_resumed(world):
    given = {"type": "table", "path": "azureml://datastores/workspaceblobstore/paths/in"}
    job = world.invoke(given, name="kept")
    pipelines.cancel(world.ctx, job.key)
    pipelines.advance(world.ctx, job.key)
    with pytest.raises(Invalid, match="kept its predictions with itself"):
        batch_jobs.invoke(world.ctx, ENDPOINT, read({"resume": "kept"}))


def test_credentials_are_sealed_and_never_shown(world):
    store = world.ctx.metadata.get(CRM)
    assert isinstance(store.status, DatastoreStatus)
    assert "hush" not in repr(store)
    assert "sealed" not in json.dumps(to_wire(store))
    assert to_wire(store)["has_credentials"]


def changed(world, **fields: Any) -> Resource:
    given = {"type": "sql", "url": "postgresql://me@db/crm", **fields}
    found = world.ctx.metadata.get(CRM)
    return datastores.update(
        world.ctx, found, DATASTORE.spec_for(given).model_validate(given), None
    )


def test_credentials_stay_when_words_change_and_go_nowhere_else(world):
    before = world.ctx.metadata.get(CRM).status
    assert changed(world, description="Customers.").status == before
    with pytest.raises(Conflict, match="would be another place"):
        changed(world, url="postgresql://me@elsewhere/crm")
    again = changed(world, url="postgresql://me@new/crm", credentials={"password": "new"})
    assert again.status != before
    with pytest.raises(Conflict, match="type of datastore"):
        datastores.update(world.ctx, again, DATASTORE.spec_for({"type": "local"})(), None)


def test_datastores_that_are_no_folders_say_how_they_are_used(world):
    with pytest.raises(Invalid, match="is of type `sql`") as raised:
        datastores.folder(world.ctx, "default", DatastorePath("crm", "x"))
    assert "type: table" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("document", "address"),
    [
        (
            {
                "type": "sql",
                "url": "mysql://db/x",
                "credentials": {"username": "a b", "password": "p"},
            },
            {"url": "mysql://a%20b@db/x", "secret": "p"},
        ),
        (
            {"type": "gcs", "bucket": "b", "credentials": {"service_account_key": "{}"}},
            {"url": "gs://b/in", "options": {"service_account_key": "{}"}},
        ),
        (
            {
                "type": "azure_blob",
                "account_name": "a",
                "container_name": "c",
                "credentials": {"account_key": "k"},
            },
            {
                "url": "abfss://c@a.dfs.core.windows.net/in",
                "options": {"account_key": "k", "account_name": "a", "container_name": "c"},
            },
        ),
        (
            {
                "type": "azure_data_lake_gen2",
                "account_name": "a",
                "filesystem": "f",
                "protocol": "http",
                "endpoint": "l",
            },
            {
                "url": "abfss://f@a.dfs.core.windows.net/in",
                "options": {
                    "account_name": "a",
                    "container_name": "f",
                    "endpoint": "http://a.dfs.l",
                },
            },
        ),
    ],
)
def test_each_place_has_its_address(world, document, address):
    store = world.store(Key("datastore", "default", "other"), **document)
    assert datastore_secrets.address(world.ctx, store, "in") == address


def test_a_schedule_scores_what_is_new_every_night(world):
    asked = {
        "type": "batch_endpoint",
        "endpoint_name": ENDPOINT.name,
        "inputs": {"rows": {**ROWS, "watermark": "changed"}},
        "outputs": {"predictions": SCORES},
    }
    given = {"name": "nightly", "trigger": {"type": "cron", "expression": "0 3 * * *"}}
    spec = check(SCHEDULE, {**given, "create_job": asked}).spec
    made = schedules.create(world.ctx, Key("schedule", "default", "nightly"), spec)
    document = batch_jobs.scheduled(world.ctx, "default", made.spec.create_job)
    text = document["jobs"]["batchscoring"]["environment_variables"][VARIABLE]
    assert json.loads(text)["input"]["watermark"] == "changed"
