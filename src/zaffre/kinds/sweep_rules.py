"""What a sweep's document gets wrong beyond the types of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zaffre.errors import Problem
from zaffre.kinds import names
from zaffre.kinds.document import Document, Steps, dotted
from zaffre.kinds.names import shown
from zaffre.kinds.near import advice, listed, nearest
from zaffre.kinds.resource import Json
from zaffre.kinds.sweep_settings import DISTRIBUTIONS, SearchParameter

_EXPRESSION = re.compile(r"\$\{\{([^{}]*)\}\}")
_FINITE = ("choice", "randint", "quniform")
_DEEPEST = 8


def sweep_problems(document: Document) -> Iterator[Problem]:
    """Find what a sweep job gets wrong."""
    data = document.data
    if isinstance(data, dict) and data.get("type") == "sweep":
        yield from sweep_problems_at(document, data, ())


def sweep_problems_at(document: Document, sweep: dict[str, Json], at: Steps) -> Iterator[Problem]:
    """Find what a sweep gets wrong that stands somewhere in a document."""
    space = sweep.get("search_space")
    if isinstance(space, dict):
        grid = _sampling(sweep) == "grid"
        for name, parameter in space.items():
            yield from _named(document, (*at, "search_space", name))
            steps = (*at, "search_space", name)
            yield from _parameter(document, steps, parameter, grid=grid, top=len(steps))
        yield from _trial(document, sweep, at)
    if isinstance(sweep.get("early_termination"), dict):
        yield from _policy(document, sweep["early_termination"], (*at, "early_termination"))


def _sampling(data: dict[str, Json]) -> str:
    found = data.get("sampling_algorithm")
    found = found.get("type") if isinstance(found, dict) else found
    return str(found or "random").strip().lower()


def _named(document: Document, steps: Steps) -> Iterator[Problem]:
    if not names.PORT.match(str(steps[-1])):
        place = document.key_place(steps)
        hint = "Use letters, digits and `_`, beginning with a letter."
        yield Problem(f"{shown(str(steps[-1]))} is no name of a parameter.", place, hint)


def _parameter(
    document: Document, steps: Steps, given: Json, *, grid: bool, top: int
) -> Iterator[Problem]:
    if not isinstance(given, dict) or len(steps) > top + 2 * _DEEPEST:
        return
    kind = str(given.get("type", "")).strip().lower()
    if kind not in DISTRIBUTIONS:
        if len(steps) > top:  # the types of the top are checked with the other fields
            hint = advice(kind, DISTRIBUTIONS)
            message = f"{shown(kind)} is not allowed for `{dotted((*steps, 'type'))}`."
            yield Problem(message, document.value_place((*steps, "type")), hint)
        return
    yield from _fields(document, steps, given, kind)
    if grid and kind not in _FINITE:
        hint = f"A grid takes {listed(_FINITE)}; take `random` or `bayesian` sampling otherwise."
        message = f"`{steps[-1]}` has no end of values: a grid cannot try `{kind}`."
        yield Problem(message, document.key_place(steps), hint)
    values = given.get("values")
    for at, value in enumerate(values) if isinstance(values, list) and kind == "choice" else ():
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, dict) and "type" in inner:
                    below = (*steps, "values", at, name)
                    yield from _parameter(document, below, inner, grid=grid, top=top)


def _fields(
    document: Document, steps: Steps, given: dict[str, Json], kind: str
) -> Iterator[Problem]:
    wanted = DISTRIBUTIONS[kind]
    unknown = set(given) - set(SearchParameter.model_fields)
    for name in wanted:
        if given.get(name) is None and not any(nearest(one, (name,)) for one in unknown):
            message = f"`{name}` is missing in `{dotted(steps)}`: `{kind}` takes {listed(wanted)}."
            yield Problem(message, document.key_place(steps), f"Add `{name}: ...`.")
    every = {field for fields in DISTRIBUTIONS.values() for field in fields}
    for name, value in given.items():
        if name in every and name not in wanted and value is not None:
            message = f"`{name}` means nothing to `{kind}`."
            yield Problem(
                message, document.key_place((*steps, name)), f"It takes {listed(wanted)}."
            )
    least, most = given.get("min_value"), given.get("max_value")
    if isinstance(least, int | float) and isinstance(most, int | float) and least >= most:
        message = f"`min_value` of `{dotted(steps)}` is not less than its `max_value`."
        yield Problem(message, document.value_place((*steps, "min_value")))
    if kind == "choice" and given.get("values") == []:
        message = f"`{dotted(steps)}` has no values."
        yield Problem(message, document.value_place((*steps, "values")))


def _trial(document: Document, sweep: dict[str, Json], at: Steps) -> Iterator[Problem]:
    """Check the expressions of a trial that is written here, and that it can run."""
    trial = sweep.get("trial")
    if not isinstance(trial, dict):
        return
    for name in ("command", "environment"):
        if trial.get(name) is None:
            place = document.key_place((*at, "trial"))
            yield Problem(f"`{name}` is missing in `trial`.", place, f"Add `{name}: ...`.")
    texts: dict[Steps, Json] = {(*at, "trial", "command"): trial.get("command")}
    variables = trial.get("environment_variables")
    for name, text in variables.items() if isinstance(variables, dict) else ():
        texts[*at, "trial", "environment_variables", name] = text
    known = _known(sweep, trial, sweep["search_space"])
    for steps, text in texts.items():
        for found in dict.fromkeys(
            map(str.strip, _EXPRESSION.findall(text)) if isinstance(text, str) else ()
        ):
            yield from _expression(document, steps, found, known)


def _known(
    data: dict[str, Json], trial: dict[str, Json], space: dict[str, Json]
) -> dict[str, set[str]]:
    def keys(holder: dict[str, Json], field: str) -> set[str]:
        found = holder.get(field)
        return set(found) if isinstance(found, dict) else set()

    return {
        "search_space": set(space),
        "inputs": keys(data, "inputs") | keys(trial, "inputs") | set(space),
        "outputs": keys(data, "outputs") | keys(trial, "outputs"),
    }


def _expression(
    document: Document, steps: Steps, text: str, known: dict[str, set[str]]
) -> Iterator[Problem]:
    group, dot, rest = text.partition(".")
    name = rest.partition(".")[0] if group == "search_space" else rest
    if (group in known and name in known[group]) or text in ("name", "default_datastore"):
        return
    place = document.text_place(steps, r"\$\{\{\s*" + re.escape(text))
    if group in known and dot:
        word = {"search_space": "parameter of the search space"}.get(group, group[:-1])
        hint = advice(name, known[group])
        yield Problem(f"`${{{{{text}}}}}` names no {word}.", place, hint)
        return
    hint = f"Known: {listed(['search_space.NAME', 'inputs.NAME', 'outputs.NAME', 'name'])}."
    yield Problem(f"`${{{{{text}}}}}` is no known expression.", place, hint)


def _policy(document: Document, policy: dict[str, Json], steps: Steps) -> Iterator[Problem]:
    kind = str(policy.get("type", "")).strip().lower()
    place = document.key_place(steps)
    slack = [name for name in ("slack_factor", "slack_amount") if policy.get(name) is not None]
    if kind == "bandit" and len(slack) != 1:
        hint = "Give `slack_factor: 0.1` or `slack_amount: 0.05`."
        yield Problem("A bandit takes one of `slack_factor` and `slack_amount`.", place, hint)
    if kind == "truncation_selection" and policy.get("truncation_percentage") is None:
        hint = "Add `truncation_percentage: 20`."
        yield Problem("`truncation_percentage` is missing in `early_termination`.", place, hint)
