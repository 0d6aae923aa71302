"""Make an order of what the job was told: its variables, and what the server says of places."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaffre.runtime.tables.order import Refused

VARIABLE = "ZAFFRE_TABLES"
LOADING = "zaffre_model.json"
_TRIES = 8
_SECONDS = 30
_SERVER_FAULT = 500
_PRIVATE = ("ZAFFRE_TABLES", "ZAFFRE_PYTHON")


def order_of(variables: Mapping[str, str], python: str, here: Path) -> dict[str, Any]:
    """Give the order of this job.

    Raises:
        Refused: the server does not say where the tables are.
    """
    asked = json.loads(variables[VARIABLE])
    told = _told(asked, variables)
    for port in ("input", "output"):
        asked[port]["address"] = _address(asked[port]["address"], told.get(port), variables, port)
    job = variables["AZUREML_ROOT_RUN_ID"]
    script = asked.pop("script")
    size = asked.pop("mini_batch_size")
    return {
        "run": job,
        **asked,
        "job": job,
        "model": {**_model(variables, script, here), "mini_batch_size": size},
        "python": python,
        "environment": {name: value for name, value in variables.items() if name not in _PRIVATE},
    }


def _address(
    asked: dict[str, Any], told: dict[str, Any] | None, variables: Mapping[str, str], port: str
) -> dict[str, Any]:
    if "port" in asked:
        group = "INPUT" if port == "input" else "OUTPUT"
        return {"url": variables[f"AZUREML_{group}_{asked['port']}"], "format": asked["format"]}
    return {**(told or {}), "format": asked["format"]}


def _model(variables: Mapping[str, str], script: str | None, here: Path) -> dict[str, Any]:
    if script:
        return {"script": str(here / script)}
    folder = Path(variables["AZUREML_MODEL_DIR"])
    spec = json.loads((folder / LOADING).read_text(encoding="utf-8"))
    for name in ("mlflow_model", "model_file"):
        if name in spec:
            spec[name] = str(folder / spec[name])
    return dict(spec)


def _told(asked: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Ask the server where the tables are, and what opens them."""
    if not any("datastore" in asked[port]["address"] for port in ("input", "output")):
        return {}
    base = f"{variables['ZAFFRE_URL']}/api/v1/workspaces/{variables['ZAFFRE_WORKSPACE']}"
    request = urllib.request.Request(  # noqa: S310 (the address of the job's own server)
        f"{base}/jobs/{variables['ZAFFRE_JOB_ID']}/tables",
        method="POST",
        headers={"Authorization": f"Bearer {variables['ZAFFRE_TOKEN']}"},
    )
    reason = ""
    for attempt in range(_TRIES):
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            if error.code < _SERVER_FAULT:
                raise Refused(_detail(error)) from None
            reason = f"it answered {error.code}"
        except OSError as error:
            reason = str(getattr(error, "reason", error))
        time.sleep(min(0.2 * 2**attempt, 10))
    raise Refused(f"The server does not say where the tables are: {reason}.")


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError):
        return f"The server does not say where the tables are: it answered {error.code}."
