"""YAML text: what it means here, and what it cannot do."""

from __future__ import annotations

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.render import render
from zaffre.kinds.yaml_text import read, read_file, scalar


def fault(text):
    with pytest.raises(Invalid) as caught:
        read(text, "a.yml")
    assert caught.value.problems[0].place.file == "a.yml"
    return render(caught.value)


def test_scalars_are_those_of_yaml():
    text = (
        "a: 1\nb: -1.5\nc: true\nd: ~\ne: 'x'\nf: 2020-01-01\ng: 12:30\nh: 0x10\ni: 1_000\nj: .5\nk: 0o7\nl:\n"
        "m: +3\nn: 0b11\no: !!str 5\np: 1:30.5\nq: !!int 7\nr: 08\n"
    )
    assert read(text).data == {
        "a": 1,
        "b": -1.5,
        "c": True,
        "d": None,
        "e": "x",
        "f": "2020-01-01",
        "g": "12:30",
        "h": 16,
        "i": 1000,
        "j": 0.5,
        "k": "0o7",
        "l": None,
        "m": 3,
        "n": 3,
        "o": "5",
        "p": "1:30.5",
        "q": 7,
        "r": "08",
    }


def test_anchors_and_merges_work():
    text = "base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 4, x: 9}]}\nthree: *b\n"
    data = read(text).data
    assert data["one"] == {"x": 1, "y": 3}
    assert data["two"] == {"x": 1, "y": 2, "z": 4}
    assert data["three"] == {"x": 1, "y": 2}


def test_a_merge_of_no_mapping_is_refused():
    assert "takes in mappings only" in fault("a: {<<: 3}\n")


def test_a_document_that_grows_without_end_is_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    assert "repeats itself" in fault(bomb)
    assert "repeats itself" in fault("a: &a [*a]\n")


def test_deep_nesting_is_refused():
    for depth in (100, 5000):
        assert "nested too deeply" in fault("a: " + "[" * depth + "]" * depth)


def test_all_faults_are_told_at_once():
    answer = fault("a: 1\na: 2\nb: {{X}}\nc: !d 1\n")
    assert answer.startswith("`a.yml` has 3 faults.\na.yml:2:1: `a` is written twice")


@pytest.mark.parametrize(
    "text", ["a: !d {b: 1}", "a: !!python/object/apply:os.system [x]", "a: !!set {b}"]
)
def test_a_tag_of_a_collection_is_refused(text):
    assert "is not understood" in fault(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: *b\n", "begins with `*`"),
        ("a: @b\n", "cannot begin with `@`"),
        ("a: `b`\n", "cannot begin with"),
        ("a: {b: 1\n", "`{` is not closed"),
        ("a: [b\nc: 1\n", "`[` is not closed"),
        ("a: 1\n b: 2\n", "`:` stands where none can be"),
        ("a:\n  - 1\n - 2\n", "indentation"),
        ("a: 1\n---\nb: 2\n", "several documents"),
        ("a: !python/object:os.system x\n", "is not understood"),
        ("a: !!python/object:os.system x\n", "is not understood"),
        ("a: !!int x\n", "no value of type `int`"),
        ("a: !!bool x\n", "no value of type `bool`"),
        ("? [1]\n: 2\n", "A key must be text"),
        ("a: \x01\n", "character that text cannot hold"),
        ('a: "\\q"\n', "begins an escape"),
        ("a: 1\nb: 1\nb: 2\n", "`b` is written twice, first on line 2"),
        ("a: 1\nb\nc: 2\n", "no `key: value`"),
        ("{{X}}\n", "Here stands the template `{{X}}`"),
        ("a:\tb: c\n", "tab"),
    ],
)
def test_a_fault_is_told_in_words(text, words):
    answer = fault(text)
    assert words in answer
    assert answer.startswith("a.yml:")


def test_a_number_too_long_is_refused():
    assert "no value of type" in fault("a: " + "9" * 5000)


def test_an_empty_text_is_nothing():
    assert read("").data is None
    assert read("# only this\n").data is None


def test_a_file_is_read_with_its_folder(tmp_path):
    file = tmp_path / "job.yml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    document = read_file(file)
    assert document.data == {"a": 1, "b": 2}
    assert document.folder == tmp_path


def test_a_file_that_is_not_there_has_neighbours(tmp_path):
    (tmp_path / "job.yml").write_text("a: 1")
    with pytest.raises(Invalid) as caught:
        read_file(tmp_path / "jobs.yml")
    assert caught.value.hint == "Did you mean `job.yml`?"
    with pytest.raises(Invalid) as caught:
        read_file(tmp_path / "endpoint.yml")
    assert caught.value.hint == "The folder has `job.yml`."
    with pytest.raises(Invalid, match="is a folder"):
        read_file(tmp_path)
    with pytest.raises(Invalid, match="no file") as caught:
        read_file(tmp_path / "no" / "job.yml")
    assert "no folder" in str(caught.value.hint)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "job.yml"
    file.write_bytes(b"a: 1\nb: \xff\xfe\n")
    with pytest.raises(Invalid, match="not UTF-8") as caught:
        read_file(file)
    assert caught.value.problems[0].place.line == 2
    file.write_bytes(b"a" * (5 * 2**20))
    with pytest.raises(Invalid, match="larger than"):
        read_file(file)


def test_single_values_are_read_by_the_same_rules():
    texts = ("1", "1.5", "true", "null", "", "a: b", "#x", "on", "2020-01-01", "-")
    wanted = [1, 1.5, True, None, None, "a: b", "#x", True, "2020-01-01", "-"]
    assert [scalar(text) for text in texts] == wanted
