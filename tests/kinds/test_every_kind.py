"""What must hold for every kind: it can be read, written, shown and told from others."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kinds.documents import JSON, WORDS, documents
from zaffre.errors import Invalid, NotFound
from zaffre.kinds.annotations import branches, model_among
from zaffre.kinds.document import Document
from zaffre.kinds.loading import check, load
from zaffre.kinds.registry import all_kinds, by_noun, by_plural, entries, kind
from zaffre.kinds.render import render
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.wire import SYSTEM, document_of, from_wire, to_wire
from zaffre.kinds.yaml_text import read

KINDS = list(all_kinds())
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.name)
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def words(error):
    """Check that an error can be told."""
    assert error.message
    assert error.problems
    render(error).encode()


def specs(one):
    return {one.spec, *one.variants.values()}


@every_kind
def test_its_example_is_right(kind):
    loaded = load(kind, read(kind.example, "example.yml"))
    assert loaded.name or kind.name == "job"
    assert loaded.warnings == ()


@every_kind
def test_its_words_are_those_of_the_registry(kind):
    entry = next(one for one in entries() if one.name == kind.name)
    assert (entry.noun, entry.plural, entry.title) == (kind.noun, kind.plural, kind.title)
    assert by_noun(kind.noun) is kind
    assert by_plural(kind.plural) is kind


@every_kind
def test_spec_and_status_share_no_field(kind):
    for spec in specs(kind):
        assert not set(spec.model_fields) & set(kind.status.model_fields)
        assert not set(spec.model_fields) & {*SYSTEM, "name", "version", kind.parent_field}
    assert not set(kind.status.model_fields) & {*SYSTEM, "name", "version", kind.parent_field}


def _models(model, found):
    if model not in found:
        found.add(model)
        for field in model.model_fields.values():
            inner = model_among(branches(field.annotation))
            if inner:
                _models(inner, found)
    return found


@every_kind
def test_every_field_has_a_title_and_a_description(kind):
    found = set()
    for model in (*specs(kind), kind.status):
        _models(model, found)
    for model in found:
        assert model.__doc__, model
        for name, field in model.model_fields.items():
            assert field.title, f"{model.__name__}.{name}"
            assert field.description, f"{model.__name__}.{name}"
            assert field.description.endswith("."), f"{model.__name__}.{name}"


@every_kind
def test_it_has_a_json_schema(kind):
    for spec in specs(kind):
        assert spec.model_json_schema()["properties"]


@every_kind
def test_its_columns_exist(kind):
    known = {"name", "version", "created_at", kind.parent_field, *kind.status.model_fields}
    for spec in specs(kind):
        known |= set(spec.model_fields)
    assert set(kind.columns) <= known


def stored(kind, loaded):
    key = Key(
        kind.name, "default", loaded.name or "j", "3" if kind.versioned else "", loaded.parent
    )
    now = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    return Resource(key, loaded.spec, kind.status(), 7, now, now, "me")


@every_kind
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_what_is_written_is_read_back(kind, data):
    document = data.draw(documents(kind))
    try:
        loaded = check(kind, document)
    except Invalid:
        assume(False)
    resource = stored(kind, loaded)
    again = json.loads(json.dumps(to_wire(resource)))
    assert from_wire(again) == resource
    assert check(kind, again).spec == loaded.spec
    text = yaml.safe_dump(document_of(resource), sort_keys=False, allow_unicode=True)
    assert load(kind, read(text, "a.yml")).spec == loaded.spec


@every_kind
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_most_documents_of_its_types_are_right(kind, data):
    document = data.draw(documents(kind))
    try:
        check(kind, document)
    except Invalid as error:
        words(error)


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(text=st.text() | WORDS | st.text("-: \n\t{}[]&*!|>'\"ab1#%@`,?<$", max_size=60))
def test_no_text_does_more_harm_than_an_invalid(text):
    try:
        document = read(text, "a.yml")
    except Invalid:
        return
    for one in KINDS:
        try:
            load(one, document)
        except Invalid as error:
            words(error)


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_no_data_does_more_harm_than_an_invalid(data):
    one = data.draw(st.sampled_from(KINDS))
    known = [*one.spec.model_fields, "name", "version", "$schema", "endpoint_name", "id"]
    body = data.draw(st.dictionaries(st.sampled_from(known) | WORDS, JSON, max_size=6) | JSON)
    try:
        check(one, body)
    except Invalid as error:
        words(error)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "a\x00b", "\ud800", {"a": {"b\x00": 1}}, [[float("-inf")]]],
)
def test_what_cannot_be_kept_is_refused(value):
    with pytest.raises(Invalid):
        check(kind("model"), {"name": "a", "path": "b", "flavors": {"x": value}})


def test_a_document_too_deep_is_refused():
    deep = "x"
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(Invalid, match="64 levels"):
        check(kind("model"), {"name": "a", "path": "b", "flavors": deep})


def test_an_unknown_kind_is_not_found():
    with pytest.raises(NotFound) as caught:
        kind("modle")
    assert "`model`" in (caught.value.hint or "")


def test_facts_of_the_server_may_stand_in_a_document():
    loaded = check(
        kind("online_endpoint"),
        {"name": "a", "id": "a", "revision": 3, "provisioning_state": "Failed", "archived": True},
    )
    assert loaded.name == "a"


def test_words_of_kinds_are_known_without_pydantic():
    code = "import sys, zaffre.kinds.registry as r; r.entries(); print('pydantic' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def test_kinds_load_no_yaml_and_no_other_package():
    code = (
        "import sys; from zaffre.kinds.registry import all_kinds; list(all_kinds());"
        "import zaffre.kinds.loading, zaffre.kinds.wire;"
        "print({'yaml', 'pathspec', 'httpx2', 'sqlalchemy', 'starlette'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"


def test_a_document_says_its_text_as_it_was_written():
    loaded = load(
        kind("data"),
        read(
            "name: 007\nversion: 1.10\npath: 2020-01-01\ntags: {a: on, b: 1.10, on: no, c:, 1: 0x10}\n"
        ),
    )
    assert (loaded.name, loaded.version) == ("007", "1.10")
    assert loaded.spec.path == "2020-01-01"
    assert loaded.spec.tags == {"a": "on", "b": "1.10", "on": "no", "c": "", "1": "0x10"}


def test_literal_inputs_keep_their_types_as_in_yaml():
    text = "command: x\nenvironment: a:1\ninputs: {a: no, b: 0777, c: 1.5, d: 12:30:00, e: 1e3, f: 'no'}\n"
    inputs = load(kind("job"), read(text)).spec.inputs
    assert inputs == {"a": False, "b": 511, "c": 1.5, "d": "12:30:00", "e": "1e3", "f": "no"}


def test_choices_may_be_written_in_any_case():
    assert (
        check(kind("online_endpoint"), {"name": "a", "auth_mode": "Key"}).spec.auth_mode == "key"
    )
    assert check(kind("compute"), {"name": "a", "type": "AmlCompute"}).spec.type == "amlcompute"


def test_an_output_without_anything_is_a_folder():
    loaded = check(kind("job"), {"command": "x", "environment": "a:1", "outputs": {"o": None}})
    assert loaded.spec.outputs["o"].type == "uri_folder"


def test_the_schema_says_the_type_that_is_not_written():
    text = "$schema: https://x/amlCompute.schema.json\nname: cpu\nmax_instances: 4\n"
    loaded = load(kind("compute"), read(text))
    assert loaded.spec.type == "amlcompute"
    assert [warning.place.field for warning in loaded.warnings] == ["type"]


def test_a_document_knows_the_places_of_its_fields():
    document = read("a:\n  b: [1, {c: 2}]\n", "x.yml")
    place = document.field_place("a.b[1].c")
    assert (place.file, place.line, place.column) == ("x.yml", 2, 14)
    assert document.field_place("a.nothing").line == 2
    assert str(Document({}).field_place("a")) == ""


def test_a_document_wrong_everywhere_is_answered_soon():
    wide = {f"field{number}": number for number in range(20_000)}
    wide["tags"] = {f"tag{number}": [number] for number in range(20_000)}
    wide["description"] = {"x" * 100_000: 1}
    with pytest.raises(Invalid, match="things are wrong") as caught:
        check(kind("model"), wide)
    assert len(caught.value.problems) == 50


def test_a_field_with_nothing_written_has_its_default():
    text = (
        "command: x\nenvironment: a:1\ninputs:\ntags:\nresources: {instance_count: }\ncompute:\n"
    )
    spec = load(kind("job"), read(text)).spec
    assert (spec.inputs, spec.tags, spec.compute) == ({}, {}, None)
    assert spec.resources.instance_count == 1


def test_requirements_and_conda_files_may_be_written_as_text():
    requirements = {"name": "a", "requirements": "scikit-learn>=1.5\npandas"}
    assert check(kind("environment"), requirements).spec.requirements
    conda = {"name": "a", "conda_file": "dependencies:\n- python=3.11\n", "image": "x"}
    assert check(kind("environment"), conda).spec.conda_file


def test_a_password_is_not_kept():
    ssh = {"admin_username": "me", "admin_password": "hunter2"}
    spec = check(kind("compute"), {"name": "a", "type": "amlcompute", "ssh_settings": ssh}).spec
    assert "hunter2" not in repr(spec) + spec.model_dump_json()
