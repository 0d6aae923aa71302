"""Trees: the content of a folder as a manifest of paths, digests, sizes and modes. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.digest import digest_of
from zaffre.kinds.resource import Json

PLAIN = 0o644
PROGRAM = 0o755
MOST_FILES = 1_000_000
MOST_BYTES = 2**50


@dataclass(frozen=True)
class Leaf:
    """One file of a tree."""

    path: str
    digest: str
    size: int
    mode: int = PLAIN


@dataclass(frozen=True)
class Tree:
    """A folder's content in the order of its paths. Equal content has one digest."""

    leaves: tuple[Leaf, ...]

    @cached_property
    def content(self) -> bytes:
        """Give the canonical bytes of the manifest."""
        rows = [[leaf.path, leaf.digest, leaf.size, leaf.mode] for leaf in self.leaves]
        text = json.dumps({"files": rows}, ensure_ascii=False, separators=(",", ":"))
        return text.encode()

    @cached_property
    def digest(self) -> str:
        """Give the digest that is the tree's name."""
        return digest_of(self.content)

    @property
    def size(self) -> int:
        """Give the bytes of all files together."""
        return sum(leaf.size for leaf in self.leaves)

    def find(self, path: str) -> Leaf | None:
        """Give the file at a path, or None."""
        return next((leaf for leaf in self.leaves if leaf.path == path), None)

    def below(self, folder: str) -> Tree:
        """Give what lies in a folder, with paths from there; no folder ("") is the tree itself."""
        if not folder:
            return self
        start = f"{folder}/"
        inner = [leaf for leaf in self.leaves if leaf.path.startswith(start)]
        return Tree(
            tuple(
                Leaf(leaf.path[len(start) :], leaf.digest, leaf.size, leaf.mode) for leaf in inner
            )
        )


@dataclass(frozen=True)
class Difference:
    """What became of a tree: which paths came, went, and have other content."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def tree_of(leaves: Iterable[Leaf]) -> Tree:
    """Make a tree of files in any order.

    Raises:
        Invalid: a path is wrong, given twice, or both a file and a folder; or a digest, size or
            mode is wrong.
    """
    found = sorted(leaves, key=lambda leaf: leaf.path)
    for leaf in found:
        _check(leaf)
    _check_paths([leaf.path for leaf in found])
    return Tree(tuple(found))


def parse(content: bytes) -> Tree:
    """Read a manifest.

    Raises:
        Invalid: it is none.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"This is no manifest of a tree: {error}.") from None
    return from_document(document)


def from_document(document: Json) -> Tree:
    """Make a tree of the parsed form `{"files": [[path, digest, size, mode], ...]}`.

    Raises:
        Invalid: it has another form.
    """
    rows = document.get("files") if isinstance(document, dict) else None
    if not isinstance(rows, list) or set(document) != {"files"}:
        raise Invalid("A tree is written as `files`, a list of path, digest, size and mode.")
    if len(rows) > MOST_FILES:
        raise Invalid(f"A tree has at most {MOST_FILES} files, this one {len(rows)}.")
    return tree_of(_leaf(row) for row in rows)


def difference(old: Tree, new: Tree) -> Difference:
    """Say what changed from one tree to another."""
    before = {leaf.path: leaf for leaf in old.leaves}
    after = {leaf.path: leaf for leaf in new.leaves}
    return Difference(
        added=tuple(path for path in after if path not in before),
        removed=tuple(path for path in before if path not in after),
        changed=tuple(
            path for path, leaf in after.items() if path in before and before[path] != leaf
        ),
    )


def _leaf(row: Json) -> Leaf:
    cells: list[Json] = row if isinstance(row, list) else []
    try:
        path, digest, size, mode = cells
    except ValueError:
        raise Invalid("Each file of a tree is written as [path, digest, size, mode].") from None
    if not (
        isinstance(path, str)
        and isinstance(digest, str)
        and type(size) is int
        and type(mode) is int
    ):
        raise Invalid("Each file of a tree is written as [path, digest, size, mode].")
    return Leaf(path, digest, size, mode)


def _check(leaf: Leaf) -> None:
    names.path(leaf.path)
    names.digest(leaf.digest)
    if not 0 <= leaf.size <= MOST_BYTES:
        raise Invalid(f"The size of `{leaf.path}` is {leaf.size}.")
    if leaf.mode not in (PLAIN, PROGRAM):
        raise Invalid(
            f"The mode of `{leaf.path}` is {leaf.mode}.", hint=f"Use {PLAIN} or {PROGRAM}."
        )


def _check_paths(paths: Sequence[str]) -> None:
    known = set(paths)
    if len(known) != len(paths):
        twice = next(path for path, after in pairwise(paths) if path == after)
        raise Invalid(f"`{twice}` is there twice.")
    for path in paths:
        folder = path
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if folder in known:
                raise Invalid(f"`{folder}` is both a file and a folder.")
