"""What an invocation on the command line says, as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from zaffre.cli.batch import invocation, invoke
from zaffre.cli.options import _several
from zaffre.cli.verbs import Noun
from zaffre.kinds import registry

COMMAND = invoke(Noun(registry.by_noun("batch-endpoint")))
NOTHING: dict[str, Any] = {
    str(one.name): () if getattr(one, "multiple", False) else None for one in COMMAND.params
}


def said(**values: Any) -> Any:
    return invocation({**NOTHING, **values})[0].data


def test_an_input_is_data_of_the_type_that_is_said():
    assert said(input="azureml:rows:1", input_type="mltable") == {
        "input": {"type": "mltable", "path": "azureml:rows:1"}
    }


def test_options_are_fields_of_the_invocation():
    assert said(mini_batch_size=3, job_name="j", deployment_name="d") == {
        "mini_batch_size": 3,
        "name": "j",
        "deployment_name": "d",
    }


def test_a_file_is_changed_by_set(tmp_path: Path):
    file = tmp_path / "inputs.yml"
    file.write_text("inputs:\n  alpha: 1\n  rows:\n    path: ./rows\n")
    document, here = invocation({**NOTHING, "file": str(file), "sets": ("inputs.alpha=2",)})
    assert document.data["inputs"]["alpha"] == 2
    assert document.folder == tmp_path
    assert here == ("inputs.alpha",)


def test_the_output_path_is_that_of_score():
    place = "azureml://datastores/lake/paths/x"
    assert said(output_path=place) == {"outputs": {"score": {"path": place}}}


def test_outputs_go_where_they_are_told():
    assert said(outputs=("scores=azureml://datastores/lake/paths/x",)) == {
        "outputs": {"scores": {"path": "azureml://datastores/lake/paths/x"}}
    }
    with pytest.raises(click.UsageError, match="NAME=PATH"):
        said(outputs=("scores",))


def test_a_type_of_nothing_is_refused():
    with pytest.raises(click.UsageError, match="--input"):
        said(input_type="uri_file")


def test_one_set_takes_several_changes():
    words = ["--set", "a.type=string", "a.default=x", "-n", "e=1", "--set", "b=2", "name"]
    assert list(_several(words)) == [
        "--set",
        "a.type=string",
        "--set",
        "a.default=x",
        "-n",
        "e=1",
        "--set",
        "b=2",
        "name",
    ]
