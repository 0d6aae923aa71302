"""Content goes in under its digest and comes out as it went in."""

import hashlib
import http.client
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import Served, serving
from zaffre.api.files import ROUTES
from zaffre.kinds.digest import digest_of
from zaffre.ports.tokens import Role

BASE = "/api/v1/workspaces/default"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home"), ROUTES) as running:
        yield running


def put(served: Served, content: bytes, digest: str = "") -> str:
    digest = digest or digest_of(content)
    answer = served.call("PUT", f"{BASE}/blobs/{digest}", body=content)
    assert answer.status == 201, answer.body
    return digest


def test_content_comes_back(served: Served):
    digest = put(served, b"hello")
    answer = served.call("GET", f"{BASE}/blobs/{digest}")
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["etag"] == f'"{digest}"'
    assert answer.headers["content-type"] == "application/octet-stream"


def test_large_content_comes_back(served: Served):
    content = os.urandom(5_000_001)
    digest = put(served, content)
    assert served.call("GET", f"{BASE}/blobs/{digest}").body == content


def test_empty_content(served: Served):
    digest = put(served, b"")
    answer = served.call("GET", f"{BASE}/blobs/{digest}")
    assert (answer.status, answer.body) == (200, b"")


def test_content_in_chunks_of_unknown_length(served: Served):
    pieces = [os.urandom(100_000) for _ in range(20)]
    digest = digest_of(b"".join(pieces))
    assert served.call("PUT", f"{BASE}/blobs/{digest}", body=iter(pieces)).status == 201
    assert served.call("GET", f"{BASE}/blobs/{digest}").body == b"".join(pieces)


def test_other_content_than_announced_is_refused(served: Served):
    digest = digest_of(b"announced")
    answer = served.call("PUT", f"{BASE}/blobs/{digest}", body=b"other")
    assert (answer.status, answer.json["code"]) == (422, "digest_mismatch")
    assert served.call("GET", f"{BASE}/blobs/{digest}").status == 404


def test_a_broken_upload_leaves_nothing(served: Served):
    tmp = served.context.home.artifacts / "tmp"
    digest = digest_of(b"x" * 3_000_000)
    with socket.create_connection(("127.0.0.1", served.port)) as wire:
        head = f"PUT {BASE}/blobs/{digest} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        head += f"Authorization: Bearer {served.token}\r\nContent-Length: 3000000\r\n\r\n"
        wire.sendall(head.encode() + b"x" * 2_000_000)
    deadline = time.monotonic() + 10
    while list(tmp.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp.iterdir()) == []
    assert served.call("GET", f"{BASE}/blobs/{digest}").status == 404


@pytest.mark.parametrize("size", [1000, 3_000_000])
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999", 5, None),
    ],
)
def test_ranges(served: Served, size: int, asked: str, first: int, last: int | None):
    content = os.urandom(size)
    digest = put(served, content)
    answer = served.call("GET", f"{BASE}/blobs/{digest}", headers={"Range": asked})
    assert answer.status == 206
    assert answer.body == content[first : None if last is None else last + 1]
    assert answer.headers["content-range"].endswith(f"/{size}")


def test_a_range_behind_the_end(served: Served):
    digest = put(served, b"short")
    answer = served.call("GET", f"{BASE}/blobs/{digest}", headers={"Range": "bytes=9-"})
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */5")


