"""The folder store keeps the artifact socket's promises, and its own."""

import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zaffre.errors import Failed, Invalid, StorageFull
from zaffre.kinds.digest import digest_of
from zaffre.ports.artifacts import Blob
from zaffre.store.artifacts import FolderArtifacts
from zaffre.testing.artifacts import ArtifactContract


@pytest.fixture
def store(tmp_path: Path) -> FolderArtifacts:
    return FolderArtifacts(tmp_path / "artifacts")


class TestFolder(ArtifactContract):
    """The promises of every artifact store."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def spoil(store: FolderArtifacts, digest: str, content: bytes) -> None:
    path = store.path(digest)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(content)


def test_files_are_private_under_any_umask(tmp_path: Path):
    old = os.umask(0)
    try:
        store = FolderArtifacts(tmp_path / "artifacts")
        path = store.path(store.put([b"x"]).digest)
        assert path is not None
        assert [mode(path), mode(path.parent), mode(store.root), mode(store.tmp)] == [
            0o400,
            0o700,
            0o700,
            0o700,
        ]
    finally:
        os.umask(old)


def test_a_blob_lies_under_its_first_two_digits(store: FolderArtifacts):
    digits = digest_of(b"x")[7:]
    store.put([b"x"])
    assert (store.root / "blobs" / digits[:2] / digits).read_bytes() == b"x"


def test_damage_of_small_content_is_noticed_at_once(store: FolderArtifacts):
    blob = store.put([b"right"])
    spoil(store, blob.digest, b"wrong")
    with pytest.raises(Failed):
        store.open(blob.digest)


@pytest.mark.parametrize("spoilt", [b"a" * 2_999_999 + b"b", b"a" * 2_999_999, b"a" * 3_000_001])
def test_damage_of_large_content_is_noticed_at_the_end(store: FolderArtifacts, spoilt: bytes):
    blob = store.put([b"a" * 3_000_000])
    spoil(store, blob.digest, spoilt)
    with store.open(blob.digest) as file, pytest.raises(Failed):
        list(iter(lambda: file.read(65_536), b""))


def test_content_of_another_size_is_replaced(store: FolderArtifacts):
    blob = store.put([b"right"])
    spoil(store, blob.digest, b"")
    store.put([b"right"])
    assert store.open(blob.digest).read() == b"right"


def test_a_full_disk_keeps_nothing(tmp_path: Path):
    store = FolderArtifacts(tmp_path / "artifacts", reserve=2**62)
    with pytest.raises(StorageFull):
        store.put([b"x"])
    assert list(store.tmp.iterdir()) == []
    assert list(store.walk()) == []


def test_a_limit_in_the_middle_of_a_file_keeps_nothing(tmp_path: Path):
    """The disk refuses after some bytes: a file size limit stands for a full disk."""
    program = f"""
import resource, signal
from pathlib import Path
from zaffre.errors import StorageFull
from zaffre.store.artifacts import FolderArtifacts
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = FolderArtifacts(Path({str(tmp_path)!r}) / "artifacts")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    store.put([b"x" * 600_000] * 3)
except StorageFull:
    assert list(store.tmp.iterdir()) == [] and list(store.walk()) == []
    print("full")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "full\n"


def test_links_and_pipes_are_not_adopted(store: FolderArtifacts, tmp_path: Path):
    (tmp_path / "target").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "artifacts"):
        with pytest.raises(Invalid):
            store.adopt(tmp_path / name, Blob(digest_of(b"secret"), 6))
    assert list(store.walk()) == []


def test_a_file_with_two_names_is_copied(store: FolderArtifacts, tmp_path: Path):
    (tmp_path / "one").write_bytes(b"shared")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    store.adopt(tmp_path / "one", Blob(digest_of(b"shared"), 6))
    (tmp_path / "two").write_bytes(b"change")
    assert store.open(digest_of(b"shared")).read() == b"shared"
    assert not (tmp_path / "one").exists()


def test_an_adopted_file_that_changed_is_noticed_on_use(store: FolderArtifacts, tmp_path: Path):
    (tmp_path / "out").write_bytes(b"lie")
    store.adopt(tmp_path / "out", Blob(digest_of(b"xyz"), 3))
    with pytest.raises(Failed):
        store.open(digest_of(b"xyz"))


def test_the_walk_ignores_strangers(store: FolderArtifacts, tmp_path: Path):
    blob = store.put([b"x"])
    folder = store.path(blob.digest).parent  # type: ignore[union-attr]
    (folder / "note").write_text("x")
    (folder / ("a" * 64)).symlink_to(tmp_path)
    (store.blobs / "zz").symlink_to(tmp_path)
    assert [found for found, _ in store.walk()] == [blob]


def test_a_sweep_leaves_living_uploads_alone(store: FolderArtifacts):
    upload = store.receive()
    upload.write(b"alive")
    (store.tmp / "put-dead").write_bytes(b"left over")
    assert store.sweep() == 1
    assert store.open(upload.commit().digest).read() == b"alive"


def test_a_blob_that_was_moved_aside_comes_back(store: FolderArtifacts):
    blob = store.put([b"x"])
    path = store.path(blob.digest)
    assert path is not None
    path.rename(store.tmp / f"discard-{path.name}-00")
    store.sweep()
    assert store.open(blob.digest).read() == b"x"
    assert list(store.tmp.iterdir()) == []


def test_discarding_beside_putting_loses_nothing(store: FolderArtifacts):
    """Whatever the order, content is there after a put that came after the cutoff."""
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    digest = digest_of(b"contended")
    stop = threading.Event()

    def discard() -> None:
        while not stop.is_set():
            store.discard(digest, unless_since=long_ago)

    thread = threading.Thread(target=discard)
    thread.start()
    try:
        for _ in range(200):
            store.put([b"contended"])
    finally:
        stop.set()
        thread.join()
    assert store.open(digest).read() == b"contended"
