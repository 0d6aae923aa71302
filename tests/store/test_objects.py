"""The store in a bucket keeps the artifact socket's promises, and its own."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from conftest_s3 import S3, StrictS3, moto_endpoint, s3, strict_s3
from zaffre.errors import Failed, Invalid, NotFound, Unavailable
from zaffre.kinds.digest import digest_of
from zaffre.ports.artifacts import Blob
from zaffre.server.clock import SystemClock
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.bucket import PART, Bucket, blob_key
from zaffre.store.nearby import trim
from zaffre.store.objects import ObjectArtifacts
from zaffre.store.signing import LASTS, Credentials, SignedAccess, signed_put
from zaffre.testing.artifacts import ArtifactContract
from zaffre.testing.clock import FakeClock

__all__ = ["moto_endpoint", "s3", "strict_s3"]

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2101, 1, 1, tzinfo=UTC)


def in_bucket(bucket: Bucket, folder: Path) -> ObjectArtifacts:
    return ObjectArtifacts(bucket, FolderArtifacts(folder), SystemClock())


@pytest.fixture
def bucket(s3: S3) -> Bucket:
    return Bucket(s3.url, s3.options)


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> ObjectArtifacts:
    return in_bucket(bucket, tmp_path / "near")


@pytest.fixture
def other(bucket: Bucket, tmp_path: Path) -> ObjectArtifacts:
    """The same bucket, seen from another machine."""
    return in_bucket(bucket, tmp_path / "elsewhere")


class TestS3(ArtifactContract):
    """The promises of every artifact store, on a server that speaks S3."""


class TestMemory(ArtifactContract):
    """The same on the store that obstore has for tests: what Azure and Google share with it."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectArtifacts:
        return in_bucket(Bucket.around(MemoryStore()), tmp_path / "near")


def test_what_one_machine_stores_another_reads(store: ObjectArtifacts, other: ObjectArtifacts):
    digest = store.put([b"shared"]).digest
    assert other.open(digest).read() == b"shared"
    assert other.path(digest).read_bytes() == b"shared"  # type: ignore[union-attr]


def test_large_content_goes_and_comes_in_parts(store: ObjectArtifacts, other: ObjectArtifacts):
    piece = bytes(range(256)) * 4096
    blob = store.put([piece] * 35)
    assert blob.size > 2 * PART
    with other.open(blob.digest) as file:
        assert digest_of(file.read()) == blob.digest


def test_damage_in_the_bucket_is_noticed(store, other, bucket: Bucket):
    digest = store.put([b"right"]).digest
    bucket.put(blob_key(digest), b"wrong")
    with pytest.raises(Failed, match="damaged"):
        other.open(digest)
    assert other.near.path(digest) is None


def test_a_damaged_copy_nearby_is_fetched_again(store: ObjectArtifacts):
    digest = store.put([b"right"]).digest
    place = store.near.path(digest)
    assert place is not None
    place.chmod(0o600)
    place.write_bytes(b"wrong")
    assert store.open(digest).read() == b"right"


def test_what_the_bucket_lost_is_missing_and_can_be_stored_again(store, other, bucket: Bucket):
    digest = store.put([b"x"]).digest
    bucket.delete(blob_key(digest))
    assert other.missing([digest]) == [digest]
    other.put([b"x"])
    assert bucket.head(blob_key(digest)) is not None


def test_content_asked_for_lately_is_not_discarded(store: ObjectArtifacts):
    digest = store.put([b"x"]).digest
    assert not store.discard(digest, unless_since=datetime.now(UTC))
    assert store.discard(digest, unless_since=FAR_AHEAD)


def test_content_put_aside_by_a_process_that_died_comes_back(bucket: Bucket, tmp_path: Path):
    clock = FakeClock(datetime.now(UTC))
    store = ObjectArtifacts(bucket, FolderArtifacts(tmp_path / "near"), clock)
    digest = store.put([b"x"]).digest
    found = bucket.head(blob_key(digest))
    assert found is not None
    bucket.move(found, f"aside/{digest[7:]}")
    assert store.sweep() == 0  # whoever put it aside may live
    clock.pass_by(timedelta(hours=1))
    assert store.sweep() == 1
    assert bucket.head(blob_key(digest)) is not None


def test_discarding_beside_putting_loses_nothing(store, other):
    digest = digest_of(b"contended")
    stop = threading.Event()

    def discard() -> None:
        while not stop.is_set():
            other.discard(digest, unless_since=LONG_AGO)

    thread = threading.Thread(target=discard)
    thread.start()
    try:
        for _ in range(20):
            store.put([b"contended"])
    finally:
        stop.set()
        thread.join()
    assert other.open(digest).read() == b"contended"


