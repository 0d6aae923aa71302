"""Expressions: what they name, what they stand for, and that no value ever runs."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds.expression import Known, Values, check, fill, in_shell, problems

KNOWN = Known(inputs=("data", "alpha", "flag"), outputs=("model",), optional=("flag",))


def messages(text: str) -> list[str]:
    return [f"{problem.message} {problem.hint}" for problem in problems(text, KNOWN, "command")]


def run(text: str, values: Values) -> str:
    command = in_shell(text, values)
    done = subprocess.run(
        ["/bin/bash", "-c", command.text],
        env={"PATH": "/usr/bin:/bin", **command.variables},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_known_names_pass() -> None:
    check(
        "train ${{inputs.data}} ${{ outputs.model }} ${{name}} $[[--f ${{inputs.flag}}]]",
        KNOWN,
        "c",
    )


def test_an_unknown_input_names_its_near_match() -> None:
    assert messages("x ${{inputs.dta}}") == [
        "`${{inputs.dta}}` names no input of the job. Did you mean `data`?"
    ]


def test_an_output_without_any_declared_says_so() -> None:
    found = problems("${{outputs.m}}", Known(), "command")
    assert found[0].hint == "The job has no outputs: declare it under `outputs`."
    assert found[0].place.field == "command"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a $[[ b", "no matching `]]`"),
        ("a $[[ $[[b]] ]]", "no matching `]]`"),
        ("a ${{inputs.data", "no matching `}}`"),
        ("${{inputs.flag}}", "stands outside of `$[[ ]]`"),
        ("${{parent.inputs.x}}", "only inside a step of a pipeline"),
        ("${{search_space.x}}", "only inside a trial of a sweep"),
        ("${{foo}}", "is no known expression"),
        ("${{inputs}}", "is no known expression"),
    ],
)
def test_what_is_wrong_is_said(text: str, part: str) -> None:
    assert part in " ".join(messages(text))


def test_check_raises_with_all_problems() -> None:
    with pytest.raises(Invalid) as caught:
        check("${{inputs.x1}} ${{inputs.x2}}", KNOWN, "command")
    assert len(caught.value.problems) == 2


def test_an_unset_optional_part_is_dropped_and_a_set_one_kept() -> None:
    text = "run $[[--flag ${{inputs.flag}}]] end"
    assert in_shell(text, Values()).text == "run  end"
    assert run("echo $[[--flag ${{inputs.flag}}]] end", Values({"flag": "1"})) == "--flag 1 end\n"


def test_plain_text_is_filled_without_quotes() -> None:
    values = Values({"a": "b c"}, plain={"name": "j1"})
    assert fill("p/${{name}}/${{ inputs.a }}", values) == "p/j1/b c"


def test_a_value_that_is_missing_is_refused() -> None:
    with pytest.raises(Invalid, match="has no value"):
        fill("${{inputs.a}}", Values())


NASTY = "a  'b' \"c\" $(echo no) `echo no` $HOME \\ * ; # é\n&& x"
PLACES = [
    ("printf '[%s]' ${{inputs.x}}", "[{}]"),
    ('printf "[%s]" "${{inputs.x}}"', "[{}]"),
    ("printf '[%s]' '${{inputs.x}}'", "[{}]"),
    ("printf '[%s]' pre${{inputs.x}}post", "[pre{}post]"),
    ('printf "[%s]" "$(printf %s ${{inputs.x}})"', "[{}]"),
    ("# don't stop\nprintf '[%s]' ${{inputs.x}} # it's ${{inputs.x}}\n", "[{}]"),
    ("(printf '[%s]' ${{inputs.x}})", "[{}]"),
    ("cat <<EOF\n[${{inputs.x}}]\nEOF\nprintf %s ${{inputs.x}}", "[{0}]\n{0}"),
    ("cat <<A <<'B'\nit's ${{inputs.x}}\nA\nb\nB\nprintf %s ${{inputs.x}}", "b\n{0}"),
    ("printf '[%s]' $'a\\'b'${{inputs.x}}", "[a'b{}]"),
    ("printf '[%s]' $'c${{inputs.x}}d'", "[c{}d]"),
    ("printf '[%s]' \\'${{inputs.x}}", "['{}]"),
    ("x=$((1+2)); printf '[%s]' ${{inputs.x}}", "[{}]"),
    ("cat <<< ${{inputs.x}}", "{}\n"),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_a_value_is_one_argument_wherever_it_stands(text: str, expected: str) -> None:
    assert run(text, Values({"x": NASTY})) == expected.format(NASTY)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40),
    st.sampled_from([place for place in PLACES if "<<" not in place[0]]),
)
def test_any_value_comes_through_byte_for_byte(value: str, place: tuple[str, str]) -> None:
    value = value.rstrip("\n")
    assert run(place[0], Values({"x": value})) == place[1].format(value)


def test_a_quoted_here_document_takes_the_text_itself() -> None:
    assert run("cat <<'E'\n$[${{inputs.x}}]\nE\n", Values({"x": "$(no)"})) == "$[$(no)]\n"
    with pytest.raises(Invalid, match="several lines"):
        in_shell("cat <<'E'\n${{inputs.x}}\nE\n", Values({"x": "a\nE\nrm"}))


def test_names_that_are_no_variables_are_told_apart() -> None:
    text = "echo ${{inputs.a-b}} ${{inputs.a_b}} ${{inputs.a-b}}"
    assert run(text, Values({"a-b": "1", "a_b": "2"})) == "1 2 1\n"
