"""The resources as Python objects. Their fields are those of the kinds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zaffre.ml.entities.assets import BuildContext, Data, Environment, Model
from zaffre.ml.entities.batch import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    PipelineComponentBatchDeployment,
)
from zaffre.ml.entities.deployment_parts import (
    CodeConfiguration,
    DataCollector,
    DefaultScaleSettings,
    DeploymentCollection,
    OnlineRequestSettings,
    ProbeSettings,
    RequestLogging,
    TargetUtilizationScaleSettings,
)
from zaffre.ml.entities.job_parts import (
    AmlTokenConfiguration,
    CommandJobLimits,
    JobResourceConfiguration,
    JobService,
    JupyterLabJobService,
    ManagedIdentityConfiguration,
    MpiDistribution,
    PipelineJobSettings,
    PyTorchDistribution,
    QueueSettings,
    RayDistribution,
    ResourceConfiguration,
    RetrySettings,
    SshJobService,
    TensorBoardJobService,
    TensorFlowDistribution,
    UserIdentityConfiguration,
    VsCodeJobService,
)
from zaffre.ml.entities.jobs import CommandJob, Job, PipelineJob
from zaffre.ml.entities.online import (
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    OnlineDeployment,
    OnlineEndpoint,
    PredictionView,
)
from zaffre.ml.entities.places import (
    AmlCompute,
    Compute,
    ComputeInstance,
    Datastore,
    LocalCompute,
    LocalDatastore,
    Workspace,
)
from zaffre.ml.entities.ports import Input, Output
from zaffre.ml.entities.schedules import (
    CronTrigger,
    DataTrigger,
    JobSchedule,
    RecurrencePattern,
    RecurrenceTrigger,
    Schedule,
)
from zaffre.ml.entities.steps import (
    CommandComponent,
    Component,
    ParallelComponent,
    PipelineComponent,
)
from zaffre.ml.entity import Entity
from zaffre.ml.fields import Keys

__all__ = [
    "AmlCompute",
    "AmlTokenConfiguration",
    "Asset",
    "BatchDeployment",
    "BatchEndpoint",
    "BatchRetrySettings",
    "BuildContext",
    "CodeConfiguration",
    "Command",
    "CommandComponent",
    "CommandJob",
    "CommandJobLimits",
    "Component",
    "Compute",
    "ComputeInstance",
    "CronTrigger",
    "Data",
    "DataCollector",
    "DataTrigger",
    "Datastore",
    "DefaultScaleSettings",
    "DeploymentCollection",
    "EndpointAuthKeys",
    "Entity",
    "Environment",
    "Input",
    "Job",
    "JobResourceConfiguration",
    "JobSchedule",
    "JobService",
    "JupyterLabJobService",
    "KubernetesOnlineDeployment",
    "KubernetesOnlineEndpoint",
    "LocalCompute",
    "LocalDatastore",
    "ManagedIdentityConfiguration",
    "ManagedOnlineDeployment",
    "ManagedOnlineEndpoint",
    "Model",
    "ModelBatchDeployment",
    "ModelBatchDeploymentSettings",
    "MpiDistribution",
    "OnlineDeployment",
    "OnlineEndpoint",
    "OnlineRequestSettings",
    "Output",
    "ParallelComponent",
    "PipelineComponent",
    "PipelineComponentBatchDeployment",
    "PipelineJob",
    "PipelineJobSettings",
    "PredictionView",
    "ProbeSettings",
    "PyTorchDistribution",
    "QueueSettings",
    "RayDistribution",
    "RecurrencePattern",
    "RecurrenceTrigger",
    "RequestLogging",
    "ResourceConfiguration",
    "RetrySettings",
    "Schedule",
    "SshJobService",
    "TargetUtilizationScaleSettings",
    "TensorBoardJobService",
    "TensorFlowDistribution",
    "UserIdentityConfiguration",
    "VsCodeJobService",
    "Workspace",
]

Asset = Entity
Command = CommandJob
EndpointAuthKeys = Keys

LATER = {"Sweep": ("sweep", "SweepJob"), "Parallel": ("parallel", "Parallel")}
"""Names of Azure's entities that live where their builders are."""


def __getattr__(name: str) -> Any:
    """Load what is asked for from where it lives (PEP 562)."""
    if name not in LATER:
        raise AttributeError(f"module `zaffre.ml.entities` has no `{name}`")
    module, found = LATER[name]
    return getattr(import_module(f"zaffre.ml.{module}"), found)


ENTITIES = (
    Workspace,
    Compute,
    Datastore,
    Data,
    Environment,
    Component,
    Model,
    Job,
    Schedule,
    OnlineEndpoint,
    OnlineDeployment,
    PredictionView,
    BatchEndpoint,
    BatchDeployment,
)


def entity_of(kind: str) -> type[Entity]:
    """Give the entity of a kind by its name."""
    return next(entity for entity in ENTITIES if entity.kind.name == kind)
