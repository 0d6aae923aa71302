"""What documents must obey beyond the types of their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from zaffre.errors import Invalid, Problem
from zaffre.kinds import expression, names, reference
from zaffre.kinds.compute_rules import compute_problems
from zaffre.kinds.document import Document, Steps, dotted
from zaffre.kinds.environment_rules import environment_problems, inner_environment_problems
from zaffre.kinds.explaining import TEMPLATE, template_hint
from zaffre.kinds.expression import Known
from zaffre.kinds.follow_rules import follow_problems
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.pipeline_rules import component_problems, pipeline_problems
from zaffre.kinds.resource import Json, Kind
from zaffre.kinds.schedule_rules import schedule_problems
from zaffre.kinds.sweep_rules import sweep_problems

_EXPRESSION = re.compile(r"`\$\{\{([^{}]+)\}\}`")
_WHOLE = 100
_LONGEST = 100_000
_SCRIPT = "Put long scripts into the code folder."

Check = Callable[[Document], Iterator[Problem]]


def rule_problems(kind: Kind, document: Document) -> list[Problem]:
    """Find what a document gets wrong, whether or not its fields have the right types."""
    return [problem for check in _RULES.get(kind.name, ()) for problem in check(document)]


def _paths(*fields: str) -> Check:
    """Check fields that name content: a local path or a reference."""

    def check(document: Document) -> Iterator[Problem]:
        for steps, text in _texts(document.data, fields):
            yield from _reference_problems(document, steps, text, reference.parse)

    return check


def _asset(text: str) -> reference.Reference:
    """Parse what names an asset, or a path to one."""
    if "/" in text or text.startswith("file:"):
        return reference.parse(text)
    return reference.asset(text)


def _models(document: Document) -> Iterator[Problem]:
    for steps, text in _texts(document.data, ("model",)):
        yield from _reference_problems(document, steps, text, _asset)


def _environments(document: Document) -> Iterator[Problem]:
    for steps, text in _texts(document.data, ("environment",)):
        yield from _reference_problems(document, steps, text, _environment)


def _environment(text: str) -> reference.Reference:
    found = _asset(text)
    if isinstance(found, reference.LocalPath):
        hint = "Write `azureml:NAME:VERSION`, or describe it here as a mapping."
        raise Invalid(f"{shown(text)} is no reference to an environment.", hint=hint)
    return found


def _reference_problems(
    document: Document, steps: Steps, text: str, parse: Callable[[str], object]
) -> Iterator[Problem]:
    place = document.value_place(steps)
    # Expressions get their values later; of several lines is the content of a file, not its path.
    if "${{" in text or (steps[-1] == "conda_file" and "\n" in text):
        return
    if TEMPLATE.search(text):
        yield Problem(f"{shown(text)} is no path or reference.", place, template_hint(text))
        return
    try:
        found = parse(text)
    except Invalid as error:
        yield Problem(error.message, place, error.hint)
        return
    if isinstance(found, reference.Asset) and not (found.version or found.label):
        hint = f"Write `azureml:{found.name}@latest` or `azureml:{found.name}:1`."
        yield Problem(f"{shown(text)} names no version.", place, hint)


def _texts(data: Json, fields: tuple[str, ...]) -> Iterator[tuple[Steps, str]]:
    """Give the texts that stand at fields such as `inputs.*.path`."""
    for field in fields:
        yield from _matches(data, field.split("."), ())


def _matches(data: Json, parts: list[str], steps: Steps) -> Iterator[tuple[Steps, str]]:
    if not parts:
        if isinstance(data, str):
            yield steps, data
        return
    if not isinstance(data, dict):
        return
    head, *rest = parts
    for name in list(data) if head == "*" else [head]:
        if name in data:
            yield from _matches(data[name], rest, (*steps, name))


def _mapping(data: Json, field: str) -> dict[str, Json]:
    value = data.get(field)
    return value if isinstance(value, dict) else {}


def _port_names(document: Document) -> Iterator[Problem]:
    for field in ("inputs", "outputs"):
        for name in _mapping(document.data, field):
            if not names.PORT.match(name):
                hint = "Use letters, digits, `_` and `-`, beginning with a letter."
                place = document.key_place((field, name))
                yield Problem(f"{shown(name)} is no name for one of the {field}.", place, hint)


def _expressions(document: Document) -> Iterator[Problem]:
    """Check that texts speak only of inputs and outputs that the job has."""
    data = document.data
    known = Known(_mapping(data, "inputs"), _mapping(data, "outputs"))
    for steps, text in _texts(data, ("command", "environment_variables.*")):
        if len(text) > _LONGEST:
            yield Problem(f"`{dotted(steps)}` is too long.", document.value_place(steps), _SCRIPT)
            continue
        for problem in expression.problems(text, known, dotted(steps)):
            meant = _EXPRESSION.search(problem.message)
            place = document.text_place(steps, _spaced(meant.group(1)) if meant else "")
            yield replace(problem, place=place)


def _spaced(text: str) -> str:
    """Give a pattern for an expression with any spaces inside its braces."""
    return r"\$\{\{\s*" + re.escape(text) + r"\s*\}\}"


def _shares(document: Document) -> Iterator[Problem]:
    shares = _mapping(document.data, "traffic").values()
    total = sum(share for share in shares if isinstance(share, int))
    if total not in (0, _WHOLE):
        hint = "The shares must add up to 0 or 100."
        yield Problem(
            f"The shares of `traffic` add up to {total}.", document.key_place(("traffic",)), hint
        )
    for field in ("traffic", "mirror_traffic"):
        for name in _mapping(document.data, field):
            if not names.NAME.match(name):
                yield Problem(
                    f"{shown(name)} is no name of a deployment.", document.key_place((field, name))
                )


def _served(document: Document) -> Iterator[Problem]:
    data = document.data
    if not data.get("model") and not data.get("code_configuration"):
        hint = "Add `model`, or `code_configuration` with a scoring script."
        yield Problem(
            "There is nothing to serve: `model` is missing.", document.key_place(()), hint
        )
    for steps, text in _texts(data, ("code_configuration.scoring_script",)):
        try:
            names.path(text.removeprefix("./"))
        except Invalid as error:
            yield Problem(
                error.message, document.value_place(steps), "Write it relative to `code`."
            )


def _batch(document: Document) -> Iterator[Problem]:
    """Check that a batch deployment has something to run, and one thing only."""
    if document.data.get("type") != "pipeline":
        yield from _served(document)
        return
    given = [name for name in ("component", "job_definition") if document.data.get(name)]
    if not given:
        hint = "Add `component: azureml:NAME:VERSION`, or `job_definition: azureml:JOB`."
        yield Problem("There is no pipeline to run.", document.key_place(()), hint)
    if len(given) > 1:
        message = "There are two pipelines: `component` and `job_definition`."
        yield Problem(message, document.key_place((given[1],)), "Leave one out.")


def _absolute(document: Document) -> Iterator[Problem]:
    path = document.data.get("path")
    if isinstance(path, str) and not path.startswith("/"):
        hint = "Write an absolute folder of the server's machine, or leave it out."
        yield Problem(f"{shown(path)} is no absolute path.", document.value_place(("path",)), hint)


_PASSWORD = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/@\s]*:[^/@\s]*@")
_DATABASES = ("postgresql://", "postgres://", "mysql://", "mariadb://", "sqlite:///", "duckdb:///")


def _database(document: Document) -> Iterator[Problem]:
    url = document.data.get("url")
    if not isinstance(url, str):
        return
    place = document.value_place(("url",))
    if _PASSWORD.match(url):
        hint = "Write it as `credentials.password`: there it is sealed, and never shown."
        yield Problem("The URL holds a password.", place, hint)
    elif not url.startswith(_DATABASES):
        yield Problem(
            "This is no URL of a database.", place, f"It begins with {listed(_DATABASES)}."
        )


_RULES: dict[str, tuple[Check, ...]] = {
    "data": (_paths("path"),),
    "model": (_paths("path"),),
    "compute": (compute_problems,),
    "datastore": (_absolute, _database),
    "environment": (environment_problems, _paths("conda_file", "build.path")),
    "component": (
        component_problems,
        _environments,
        inner_environment_problems,
        _paths("code", "environment.conda_file", "environment.build.path", "task.code"),
    ),
    "job": (
        pipeline_problems,
        sweep_problems,
        _port_names,
        _expressions,
        _environments,
        inner_environment_problems,
        _paths(
            "code",
            "inputs.*.path",
            "outputs.*.path",
            "environment.conda_file",
            "environment.build.path",
        ),
    ),
    "schedule": (schedule_problems,),
    "online_endpoint": (_shares,),
    "online_deployment": (
        _served,
        follow_problems,
        _environments,
        inner_environment_problems,
        _models,
        _paths(
            "model.path",
            "code_configuration.code",
            "request_schema",
            "environment.conda_file",
            "environment.build.path",
        ),
    ),
    "batch_endpoint": (),
    "batch_deployment": (
        _batch,
        _environments,
        inner_environment_problems,
        _models,
        _paths(
            "model.path",
            "code_configuration.code",
            "environment.conda_file",
            "environment.build.path",
        ),
    ),
}
"""The rules of each kind."""
