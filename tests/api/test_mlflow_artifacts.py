"""Artifacts through the server: whatever a path says, it is a key of one owner and nothing else."""

import os
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from served import Served, serving
from zaffre.api.mlflow.artifacts import ROUTES
from zaffre.kinds.tracking import NewRun, Pair
from zaffre.ports.logged_models import LoggedModel
from zaffre.ports.tokens import Role

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home"), ROUTES) as running:
        yield running


def new_run(served: Served, parent: str = "") -> str:
    experiment = served.context.tracking.ensure_experiment("default", "artifacts")
    tags = [Pair("mlflow.parentRunId", parent)] if parent else []
    run = served.context.tracking.create_run("default", NewRun(experiment, tags=tags))
    uri = run.info.artifact_uri
    assert uri.startswith("mlflow-artifacts:/")
    return uri.removeprefix("mlflow-artifacts:/")


@pytest.fixture
def root(served: Served) -> str:
    """The path of a new run's artifacts."""
    return new_run(served)


def put(served: Served, path: str, content: bytes = b"x", token: str = "") -> int:
    return served.call("PUT", f"{PROXY}/{quote(path)}", body=content, token=token).status


def names(served: Served, path: str) -> list[str]:
    answer = served.call("GET", f"{PROXY}?path={quote(path, safe='')}")
    assert answer.status == 200, answer.body
    return [one["path"] + ("/" if one["is_dir"] else "") for one in answer.json["files"]]


def test_a_file_comes_back(served: Served, root: str):
    content = os.urandom(2_500_000)
    assert put(served, f"{root}/model/weights.bin", content) == 200
    answer = served.call("GET", f"{PROXY}/{root}/model/weights.bin")
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''weights.bin"


def test_a_file_can_be_replaced(served: Served, root: str):
    put(served, f"{root}/a.txt", b"old")
    put(served, f"{root}/a.txt", b"new")
    assert served.call("GET", f"{PROXY}/{root}/a.txt").body == b"new"


def test_listing_is_one_level_with_names_from_there(served: Served, root: str):
    for path in ("a.txt", "model/MLmodel", "model/data/x", "model.txt"):
        put(served, f"{root}/{path}", path.encode())
    assert names(served, root) == ["a.txt", "model.txt", "model/"]
    assert names(served, f"{root}/model") == ["MLmodel", "data/"]
    assert names(served, f"{root}/none") == []
    run = root.split("/")[1]
    answer = served.call("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path=model")
    assert answer.json == {
        "root_uri": f"mlflow-artifacts:/{root}",
        "files": [
            {"path": "model/MLmodel", "is_dir": False, "file_size": 13},
            {"path": "model/data", "is_dir": True},
        ],
    }


def test_a_file_of_a_run_by_its_id(served: Served, root: str):
    put(served, f"{root}/a b/é.txt", b"hello")
    run = root.split("/")[1]
    answer = served.call("GET", f"/get-artifact?run_id={run}&path=a%20b/%C3%A9.txt")
    assert (answer.status, answer.body) == (200, b"hello")


def test_deleting_a_file_and_a_folder(served: Served, root: str):
    for path in ("a", "m/x", "m/y/z", "mm"):
        put(served, f"{root}/{path}")
    for path, left in (("a", ["m/", "mm"]), ("m", ["mm"])):
        assert served.call("DELETE", f"{PROXY}/{root}/{path}").status == 200
        assert names(served, root) == left
    assert served.call("DELETE", f"{PROXY}/{root}/m").status == 404
    assert served.call("DELETE", f"{PROXY}/{root}/").status == 200
    assert names(served, root) == []


def test_runs_do_not_share_files(served: Served, root: str):
    put(served, f"{root}/secret.txt")
    other = new_run(served)
    assert names(served, other) == []
    assert served.call("GET", f"{PROXY}/{other}/secret.txt").status == 404


def test_a_file_is_no_folder(served: Served, root: str):
    put(served, f"{root}/a")
    put(served, f"{root}/b/c")
    assert put(served, f"{root}/a/b") == 400
    assert put(served, f"{root}/b") == 400
    assert names(served, root) == ["a", "b/"]


def test_unknown_runs_take_no_files(served: Served):
    assert put(served, f"0/{'0' * 32}/artifacts/x") == 404
    assert put(served, f"0/models/m-{'0' * 32}/artifacts/x") == 404


HOSTILE = [
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "/etc/passwd",
    "//etc/passwd",
    "a\\b",
    "..\\..\\x",
    "C:\\x",
    "\\\\host\\share",
    "a\x00b",
    "a\nb",
    "a\x7fb",
    "\x01",
    "a" * 256,
    "/".join(["a" * 250] * 5),
    "é" * 128,
]
ENCODED = [
    "%2e%2e/x",
    "%2e%2e%2fx",
    "..%2fx",
    "%2fetc%2fpasswd",
    "a%5cb",
    "a%00b",
    "%ff",
    "%c3%28",
    "a%ed%a0%80",
    "%f4%90%80%80",
    "a%0d%0ab",
]
HARMLESS = {
    "%252e%252e%252fx": "%2e%2e%2fx",
    "~root": "~root",
    "%24HOME": "$HOME",
    "C%3A": "C:",
    "...": "...",
    "a%3Fb%23c": "a?b#c",
    "%EF%BC%8E%EF%BC%8E": "\uff0e\uff0e",
    "%E2%80%AEtxt.exe": "\u202etxt.exe",
    "%F0%9F%98%80": "😀",
    "e%CC%81": "e\u0301",
    "%C3%A9": "é",
    "CON": "CON",
    "a%20": "a ",
    ".git": ".git",
}


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_refused(served: Served, root: str, path: str):
    quoted = quote(path, safe="/")
    before = world(served)
    for method in ("PUT", "GET", "DELETE"):
        answer = served.call(method, f"{PROXY}/{root}/{quoted}", body=b"x")
        assert 400 <= answer.status < 500, (method, answer.body)
        assert served.call(method, f"{PROXY}/{quoted}", body=b"x").status in range(400, 500)
    for query in (
        f"{PROXY}?path={quote(path, safe='')}",
        f"{PROXY}?path={quote(f'{root}/{path}', safe='')}",
    ):
        assert served.call("GET", query).status == 400
    run = root.split("/")[1]
    for where in ("/api/2.0/mlflow/artifacts/list", "/get-artifact"):
        answer = served.call("GET", f"{where}?run_id={run}&path={quote(path, safe='')}")
        assert 400 <= answer.status < 500
    assert world(served) == before


