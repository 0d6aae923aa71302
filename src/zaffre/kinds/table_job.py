"""From an invocation with tables to the pipeline job that scores them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec, ScoringTask
from zaffre.kinds.invocation import Invocation
from zaffre.kinds.near import listed
from zaffre.kinds.reference import said_model
from zaffre.kinds.resource import Json, Key
from zaffre.kinds.scoring_job import OUTPUT, STEP, TREES, about, settings_of
from zaffre.kinds.table_ports import TableInput, TableOutput

VARIABLE = "ZAFFRE_TABLES"
"""The variable that holds the order of a table job. There are no credentials in it."""
ROWS = "rows"
CHECK = "check"
"""The step of a job that only sees whether tables are there."""
HERE: dict[str, Json] = {"python": "current"}
COMMAND = '"$ZAFFRE_PYTHON" -I -m zaffre.runtime.tables'
_ENDS = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl"}


@dataclass(frozen=True)
class Reach:
    """How the job gets to a table: by files that the launcher lays out, or over a network.

    `data` is the port of the job in the first case. In the second, `datastore` names what the job
    asks the server for when it runs.
    """

    format: str
    data: Mapping[str, Json] | None = None
    datastore: str = ""
    path: str = ""


def is_of_tables(asked: Invocation) -> bool:
    """Say whether an invocation is about tables."""
    ports = [asked.input, *asked.inputs.values(), *asked.outputs.values()]
    return any(isinstance(one, (TableInput, TableOutput)) for one in ports)


def ports_of(asked: Invocation) -> tuple[TableInput, str, TableOutput]:
    """Give the table to score, the name of the output, and the table that gets predictions.

    Raises:
        Invalid: there is not one of each.
    """
    given = {**asked.inputs, **({"input": asked.input} if asked.input is not None else {})}
    tables = [one for one in given.values() if isinstance(one, TableInput)]
    if len(given) != 1 or len(tables) != 1:
        hint = "Give one input of `type: table`, with the `path` of the rows, and nothing else."
        raise _wrong("inputs", f"There are {len(given) or 'no'} inputs.", hint)
    if len(asked.outputs) > 1:
        raise _wrong("outputs", "There are several outputs.", "Rows are scored into one table.")
    for name, wanted in asked.outputs.items():
        if isinstance(wanted, TableOutput):
            return tables[0], name, wanted
        return tables[0], name, TableOutput(path=wanted.path)
    return tables[0], OUTPUT, TableOutput()


def _wrong(field: str, message: str, hint: str) -> Invalid:
    return Invalid(message, hint=hint, problems=(Problem(message, Place(field=field), hint),))


def check(given: TableInput, source: Reach, name: str, wanted: TableOutput, sink: Reach) -> None:
    """Refuse what does not go together, all at once.

    Raises:
        Invalid: with one problem for each thing that is wrong.
    """
    found = [*_input_problems(given, source), *_output_problems(name, wanted, sink)]
    if wanted.mode == "upsert" and not given.key:
        text = "`mode: upsert` needs the column that names a row."
        found.append(Problem(text, Place(field="inputs"), "Give the input's `key`."))
    if found:
        raise Invalid(found[0].message, hint=found[0].hint, problems=tuple(found))


def _input_problems(given: TableInput, source: Reach) -> list[Problem]:
    place = Place(field="inputs")
    if source.format != "sql":
        said = [name for name in ("table", "query") if getattr(given, name)]
        text = f"The input is made of files and has no {listed(said)}."
        return [Problem(text, place, "Leave it out.")] if said else []
    found = []
    if bool(given.table) == bool(given.query):
        text = "The input is a database: it needs a `table` or a `query`."
        found.append(Problem(text, place, "Give one of the two."))
    if not given.key:
        text = "The input is a database: it needs a `key`."
        found.append(Problem(text, place, "Name the column to split and resume by."))
    return found


def _output_problems(name: str, wanted: TableOutput, sink: Reach) -> list[Problem]:
    place = Place(field=f"outputs.{name}")
    if sink.format == "sql":
        text = "The output is a database: it needs a `table`."
        return [] if wanted.table else [Problem(text, place, "A new one is made.")]
    found = []
    if wanted.table:
        found.append(Problem("The output is made of files and has no table.", place, None))
    if wanted.mode == "upsert" and sink.format != "delta":
        hint = "Write to a database or to Delta, or append."
        found.append(Problem("Files cannot be upserted.", place, hint))
    return found


def format_of(said: str | None, path: str, default: str = "parquet") -> str:
    """Give the format of files: the one said, else what the path ends with."""
    return said or _ENDS.get(path.rpartition(".")[2].lower(), default)


def table_job(
    deployment: Key,
    spec: ModelBatchDeploymentSpec,
    task: ScoringTask,
    asked: Invocation,
    reached: tuple[Reach, Reach],
) -> dict[str, Json]:
    """Give the job that scores a table with a model deployment.

    Raises:
        Invalid: something in it does not go together.
    """
    given, name, wanted = ports_of(asked)
    source, sink = reached
    check(given, source, name, wanted, sink)
    settings = settings_of(spec, asked)
    inputs = dict((source.data and {ROWS: dict(source.data)}) or {})
    if task.model_tree:
        inputs["model"] = {"type": "custom_model", "path": f"{TREES}{task.model_tree}"}
    outputs = {name: dict(sink.data)} if sink.data is not None else {}
    order = {
        "stream": f"{deployment.workspace}/{deployment.parent}/{deployment.name}",
        "model_version": said_model(task.model_reference),
        "input": {"address": _address(source, ROWS), **_said(given, _GIVEN)},
        "output": {"address": _address(sink, name), **_said(wanted, _WANTED)},
        "script": task.script,
        "mini_batch_size": _mini_batch(spec, asked),
        "processes": settings["max_concurrency_per_instance"] * settings.get("instance_count", 1),
        "error_threshold": settings["error_threshold"],
        **({"check_only": True} if asked.check_only else {}),
    }
    return {
        **about(deployment, asked),
        "compute": asked.compute or spec.compute,
        "inputs": inputs,
        "outputs": outputs,
        "jobs": {
            CHECK if asked.check_only else STEP: _step(task, order, inputs, outputs, settings)
        },
    }


_GIVEN = ("table", "query", "key", "watermark", "features", "keep")
_WANTED = ("table", "mode", "rejects")


def _address(reach: Reach, port: str) -> dict[str, Json]:
    if reach.data is not None:
        return {"port": port, "format": reach.format}
    return {"datastore": reach.datastore, "path": reach.path, "format": reach.format}


def _said(port: TableInput | TableOutput, names: tuple[str, ...]) -> dict[str, Json]:
    found = {name: getattr(port, name) for name in names}
    return {name: value for name, value in found.items() if value}


def _mini_batch(spec: ModelBatchDeploymentSpec, asked: Invocation) -> int:
    """Give the rows of one `run()`: what is said, else 0, which is a whole chunk."""
    layers = (asked, spec.settings, spec)
    return next((one.mini_batch_size for one in layers if one and one.mini_batch_size), 0)


def _step(
    task: ScoringTask,
    order: Mapping[str, Json],
    inputs: Mapping[str, Json],
    outputs: Mapping[str, Json],
    settings: Mapping[str, Json],
) -> dict[str, Json]:
    variables = dict(settings.get("environment_variables", {}))
    if task.model_tree:
        variables["AZUREML_MODEL_DIR"] = "${{inputs.model}}"
    step: dict[str, Json] = {
        "type": "command",
        "command": COMMAND,
        # Looking at tables needs nothing of the model's: it waits for no build.
        "environment": HERE if order.get("check_only") else task.environment,
        "inputs": {name: f"${{{{parent.inputs.{name}}}}}" for name in inputs},
        "outputs": {name: f"${{{{parent.outputs.{name}}}}}" for name in outputs},
        "environment_variables": {**variables, VARIABLE: json.dumps(order, sort_keys=True)},
        "is_deterministic": False,
    }
    if task.code_tree:
        step["code"] = f"{TREES}{task.code_tree}"
    return step


def resumed(document: Mapping[str, Json], run: str) -> dict[str, Json]:
    """Give the job that goes on where an earlier one stopped.

    Raises:
        Invalid: it was no table job, or kept its output with itself.
    """
    step = (document.get("jobs") or {}).get(STEP) or {}
    text = (step.get("environment_variables") or {}).get(VARIABLE)
    if text is None:
        hint = "Only jobs that scored tables can be: name one of `batch-endpoint list-jobs`."
        raise _wrong("resume", f"Job `{run}` cannot be resumed.", hint)
    order = json.loads(text)
    address = order["output"]["address"]
    port = (document.get("outputs") or {}).get(address.get("port")) or {}
    if "port" in address and not port.get("path"):
        hint = "Give the output a `path` in a datastore, and start anew."
        raise _wrong("resume", f"Job `{run}` kept its predictions with itself.", hint)
    order.setdefault("run", run)
    variables = {**step["environment_variables"], VARIABLE: json.dumps(order, sort_keys=True)}
    jobs = {STEP: {**step, "environment_variables": variables}}
    kept = {name: value for name, value in document.items() if name not in _OF_ONE_JOB}
    return {**kept, "jobs": jobs}


_OF_ONE_JOB = ("name", "parent_job_name")


def datastores_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the datastores that a job reaches over a network, by `input` and `output`."""
    if VARIABLE not in variables:
        return {}
    order = json.loads(variables[VARIABLE])
    found = {port: order[port]["address"].get("datastore") for port in ("input", "output")}
    return {port: name for port, name in found.items() if name}
