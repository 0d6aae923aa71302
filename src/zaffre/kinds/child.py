"""From a step of a pipeline to the job that does it, once what it needs is known. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from zaffre.kinds.bindings import binding, filled
from zaffre.kinds.control import PARALLEL_FOR
from zaffre.kinds.fan_out import GATHERS, Items, fan_out
from zaffre.kinds.graph import Level, Node, mapping
from zaffre.kinds.parallel import HAD_TRIES, SCOPE, command_of
from zaffre.kinds.progress import forced
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import Data, FromParent, FromStep, Source, Value
from zaffre.kinds.step import LITERALS

STEP_PROPERTY = "zaffre.step"
RESUMES = "zaffre.resumes"
"""The property of a job that names the one that it goes on from."""

_PLAIN = re.compile(r"[A-Za-z0-9_]+\Z")
_LONGEST = 120
_OPTIONAL = re.compile(r"\$\[\[((?:(?!\$\[\[|\]\]).)*)\]\]", re.DOTALL)
_INPUT = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")
_DATASTORE = re.compile(r"\$\{\{\s*default_datastore\s*\}\}")


@dataclass(frozen=True)
class Around:
    """What a step gets from its pipeline: names, and the jobs that did the steps before it.

    `values` are outputs of these that are literals; `items` those of a fan-out.
    """

    pipeline: str
    experiment: str | None
    jobs: Mapping[str, str]
    values: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    items: Items = field(default_factory=dict)


def child_name(pipeline: str, step: str, attempt: int = 1, iteration: int | None = None) -> str:
    """Give the name of the job that a step becomes; the same each time it is asked for."""
    tail = f"-i{iteration}" if iteration else ""
    tail += f"-{attempt}" if attempt > 1 else ""
    if _PLAIN.match(step) and len(pipeline) + len(step) < _LONGEST:
        return f"{pipeline}-{step}{tail}"
    digest = hashlib.sha256(f"{pipeline}/{step}".encode()).hexdigest()[:20]
    return f"{pipeline[:80].rstrip('-')}-{digest}{tail}"


def tries_of(node: Node, exit_code: int | None) -> int:
    """Say how often a step may be tried again that ended with this exit code."""
    tried = node.type == "command" or (node.type == "parallel" and exit_code != HAD_TRIES)
    retry = mapping(node.step, "retry_settings") or mapping(node.body, "retry_settings")
    return int(retry.get("max_retries") or 0) if tried else 0


def child_document(level: Level, node: Node, around: Around) -> dict[str, Json]:
    """Give the document of the job that a step becomes."""
    inputs = {
        name: value
        for name, source in node.inputs.items()
        if (value := _input(level, node, name, source, around)) is not None
    }
    common = {
        "type": node.type,
        "inputs": inputs,
        "outputs": {name: _output(level, node, name, around) for name in node.output_names},
        "experiment_name": around.experiment,
        "parent_job_name": around.pipeline,
        "display_name": node.step.get("display_name") or node.name,
        "compute": _compute(level, node),
        "tags": node.step.get("tags") or {},
        "properties": {
            **_properties(node),
            **_scope(level, node, around),
            **(node.step.get("properties") or {}),
        },
    }
    if node.type == PARALLEL_FOR:
        own = _fan_out(level, node, inputs, around)
    else:
        own = _OWN.get(node.type, _command)(level, node, inputs)
    found = {name: value for name, value in {**common, **own}.items() if value is not None}
    return _filled(found, level)


def _filled(found: Mapping[str, Json], level: Level) -> dict[str, Json]:
    """Put in the pipeline's literals, not where steps inside mean those of their own pipeline."""
    literals = {name: value for name, value in level.values.items() if not isinstance(value, dict)}
    return {
        name: value if name in ("component", "jobs") else filled(value, literals)
        for name, value in found.items()
    }


def _properties(node: Node) -> dict[str, Json]:
    name = node.body.get("name") if not node.inline else None
    version = node.body.get("version") if not node.inline else None
    found = {
        STEP_PROPERTY: node.name,
        "zaffre.component": name,
        "zaffre.version": version,
        "azureml.moduleName": name or node.name,
    }
    return {key: str(value) for key, value in found.items() if value}


def _compute(level: Level, node: Node) -> Json:
    return (
        node.step.get("compute")
        or level.settings.get("default_compute")
        or level.document.get("compute")
    )


def _command(level: Level, node: Node, inputs: Mapping[str, Json]) -> dict[str, Json]:
    body, step = node.body, node.step
    limits = step.get("limits") or body.get("limits")
    retry = step.get("retry_settings") or {}
    if retry.get("timeout") and not limits:
        limits = {"timeout": retry["timeout"]}
    return {
        "command": settled(str(body.get("command") or ""), inputs),
        "code": body.get("code"),
        "environment": environment(level, node),
        "environment_variables": {
            **(body.get("environment_variables") or {}),
            **(step.get("environment_variables") or {}),
        },
        "resources": step.get("resources") or body.get("resources"),
        "distribution": step.get("distribution") or body.get("distribution"),
        "limits": limits,
        "queue_settings": step.get("queue_settings"),
    }


