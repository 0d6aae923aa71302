"""Strategies that make documents of any kind out of the kind's own types."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from zaffre.kinds.annotations import branches
from zaffre.kinds.resource import Kind

WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t: #'\"{}[]&*!|>%@`,?-"),
    max_size=30,
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,12}", fullmatch=True)
PATHS = st.sampled_from(
    [
        "./data",
        "data.csv",
        "azureml:iris:1",
        "azureml:iris@latest",
        "azureml://datastores/workspaceblobstore/paths/a/b.csv",
        "azureml://jobs/one/outputs/two/paths/x",
        "azureml://trees/sha256:" + "0" * 64,
        "https://example.org/x.csv",
        "s3://bucket/key",
        "runs:/abc/model",
        "models:/iris/3",
    ]
)
ASSETS = st.sampled_from(
    [
        "azureml:sklearn@latest",
        "sklearn:1",
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
    ]
)
NUMBERS = st.floats(min_value=0.5, max_value=1, allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=5,
)
OWN: dict[str, st.SearchStrategy[Any]] = {
    "command": WORDS.filter(lambda text: text and "${{" not in text),
    "environment": ASSETS | st.fixed_dictionaries({"image": st.just("python")}),
    "model": ASSETS | st.fixed_dictionaries({"path": PATHS}, optional={"name": NAMES}),
    "path": PATHS,
    "code": PATHS,
    "conda_file": PATHS,
    "scoring_script": st.just("score.py"),
    "inputs": st.dictionaries(
        NAMES,
        st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | WORDS
        | st.fixed_dictionaries({"path": PATHS}, optional={"mode": st.just("Download")}),
        max_size=3,
    ),
    "outputs": st.dictionaries(
        NAMES, st.none() | st.fixed_dictionaries({}, optional={"path": PATHS}), max_size=3
    ),
    "traffic": st.sampled_from([{}, {"blue": 100}, {"blue": 30, "green": 70}, {"blue": 0}]),
    "mirror_traffic": st.sampled_from([{}, {"green": 10}]),
    "jobs": st.dictionaries(
        NAMES,
        st.fixed_dictionaries(
            {"command": st.just("echo ${{inputs.x}}"), "environment": ASSETS},
            optional={"outputs": st.just({"made": None}), "comment": WORDS},
        ).map(lambda step: {**step, "inputs": {"x": 1}}),
        min_size=1,
        max_size=3,
    ),
    "component": st.sampled_from(
        ["azureml:train:1", {"command": "true", "environment": "azureml:a:1"}]
    ),
    "trial": st.none(),
    "task": st.fixed_dictionaries({"entry_script": st.just("a.py")}, optional={"code": PATHS}),
    "input_data": st.none(),
    "build": st.none(),
    "requirements": st.none(),
    "python": st.none(),
}
"""Fields whose texts follow a grammar of their own."""


def documents(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Give documents of a kind, most of them right."""
    types = [word for word in kind.variants if word not in kind.reported] or [None]

    def of(word: str | None) -> st.SearchStrategy[dict[str, Any]]:
        spec = kind.spec_for({"type": word})
        identity = {"name": NAMES}
        if kind.parent_field:
            identity[kind.parent_field] = NAMES
        needed = {**identity, **_fields(spec, required=True)}
        optional = _fields(spec, required=False)
        if kind.name == "component":
            needed["name"] = NAMES.map(lambda name: name.lower().replace("-", "_"))
            ports = st.dictionaries(NAMES, st.just({"type": "uri_folder"}), max_size=2)
            optional |= {"inputs": ports, "outputs": ports}
            needed |= {"input_data": st.just("x")} if word == "parallel" else {}
        if kind.name == "environment":
            needed |= {"image": st.just("python")}
        if kind.name == "online_deployment":
            needed |= {"model": OWN["model"]}
        if kind.name == "datastore":
            optional["path"] = st.just("/data")
        if word:
            needed["type"] = st.just(word)
        optional = {name: value for name, value in optional.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=optional)

    return st.sampled_from(types).flatmap(of)


def _fields(model: type[BaseModel], *, required: bool) -> dict[str, st.SearchStrategy[Any]]:
    return {
        name: OWN[name] if name in OWN else _value(field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() == required
    }


def _value(annotation: Any) -> st.SearchStrategy[Any]:
    return st.one_of(*(_branch(one) for one in branches(annotation)))


def _branch(one: Any) -> st.SearchStrategy[Any]:
    if get_origin(one) is Literal:
        return st.sampled_from(get_args(one))
    if get_origin(one) is dict:
        return st.dictionaries(NAMES, _value(get_args(one)[1]), max_size=2)
    if get_origin(one) is list:
        return st.lists(_value(get_args(one)[0]), max_size=2)
    if isinstance(one, type) and issubclass(one, BaseModel):
        return st.fixed_dictionaries(
            _fields(one, required=True), optional=_fields(one, required=False)
        )
    simple = {
        NoneType: st.none(),
        bool: st.booleans(),
        int: st.integers(1, 100),
        float: NUMBERS,
        str: WORDS,
    }
    return simple.get(one, JSON)
