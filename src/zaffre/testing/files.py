"""The promises of the files socket, as tests to inherit, and a store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from zaffre.errors import Conflict, Invalid
from zaffre.kinds import names
from zaffre.kinds.digest import digest_of
from zaffre.ports.artifacts import Blob
from zaffre.ports.files import Entry, File, FileStore

OWNER = "run:default/one"


def _file(path: str, content: bytes = b"x") -> File:
    return File(path, digest_of(content), len(content))


class FakeFiles:
    """A file store in memory."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], File] = {}

    def put(self, owner: str, files: Sequence[File]) -> None:
        """Add or replace files."""
        paths = {names.path(file.path) for file in files}
        known = paths | {path for whose, path in self._files if whose == owner}
        for path in paths:
            folders = {path[:at] for at, letter in enumerate(path) if letter == "/"}
            if folders & known or any(other.startswith(f"{path}/") for other in known):
                raise Conflict(f"`{path}` cannot be a file there.")
        self._files.update({(owner, file.path): file for file in files})

    def link(self, owners: Mapping[str, str]) -> None:
        """Give owners all files that others have."""
        for owner, other in owners.items():
            self._files |= {(owner, file.path): file for file in self.browse(other, limit=10**9)}

    def get(self, owner: str, path: str) -> File | None:
        """Give one file, or None."""
        return self._files.get((owner, path))

    def browse(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[File]:
        """List the files below a folder."""
        start = f"{folder}/" if folder else ""
        found = [
            file
            for (whose, path), file in self._files.items()
            if whose == owner and path.startswith(start) and path.encode() > after.encode()
        ]
        return sorted(found, key=lambda file: file.path.encode())[:limit]

    def entries(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[Entry]:
        """List the names in a folder."""
        start = f"{folder}/" if folder else ""
        found: dict[str, Entry] = {}
        for file in self.browse(owner, folder, limit=10**9):
            head, slash, _ = file.path[len(start) :].partition("/")
            entry = Entry(start + head) if slash else Entry(file.path, file)
            found[entry.cursor] = entry
        later = [
            cursor for cursor in sorted(found, key=str.encode) if cursor.encode() > after.encode()
        ]
        return [found[cursor] for cursor in later][:limit]

    def remove(self, owner: str, path: str = "") -> int:
        """Take out a file, a folder or all."""
        gone = [
            key
            for key in self._files
            if key[0] == owner and (not path or key[1] == path or key[1].startswith(f"{path}/"))
        ]
        for key in gone:
            del self._files[key]
        return len(gone)

    def contents(self) -> Iterator[Blob]:
        """List all content referred to."""
        known = {file.digest: file.size for file in self._files.values()}
        yield from (Blob(digest, known[digest]) for digest in sorted(known))


class FileContract:
    """Inherit, and give a fixture `store` with an empty store."""

    def test_what_was_put_is_there(self, store: FileStore) -> None:
        """A file comes back whole, for its owner only."""
        file = File("a/b.txt", digest_of(b"x"), 1, 493)
        store.put(OWNER, [file])
        assert store.get(OWNER, "a/b.txt") == file
        assert store.get("run:default/two", "a/b.txt") is None
        assert store.get(OWNER, "a") is None

    def test_a_file_can_be_replaced(self, store: FileStore) -> None:
        """The last one put counts, within one call too."""
        store.put(OWNER, [_file("a", b"1")])
        store.put(OWNER, [_file("a", b"2"), _file("a", b"3")])
        assert store.browse(OWNER) == [_file("a", b"3")]

    @pytest.mark.parametrize(
        "path", ["", "/a", "a//b", "../a", "a/./b", "a\\b", "a\x00", "x" * 256]
    )
    def test_paths_follow_the_grammar(self, store: FileStore, path: str) -> None:
        """A wrong path keeps nothing."""
        with pytest.raises(Invalid):
            store.put(OWNER, [_file("good"), _file(path)])
        assert store.browse(OWNER) == []

    @pytest.mark.parametrize(("first", "then"), [("a", "a/b"), ("a/b/c", "a"), ("a/b/c", "a/b")])
    def test_nothing_is_a_file_and_a_folder(self, store: FileStore, first: str, then: str) -> None:
        """Neither over two calls nor within one."""
        store.put(OWNER, [_file(first)])
        with pytest.raises(Conflict):
            store.put(OWNER, [_file("other"), _file(then)])
        with pytest.raises(Conflict):
            store.put("run:default/two", [_file(first), _file(then)])
        assert [file.path for file in store.browse(OWNER)] == [first]
        assert store.browse("run:default/two") == []

    def test_owners_get_the_files_of_others(self, store: FileStore) -> None:
        """All of them, beside their own; again changes nothing, and none is none."""
        store.put(OWNER, [_file("a"), _file("b/c")])
        store.put("run:default/two", [_file("own")])
        for _ in range(2):
            store.link({"run:default/two": OWNER, "run:default/three": OWNER, "run:x/y": "run:z"})
        assert [file.path for file in store.browse("run:default/two")] == ["a", "b/c", "own"]
        assert store.browse("run:default/three") == store.browse(OWNER)
        assert store.browse("run:x/y") == []

    def test_browsing_is_by_path_in_bytes(self, store: FileStore) -> None:
        """The order is that of UTF-8; a folder's neighbours are not in it."""
        paths = ["a", "b/c", "b/d/e", "b.txt", "b0", "b-", "é", "Z", "😀", "b/\U0010ffff"]
        store.put(OWNER, [_file(path) for path in paths])
        assert [file.path for file in store.browse(OWNER)] == sorted(paths, key=str.encode)
        assert [file.path for file in store.browse(OWNER, "b")] == ["b/c", "b/d/e", "b/\U0010ffff"]
        assert store.browse(OWNER, "a") == []

    def test_browsing_in_pages(self, store: FileStore) -> None:
        """Pages meet without a gap."""
        store.put(OWNER, [_file(f"f/{n:02}") for n in range(7)])
        first = store.browse(OWNER, "f", limit=4)
        second = store.browse(OWNER, "f", after=first[-1].path, limit=4)
        assert [file.path for file in first + second] == [f"f/{n:02}" for n in range(7)]

    def test_entries_are_one_level(self, store: FileStore) -> None:
        """Files and folders right in a folder, each once."""
        paths = ["a", "b/c", "b/d/e", "b.txt", "b0", "c/x/y/z"]
        store.put(OWNER, [_file(path) for path in paths])
        assert [entry.cursor for entry in store.entries(OWNER)] == ["a", "b.txt", "b/", "b0", "c/"]
        assert [entry.path for entry in store.entries(OWNER, "b")] == ["b/c", "b/d"]
        assert store.entries(OWNER, "b")[0].file == _file("b/c")

    def test_entries_in_pages(self, store: FileStore) -> None:
        """Any page size gives the same names."""
        store.put(
            OWNER, [_file(f"d{n // 3}/{n}") for n in range(9)] + [_file("d1.x"), _file("d10")]
        )
        whole = store.entries(OWNER)
        for size in (1, 2, 3):
            found: list[Entry] = []
            while page := store.entries(
                OWNER, after=found[-1].cursor if found else "", limit=size
            ):
                found += page
            assert found == whole

    def test_many_files_in_one_folder(self, store: FileStore) -> None:
        """A folder larger than any batch is one name."""
        store.put(OWNER, [_file(f"big/{n}") for n in range(2_500)] + [_file("next")])
        assert [entry.path for entry in store.entries(OWNER)] == ["big", "next"]

    def test_removing(self, store: FileStore) -> None:
        """A file, a folder, everything; twice is harmless."""
        store.put(OWNER, [_file(path) for path in ("a", "a0", "b/c", "b/d", "b.x", "e")])
        assert store.remove(OWNER, "a") == 1
        assert store.remove(OWNER, "b") == 2
        assert store.remove(OWNER, "b") == 0
        assert [file.path for file in store.browse(OWNER)] == ["a0", "b.x", "e"]
        assert store.remove(OWNER) == 3

    def test_digests_without_repetition(self, store: FileStore) -> None:
        """All content referred to, over all owners, once each."""
        store.put(OWNER, [_file("a", b"1"), _file("b", b"2")])
        store.put("run:default/two", [_file("c", b"2")])
        wanted = sorted([Blob(digest_of(b"1"), 1), Blob(digest_of(b"2"), 1)], key=str)
        assert sorted(store.contents(), key=str) == wanted