def environment(level: Level, node: Node) -> Json:
    """Give the environment that a step runs in."""
    return (
        node.step.get("environment")
        or node.body.get("environment")
        or level.settings.get("default_environment")
    )


def _pipeline(level: Level, node: Node, inputs: Mapping[str, Json]) -> dict[str, Json]:
    del inputs
    own = {**(node.body.get("settings") or {}), **(node.step.get("settings") or {})}
    settings = {**level.settings, **own}
    return {"component": node.body, "settings": settings, "compute": _compute(level, node)}


def _fan_out(
    level: Level, node: Node, inputs: Mapping[str, Json], around: Around
) -> dict[str, Json]:
    body = replace(node, step=_filled(node.step, level))
    return {
        **fan_out(body, inputs, around.items),
        "settings": dict(level.settings),
        "properties": {**_properties(node), GATHERS: "true"},
    }


def _sweep(level: Level, node: Node, inputs: Mapping[str, Json]) -> dict[str, Json]:
    del level, inputs
    fields = (
        "trial",
        "search_space",
        "sampling_algorithm",
        "objective",
        "early_termination",
        "limits",
        "resources",
        "queue_settings",
    )
    return {name: node.step[name] for name in fields if node.step.get(name) is not None}


def _parallel(level: Level, node: Node, inputs: Mapping[str, Json]) -> dict[str, Json]:
    place = environment(level, node)
    return command_of(node.step, node.body, inputs, node.output_names, place)


def _scope(level: Level, node: Node, around: Around) -> dict[str, str]:
    """Give whose finished mini-batches a step takes over, where not those of all equal ones."""
    parts = (node.step, node.body)
    fresh = forced(level) or any(one.get("is_deterministic") is False for one in parts)
    if node.type != "parallel" or not fresh:
        return {}
    earlier = mapping(level.document, "properties").get(RESUMES)
    return {SCOPE: f"{earlier or around.pipeline}/{node.name}"}


_OWN = {"parallel": _parallel, "command": _command, "pipeline": _pipeline, "sweep": _sweep}


def settled(text: str, inputs: Mapping[str, Json]) -> str:
    """Leave out each `$[[ ]]` with an input that is not set; of others, leave out the brackets."""

    def settle(found: re.Match[str]) -> str:
        inside = found.group(1)
        unset = any(name not in inputs for name in _INPUT.findall(inside))
        return "" if unset else inside

    return _OPTIONAL.sub(settle, text)


def _input(level: Level, node: Node, name: str, source: Source, around: Around) -> Json:
    declared = node.declared.get(name)
    wanted = declared if isinstance(declared, dict) else {}
    if isinstance(source, Value):
        return source.value
    if isinstance(source, Data):
        return _data(source.document, wanted)
    if isinstance(source, FromParent):
        value = level.values.get(source.name)
        if value is None and source.name in level.declared:
            return None
        if isinstance(value, dict):
            return _data({**value, **source.over}, wanted)
        return _as_data(value, wanted)
    if isinstance(source, FromStep):
        return _from_step(level, source, wanted, around)
    return None


def _from_step(level: Level, source: FromStep, wanted: Mapping[str, Json], around: Around) -> Json:
    if source.step in around.jobs:  # else it was skipped
        before = level.nodes[source.step]
        value = around.values.get(source.step, {}).get(source.output)
        if value is not None and not source.over and wanted.get("type") in (*LITERALS, None):
            return value
        made = level.output(before, source.output).get("type") or "uri_folder"
        path = f"azureml://jobs/{around.jobs[source.step]}/outputs/{source.output}"
        return _data({"type": wanted.get("type") or made, **source.over, "path": path}, wanted)
    return None


def _as_data(value: Json, wanted: Mapping[str, Json]) -> Json:
    if wanted.get("type") in (*LITERALS, None) or not isinstance(value, str):
        return value
    return _data({"path": value}, wanted)


def _data(document: Mapping[str, Json], wanted: Mapping[str, Json]) -> dict[str, Json]:
    kind = document.get("type") or wanted.get("type")
    found = {
        "type": None if kind in LITERALS else kind,
        "path": document.get("path"),
        "mode": document.get("mode") or wanted.get("mode"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _output(level: Level, node: Node, name: str, around: Around) -> dict[str, Json]:
    if node.control_type == PARALLEL_FOR:
        return {}
    found = level.output(node, name)
    promoted = level.places.get((node.name, name))
    if isinstance(found.get("path"), str):
        path = str(found["path"])
        above = level.outputs.get(promoted) if promoted else None
        if isinstance(above, dict) and above.get("path") == path and binding(path) is None:
            path = _NAME.sub(around.pipeline, path)
        store = str(level.settings.get("default_datastore") or "").removeprefix("azureml:")
        found["path"] = _DATASTORE.sub(store, path) if store else path
    if found.get("type") in LITERALS:
        found["type"] = "uri_file"
    return found
