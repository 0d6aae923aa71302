"""The artifacts of runs and logged models: files that may change, in folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.artifact_path import Place, place_of_uri
from zaffre.kinds.resource import Key
from zaffre.kinds.tree import Leaf, Tree, tree_of
from zaffre.ports.artifacts import Blob
from zaffre.ports.files import Entry, File
from zaffre.services.context import Context
from zaffre.services.trees import Content, load_tree, part, store_tree

PAGE = 1000


def root(ctx: Context, workspace: str, run: str) -> tuple[str, Place]:
    """Give the address of a run's artifacts and their place.

    Raises:
        NotFound: there is no such run.
        Invalid: its artifacts are kept elsewhere.
    """
    uri = ctx.tracking.get_info(workspace, run).artifact_uri
    return uri, place_of_uri(uri)


def reference(ctx: Context, workspace: str, run: str) -> str:
    """Give what links call a run: its job, where it is one."""
    key = Key("job", workspace, run)
    try:
        return ctx.metadata.get(key).key.reference
    except NotFound:
        return f"run:{workspace}/{run}"


def record(ctx: Context, workspace: str, place: Place, blob: Blob) -> None:
    """Let a path mean stored content.

    Raises:
        Invalid: the path is no file's, or nobody may change what it means.
        Conflict: it is a folder, or lies in a file.
    """
    check_writable(place)
    if not place.path:
        raise Invalid("A path of a file is needed.", hint="Write it as `folder/file.txt`.")
    ctx.files.put(place.owner(workspace), [File(place.path, blob.digest, blob.size)])


def check_writable(place: Place) -> None:
    """Refuse a place in a tree.

    Raises:
        Invalid: it is one.
    """
    if place.kind == "tree":
        raise Invalid("The files of a registered model or a tree never change.", code="immutable")


def find(ctx: Context, workspace: str, place: Place) -> File:
    """Give the file at a place.

    Raises:
        NotFound: there is none.
    """
    if place.kind == "tree":
        leaf = load_tree(ctx, place.id).find(place.path)
        found = _file(leaf) if leaf else None
    else:
        found = ctx.files.get(place.owner(workspace), place.path) if place.path else None
    if found is None:
        raise NotFound(f"There is no artifact `{place.path}`.")
    return found


def entries(ctx: Context, workspace: str, place: Place) -> list[Entry]:
    """List the names right in a folder (none where there is no such folder)."""
    if place.kind == "tree":
        return _tree_entries(load_tree(ctx, place.id), place.path)
    found: list[Entry] = []
    owner = place.owner(workspace)
    while True:
        after = found[-1].cursor if found else ""
        page = ctx.files.entries(owner, place.path, after=after, limit=PAGE)
        found += page
        if len(page) < PAGE:
            return found


def _tree_entries(tree: Tree, folder: str) -> list[Entry]:
    start = f"{folder}/" if folder else ""
    found: dict[str, Entry] = {}
    for leaf in tree.below(folder).leaves:
        head, slash, _ = leaf.path.partition("/")
        file = File(start + leaf.path, leaf.digest, leaf.size, leaf.mode)
        found.setdefault(head, Entry(start + head) if slash else Entry(file.path, file))
    return list(found.values())


def remove(ctx: Context, workspace: str, place: Place) -> None:
    """Take out a file or a folder; its content stays until gc finds it unused.

    Raises:
        NotFound: there is none.
        Invalid: nobody may change what is there.
    """
    check_writable(place)
    if not ctx.files.remove(place.owner(workspace), place.path) and place.path:
        raise NotFound(f"There is no artifact `{place.path}`.")


def below(ctx: Context, owner: str, folder: str = "") -> Iterator[File]:
    """Give all files of an owner below a folder, by path."""
    after = ""
    while True:
        page = ctx.files.browse(owner, folder, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].path


def tree(ctx: Context, workspace: str, run: str) -> Tree:
    """Give what a run has as artifacts now; it is not stored."""
    return tree_of(_leaf(file, 0) for file in below(ctx, Place("run", run).owner(workspace)))


def pin(ctx: Context, workspace: str, place: Place) -> Content:
    """Keep what a file or folder of artifacts holds now, as a tree that never changes.

    Raises:
        NotFound: nothing is there.
    """
    if place.kind == "tree":
        return part(ctx, load_tree(ctx, place.id), place.path)
    owner = place.owner(workspace)
    last = place.path.rpartition("/")[2] or None
    single = ctx.files.get(owner, place.path) if place.path else None
    if single is not None and last is not None:
        tree = tree_of([Leaf(last, single.digest, single.size, single.mode)])
        store_tree(ctx, tree)
        return Content(tree, file=last, folder=last)
    cut = len(place.path) + 1 if place.path else 0
    tree = tree_of(_leaf(file, cut) for file in below(ctx, owner, place.path))
    if not tree.leaves:
        raise NotFound(f"There are no files at `{place.path or owner}`.", code="no_files")
    store_tree(ctx, tree)
    return Content(tree, folder=last)


def _file(leaf: Leaf) -> File:
    return File(leaf.path, leaf.digest, leaf.size, leaf.mode)


def _leaf(file: File, cut: int) -> Leaf:
    return Leaf(file.path[cut:], file.digest, file.size, file.mode)


def copy_in(ctx: Context, owner: str, leaves: Iterable[Leaf]) -> None:
    """Give an owner the files of a tree."""
    ctx.files.put(owner, [_file(leaf) for leaf in leaves])
