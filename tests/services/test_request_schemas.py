"""Request schemas become code that says what does not fit, and fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.endpoint_context import BLUE, Stage, stage
from zaffre.errors import Invalid
from zaffre.services.request_schemas import code_of

AGES = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "array", "items": {"$ref": "#/definitions/person"}}},
    "definitions": {"person": {"type": "object", "properties": {"age": {"type": "number"}}}},
}


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.endpoint()
        yield found


def test_the_workers_find_the_schema_and_its_code(on: Stage) -> None:
    on.deployment(request_schema=on.tree(schema__json=json.dumps(AGES)))
    on.settle()
    entry = on.served()
    assert entry is not None
    folder = Path(entry["request_schema"])
    assert json.loads((folder / "schema.json").read_text()) == AGES
    assert "def validate(" in (folder / "check.py").read_text()


def test_another_schema_is_another_revision(on: Stage) -> None:
    on.deployment()
    on.settle()
    before = on.served()
    on.change(BLUE, request_schema=on.tree(schema__json="{}"))
    on.settle()
    after = on.served()
    assert before is not None
    assert after is not None
    assert before["request_schema"] is None
    assert after["id"] != before["id"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "should be an object"),
        ("[" * 9000, "is no JSON"),
        ('{"type": "strange"}', "is no JSON Schema"),
        ('{"$ref": "https://elsewhere/schema.json"}', "nothing is fetched"),
        ('{"$ref": "file:///etc/passwd"}', "nothing is fetched"),
        ('{"properties": {"a": {"prefixItems": []}}}', "only drafts after 7 have"),
        ('{"properties": {"a": {"pattern": "["}}}', "request_schema"),
        ('{"type": 3}', "request_schema"),
    ],
)
def test_what_is_no_schema_is_told_when_the_deployment_is_made(
    on: Stage, text: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        on.deployment(request_schema=on.tree(schema__json=text))


def test_one_file_holds_the_schema(on: Stage) -> None:
    with pytest.raises(Invalid, match="holds 2 files"):
        on.deployment(request_schema=on.tree(a__json="{}", b__json="{}"))


@pytest.mark.parametrize(
    "text", ['"); import os; os.abort(); ("', "\\", "'''", '"""', "{name}", "\n#", "\0"]
)
def test_texts_of_a_schema_are_never_code(text: str) -> None:
    schema: Any = {
        "title": text, "description": text, "properties": {text: {"type": "number", "enum": [text, 1]}},
        "required": [text], "patternProperties": {"^x": {"const": text}},
    }  # fmt: skip
    names: dict[str, Any] = {}
    code = code_of(schema).replace("zaffre_scoring.request_schema", "fastjsonschema")
    exec(compile(code, "check.py", "exec"), names)
    assert names["validate"]({text: 1}) == {text: 1}


def test_an_unknown_type_is_named_with_what_was_meant():
    with pytest.raises(Invalid) as caught:
        code_of({"type": "object", "properties": {"a": {"type": "nmber"}}})
    assert caught.value.hint == "No type is `nmber`. Did you mean `number`?"
