"""The variables that a job's command finds in its environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class JobFacts:
    """What the variables are made of; `inputs` and `outputs` are paths or texts, by name."""

    workspace: str
    job: str
    url: str
    token: str
    experiment_id: str
    experiment_name: str
    display_name: str = ""
    parent: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    virtual_environment: str = ""
    devices: Sequence[str] | None = None


def job_environment(facts: JobFacts) -> dict[str, str]:
    """Give the variables of a job: those of MLflow, of Azure ML, and our own."""
    return _mlflow(facts) | _azureml(facts) | _own(facts) | _ports(facts) | _devices(facts.devices)


def tracking_url(url: str, workspace: str) -> str:
    """Give the address that MLflow clients of a workspace use."""
    return url if workspace == "default" else f"{url}/workspaces/{workspace}"


def _mlflow(facts: JobFacts) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": tracking_url(facts.url, facts.workspace),
        "MLFLOW_TRACKING_TOKEN": facts.token,
        "MLFLOW_RUN_ID": facts.job,
        "MLFLOW_EXPERIMENT_ID": facts.experiment_id,
        "MLFLOW_EXPERIMENT_NAME": facts.experiment_name,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def _azureml(facts: JobFacts) -> dict[str, str]:
    return {
        "AZUREML_RUN_ID": facts.job,
        "AZUREML_ROOT_RUN_ID": facts.parent or facts.job,
        "AZUREML_RUN_DISPLAY_NAME": facts.display_name or facts.job,
        "AZUREML_EXPERIMENT_NAME": facts.experiment_name,
        "AZUREML_EXPERIMENT_ID": facts.experiment_id,
        "AZUREML_WORKSPACE_ID": facts.workspace,
        "AZUREML_ARM_SUBSCRIPTION": _SUBSCRIPTION,
        "AZUREML_ARM_RESOURCEGROUP": "zaffre",
        "AZUREML_ARM_WORKSPACE_NAME": facts.workspace,
        "AZUREML_ARM_PROJECT_NAME": facts.experiment_name,
    }


def _own(facts: JobFacts) -> dict[str, str]:
    found = {
        "ZAFFRE_URL": facts.url,
        "ZAFFRE_TOKEN": facts.token,
        "ZAFFRE_WORKSPACE": facts.workspace,
        "ZAFFRE_JOB_ID": facts.job,
    }
    if facts.virtual_environment:
        found["VIRTUAL_ENV"] = facts.virtual_environment
    return found


def _ports(facts: JobFacts) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in facts.inputs.items():
        found[f"AZUREML_INPUT_{name}"] = value
        found[f"AZUREML_DATAREFERENCE_{name}"] = value
    for name, value in facts.outputs.items():
        found[f"AZUREML_OUTPUT_{name}"] = value
        found.setdefault(f"AZUREML_DATAREFERENCE_{name}", value)
    return found


def _devices(devices: Sequence[str] | None) -> dict[str, str]:
    """Show a job its own GPUs only, numbered as the driver does."""
    if devices is None:
        return {}
    return {"CUDA_VISIBLE_DEVICES": ",".join(devices), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
