"""Parallel steps become commands: a runner calls the user's script for each mini-batch. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence

from zaffre.kinds.resource import Json
from zaffre.kinds.step_identity import Facts, names_itself

_PORT = re.compile(r"\$\{\{\s*(inputs|outputs)\.([\w-]+)\s*\}\}")
_SAID = ("mini_batch_size", "error_threshold", "mini_batch_error_threshold", "logging_level")
VARIABLE = "ZAFFRE_PARALLEL"
"""The variable that tells the runner what to do."""
UNFINISHED = "ZAFFRE_UNFINISHED"
"""The variable with the folder where the runner keeps what is done for a later attempt."""
SCOPE = "zaffre.scope"
"""The property of a step that goes on only with what this pipeline, or the one before it, did."""
HAD_TRIES = 3
"""The runner's exit code where the script failed as often as it may."""

_RESUMES = "resumes_over"
_HOW = ("processes", "max_retries", "timeout", "error_threshold", "mini_batch_error_threshold")


def command_of(
    step: Mapping[str, Json],
    body: Mapping[str, Json],
    inputs: Mapping[str, Json],
    outputs: Sequence[str],
    environment: Json,
) -> dict[str, Json]:
    """Give the fields of the command job that a parallel step becomes."""

    def said(name: str) -> Json:
        return step.get(name) if step.get(name) is not None else body.get(name)

    task = said("task") or {}
    data = _port(said("input_data"))
    target = _port(task.get("append_row_to"))
    settings = _settings(said, task, inputs.get(data) if data else None)
    if data and target and set(outputs) == {target}:
        settings[_RESUMES] = data
    words = ["python -m zaffre_parallel"]
    words.append(f"${{{{inputs.{data}}}}}" if data else '""')
    words.append(f"${{{{outputs.{target}}}}}" if target else '""')
    words.append(str(task.get("program_arguments") or ""))
    return {
        "type": "command",
        "command": " ".join(words).strip(),
        "code": task.get("code"),
        "environment": step.get("environment") or task.get("environment") or environment,
        "environment_variables": {
            **(body.get("environment_variables") or {}),
            **(step.get("environment_variables") or {}),
            VARIABLE: json.dumps(settings, sort_keys=True),
        },
        "inputs": {
            # The runner reads the data itself: it must lie in a folder.
            name: {**value, "mode": "ro_mount"} if name == data and _direct(value) else value
            for name, value in inputs.items()
        },
    }


def attempt_key(document: Mapping[str, Json], facts: Facts) -> str | None:
    """Name what attempts of a parallel step share: equal ones give equal results.

    None where an attempt can take over nothing: it is no parallel step, it has other outputs than
    what `run()` returns, or it reads what may have changed. The data itself may: the runner
    compares each mini-batch.
    """
    variables = dict(document.get("environment_variables") or {})
    settings = _told(variables.pop(VARIABLE, ""))
    data = settings.get(_RESUMES)
    if data is None or names_itself(document):
        return None
    inputs = {
        name: facts.inputs.get(name) if isinstance(given, dict) else str(given)
        for name, given in (document.get("inputs") or {}).items()
        if name != data
    }
    if None in inputs.values():
        return None
    what = {name: value for name, value in settings.items() if name not in _HOW}
    scope = (document.get("properties") or {}).get(SCOPE)
    parts = [
        document.get("command"),
        facts.code,
        facts.environment,
        inputs,
        variables,
        what,
        scope,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _told(text: str) -> Mapping[str, Json]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _settings(
    said: Callable[[str], Json], task: Mapping[str, Json], data: Json
) -> dict[str, Json]:
    """Give what the runner must know."""
    retry, resources = said("retry_settings") or {}, said("resources") or {}
    instances = int(resources.get("instance_count") or 1)
    found = {
        # Without a script, the MLflow model at AZUREML_MODEL_DIR predicts.
        "script": task.get("entry_script") or "",
        "output_file": task.get("append_row_file_name"),
        "kind": data.get("type") if isinstance(data, dict) else None,
        "partition_keys": _keys(said("partition_keys")),
        "processes": instances * int(said("max_concurrency_per_instance") or 1),
        "max_retries": retry.get("max_retries"),
        "timeout": retry.get("timeout"),
        **{name: said(name) for name in _SAID},
    }
    return {name: value for name, value in found.items() if value is not None}


def _direct(value: Json) -> bool:
    return isinstance(value, dict) and value.get("mode") == "direct"


def _port(text: Json) -> str | None:
    found = _PORT.search(text) if isinstance(text, str) else None
    return found.group(2) if found else None


def _keys(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return [one.strip() for one in value.split(",") if one.strip()]
    return found if isinstance(found, list) else [str(found)]
