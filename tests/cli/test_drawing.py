from __future__ import annotations

import io

import click
import pytest

from zaffre.cli import output
from zaffre.cli.steps import Steps, logs_of
from zaffre.cli.tree import drawn

NODES = [
    {"id": "e", "kind": "online_endpoint", "name": "e"},
    {"id": "m", "kind": "model", "name": "m", "version": "1"},
    {"id": "j", "kind": "job", "name": "j", "label": "ridge"},
    {"id": "d", "kind": "data", "name": "d", "version": "2"},
    {"id": "t", "kind": "tree", "name": "sha256:ab"},
]
EDGES = [
    {"source": "m", "relation": "serves", "target": "e"},
    {"source": "j", "relation": "registered", "target": "m"},
    {"source": "t", "relation": "content", "target": "m"},
    {"source": "j", "relation": "output", "target": "t"},
    {"source": "d", "relation": "input", "target": "j"},
]


def lines(start):
    return [click.unstyle(line) for line in drawn({"nodes": NODES, "edges": EDGES}, start)]


def test_a_lineage_is_drawn_with_each_branch_once():
    assert lines(("online_endpoint", "e")) == [
        "online endpoint e",
        "  came of",
        "  └─ model m:1  serves",
        "     ├─ job j (ridge)  registered",
        "     │  └─ data d:2  input",
        "     └─ tree sha256:ab  content",
        "        └─ job j (ridge)  output, as above",
    ]


def test_both_directions_are_drawn():
    text = "\n".join(lines(("job", "j")))
    assert "came of\n  └─ data d:2" in text
    assert "led to\n  ├─ model m:1" in text


def test_a_circle_ends():
    circle = [*EDGES, {"source": "e", "relation": "odd", "target": "j"}]
    assert len(list(drawn({"nodes": NODES, "edges": circle}, ("job", "j")))) < 40


def test_nothing_known_is_said():
    assert lines(("job", "other")) == ["Nothing is known of its lineage."]


def test_tables_line_up_with_any_letters():
    rows = [{"name": "日本", "size_bytes": 1500}, {"name": "é", "size_bytes": 12}]
    text = output.table(rows, ["name", "size_bytes", "nothing"]).splitlines()
    assert [output.width(line.rsplit("  ", 1)[0]) >= 4 for line in text] == [True, True, True]
    assert "1.5 kB" in text[1]
    assert "NOTHING" not in text[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "e", "count": 2}, "e\t2"),
        ([{"name": "a"}, {"name": "b"}], "a\nb"),
        ("plain", "plain"),
        (["a", "b"], "a\nb"),
        (True, "true"),
        (None, ""),
    ],
)
def test_tab_separated_values_are_azures(value, text):
    assert output.tsv(value) == text


def test_logs_keep_colours_and_lose_what_commands_a_terminal():
    assert (
        output.harmless("\x1b[31mred\x1b[0m\x1b]0;title\x07\n") == "\x1b[31mred\x1b[0m�]0;title�\n"
    )
    assert output.clean("a\x1b[2Jb\r\nc") == "a�[2Jb� c"


def test_a_pipe_gets_a_line_for_each_part_that_changes():
    inner = {
        "name": "p-inner", "type": "pipeline", "jobs": {"a": {}},
        "steps": {"a": {"job": "p-inner-a", "status": "Running"}},
    }  # fmt: skip
    job = {
        "name": "p", "type": "pipeline", "jobs": {"inner": {"type": "pipeline"}, "last": {}},
        "steps": {"inner": {"job": "p-inner", "status": "Running"}},
    }  # fmt: skip
    stream = io.StringIO()
    shown = Steps(stream, lambda _: inner)
    shown.show(job)
    shown.show(job)
    inner["steps"]["a"]["status"] = "Completed"
    shown.show(job)
    assert stream.getvalue().splitlines() == [
        "· inner: Running",
        "· inner/a: Running",
        "· inner/a: Completed",
    ]


@pytest.mark.parametrize("turn", "\u202e\u202a\u2066\u2069\u200f\u061c")
def test_what_turns_the_direction_of_writing_does_not_reach_a_terminal(turn):
    for text in (output.clean(f"a{turn}gpj.exe"), output.harmless(f"a{turn}gpj.exe")):
        assert text == "a�gpj.exe"


def test_a_job_of_steps_names_the_logs_of_its_steps():
    steps = {"one": {"job": "p-one", "status": "Failed"}}
    found = logs_of({"name": "p", "jobs": {"one": {}, "two": {}}, "steps": steps})
    assert found.endswith("which have the logs:\n  zaffre job logs -n p-one")
    assert logs_of({"name": "c", "type": "command"}) == ""
