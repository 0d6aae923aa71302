"""Every route for everybody: generated from the route table, so a new route is attacked when it is declared."""

from __future__ import annotations

import base64
import json
import re

import pytest

from attacks import forms
from attacks.forms import label, request
from attacks.world import HERE, THERE, V1, World
from zaffre.api.routing import Access

ROUTES = forms.routes()
GUARDED = [route for route in ROUTES if route.access is not Access.PUBLIC]
CHANGING = [route for route in ROUTES if route.method != "GET" and not route.reads]
OF_WORKSPACES = [
    route
    for route in GUARDED
    if "{workspace}" in route.path or not route.path.startswith("/api/v1")
]
EVERYTHING = pytest.mark.parametrize("route", ROUTES, ids=label)


def test_only_health_and_signing_in_are_open():
    open_to_all = {label(route) for route in ROUTES if route.access is Access.PUBLIC}
    assert open_to_all == {"GET /health", "POST /api/v1/session"}


@pytest.mark.parametrize("route", GUARDED, ids=label)
def test_nobody_gets_in_without_a_valid_token(world: World, route):
    sent = request(route, world.here)
    owner = world.tokens["owner"]
    forged = [
        {},
        {"Authorization": f"Bearer {world.tokens['wrong']}"},
        {"Authorization": f"Bearer {world.tokens['late']}"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {owner}x"},
        {"Authorization": f"Bearer {owner.upper()}"},
        {"Authorization": f"Token {owner}"},
        {"Authorization": owner},
        {"Authorization": "Basic " + base64.b64encode(f"{owner}:x".encode()).decode()},
        {"Cookie": f"token={owner}; Authorization={owner}"},
        {
            "X-Forwarded-User": "owner",
            "X-Api-Key": owner,
            "Proxy-Authorization": f"Bearer {owner}",
        },
    ]
    join = "&" if "?" in sent.path else "?"
    statuses = [
        world.call(
            sent.method, sent.path, sent.document, body=sent.body, who="none", headers=one
        ).status
        for one in forged
    ]
    path = f"{sent.path}{join}token={owner}&access_token={owner}"
    statuses.append(
        world.call(sent.method, path, sent.document, body=sent.body, who="none").status
    )
    assert set(statuses) == {401}


@pytest.mark.parametrize("who", ["stranger", "there-owner", "there-job"])
@pytest.mark.parametrize("route", OF_WORKSPACES, ids=label)
def test_strangers_cannot_tell_a_workspace_from_none(world: World, route, who: str):
    sent = request(route, world.here)
    answer = world.call(sent.method, sent.path, sent.document, body=sent.body, who=who)
    nowhere = request(route, world.here, "no-such-place")
    other = world.call(nowhere.method, nowhere.path, nowhere.document, body=nowhere.body, who=who)
    assert answer.status == other.status == 404
    assert _plain(answer.body, HERE) == _plain(other.body, "no-such-place")


@pytest.mark.parametrize(
    "route", [r for r in OF_WORKSPACES if r.access is not Access.PUBLIC], ids=label
)
def test_foreign_ids_look_like_unknown_ones(world: World, route):
    """An owner of one workspace names things of the other in their own: the same as naming nothing."""
    if re.search(r"\{digest\}$", route.path):
        return  # content is known by its digest: who can name 256 bits has seen it
    if route.method in ("POST", "PUT") and re.search(
        r"/v1/.*(s|data|\{name\}|\{version\})$", route.path
    ):
        return  # names are a workspace's own: this makes one of one's own
    foreign = request(route, world.here, THERE)
    nothing = request(route, forms.unknown(world.here), THERE)
    one = world.call(
        foreign.method, foreign.path, foreign.document, body=foreign.body, who="there-owner"
    )
    two = world.call(
        nothing.method, nothing.path, nothing.document, body=nothing.body, who="there-owner"
    )
    assert (one.status, label(route)) == (two.status, label(route)), (
        one.body[:300],
        two.body[:300],
    )
    assert b"of-default" not in one.body
    assert b"an artifact" not in one.body


@pytest.mark.parametrize("route", CHANGING, ids=label)
def test_readers_change_nothing(world: World, route):
    sent = request(route, world.here)
    assert (
        world.call(sent.method, sent.path, sent.document, body=sent.body, who="reader").status
        == 403
    )


@pytest.mark.parametrize("route", [r for r in GUARDED if r.method == "GET" or r.reads], ids=label)
def test_readers_read_all_that_they_may(world: World, route):
    sent = request(route, world.here)
    answer = world.call(sent.method, sent.path, sent.document, body=sent.body, who="reader")
    assert (answer.status in (401, 403)) == (route.access > Access.READ), answer.body[:300]
    assert answer.status < 500


@pytest.mark.parametrize("route", [r for r in ROUTES if r.access is Access.OWN], ids=label)
@pytest.mark.parametrize("who", ["contributor", "reader", "job"])
def test_only_owners_own(world: World, route, who: str):
    sent = request(route, world.here)
    assert world.call(sent.method, sent.path, sent.document, body=sent.body, who=who).status == 403


@pytest.mark.parametrize(
    "route", [r for r in GUARDED if r.access not in (Access.JOB, Access.JOB_WRITE)], ids=label
)
def test_jobs_get_nothing_that_is_not_declared_for_them(world: World, route):
    sent = request(route, world.here)
    assert (
        world.call(sent.method, sent.path, sent.document, body=sent.body, who="job").status == 403
    )


REACH = {
    # What every job of a workspace may do without naming a run: find experiments and models, make its own.
    "POST /api/2.0/mlflow/runs/create",
    "POST /api/2.0/mlflow/runs/search",
    "GET /api/3.0/mlflow/server-info",
    "POST /api/2.0/mlflow/experiments/create",
    "POST /api/2.0/mlflow/registered-models/create",
    "PUT /api/2.0/mlflow-artifacts/mpu/parts/{upload}/{number}",
}
SHARED = re.compile(r"/(experiments|registered-models|model-versions|logged-models)(/|$)")


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.access in (Access.JOB, Access.JOB_WRITE)], ids=label
)
def test_a_job_reaches_its_own_run_only(world: World, route):
    """The job names what another run, or another job, has: it neither reads nor changes it."""
    if label(route) in REACH or (route.access is Access.JOB and SHARED.search(route.path)):
        return
    for who in ("job", "other-job"):
        things = forms.replace(
            world.here, job=world.here.other_job if who == "job" else world.here.job
        )
        sent = request(route, things)
        answer = world.call(sent.method, sent.path, sent.document, body=sent.body, who=who)
        assert answer.status in (403, 404), (label(route), answer.status, answer.body[:300])


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.access in (Access.JOB, Access.JOB_WRITE)], ids=label
)
def test_a_job_may_speak_of_its_own_run(world: World, route):
    if "traces" in route.path or "presigned" in route.path or route.path.endswith("/delete"):
        return
    artifact = world.here.names["artifact"].replace(world.here.run, world.here.job)
    names = {**world.here.names, "artifact": artifact, "registered": "reg-of-job"}
    experiment = world.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={world.here.job}")["run"][
        "info"
    ]["experiment_id"]
    own = forms.replace(
        world.here, run=world.here.job, names=names, experiment=experiment, logged_model=""
    )
    sent = request(route, own)
    answer = world.call(sent.method, sent.path, sent.document, body=sent.body, who="job")
    of_models = "/logged-models/" in route.path and route.access is Access.JOB_WRITE
    assert answer.status != 403 or of_models, answer.body[:300]
    assert answer.status < 500


