"""How much of its data a job has processed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import zaffre.runtime
from zaffre.kinds import processed
from zaffre.kinds.processed import Processed

sys.path.append(str(Path(zaffre.runtime.__file__).parent / "guest"))
from zaffre_parallel import progress

SOME = Processed(
    items=5,
    failed_items=2,
    mini_batches=4,
    failed_mini_batches=1,
    first_error="ValueError: three is bad",
    details="`logs/failed_mini_batches.jsonl` of job `j`",
)


def test_the_runner_and_the_server_mean_the_same_tag():
    assert progress.TAG == processed.TAG


def test_a_warning_says_how_much_why_and_where():
    assert SOME.warning() == (
        "2 of 7 items failed, in 1 of 4 mini-batches. The first: ValueError: three is bad. "
        "All: `logs/failed_mini_batches.jsonl` of job `j`"
    )
    assert Processed(items=3).warning() == ""


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"items": -1}', '{"others": 1}'])
def test_a_tag_that_makes_no_sense_counts_nothing(text):
    assert processed.read([(processed.TAG, text)]) is None


def test_an_error_is_cut():
    told = Processed(first_error="x" * 600).model_dump_json()
    found = processed.read([("other", "1"), (processed.TAG, told)])
    assert found is not None
    assert found.first_error == "x" * processed.LONGEST_ERROR


def test_steps_count_together_and_warn_each():
    both = {"a": Processed(items=3, mini_batches=1), "b": SOME}
    found = processed.total(both)
    assert (found.items, found.failed_items, found.mini_batches) == (8, 2, 5)
    assert found.first_error == SOME.first_error
    assert list(processed.warnings(both)) == [f"Step `b`: {SOME.warning()}"]
