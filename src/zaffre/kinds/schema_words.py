"""What `$schema` says: which kind, and which type of it, a document is meant to be."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\b([A-Za-z0-9_]+)\.schema\.json$", re.ASCII)

KINDS: dict[str, tuple[str, str]] = {
    "commandJob": ("job", "command"),
    "sweepJob": ("job", "sweep"),
    "pipelineJob": ("job", "pipeline"),
    "parallelJob": ("job", "parallel"),
    "sparkJob": ("job", "spark"),
    "autoMLJob": ("job", "automl"),
    "autoMLClassificationJob": ("job", "automl"),
    "data": ("data", ""),
    "model": ("model", ""),
    "environment": ("environment", ""),
    "workspace": ("workspace", ""),
    "managedOnlineEndpoint": ("online_endpoint", ""),
    "kubernetesOnlineEndpoint": ("online_endpoint", ""),
    "managedOnlineDeployment": ("online_deployment", "managed"),
    "kubernetesOnlineDeployment": ("online_deployment", "kubernetes"),
    "amlCompute": ("compute", "amlcompute"),
    "computeInstance": ("compute", "computeinstance"),
    "kubernetesCompute": ("compute", "kubernetes"),
    "vmCompute": ("compute", "virtualmachine"),
    "synapseSparkCompute": ("compute", "synapsespark"),
    "azureBlob": ("datastore", "azure_blob"),
    "azureFile": ("datastore", "azure_file"),
    "azureDataLakeGen1": ("datastore", "azure_data_lake_gen1"),
    "azureDataLakeGen2": ("datastore", "azure_data_lake_gen2"),
    "oneLake": ("datastore", "one_lake"),
    "commandComponent": ("component", "command"),
    "pipelineComponent": ("component", "pipeline"),
    "parallelComponent": ("component", "parallel"),
    "sparkComponent": ("component", ""),
    "schedule": ("schedule", ""),
    "batchEndpoint": ("batch_endpoint", ""),
    "batchDeployment": ("batch_deployment", "model"),
    "modelBatchDeployment": ("batch_deployment", "model"),
    "pipelineComponentBatchDeployment": ("batch_deployment", "pipeline"),
}
"""The kind and the type that each word stands for."""


def stands_for(address: object) -> tuple[str, str]:
    """Give the kind and the type that a `$schema` stands for, or two empty texts."""
    found = _ADDRESS.search(address) if isinstance(address, str) else None
    return KINDS.get(found.group(1), ("", "")) if found else ("", "")
