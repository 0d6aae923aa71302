"""From an invocation of a batch deployment to the pipeline job that does it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec, ScoringTask
from zaffre.kinds.graph import level_of
from zaffre.kinds.invocation import Invocation
from zaffre.kinds.job_ports import JobInput
from zaffre.kinds.near import listed
from zaffre.kinds.resource import Json, Key
from zaffre.kinds.scoring_settings import PREDICTIONS, ScoringSettings
from zaffre.kinds.step import LITERALS

STEP = "batchscoring"
OUTPUT = "score"
ENDPOINT_TAG = "batch_endpoint"
DEPLOYMENT_TAG = "batch_deployment"
TREES = "azureml://trees/"

_DEFAULTS: dict[str, Json] = {
    "mini_batch_size": 10,
    "max_concurrency_per_instance": 1,
    "output_action": "append_row",
    "output_file_name": PREDICTIONS,
    "retry_settings": {"max_retries": 3, "timeout": 30},
    "error_threshold": -1,
}


def scoring_job(
    deployment: Key, spec: ModelBatchDeploymentSpec, task: ScoringTask, asked: Invocation
) -> dict[str, Json]:
    """Give the job that scores data with a model deployment.

    Raises:
        Invalid: there is not exactly one input, or another output than `score` is named.
    """
    problems = [*_input_problems(asked), *_output_problems(asked)]
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].hint, problems=tuple(problems))
    data = _dumped(next(iter(_given(asked).values())))
    inputs = {"input": data}
    if task.model_tree:
        inputs["model"] = {"type": "custom_model", "path": f"{TREES}{task.model_tree}"}
    output = asked.outputs.get(OUTPUT)
    return {
        **about(deployment, asked),
        "compute": asked.compute or spec.compute,
        "inputs": inputs,
        # Files are written into the output whatever type is asked for: it is a folder.
        "outputs": {OUTPUT: {**(_dumped(output) if output else {}), "type": "uri_folder"}},
        "jobs": {STEP: parallel_step(task, settings_of(spec, asked))},
    }


def parallel_step(task: ScoringTask, settings: Mapping[str, Json]) -> dict[str, Json]:
    """Give the step that calls the script, or the model alone, for each mini-batch of files."""
    appends = settings["output_action"] == "append_row"
    ports = ["input", *(["model"] if task.model_tree else [])]
    variables = {"AZUREML_BI_OUTPUT_PATH": f"${{{{outputs.{OUTPUT}}}}}"}
    if task.model_tree:
        variables["AZUREML_MODEL_DIR"] = "${{inputs.model}}"
    runner: dict[str, Json] = {
        "type": "run_function" if task.script else "model",
        "code": f"{TREES}{task.code_tree}" if task.code_tree else None,
        "entry_script": task.script,
        "environment": task.environment,
        "append_row_to": f"${{{{outputs.{OUTPUT}}}}}" if appends else None,
        "append_row_file_name": settings["output_file_name"] if appends else None,
    }
    return {
        "type": "parallel",
        "task": {name: value for name, value in runner.items() if value is not None},
        "inputs": {name: f"${{{{parent.inputs.{name}}}}}" for name in ports},
        "outputs": {OUTPUT: f"${{{{parent.outputs.{OUTPUT}}}}}"},
        "input_data": "${{inputs.input}}",
        "environment_variables": {**variables, **settings.get("environment_variables", {})},
        "resources": {"instance_count": settings.get("instance_count", 1)},
        "is_deterministic": False,
        "mini_batch_size": str(settings["mini_batch_size"]),
        **{name: settings[name] for name in _SAID if name in settings},
    }


_SAID = ("max_concurrency_per_instance", "retry_settings", "error_threshold", "logging_level")


def settings_of(spec: ModelBatchDeploymentSpec, asked: Invocation) -> dict[str, Json]:
    """Give the settings that hold: defaults, the deployment's, and the invocation's over them."""
    found = dict(_DEFAULTS)
    for layer in (spec, spec.settings, asked):
        if layer is None:
            continue
        resources = getattr(layer, "resources", None)
        if resources is not None and "instance_count" in resources.model_fields_set:
            found["instance_count"] = resources.instance_count
        for name in ScoringSettings.model_fields:
            value = getattr(layer, name)
            if value is None:
                continue
            said = _dumped(value) if name == "retry_settings" else value
            known = found.get(name)
            found[name] = {**known, **said} if isinstance(known, dict) else said
    return found


def pipeline_job(
    deployment: Key, template: Mapping[str, Json], settings: Mapping[str, Json], asked: Invocation
) -> dict[str, Json]:
    """Give the job that a pipeline deployment becomes; `settings` are the deployment's own.

    Raises:
        Invalid: it is not clear which input the data is for.
    """
    given = dict(asked.inputs)
    if asked.input is not None:
        given[_only_data_input(template)] = asked.input
    found: dict[str, Json] = {**template, **about(deployment, asked)}
    found["inputs"] = {**template.get("inputs", {}), **_all_dumped(given)}
    found["outputs"] = {**template.get("outputs", {}), **_all_dumped(asked.outputs)}
    found["settings"] = {**template.get("settings", {}), **settings, **asked.settings}
    if asked.compute:
        found["compute"] = asked.compute
    return found


def _only_data_input(template: Mapping[str, Json]) -> str:
    level = level_of(template)
    declared = level.declared or level.values
    names = [
        name
        for name, one in declared.items()
        if isinstance(one, dict) and one.get("type") not in LITERALS
    ]
    if len(names) != 1:
        raise Invalid(
            f"The deployment has {len(names) or 'no'} inputs of data.",
            hint=f"Name the input: it has {listed(sorted(declared))}."
            if declared
            else "It takes no input at all.",
        )
    return names[0]


def _given(asked: Invocation) -> dict[str, JobInput]:
    found = {name: one for name, one in asked.inputs.items() if isinstance(one, JobInput)}
    return {**found, **({"input": asked.input} if isinstance(asked.input, JobInput) else {})}


def _input_problems(asked: Invocation) -> list[Problem]:
    names = {**asked.inputs, **({"input": asked.input} if asked.input is not None else {})}
    hint = "A model deployment takes one file, folder or table, and nothing else."
    found = [
        Problem(f"`{name}` is no data.", Place(field=f"inputs.{name}"), hint)
        for name, one in names.items()
        if not isinstance(one, JobInput)
    ]
    data = _given(asked)
    if not data:
        message = "There is nothing to score."
        found.append(Problem(message, Place(field="inputs"), "Give the data: `--input PATH`."))
    if len(data) > 1:
        message = f"There are {len(data)} inputs: {listed(list(data))}."
        found.append(Problem(message, Place(field="inputs"), hint))
    return found


def _output_problems(asked: Invocation) -> list[Problem]:
    return [
        Problem(
            f"There is no output `{name}`.",
            Place(field=f"outputs.{name}"),
            f"A model deployment has the output `{OUTPUT}`.",
        )
        for name in asked.outputs
        if name != OUTPUT
    ]


def about(deployment: Key, asked: Invocation) -> dict[str, Json]:
    """Give what is said of the job itself."""
    return {
        "type": "pipeline",
        "experiment_name": asked.experiment_name or deployment.parent,
        "display_name": asked.display_name or f"{deployment.parent} {deployment.name}",
        **({"description": asked.description} if asked.description else {}),
        "tags": {
            **asked.tags,
            ENDPOINT_TAG: deployment.parent,
            DEPLOYMENT_TAG: deployment.name,
        },
        "properties": asked.properties,
    }


def _all_dumped(ports: Mapping[str, Json]) -> dict[str, Json]:
    return {name: _dumped(one) for name, one in ports.items()}


def _dumped(value: Json) -> Json:
    dump = getattr(value, "model_dump", None)
    return dump(mode="json", exclude_unset=True) if dump else value
