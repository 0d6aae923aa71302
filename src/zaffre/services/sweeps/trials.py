"""From the number of a trial to the job that is it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from zaffre.kinds.child import settled
from zaffre.kinds.resource import Json, Key
from zaffre.kinds.step import LITERALS, InlineComponent
from zaffre.kinds.sweep import SweepJobSpec
from zaffre.services.sweeps.sampling import flat

_SEARCHED = re.compile(r"\$\{\{\s*search_space\.([\w.-]+)\s*\}\}")
_FIELDS = ("code", "environment", "distribution", "resources")
TRIAL_PROPERTY = "zaffre.trial"
PARAMETERS_PROPERTY = "zaffre.parameters"


def trial_name(sweep: str, number: int) -> str:
    """Give the name of the job of a trial: always the same."""
    return f"{sweep}_{number}"


def trial_document(
    spec: SweepJobSpec, sweep: Key, number: int, params: Mapping[str, Json]
) -> dict[str, Any]:
    """Give the document of the job of a trial."""
    trial = cast("InlineComponent", spec.trial)
    body = trial.model_dump(mode="json", exclude_unset=True)
    inputs = _inputs(spec, body) | _searched(params)
    variables = body.get("environment_variables") or {}
    document = {
        "type": "command",
        "command": settled(_text(str(trial.command or "")), inputs),
        "environment_variables": {name: _text(str(text)) for name, text in variables.items()},
        "inputs": inputs,
        "outputs": _outputs(spec, body),
        "compute": spec.compute,
        "limits": _limits(spec, body),
        "experiment_name": spec.experiment_name,
        "display_name": f"{spec.display_name or sweep.name}_{number}",
        "parent_job_name": sweep.name,
        "tags": spec.tags,
        "properties": {
            **spec.properties,
            TRIAL_PROPERTY: str(number),
            PARAMETERS_PROPERTY: json.dumps(params),
        },
        **{name: body.get(name) for name in _FIELDS},
    }
    for field, part in (("resources", spec.resources), ("queue_settings", spec.queue_settings)):
        if part is not None:
            document[field] = part.model_dump(mode="json", exclude_unset=True)
    return {name: value for name, value in document.items() if value is not None}


def _text(text: str) -> str:
    """Let a parameter be an input: `${{search_space.x}}` becomes `${{inputs.x}}`."""
    return _SEARCHED.sub(lambda found: f"${{{{inputs.{_port(found.group(1))}}}}}", text)


def _port(name: str) -> str:
    return name.replace(".", "_")


def _searched(params: Mapping[str, Json]) -> dict[str, Json]:
    whole = {
        name: json.dumps(value) for name, value in params.items() if isinstance(value, dict | list)
    }
    found = {_port(name): value for name, value in flat(params).items()}
    return {name: _literal(value) for name, value in (found | whole).items()}


def _literal(value: Json) -> Json:
    return value if isinstance(value, bool | int | float | str) else json.dumps(value)


def _inputs(spec: SweepJobSpec, body: Mapping[str, Any]) -> dict[str, Json]:
    """Give what all trials share: what the sweep gives, and the defaults of the component."""
    declared = body.get("inputs") or {}
    given = spec.model_dump(mode="json", include={"inputs"}, exclude_unset=True).get("inputs", {})
    found: dict[str, Json] = {}
    for name in {**declared, **given}:
        wanted = declared.get(name) or {}
        value = given.get(name, wanted.get("default"))
        if value is None and wanted.get("path"):
            value = {"type": wanted["type"], "path": wanted["path"]}
        if isinstance(value, str) and wanted.get("type") not in (*LITERALS, None):
            value = {"type": wanted["type"], "path": value}
        if value is not None:
            found[name] = value
    return found


def _outputs(spec: SweepJobSpec, body: Mapping[str, Any]) -> dict[str, Json]:
    """Give the outputs of one trial: kept with it, for a path would be written by all."""
    found = {name: dict(one or {}) for name, one in (body.get("outputs") or {}).items()}
    for name, wanted in spec.outputs.items():
        found[name] = {**found.get(name, {}), **wanted.model_dump(mode="json", exclude_unset=True)}
    kept = ("type", "mode")
    return {
        name: {key: one[key] for key in kept if one.get(key) is not None}
        for name, one in found.items()
    }


def _limits(spec: SweepJobSpec, body: Mapping[str, Any]) -> dict[str, Json] | None:
    own = (body.get("limits") or {}).get("timeout")
    timeout = spec.limits.trial_timeout or own
    return {"timeout": timeout} if timeout else None