@pytest.mark.parametrize(
    "asked", ["bytes=", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,2-3", "bytes=-0-1"]
)
def test_other_ranges_give_all(served: Served, asked: str):
    digest = put(served, b"short")
    answer = served.call("GET", f"{BASE}/blobs/{digest}", headers={"Range": asked})
    assert (answer.status, answer.body) == (200, b"short")


def test_a_known_tag_saves_the_content(served: Served):
    digest = put(served, b"hello")
    answer = served.call("GET", f"{BASE}/blobs/{digest}", headers={"If-None-Match": f'"{digest}"'})
    assert (answer.status, answer.body) == (304, b"")


def test_head_tells_the_size(served: Served):
    digest = put(served, b"hello")
    answer = served.call("HEAD", f"{BASE}/blobs/{digest}")
    assert (answer.status, answer.headers["content-length"]) == (200, "5")


def test_damaged_content_is_never_given_whole(served: Served):
    content = os.urandom(3_000_000)
    digest = put(served, content)
    path = served.context.artifacts.path(digest)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(http.client.IncompleteRead):
        served.call("GET", f"{BASE}/blobs/{digest}")
    answer = served.call("GET", f"{BASE}/blobs/{digest}", headers={"Range": "bytes=0-9"})
    assert (answer.status, answer.json["code"]) == (422, "damaged_content")


def test_missing_tells_what_to_send(served: Served):
    known, unknown = put(served, b"known"), digest_of(b"unknown")
    answer = served.call("POST", f"{BASE}/blobs/missing", {"digests": [known, unknown, unknown]})
    assert answer.json == {"missing": [unknown]}


@pytest.mark.parametrize(
    "body", [{}, [], {"digests": "x"}, {"digests": [1]}, {"digests": ["../x"]}]
)
def test_other_questions_are_refused(served: Served, body: object):
    assert served.call("POST", f"{BASE}/blobs/missing", body).status == 422


def test_a_tree_is_its_manifest(served: Served):
    one, two = put(served, b"one"), put(served, b"two!")
    files = [["b", two, 4, 493], ["a/é", one, 3, 420]]
    made = served.call("POST", f"{BASE}/trees", {"files": files})
    assert made.status == 201
    digest = made.json["digest"]
    answer = served.call("GET", f"{BASE}/trees/{digest}")
    assert answer.json == {"files": sorted(files)}
    assert f"sha256:{hashlib.sha256(answer.body).hexdigest()}" == digest


def test_a_tree_of_missing_content_is_refused(served: Served):
    files = [["a", digest_of(b"never sent"), 10, 420]]
    answer = served.call("POST", f"{BASE}/trees", {"files": files})
    assert (answer.status, answer.json["code"]) == (409, "content_missing")


def test_a_tree_tells_true_sizes(served: Served):
    files = [["a", put(served, b"one"), 4, 420]]
    assert served.call("POST", f"{BASE}/trees", {"files": files}).status == 409


def test_content_that_is_no_tree(served: Served):
    digest = put(served, b"no tree")
    assert served.call("GET", f"{BASE}/trees/{digest}").status == 422


@pytest.mark.parametrize(
    "name", ["x", "sha256:", "..%2f..%2fetc", "sha256:" + "A" * 64, "%00", "sha256:%0a"]
)
def test_hostile_digests(served: Served, name: str):
    for method, path in (("GET", "blobs"), ("PUT", "blobs"), ("GET", "trees")):
        assert 400 <= served.call(method, f"{BASE}/{path}/{name}", body=b"").status < 500


def test_who_may(served: Served):
    digest = put(served, b"mine")
    reader, job = served.issue(Role.READER), served.issue(Role.JOB, workspace="default", job="j")
    other = served.issue(Role.CONTRIBUTOR, workspace="other")
    path = f"{BASE}/blobs/{digest}"
    assert served.call("GET", path, token=reader).status == 200
    assert served.call("PUT", path, body=b"mine", token=reader).status == 403
    assert served.call("PUT", path, body=b"mine", token=job).status == 403
    assert served.call("GET", path, token=other).status == 404
    assert served.call("GET", path, token="none").status == 401


def test_a_full_disk(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(served.context.artifacts, "reserve", 2**62)
    digest = digest_of(b"too much")
    answer = served.call("PUT", f"{BASE}/blobs/{digest}", body=b"too much")
    assert (answer.status, answer.json["code"]) == (507, "storage_full")
    assert "retry-after" in answer.headers
