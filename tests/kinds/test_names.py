"""The grammars of names, versions, digests and paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds import names

RIGHT_PATHS = ["a", "a/b.csv", ".amlignore", "a..b/c", "ü/日本", "a b", "-x", "a" * 255]
WRONG_PATHS = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "a\\b",
    "a\x00",
    "a\nb",
    "a\x7f",
    "\ud800",
    "a" * 256,
    "ü" * 128,
    "/".join(["a" * 200] * 6),
]


@pytest.mark.parametrize("text", ["a", "A.b-c_1", "0", "a" * 255])
def test_names_that_are_right(text):
    assert names.name(text) == text


@pytest.mark.parametrize(
    "text", ["", ".a", "-a", "_a", "a b", "a/b", "ü", "a\n", "a" * 256, "a:1"]
)
def test_names_that_are_wrong(text):
    with pytest.raises(Invalid, match="no valid"):
        names.name(text)


def test_versions_are_short_and_latest_is_none():
    assert names.version("1.0-rc_2") == "1.0-rc_2"
    for text in ("latest", "", "a" * 31, "1/2"):
        with pytest.raises(Invalid):
            names.version(text)


def test_digests_are_exact():
    right = "sha256:" + "0" * 64
    assert names.digest(right) == right
    for text in (right.upper(), right + "\n", right[:-1], "sha1:" + "0" * 40):
        with pytest.raises(Invalid):
            names.digest(text)


@pytest.mark.parametrize("text", RIGHT_PATHS)
def test_paths_that_are_right(text):
    assert names.path(text) == text


@pytest.mark.parametrize("text", WRONG_PATHS)
def test_paths_that_are_wrong(text):
    with pytest.raises(Invalid) as caught:
        names.path(text)
    caught.value.message.encode()


@given(st.text())
def test_a_text_in_a_message_is_printable(text):
    shown = names.shown(text)
    assert names.is_clean(shown)
    assert len(shown) < 900