def test_nothing_was_changed_by_all_that_was_refused(world: World):
    """Runs after the others of this file: what they tried to forge is nowhere."""
    ml = "/api/2.0/mlflow"
    for prefix, things in (("", world.here), (f"/workspaces/{THERE}", world.there)):
        run = world.ask("GET", f"{prefix}{ml}/runs/get?run_id={things.run}")["run"]
        assert "forged" not in json.dumps(run)
        assert run["info"]["lifecycle_stage"] == "active"
        assert run["info"]["status"] == "RUNNING"
        model = world.ask("GET", f"{prefix}{ml}/logged-models/{things.logged_model}")
        assert "forged" not in json.dumps(model)
        version = world.ask(
            "GET", f"{prefix}{ml}/registered-models/get?name={things.names['registered']}"
        )
        assert "forged" not in json.dumps(version)
        got = world.call(
            "GET", f"{prefix}/api/2.0/mlflow-artifacts/artifacts/{things.names['artifact']}"
        )
        assert got.body == b"an artifact"
        for kind, name in things.names.items():
            if kind in ("artifact", "registered", "online-deployments"):
                continue
            found = world.ask("GET", f"{V1}/{things.workspace}/{kind}/{name}")
            assert not found["archived"], kind
            assert found.get("description") != "forged", kind


def test_a_bound_caller_sees_its_own_workspace_only(world: World):
    for who, name in (("stranger", THERE), ("reader", HERE), ("there-owner", THERE)):
        listed = world.call("GET", V1, who=who).json["items"]
        assert [one["name"] for one in listed] == [name]
        assert world.call("GET", f"{V1}/{name}", who=who).status == 200
        other = HERE if name == THERE else THERE
        assert world.call("GET", f"{V1}/{other}", who=who).status == 404
    assert len(world.call("GET", V1).json["items"]) == 2


def test_an_owner_of_one_workspace_makes_no_other(world: World):
    assert world.call("POST", V1, {"name": "more"}, who="there-owner").status == 403
    changed = world.call("PATCH", f"{V1}/{THERE}", {"description": "mine"}, who="there-owner")
    assert changed.status == 200


def _plain(body: bytes, workspace: str) -> bytes:
    """Take out of an answer what differs by its question."""
    return re.sub(rb"urn:zaffre:request:[0-9a-f]+", b"", body).replace(workspace.encode(), b"X")
