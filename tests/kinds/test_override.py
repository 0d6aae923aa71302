"""`--set`: single fields changed from outside the file."""

from __future__ import annotations

import pytest

from zaffre.errors import Invalid
from zaffre.kinds import override
from zaffre.kinds.document import Document
from zaffre.kinds.loading import load
from zaffre.kinds.registry import kind
from zaffre.kinds.render import render
from zaffre.kinds.yaml_text import read

TEXT = "command: echo ${{inputs.a}}\nenvironment: x:1\ninputs:\n  a: 1\n"


def changed(*texts, data=None):
    return override.apply(Document({} if data is None else data), texts).data


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=1", {"a": 1}),
        ("a.b.c=x", {"a": {"b": {"c": "x"}}}),
        (".tags.k=v", {"tags": {"k": "v"}}),
        ("a=1.5", {"a": 1.5}),
        ("a=true", {"a": True}),
        ("a=null", {"a": None}),
        ("a=''", {"a": ""}),
        ('a="1"', {"a": "1"}),
        ("a=x=y", {"a": "x=y"}),
        ("a=echo b: c #d", {"a": "echo b: c #d"}),
        ('a="x" y', {"a": '"x" y'}),
        ("a=[1, x]", {"a": [1, "x"]}),
        ("a={b: {c: 1}}", {"a": {"b": {"c": 1}}}),
        ("a[0]=x", {"a": ["x"]}),
        ("a[0].b=x", {"a": [{"b": "x"}]}),
        ('tags."a.b"=1', {"tags": {"a.b": 1}}),
        ("tags['a b']=1", {"tags": {"a b": 1}}),
        ("a-b=1", {"a-b": 1}),
    ],
)
def test_a_change_is_made(text, wanted):
    assert changed(text) == wanted


def test_changes_follow_each_other_and_leave_the_rest():
    data = {"a": {"b": 1, "c": 2}, "l": [1, 2]}
    assert changed("a.b=3", "l[2]=3", "l[0]=0", "d=4", data=data) == {
        "a": {"b": 3, "c": 2},
        "l": [0, 2, 3],
        "d": 4,
    }
    assert data == {"a": {"b": 1, "c": 2}, "l": [1, 2]}


def test_nothing_after_the_sign_takes_a_field_away():
    assert changed("a.b=", "l[0]=", "x=", data={"a": {"b": 1}, "l": [1, 2]}) == {"a": {}, "l": [2]}
    assert override.apply(Document({}), ["a.b="], patch=True).data == {"a": {"b": None}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a", "no change of a field"),
        ("=1", "no change of a field"),
        ("[0]=1", "no change of a field"),
        ("a b=1", "no change of a field"),
        ("t.x=1", "`t` is the text `x`"),
        ("t[0]=1", "no item 0"),
        ("l.x=1", "`l` is a list: it has no field `x`"),
        ("l[5]=1", "there is no place 5"),
        ("a={b", "not closed"),
        ("a={{X}}", "template"),
    ],
)
def test_a_change_that_fits_nowhere_is_refused(text, words):
    with pytest.raises(Invalid) as caught:
        changed(text, data={"t": "x", "l": [1]})
    answer = render(caught.value)
    assert words in answer
    assert answer.startswith(f"--set {text}: ")


def test_a_change_is_blamed_for_what_it_brings():
    document = override.apply(read(TEXT, "job.yml"), ["coommand=ls", "inputs.b.type=uri_dir"])
    with pytest.raises(Invalid) as caught:
        load(kind("job"), document)
    answer = render(caught.value)
    assert "--set coommand=ls: Unknown field `coommand`.\n  Did you mean `command`?" in answer
    assert "--set inputs.b.type=uri_dir: `uri_dir` is not allowed for `inputs.b.type`." in answer


def test_a_text_is_kept_as_it_was_given():
    document = override.apply(
        read("name: a\npath: b\n"), ["version=1.10", "tags.a=on", "tags.b='on'"]
    )
    loaded = load(kind("data"), document)
    assert loaded.version == "1.10"
    assert loaded.spec.tags == {"a": "on", "b": "on"}


def test_a_change_replaces_the_places_below_it():
    document = override.apply(read(TEXT, "job.yml"), ["inputs={a: [1]}"])
    with pytest.raises(Invalid) as caught:
        load(kind("job"), document)
    assert caught.value.problems[0].place.file == "--set inputs={a: [1]}"
