"""What a worker is started with: its command, its specification, its variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from zaffre.errors import Failed
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.processes import Order, Process, Record, environment, start
from zaffre.runtime.gateway.wire import MARKS
from zaffre.runtime.scoring import PROGRAM

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Place(NamedTuple):
    """Where workers are kept, and the gateway's own variables."""

    folder: Path
    environment: Mapping[str, str]


def launch(deployment: Deployment, place: Place) -> tuple[Record, Process]:
    """Start one worker of a deployment.

    Raises:
        OSError: its interpreter cannot be started.
        Failed: its MLflow model cannot be read.
    """
    name = f"{deployment.key[:12]}-{os.urandom(6).hex()}"
    marks = place.folder / f"{name}.marks"
    specification = specification_of(deployment, marks)
    marks.touch(mode=0o600)
    order = Order(
        name=name,
        key=deployment.key,
        id=deployment.id,
        command=(deployment.python, str(PROGRAM)),
        specification=specification,
        environment=environment_of(deployment, place.environment, name),
        log=Path(deployment.log or os.devnull),
    )
    os.truncate(marks, MARKS.size)
    return start(place.folder, order)


def specification_of(deployment: Deployment, marks: Path) -> dict[str, Any]:
    """Give what the worker reads: what to load, and how long `run` may take.

    Raises:
        Failed: the MLflow model cannot be read.
    """
    timeout = deployment.env.get("SCORING_TIMEOUT_MS", "")
    return {
        "code_dir": deployment.code_dir,
        "script": deployment.script,
        "model": deployment.model,
        "mlflow_model": deployment.mlflow_model,
        "flavor": deployment.flavor,
        "model_file": deployment.model_file,
        "acceleration": deployment.acceleration,
        "request_schema": deployment.request_schema,
        "mlmodel": _mlmodel(deployment.mlflow_model)
        if deployment.mlflow_model and not deployment.script
        else None,
        "timeout_ms": int(timeout) if timeout.isdecimal() else deployment.timeout_ms,
        "marks": str(marks),
    }


def environment_of(
    deployment: Deployment, of_gateway: Mapping[str, str], name: str
) -> dict[str, str]:
    """Give the worker's variables: the contract's, and the deployment's own over them."""
    ours = {"SCORING_TIMEOUT_MS": str(deployment.timeout_ms), "PYTHONUNBUFFERED": "1"}
    if deployment.most_workers > 1:
        share = max(1, (os.cpu_count() or 1) // deployment.most_workers)
        ours.update(dict.fromkeys(THREADS, str(share)))
    if deployment.model_dir:
        ours["AZUREML_MODEL_DIR"] = deployment.model_dir
    if deployment.code_dir:
        ours["AML_APP_ROOT"] = deployment.code_dir
    if deployment.script:
        ours["AZUREML_ENTRY_SCRIPT"] = deployment.script
    found = environment(of_gateway, {**ours, **deployment.env}, name)
    bin_folder = str(Path(deployment.python).parent)
    found["PATH"] = bin_folder + os.pathsep + found.get("PATH", os.defpath)
    return found


def _mlmodel(folder: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load((Path(folder) / "MLmodel").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Failed(f"The model's MLmodel file cannot be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("flavors"), dict):
        raise Failed("The model's MLmodel file names no flavors.")
    return {"flavors": document["flavors"], "signature": document.get("signature")}
