"""Batch endpoints over HTTP: who may invoke, once for each idempotency key, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from served import Answer, Served, serving
from services.job_context import HeldBuilder, HeldCompute
from services.test_batch import World
from zaffre.api.table import all_routes
from zaffre.ports.tokens import Role
from zaffre.services import job_types, workspaces
from zaffre.services.context import Context
from zaffre.store.secrets import FileSecrets

V1 = "/api/v1/workspaces/default"
ENDPOINT = f"{V1}/batch-endpoints/diabetes"
JOBS = f"{ENDPOINT}/jobs"


def finished(context: Context) -> Context:
    root = context.home.root
    return replace(
        context,
        computes={"local": HeldCompute(root / "jobs")},
        builder=HeldBuilder(),
        secrets=FileSecrets(root / "secret.key"),
        job_types=job_types.OWN,
    )


class Site:
    """The server, and the world behind it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.world = World(served.context)
        self.body = {"inputs": {"parts": {"path": self.world.tree(a__csv="age\n1\n")}}}

    def invoke(self, path: str = JOBS, **more: Any) -> Answer:
        return self.served.call("POST", path, more.pop("body", self.body), **more)

    def get(self, path: str, **more: Any) -> Answer:
        return self.served.call("GET", path, **more)

    def keys(self) -> dict[str, str]:
        return self.get(f"{ENDPOINT}/keys").json


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path, all_routes(), finished) as served:
        workspaces.ensure_default(served.context)
        found = Site(served)
        found.world.endpoint(auth_mode="key")
        found.world.deploy()
        yield found


def test_the_scoring_uri_takes_invocations(site):
    uri = site.get(ENDPOINT).json["scoring_uri"]
    assert uri == f"{site.served.url}{JOBS}"
    answer = site.invoke()
    assert answer.status == 201, answer.body
    assert answer.json["type"] == "pipeline"
    assert site.invoke(f"{ENDPOINT}/invoke").status == 201


def test_an_idempotency_key_makes_one_job(site):
    headers = {"Idempotency-Key": "monday"}
    first, again = (site.invoke(headers=headers).json["name"] for _ in range(2))
    assert first == again
    assert len(site.get(JOBS).json["items"]) == 1
    other = site.invoke(headers=headers, body={**site.body, "mini_batch_size": 3})
    assert other.status == 422


def test_a_header_picks_the_deployment(site):
    site.world.deploy("lasso")
    site.world.default("ridge")
    made = site.invoke(headers={"azureml-model-deployment": "lasso"}).json
    assert made["tags"]["batch_deployment"] == "lasso"
    names = [job["name"] for job in site.get(f"{JOBS}?deployment_name=lasso").json["items"]]
    assert names == [made["name"]]


def test_azures_form_is_understood(site):
    data = {"parts": {"JobInputType": "UriFolder", "Uri": site.body["inputs"]["parts"]["path"]}}
    answer = site.invoke(body={"properties": {"InputData": data}})
    assert answer.status == 201, answer.body


def test_all_that_is_wrong_is_told_at_once(site):
    answer = site.invoke(body={"inputs": {"parts": {}}, "mini_bacth_size": 2})
    assert answer.status == 422
    fields = [one["field"] for one in answer.json["problems"]]
    assert fields == ["inputs.parts.path", "mini_bacth_size"]


def test_a_key_opens_its_endpoint_and_nothing_else(site):
    key = site.keys()["primaryKey"]
    made = site.invoke(token=key)
    assert made.status == 201, made.body
    assert site.get(f"{JOBS}/{made.json['name']}", token=key).json["status"] == "Running"
    assert [job["name"] for job in site.get(JOBS, token=key).json["items"]]
    for path in (f"{V1}/jobs", ENDPOINT, f"{ENDPOINT}/keys", f"{V1}/batch-endpoints"):
        assert site.get(path, token=key).status == 403, path
    assert site.invoke(f"{V1}/batch-endpoints/other/jobs", token=key).status == 404


def test_a_list_is_not_asked_for_what_it_does_not_know(site):
    assert site.get(f"{JOBS}?deployment=ridge").status == 422
    assert site.get(f"{JOBS}?state=Runing").status == 422
    assert site.get(f"{JOBS}?state=Completed").json["items"] == []


def test_a_job_of_somebody_else_is_not_shown(site):
    other = site.served.call("POST", f"{V1}/jobs", {"command": "x", "environment": "python:3"})
    assert site.get(f"{JOBS}/{other.json.get('name', 'none')}").status == 404


def test_a_reader_sees_and_does_not_invoke(site):
    reader = site.served.issue(Role.READER, workspace="default")
    assert site.invoke(token=reader).status == 403
    assert site.get(JOBS, token=reader).status == 200
    assert site.get(f"{ENDPOINT}/keys", token=reader).status == 403


def test_a_new_key_takes_the_place_of_the_old_one(site):
    before = site.keys()
    body = {"key_type": "primary"}
    after = site.served.call("POST", f"{ENDPOINT}/regenerate-keys", body).json
    assert after["primaryKey"] != before["primaryKey"]
    assert after["secondaryKey"] == before["secondaryKey"]
    assert site.invoke(token=before["primaryKey"]).status == 401
    assert site.invoke(token=after["primaryKey"]).status == 201
    assert site.invoke(token=before["secondaryKey"]).status == 201


def test_an_endpoint_that_is_opened_by_tokens_has_no_keys(site):
    key = site.keys()["primaryKey"]
    site.served.call("PATCH", ENDPOINT, {"auth_mode": "aad_token"})
    assert site.get(f"{ENDPOINT}/keys").status == 409
    assert site.invoke(token=key).status == 401
    site.served.call("PATCH", ENDPOINT, {"auth_mode": "key"})
    assert site.invoke(token=key).status == 401
    assert site.invoke(token=site.keys()["primaryKey"]).status == 201


def test_a_key_goes_with_its_endpoint(site):
    key = site.keys()["primaryKey"]
    assert site.served.call("DELETE", ENDPOINT).status == 204
    site.world.endpoint(auth_mode="key")
    assert site.invoke(token=key).status == 401


def test_keys_are_not_in_what_is_shown(site):
    keys = site.keys()
    shown = site.get(ENDPOINT).body.decode()
    assert not any(key in shown for key in keys.values())
    assert "sealed" not in shown