@pytest.mark.parametrize("quoted", ENCODED)
def test_encoded_hostile_paths_are_refused(served: Served, root: str, quoted: str):
    before = world(served)
    for method in ("PUT", "GET", "DELETE"):
        answer = served.call(method, f"{PROXY}/{root}/{quoted}", body=b"x")
        assert 400 <= answer.status < 500, (method, answer.body)
    assert 400 <= served.call("GET", f"{PROXY}?path={root}/{quoted}").status < 500
    assert world(served) == before


def world(served: Served) -> list[str]:
    """Everything in and round the home that is a file, but the database."""
    home = served.context.home.root
    return sorted(
        str(path)
        for path in home.parent.rglob("*")
        if path.is_file() and "zaffre.db" not in path.name
    )


@pytest.mark.parametrize(("quoted", "name"), HARMLESS.items())
def test_odd_names_are_kept_byte_for_byte(served: Served, root: str, quoted: str, name: str):
    assert served.call("PUT", f"{PROXY}/{root}/{quoted}", body=name.encode()).status == 200
    assert names(served, root) == [name]
    assert served.call("GET", f"{PROXY}/{root}/{quoted}").body == name.encode()


def test_equal_looking_names_stay_apart(served: Served, root: str):
    for quoted in ("%C3%A9", "e%CC%81"):
        assert served.call("PUT", f"{PROXY}/{root}/{quoted}", body=quoted.encode()).status == 200
    assert len(names(served, root)) == 2
    assert served.call("GET", f"{PROXY}/{root}/%C3%A9").body == b"%C3%A9"


def test_paths_outside_of_runs_belong_to_the_workspace(served: Served):
    assert put(served, "shared/notes.txt", b"x") == 200
    assert "notes.txt" in names(served, "shared")
    other = served.issue(Role.CONTRIBUTOR)
    answer = served.call("GET", f"/workspaces/other{PROXY}/shared/notes.txt", token=other)
    assert answer.status == 404


def test_trees_are_read_only(served: Served):
    path = f"trees/{'0' * 64}/x"
    assert put(served, path) == 400
    assert served.call("DELETE", f"{PROXY}/{path}").status == 400
    assert served.call("GET", f"{PROXY}/{path}").status == 404


def test_a_job_writes_its_own_run_and_those_below_it(served: Served, root: str):
    job = root.split("/")[1]
    token = served.issue(Role.JOB, workspace="default", job=job)
    child = new_run(served, parent=job)
    grandchild = new_run(served, parent=child.split("/")[1])
    for path in (root, child, grandchild):
        assert put(served, f"{path}/x", token=token) == 200
        assert served.call("GET", f"{PROXY}/{path}/x", token=token).status == 200
    stranger = new_run(served)
    put(served, f"{stranger}/x")
    assert put(served, f"{stranger}/y", token=token) == 403
    assert put(served, "shared/y", token=token) == 403
    assert served.call("GET", f"{PROXY}/{stranger}/x", token=token).status == 403
    assert served.call("DELETE", f"{PROXY}/{stranger}/x", token=token).status == 403
    assert served.call("GET", f"{PROXY}?path={stranger}", token=token).status == 403
    assert served.call("GET", f"{PROXY}", token=token).status == 403


def test_a_job_writes_models_that_it_logged(served: Served, root: str):
    experiment, job, _ = root.split("/")
    token = served.issue(Role.JOB, workspace="default", job=job)
    for number, run in enumerate((job, "another")):
        uri = f"mlflow-artifacts:/{experiment}/models/m-{number}-{job}/artifacts"
        model = LoggedModel(f"m-{number}-{job}", experiment, "m", uri, 1, 1, source_run_id=run)
        served.context.logged_models.create("default", model)
    path = f"{experiment}/models/m-%d-{job}/artifacts/MLmodel"
    assert put(served, path % 0, token=token) == 200
    assert put(served, path % 1, token=token) == 403
    assert put(served, path % 1) == 200
    assert served.call("GET", f"{PROXY}/{path % 1}", token=token).status == 200


def test_readers_read(served: Served, root: str):
    put(served, f"{root}/x")
    token = served.issue(Role.READER)
    assert served.call("GET", f"{PROXY}/{root}/x", token=token).status == 200
    assert put(served, f"{root}/x", token=token) == 403
    assert served.call("DELETE", f"{PROXY}/{root}/x", token=token).status == 403


def test_no_addresses_that_work_without_a_token(served: Served, root: str):
    assert served.call("GET", f"/api/2.0/mlflow-artifacts/presigned/{root}/x").status == 404
