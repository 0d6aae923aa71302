"""Pipelines that name files: all that is wrong is listed at once, with its line."""

from __future__ import annotations

import pytest

from zaffre.errors import Invalid
from zaffre.kinds import yaml_text
from zaffre.kinds.document import Document
from zaffre.kinds.registry import kind
from zaffre.ml.checking import check
from zaffre.ml.preparing import find

PIPELINE = """\
type: pipeline
jobs:
  first:
    component: ./nowhere.yml
  second:
    component: ./there.yml
    inputs:
      n: seven
  third:
    type: parallel
    input_data: ${{inputs.rows}}
    inputs:
      rows: {type: uri_folder, path: azureml:rows:1}
    task:
      type: run_function
      code: ./src
      entry_script: gone.py
      environment: azureml:e:1
"""
COMPONENT = """\
type: command
command: echo ${{inputs.n}}
environment: azureml:e:1
inputs:
  n: {type: integer}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "there.yml").write_text(COMPONENT)
    return tmp_path


def written(folder, text) -> Document:
    (folder / "p.yml").write_text(text)
    return yaml_text.read_file(folder / "p.yml")


def test_a_missing_file_hides_nothing_else(folder):
    with pytest.raises(Invalid) as refused:
        check(kind("job"), written(folder, PIPELINE))
    lines = [one.place.line for one in refused.value.problems]
    assert lines == [4, 8]
    assert "nowhere.yml" in refused.value.problems[0].message
    assert refused.value.problems[1].message.startswith("Step `second`: the input `n`")


def test_a_script_that_is_not_in_its_folder_is_missed_before_anything_is_sent(folder):
    text = PIPELINE.replace("./nowhere.yml", "./there.yml\n    inputs: {n: 1}")
    document = written(folder, text.replace("seven", "7"))
    checked = check(kind("job"), document)
    with pytest.raises(Invalid, match=r"gone\.py") as refused:
        find("job", checked.data, checked.source)
    assert refused.value.problems[0].place.line == 18
