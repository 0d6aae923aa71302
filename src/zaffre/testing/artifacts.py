"""The promises of the artifact socket, as tests to inherit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.digest import digest_of
from zaffre.ports.artifacts import ArtifactStore, Blob

_NOWHERE = digest_of(b"nowhere")


class ArtifactContract:
    """Inherit, and give a fixture `store` with an empty store."""

    def test_what_was_put_can_be_opened(self, store: ArtifactStore) -> None:
        """Content comes back byte for byte, under its digest."""
        blob = store.put([b"a", b"", b"bc"])
        assert blob == Blob(digest_of(b"abc"), 3)
        with store.open(blob.digest) as file:
            assert file.read() == b"abc"

    def test_empty_content_is_content(self, store: ArtifactStore) -> None:
        """Nothing at all has a digest too."""
        blob = store.put([])
        assert blob.size == 0
        assert store.open(blob.digest).read() == b""

    def test_large_content_streams(self, store: ArtifactStore) -> None:
        """Several megabytes come back in pieces."""
        piece = os.urandom(700_001)
        blob = store.put([piece] * 5)
        with store.open(blob.digest) as file:
            assert b"".join(iter(lambda: file.read(65_536), b"")) == piece * 5

    def test_putting_twice_stores_once(self, store: ArtifactStore) -> None:
        """Equal content is one blob."""
        assert store.put([b"x"]) == store.put([b"x"])
        assert len(list(store.walk())) == 1

    def test_a_wrong_digest_keeps_nothing(self, store: ArtifactStore) -> None:
        """Content that is not what was announced is refused."""
        with pytest.raises(Invalid):
            store.put([b"x"], expect=_NOWHERE)
        assert list(store.walk()) == []

    def test_an_upload_is_invisible_until_committed(self, store: ArtifactStore) -> None:
        """Half of an upload cannot be seen, and an aborted one leaves nothing."""
        upload = store.receive()
        upload.write(b"half")
        assert list(store.walk()) == []
        upload.abort()
        upload.abort()
        assert list(store.walk()) == []

    def test_a_committed_upload_stays(self, store: ArtifactStore) -> None:
        """Aborting after the commit does nothing."""
        upload = store.receive()
        upload.write(b"all")
        blob = upload.commit(expect=digest_of(b"all"))
        upload.abort()
        assert store.missing([blob.digest]) == []

    def test_what_fails_while_it_is_put_leaves_nothing(self, store: ArtifactStore) -> None:
        """A sender that breaks off leaves nothing."""

        def chunks() -> Iterator[bytes]:
            yield b"a"
            raise RuntimeError("gone")

        with pytest.raises(RuntimeError):
            store.put(chunks())
        assert list(store.walk()) == []

    def test_what_is_not_there_is_not_found(self, store: ArtifactStore) -> None:
        """Unknown content is an error to open, None to locate, and missing."""
        with pytest.raises(NotFound):
            store.open(_NOWHERE)
        assert store.path(_NOWHERE) is None
        assert store.missing([_NOWHERE, store.put([b"x"]).digest]) == [_NOWHERE]

    @pytest.mark.parametrize(
        "text",
        ["", "sha256:", "../../etc/passwd", "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "\n"],
    )
    def test_only_digests_are_names(self, store: ArtifactStore, text: str) -> None:
        """A name is a digest or it is wrong."""
        for ask in (store.open, store.path, store.discard, lambda name: store.missing([name])):
            with pytest.raises(Invalid):
                ask(text)

    def test_adopting_moves_the_file(self, store: ArtifactStore, tmp_path: Path) -> None:
        """An adopted file is the store's, and no longer where it was."""
        file = tmp_path / "out.bin"
        file.write_bytes(b"out")
        store.adopt(file, Blob(digest_of(b"out"), 3))
        assert not file.exists()
        assert store.open(digest_of(b"out")).read() == b"out"

    def test_adopting_known_content_takes_the_file_too(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        """Adopting what is stored already is harmless."""
        store.put([b"out"])
        file = tmp_path / "out.bin"
        file.write_bytes(b"out")
        store.adopt(file, Blob(digest_of(b"out"), 3))
        assert not file.exists()
        assert len(list(store.walk())) == 1

    def test_adopting_what_is_not_there_fails(self, store: ArtifactStore, tmp_path: Path) -> None:
        """There must be a file of the announced size."""
        with pytest.raises(NotFound):
            store.adopt(tmp_path / "none", Blob(_NOWHERE, 1))
        (tmp_path / "short").write_bytes(b"x")
        with pytest.raises(Invalid):
            store.adopt(tmp_path / "short", Blob(_NOWHERE, 2))

    def test_walking_tells_sizes_and_times(self, store: ArtifactStore) -> None:
        """The walk gives each blob once, with the time it was stored."""
        began = datetime.now(UTC) - timedelta(seconds=2)
        blobs = {store.put([bytes([n])]) for n in range(20)}
        walked = list(store.walk())
        assert {blob for blob, _ in walked} == blobs
        assert all(
            began <= stored <= datetime.now(UTC) + timedelta(seconds=2) for _, stored in walked
        )

    def test_discarding_twice_is_harmless(self, store: ArtifactStore) -> None:
        """What is discarded is gone; what is gone stays gone."""
        blob = store.put([b"x"])
        assert store.discard(blob.digest)
        assert not store.discard(blob.digest)
        assert store.missing([blob.digest]) == [blob.digest]

    def test_what_was_stored_since_is_not_discarded(self, store: ArtifactStore) -> None:
        """Content that somebody stored or asked for meanwhile stays."""
        blob = store.put([b"x"])
        long_ago = datetime.now(UTC) - timedelta(days=1)
        assert not store.discard(blob.digest, unless_since=long_ago)
        assert store.open(blob.digest).read() == b"x"
        assert store.discard(blob.digest, unless_since=datetime.now(UTC) + timedelta(days=1))
