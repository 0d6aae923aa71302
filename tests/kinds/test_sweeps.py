"""Wrong sweeps are refused with all that is wrong at once; whatever is sent, nothing breaks."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinds.documents import JSON
from zaffre.errors import Invalid
from zaffre.kinds.loading import check, load
from zaffre.kinds.registry import kind
from zaffre.kinds.yaml_text import read

SWEEP = """\
type: sweep
trial:
  command: python x.py --b ${{search_space.b}}
  environment: azureml:x:1
search_space:
  b: %s
sampling_algorithm: %s
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 4}
"""
WRONG = [
    ("{type: unifrom, min_value: 0, max_value: 1}", "random", 6, "`unifrom`", "`uniform`"),
    ("{type: uniform, min_value: 1, max_value: 0}", "random", 6, "not less than", ""),
    ("{type: uniform, min_value: 1}", "random", 6, "`max_value` is missing", "Add"),
    ("{type: choice, values: []}", "random", 6, "no values", ""),
    ("{type: choice, valeus: [1]}", "random", 6, "Unknown field `valeus`", "`values`"),
    ("{type: normal, mu: 0, sigma: -1}", "random", 6, "more than 0", ""),
    ("{type: randint, upper: 3, q: 1}", "random", 6, "`q` means nothing", "`upper`"),
    ("{type: uniform, min_value: 0, max_value: 1}", "grid", 6, "cannot try `uniform`", "grid"),
    ("{type: choice, values: [1]}", "randon", 7, "`randon` is not allowed", "`random`"),
    (
        "{type: choice, values: [{a: {type: unifrom}}]}",
        "random",
        6,
        "`unifrom` is not allowed",
        "`uniform`",
    ),
]


@pytest.mark.parametrize(("space", "sampling", "line", "message", "hint"), WRONG)
def test_a_wrong_parameter_is_refused_at_its_place(space, sampling, line, message, hint):
    with pytest.raises(Invalid) as caught:
        load(kind("job"), read(SWEEP % (space, sampling), "s.yml"))
    (problem,) = caught.value.problems
    assert problem.place.line == line
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_all_that_is_wrong_is_told_at_once():
    text = SWEEP % ("{type: unifrom}", "random")
    text = text.replace("search_space.b}}", "search_space.c}} ${{inputs.d}}")
    text = text.replace("goal: minimize", "goal: min").replace("max_total_trials", "max_trials")
    with pytest.raises(Invalid) as caught:
        load(kind("job"), read(text, "s.yml"))
    assert [problem.place.line for problem in caught.value.problems] == [3, 3, 6, 8, 9]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "trial",
                "search_space",
                "objective",
                "limits",
                "sampling_algorithm",
                "early_termination",
                "inputs",
                "outputs",
                "warm_start",
            ]
        ),
        JSON,
    ),
    st.dictionaries(
        st.sampled_from(["type", "values", "min_value", "max_value", "q", "mu", "upper"]),
        JSON | st.sampled_from(["choice", "quniform", "randint", 1, -1, 1e308]),
    ),
)
def test_no_document_breaks_the_checks(fields, parameter):
    with contextlib.suppress(Invalid):
        check(kind("job"), {"type": "sweep", "search_space": {"b": parameter}, **fields})
    with contextlib.suppress(Invalid):
        trigger = {"type": "recurrence", "schedule": parameter, **parameter}
        check(kind("schedule"), {"name": "x", "trigger": trigger, "create_job": fields})
