"""Trees have one form, one digest, and only safe paths."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds.digest import digest_of
from zaffre.kinds.tree import Leaf, difference, parse, tree_of

X, Y = digest_of(b"x"), digest_of(b"y")


def test_the_canonical_form_is_sorted_and_compact():
    tree = tree_of([Leaf("b", X, 1, 493), Leaf("a/é", Y, 1)])
    assert tree.content == f'{{"files":[["a/é","{Y}",1,420],["b","{X}",1,493]]}}'.encode()
    assert tree.digest == digest_of(tree.content)
    assert tree.size == 2


def test_an_empty_folder_is_a_tree():
    assert parse(tree_of([]).content).leaves == ()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,3}\.[a-z]", fullmatch=True), st.integers(0, 9), max_size=6
    )
)
def test_a_manifest_reads_back(sizes: dict[str, int]):
    tree = tree_of(Leaf(path, X, size) for path, size in sizes.items())
    again = parse(tree.content)
    assert again == tree
    assert again.digest == tree.digest


@pytest.mark.parametrize(
    "files",
    [
        [["../a", X, 1, 420]],
        [["/a", X, 1, 420]],
        [["a", "sha256:00", 1, 420]],
        [["a", X, -1, 420]],
        [["a", X, 1.0, 420]],
        [["a", X, True, 420]],
        [["a", X, 1, 0o4755]],
        [["a", X, 1]],
        [["a", X, 1, 420], ["a", Y, 1, 420]],
        [["a", X, 1, 420], ["a/b", Y, 1, 420]],
        [["a/b/c", X, 1, 420], ["a", Y, 1, 420], ["a-b", Y, 1, 420]],
        "a",
        None,
    ],
)
def test_wrong_manifests_are_refused(files: object):
    with pytest.raises(Invalid):
        parse(json.dumps({"files": files}).encode())


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"files":[],"more":1}', b"[" * 100_000]
)
def test_other_content_is_no_manifest(content: bytes):
    with pytest.raises(Invalid):
        parse(content)


def test_a_part_of_a_tree_is_a_tree():
    tree = tree_of([Leaf("a/b/c", X, 1), Leaf("a/d", Y, 1), Leaf("ab", Y, 1)])
    assert [leaf.path for leaf in tree.below("a").leaves] == ["b/c", "d"]
    assert tree.below("") is tree
    assert tree.below("none").leaves == ()
    assert tree.find("ab") == Leaf("ab", Y, 1)
    assert tree.find("a") is None


def test_the_difference_names_paths():
    old = tree_of([Leaf("same", X, 1), Leaf("gone", X, 1), Leaf("other", X, 1)])
    new = tree_of([Leaf("same", X, 1), Leaf("new", X, 1), Leaf("other", Y, 1)])
    found = difference(old, new)
    assert (found.added, found.removed, found.changed) == (("new",), ("gone",), ("other",))
