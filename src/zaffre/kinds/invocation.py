"""What a batch endpoint is asked: data, parameters, places, and settings over the deployment's."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, JsonValue, ValidationError

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.document import Document
from zaffre.kinds.explaining import Reader
from zaffre.kinds.job_settings import JobResources
from zaffre.kinds.resource import Json
from zaffre.kinds.scoring_settings import ScoringSettings
from zaffre.kinds.step import LITERALS
from zaffre.kinds.table_ports import RowsOrInput, RowsOrOutput
from zaffre.kinds.written import as_written


class Invocation(ScoringSettings):
    """One invocation. Fields of the settings are said over those of the deployment."""

    name: str | None = Field(default=None, title="Name", description="Name of the job.")
    deployment_name: str | None = Field(
        default=None, title="Deployment", description="Deployment; else the endpoint's default."
    )
    input: RowsOrInput | None = Field(
        default=None, title="Input", description="The data, where there is one input only."
    )
    inputs: dict[str, RowsOrInput] = Field(
        default_factory=dict, title="Inputs", description="Data and literals, by name."
    )
    outputs: dict[str, RowsOrOutput] = Field(
        default_factory=dict, title="Outputs", description="Where outputs go, by name."
    )
    settings: dict[str, JsonValue] = Field(
        default_factory=dict, title="Settings", description="Of a pipeline deployment's job."
    )
    resume: str | None = Field(
        default=None,
        title="Resume",
        description="Job of tables that did not come to its end: go on where it stopped.",
    )
    check_only: bool = Field(
        default=False,
        title="Check only",
        description="Of tables: see that what is named is there and fits; score nothing.",
    )
    compute: str | None = Field(default=None, title="Compute", description="Where the job runs.")
    resources: JobResources | None = Field(
        default=None, title="Resources", description="How many instances score at a time."
    )
    experiment_name: str | None = Field(
        default=None, title="Experiment", description="By default the endpoint's name."
    )
    display_name: str | None = Field(
        default=None, title="Display name", description="Name of the job shown to people."
    )
    description: str | None = Field(default=None, title="Description", description="Free text.")
    tags: dict[str, str] = Field(default_factory=dict, title="Tags", description="Labels.")
    properties: dict[str, str] = Field(
        default_factory=dict, title="Properties", description="Facts that tools record."
    )


def read(body: Json) -> Invocation:
    """Read an invocation: ours, or the form of Azure's REST interface.

    Raises:
        Invalid: it is written wrong; all of it is listed.
    """
    if isinstance(body, dict) and _is_azure(body):
        body = _of_azure(body["properties"])
    return check(Document(body))


def check(document: Document) -> Invocation:
    """Give the invocation that a document is.

    Raises:
        Invalid: it is written wrong; all of it is listed, each thing with its place.
    """
    if not isinstance(document.data, dict):
        raise Invalid("An invocation is a mapping.", hint="Write `inputs:` with the data below.")
    document = document.with_data(_with_literals(document.data))
    try:
        return Invocation.model_validate(as_written(Invocation, document))
    except ValidationError as error:
        problems = tuple(Reader(Invocation, document).explain(error))
        raise Invalid(
            problems[0].message if len(problems) == 1 else _WRONG.format(len(problems)),
            hint=problems[0].hint if len(problems) == 1 else None,
            problems=problems,
        ) from None


def _with_literals(data: dict[str, Json]) -> dict[str, Json]:
    """Give a document in which a literal may be written as Azure does: its type and `default`."""
    inputs = data.get("inputs")
    if not isinstance(inputs, dict):
        return data
    return {**data, "inputs": {name: _literal(value) for name, value in inputs.items()}}


def _literal(value: Json) -> Json:
    is_one = isinstance(value, dict) and value.get("type") in LITERALS and "path" not in value
    return value.get("default") if is_one else value


_WRONG = "This is no valid invocation: {} things are wrong."
_NAMES = {"InputData": "inputs", "OutputData": "outputs", "ExperimentName": "experiment_name"}
_TYPES = {"UriFile": "uri_file", "UriFolder": "uri_folder", "MLTable": "mltable"}


def _is_azure(body: Mapping[str, Json]) -> bool:
    properties = body.get("properties")
    return isinstance(properties, dict) and any(name in properties for name in _NAMES)


def _of_azure(properties: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in properties.items():
        word = _NAMES.get(name)
        if word is None:
            place = Place(field=f"properties.{name}")
            message = f"`properties.{name}` is not understood."
            raise Invalid(message, problems=(Problem(message, place),))
        if word == "experiment_name":
            found[word] = value
        else:
            found[word] = {key: _port(one) for key, one in (value or {}).items()}
    return found


def _port(value: Json) -> Json:
    """Give an input or output of Azure's REST interface as documents write it."""
    if not isinstance(value, dict):
        return value
    kind = value.get("JobInputType") or value.get("JobOutputType")
    if kind == "Literal":
        return value.get("Value")
    return {
        "type": _TYPES.get(str(kind), kind or "uri_folder"),
        "path": value.get("Uri"),
    }
