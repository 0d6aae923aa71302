"""The small words of messages: near matches, lists, rendering, descriptions of types."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from zaffre.errors import Conflict, Invalid, Place, Problem
from zaffre.kinds.annotations import annotation_at, described, items_of
from zaffre.kinds.document import Document, Mark
from zaffre.kinds.explaining import settled, value_at
from zaffre.kinds.loading import check, load
from zaffre.kinds.near import advice, listed, nearest
from zaffre.kinds.registry import kind
from zaffre.kinds.render import render, render_problem
from zaffre.kinds.schema_words import KINDS, stands_for
from zaffre.kinds.wire import from_wire


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("comand", "command"),
        ("Command", "command"),
        ("enviroment", "environment"),
        ("experiment-name", "experiment_name"),
        ("xyz", None),
        ("", None),
    ],
)
def test_a_misspelt_word_is_recognised(word, meant):
    assert nearest(word, ["command", "environment", "experiment_name", "compute"]) == meant


def test_words_are_listed():
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listed(map(str, range(30))).endswith("`23` and 6 more")
    assert advice("x", []) == "Nothing is allowed here."


def test_an_error_without_problems_is_rendered():
    assert render(Conflict("It runs.", hint="Wait.\nOr not.")) == "It runs.\n  Wait.\n  Or not."
    assert render(Conflict("It runs.")) == "It runs."


def test_one_problem_is_rendered_alone():
    problem = Problem("Wrong.", Place("a.yml", 1, 2), "Right it.")
    assert render_problem(problem) == "a.yml:1:2: Wrong.\n  Right it."
    assert render(Invalid("Wrong.", problems=(problem,))) == render_problem(problem)
    assert render(Invalid("All wrong.", problems=(problem,))).startswith("All wrong.\na.yml:1:2")


class Inner(BaseModel):
    numbers: list[int] = []
    anything: dict[str, Any] = {}
    bare: list = []
    pair: tuple[str, ...] = ()
    odd: bytes = b""
    word: Literal["a", "b"] | None = None


def test_types_are_described():
    fields = Inner.model_fields
    words = {name: described(field.annotation) for name, field in fields.items()}
    assert words == {
        "numbers": "a list",
        "anything": "a mapping",
        "bare": "a list",
        "pair": "a list",
        "odd": "a value",
        "word": "one of `a`, `b`",
    }
    assert described(None) == "a value"


def test_ways_lead_to_types():
    assert annotation_at(Inner, ("numbers", 0)) is int
    assert annotation_at(Inner, ("anything", "x")) is Any
    assert annotation_at(Inner, ("nothing", "x")) is None
    assert annotation_at(Inner, ("numbers", "x")) is None
    assert items_of(list, list) is Any
    assert items_of(int, dict) is None


def test_ways_of_the_checker_are_settled():
    data = {"inputs": {"data": {"path": 1}, "l": [{"a": 1}]}}
    assert settled(data, ("inputs", "data", "<data>", "path")) == ("inputs", "data", "path")
    assert settled(data, ("inputs", "data", "<data>", "mode")) == ("inputs", "data", "mode")
    assert settled(data, ("inputs", "l", 0, "a", "int")) == ("inputs", "l", 0, "a")
    assert settled(data, ("inputs", "l", 5, "list[str]")) == ("inputs", "l")
    assert value_at(data, ("inputs", "nothing", "x")) is None


def test_a_part_from_elsewhere_has_its_own_place():
    marks = {("a",): Mark(3, 4, 3, 1), ("b",): Mark(source="--set b=1")}
    document = Document({}, "x.yml", None, marks)
    assert str(document.key_place(("a", "b"))) == "x.yml:3:1"
    assert str(document.text_place(("b",), "x")) == "--set b=1"
    assert str(document.text_place(("a",), "no such words")) == "x.yml:3:4"


def test_schemas_stand_for_kinds():
    address = "https://azuremlschemas.azureedge.net/latest/{}.schema.json"
    assert stands_for(address.format("commandJob")) == ("job", "command")
    assert stands_for(address.format("somethingNew")) == ("", "")
    assert stands_for(3) == ("", "")
    assert all(stands_for(address.format(word)) == meant for word, meant in KINDS.items())


def test_a_schema_of_another_kind_is_refused():
    with pytest.raises(Invalid, match="of kind `batch_endpoint`, not `online_endpoint`"):
        check(kind("online_endpoint"), {"$schema": "x/batchEndpoint.schema.json", "name": "a"})


@pytest.mark.parametrize(
    "flat", [{}, {"kind": "job"}, {"kind": "data", "name": "a"}, {"kind": "x"}]
)
def test_what_is_no_resource_is_refused(flat):
    with pytest.raises((Invalid, Exception), match=r"wire form|no kind"):
        from_wire(flat)


def test_what_is_kept_but_not_acted_on_is_a_warning():
    spec = {"identity": {"type": "user_identity"}, "services": {"x": {"type": "ssh"}}}
    loaded = check(kind("job"), {"command": "x", "environment": "a:1", **spec})
    assert [warning.place.field for warning in loaded.warnings] == ["identity", "services"]
    endpoint = check(kind("online_endpoint"), {"name": "a", "compute": "x"})
    assert len(endpoint.warnings) == 1
    deployment = {"name": "a", "endpoint_name": "b", "model": "./m", "type": "kubernetes"}
    assert len(load(kind("online_deployment"), Document(deployment)).warnings) == 1


def test_a_text_too_long_to_check_is_refused():
    with pytest.raises(Invalid, match="`command` is too long"):
        check(kind("job"), {"command": "${{inputs.x}} " * 10_000, "environment": "a:1"})
