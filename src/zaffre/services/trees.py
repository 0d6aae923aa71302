"""Trees: folders of content that never change, and where they come from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import names
from zaffre.kinds.tree import PLAIN, PROGRAM, Leaf, Tree, parse, tree_of
from zaffre.services.context import Context

MANIFEST_BYTES = 256 * 2**20
MOST_DIGESTS = 100_000
_CHUNK = 2**20


@dataclass(frozen=True)
class Content:
    """What a reference was found to be: a stored tree, and what is known of where it is from.

    `file` is the name of the one file where it is a file; `folder` the last part of its path;
    `job` the run that made it; `model_id` the logged model that it is; `source` its reference.
    """

    tree: Tree
    file: str | None = None
    folder: str | None = None
    job: str | None = None
    model_id: str | None = None
    source: str | None = None

    @property
    def digest(self) -> str:
        """Give the digest of the tree."""
        return self.tree.digest


def missing(ctx: Context, digests: Sequence[str]) -> list[str]:
    """Say which content is not stored; the rest is safe from gc for the grace period.

    Raises:
        Invalid: these are too many, or one is no digest.
    """
    if len(digests) > MOST_DIGESTS:
        raise Invalid(f"Ask for at most {MOST_DIGESTS} digests at a time.")
    return ctx.artifacts.missing(digests)


def store_tree(ctx: Context, tree: Tree) -> str:
    """Store a manifest and give its digest.

    Raises:
        Conflict: some content is not stored, or is of another size.
    """
    lost = ctx.artifacts.missing([leaf.digest for leaf in tree.leaves])
    if lost:
        raise Conflict(
            f"{len(lost)} of the tree's files are not stored, the first is {lost[0]}.",
            hint="Upload them first, then make the tree.",
            code="content_missing",
        )
    for leaf in tree.leaves:
        _check_size(ctx, leaf)
    return ctx.artifacts.put([tree.content], expect=tree.digest).digest


def _check_size(ctx: Context, leaf: Leaf) -> None:
    size = ctx.artifacts.size(leaf.digest)
    if size != leaf.size:
        raise Conflict(f"`{leaf.path}` is {size} bytes long, not {leaf.size}.")


def load_tree(ctx: Context, digest: str) -> Tree:
    """Give a stored tree.

    Raises:
        NotFound: there is no such content.
        Invalid: the content is no tree.
    """
    with ctx.artifacts.open(digest) as file:
        content = file.read(MANIFEST_BYTES + 1)
    if len(content) > MANIFEST_BYTES:
        raise Invalid(f"{digest} is no tree.")
    return parse(content)


def part(ctx: Context, tree: Tree, path: str) -> Content:
    """Give a file or folder in a stored tree, as a stored tree of its own.

    Raises:
        NotFound: nothing is there.
    """
    last = path.rpartition("/")[2] or None
    leaf = tree.find(path) if path else None
    if leaf is not None and last is not None:
        inner = tree_of([Leaf(last, leaf.digest, leaf.size, leaf.mode)])
        content = Content(inner, file=last, folder=last)
    else:
        content = Content(tree.below(path), folder=last)
        if path and not content.tree.leaves:
            raise NotFound(f"There is no `{path}` in it.", code="no_files")
    # The whole tree, too, is stored anew: so gc leaves alone what somebody is about to refer to.
    store_tree(ctx, content.tree)
    return content


def hold(ctx: Context, digest: str) -> Tree:
    """Give a stored tree that is about to be referred to; gc leaves it for the grace period.

    Raises:
        NotFound: there is no such content.
        Conflict: some of its files are gone.
        Invalid: the content is no tree.
    """
    tree = load_tree(ctx, digest)
    store_tree(ctx, tree)
    return tree


def snapshot(ctx: Context, place: Path) -> Content:
    """Store what a file or folder of this machine holds now; links and special files are refused.

    Raises:
        NotFound: nothing is there.
        Invalid: something in it is neither a plain file nor a folder.
    """
    if place.is_symlink() or not place.exists():
        raise NotFound(f"There is no file or folder `{place.name}`.")
    if place.is_dir():
        tree = tree_of(_taken(ctx, path, name) for path, name in _walk(place, ""))
        store_tree(ctx, tree)
        return Content(tree, folder=place.name)
    tree = tree_of([_taken(ctx, place, place.name)])
    store_tree(ctx, tree)
    return Content(tree, file=place.name, folder=place.name)


def python_files(ctx: Context, folder: Path) -> Tree:
    """Store the Python files of a folder of ours: the same program gives the same tree."""
    tree = tree_of(
        _taken(ctx, path, path.relative_to(folder).as_posix()) for path in folder.rglob("*.py")
    )
    store_tree(ctx, tree)
    return tree


def _walk(folder: Path, below: str) -> Iterator[tuple[Path, str]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{name}/")
        else:
            yield Path(entry.path), name


def _taken(ctx: Context, path: Path, name: str) -> Leaf:
    names.path(name)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if path.is_symlink() or not path.is_file():
        raise Invalid(f"`{name}` is neither a plain file nor a folder.", hint="Leave it out.")
    with os.fdopen(os.open(path, flags), "rb") as file:
        blob = ctx.artifacts.put(iter(lambda: file.read(_CHUNK), b""))
        mode = PROGRAM if os.fstat(file.fileno()).st_mode & 0o111 else PLAIN
    return Leaf(name, blob.digest, blob.size, mode)