def test_the_folder_nearby_is_trimmed_oldest_first(store: ObjectArtifacts):
    blobs = [store.put([bytes([n]) * 100]) for n in range(4)]
    later = datetime.now(UTC) + timedelta(days=1)
    assert trim(store.near, 400, later) == 0
    store.near.missing([blobs[0].digest])
    assert trim(store.near, 250, later) == 2
    assert store.near.path(blobs[0].digest) is not None
    assert trim(store.near, 0, datetime.now(UTC)) == 0
    assert store.open(blobs[1].digest).read() == bytes([1]) * 100


def test_a_store_that_is_away_is_unavailable_and_keeps_nothing(tmp_path: Path):
    options = {"endpoint": "http://127.0.0.1:9", "access_key_id": "a", "secret_access_key": "hush"}
    bucket = Bucket("s3://lake/zaffre", options)
    bucket._store = obstore.store.S3Store(
        "lake",
        config=options,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    store = in_bucket(bucket, tmp_path / "near")
    with pytest.raises(Unavailable, match="cannot be used at the moment") as raised:
        store.put([b"x"])
    assert "hush" not in str(raised.value)
    assert list(store.near.walk()) == []
    assert list(store.near.tmp.iterdir()) == []


@pytest.mark.parametrize("url", ["", "lake", "ftp://lake/x", "s3:/lake"])
def test_what_is_no_address_is_refused(url: str):
    with pytest.raises(Invalid, match="no place for artifacts"):
        Bucket(url)


def test_a_bucket_can_be_read_past_the_server(store):
    blob = store.put([b"direct"])
    place = SignedAccess(store, SystemClock(), None).downloads([blob.digest])[blob.digest]
    with urllib.request.urlopen(place.url) as answer:
        assert answer.read() == b"direct"


def upload(url: str, headers, content: bytes) -> int:
    headers = {**headers, "content-type": "application/octet-stream"}
    request = urllib.request.Request(url, content, headers, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_only_the_content_of_a_digest_can_be_put_past_the_server(
    strict_s3: StrictS3, tmp_path: Path
):
    bucket = Bucket(strict_s3.url, strict_s3.options)
    store = in_bucket(bucket, tmp_path / "near")
    access = SignedAccess(store, SystemClock(), Credentials("key", "hush-hush"))
    blob = Blob(digest_of(b"content"), 7)
    place = access.uploads([blob])[blob.digest]
    assert upload(place.url, place.headers, b"another") == 400
    assert store.missing([blob.digest]) == [blob.digest]
    assert upload(place.url, place.headers, b"content") == 200
    assert store.missing([blob.digest]) == []
    assert store.open(blob.digest).read() == b"content"


def test_a_store_that_takes_lies_gets_uploads_by_the_server(store, bucket: Bucket):
    blob = Blob(digest_of(b"content"), 7)
    access = SignedAccess(store, SystemClock(), Credentials("key", "hush-hush"))
    assert access.uploads([blob]) == {}
    assert bucket.head("probe") is None


def test_without_a_key_of_our_own_there_are_no_uploads_past_the_server(store):
    blob = Blob(digest_of(b"content"), 7)
    assert SignedAccess(store, SystemClock(), None).uploads([blob]) == {}


def test_stores_that_cannot_sign_give_no_addresses(tmp_path: Path):
    store = in_bucket(Bucket.around(MemoryStore()), tmp_path)
    access = SignedAccess(store, SystemClock(), Credentials("a", "b"))
    blob = Blob(digest_of(b"x"), 1)
    assert access.downloads([blob.digest]) == {}
    assert access.uploads([blob]) == {}


def test_a_signature_is_the_one_that_amazon_s_own_library_makes():
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Theirs

    address = "https://s3.eu-north-1.amazonaws.com/lake/blobs/ab/a b~c"
    headers = {"content-length": "7", "x-amz-checksum-sha256": "7XACtDnprIRfIjV9giusFERzD722AW0="}
    request = AWSRequest("PUT", urllib.parse.quote(address, safe=":/~"), dict(headers))
    lasts = int(LASTS.total_seconds())
    theirs = auth.S3SigV4QueryAuth(Theirs("key", "hush", "t/k+n"), "s3", "eu-north-1", lasts)
    theirs.add_auth(request)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))
    now = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = Credentials("key", "hush", "t/k+n", "eu-north-1")
    made = signed_put(urllib.parse.quote(address, safe=":/~"), headers, ours, now)
    assert dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(made).query)) == query


def test_content_that_is_gone_is_not_found(store, other, bucket: Bucket):
    digest = store.put([b"x"]).digest
    bucket.delete(blob_key(digest))
    with pytest.raises(NotFound):
        other.open(digest)
