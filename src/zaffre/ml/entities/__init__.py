"""The resources as Python objects. Their fields are those of the kinds.

A part of the domain is loaded when the first of its names is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from zaffre.ml import lazy

if TYPE_CHECKING:
    from zaffre.ml.entities.assets import BuildContext as BuildContext
    from zaffre.ml.entities.assets import Data as Data
    from zaffre.ml.entities.assets import Environment as Environment
    from zaffre.ml.entities.assets import Model as Model
    from zaffre.ml.entities.batch import BatchDeployment as BatchDeployment
    from zaffre.ml.entities.batch import BatchEndpoint as BatchEndpoint
    from zaffre.ml.entities.batch import BatchRetrySettings as BatchRetrySettings
    from zaffre.ml.entities.batch import ModelBatchDeployment as ModelBatchDeployment
    from zaffre.ml.entities.batch import (
        ModelBatchDeploymentSettings as ModelBatchDeploymentSettings,
    )
    from zaffre.ml.entities.batch import (
        PipelineComponentBatchDeployment as PipelineComponentBatchDeployment,
    )
    from zaffre.ml.entities.deployment_parts import CodeConfiguration as CodeConfiguration
    from zaffre.ml.entities.deployment_parts import DataCollector as DataCollector
    from zaffre.ml.entities.deployment_parts import DefaultScaleSettings as DefaultScaleSettings
    from zaffre.ml.entities.deployment_parts import DeploymentCollection as DeploymentCollection
    from zaffre.ml.entities.deployment_parts import OnlineRequestSettings as OnlineRequestSettings
    from zaffre.ml.entities.deployment_parts import ProbeSettings as ProbeSettings
    from zaffre.ml.entities.deployment_parts import RequestLogging as RequestLogging
    from zaffre.ml.entities.deployment_parts import (
        TargetUtilizationScaleSettings as TargetUtilizationScaleSettings,
    )
    from zaffre.ml.entities.job_parts import AmlTokenConfiguration as AmlTokenConfiguration
    from zaffre.ml.entities.job_parts import CommandJobLimits as CommandJobLimits
    from zaffre.ml.entities.job_parts import JobResourceConfiguration as JobResourceConfiguration
    from zaffre.ml.entities.job_parts import JobService as JobService
    from zaffre.ml.entities.job_parts import JupyterLabJobService as JupyterLabJobService
    from zaffre.ml.entities.job_parts import (
        ManagedIdentityConfiguration as ManagedIdentityConfiguration,
    )
    from zaffre.ml.entities.job_parts import MpiDistribution as MpiDistribution
    from zaffre.ml.entities.job_parts import PipelineJobSettings as PipelineJobSettings
    from zaffre.ml.entities.job_parts import PyTorchDistribution as PyTorchDistribution
    from zaffre.ml.entities.job_parts import QueueSettings as QueueSettings
    from zaffre.ml.entities.job_parts import RayDistribution as RayDistribution
    from zaffre.ml.entities.job_parts import ResourceConfiguration as ResourceConfiguration
    from zaffre.ml.entities.job_parts import RetrySettings as RetrySettings
    from zaffre.ml.entities.job_parts import SshJobService as SshJobService
    from zaffre.ml.entities.job_parts import TensorBoardJobService as TensorBoardJobService
    from zaffre.ml.entities.job_parts import TensorFlowDistribution as TensorFlowDistribution
    from zaffre.ml.entities.job_parts import UserIdentityConfiguration as UserIdentityConfiguration
    from zaffre.ml.entities.job_parts import VsCodeJobService as VsCodeJobService
    from zaffre.ml.entities.jobs import CommandJob as Command  # noqa: F401
    from zaffre.ml.entities.jobs import CommandJob as CommandJob
    from zaffre.ml.entities.jobs import Job as Job
    from zaffre.ml.entities.jobs import PipelineJob as PipelineJob
    from zaffre.ml.entities.online import KubernetesOnlineDeployment as KubernetesOnlineDeployment
    from zaffre.ml.entities.online import KubernetesOnlineEndpoint as KubernetesOnlineEndpoint
    from zaffre.ml.entities.online import ManagedOnlineDeployment as ManagedOnlineDeployment
    from zaffre.ml.entities.online import ManagedOnlineEndpoint as ManagedOnlineEndpoint
    from zaffre.ml.entities.online import OnlineDeployment as OnlineDeployment
    from zaffre.ml.entities.online import OnlineEndpoint as OnlineEndpoint
    from zaffre.ml.entities.online import PredictionView as PredictionView
    from zaffre.ml.entities.places import AmlCompute as AmlCompute
    from zaffre.ml.entities.places import Compute as Compute
    from zaffre.ml.entities.places import ComputeInstance as ComputeInstance
    from zaffre.ml.entities.places import Datastore as Datastore
    from zaffre.ml.entities.places import LocalCompute as LocalCompute
    from zaffre.ml.entities.places import LocalDatastore as LocalDatastore
    from zaffre.ml.entities.places import Workspace as Workspace
    from zaffre.ml.entities.ports import Input as Input
    from zaffre.ml.entities.ports import Output as Output
    from zaffre.ml.entities.schedules import CronTrigger as CronTrigger
    from zaffre.ml.entities.schedules import DataTrigger as DataTrigger
    from zaffre.ml.entities.schedules import JobSchedule as JobSchedule
    from zaffre.ml.entities.schedules import RecurrencePattern as RecurrencePattern
    from zaffre.ml.entities.schedules import RecurrenceTrigger as RecurrenceTrigger
    from zaffre.ml.entities.schedules import Schedule as Schedule
    from zaffre.ml.entities.steps import CommandComponent as CommandComponent
    from zaffre.ml.entities.steps import Component as Component
    from zaffre.ml.entities.steps import ParallelComponent as ParallelComponent
    from zaffre.ml.entities.steps import PipelineComponent as PipelineComponent
    from zaffre.ml.entity import Entity as Asset  # noqa: F401
    from zaffre.ml.entity import Entity as Entity
    from zaffre.ml.fields import Keys as EndpointAuthKeys  # noqa: F401

HOMES = {
    "assets": (
        "BuildContext",
        "Data",
        "Environment",
        "Model",
    ),
    "batch": (
        "BatchDeployment",
        "BatchEndpoint",
        "BatchRetrySettings",
        "ModelBatchDeployment",
        "ModelBatchDeploymentSettings",
        "PipelineComponentBatchDeployment",
    ),
    "deployment_parts": (
        "CodeConfiguration",
        "DataCollector",
        "DefaultScaleSettings",
        "DeploymentCollection",
        "OnlineRequestSettings",
        "ProbeSettings",
        "RequestLogging",
        "TargetUtilizationScaleSettings",
    ),
    "job_parts": (
        "AmlTokenConfiguration",
        "CommandJobLimits",
        "JobResourceConfiguration",
        "JobService",
        "JupyterLabJobService",
        "ManagedIdentityConfiguration",
        "MpiDistribution",
        "PipelineJobSettings",
        "PyTorchDistribution",
        "QueueSettings",
        "RayDistribution",
        "ResourceConfiguration",
        "RetrySettings",
        "SshJobService",
        "TensorBoardJobService",
        "TensorFlowDistribution",
        "UserIdentityConfiguration",
        "VsCodeJobService",
    ),
    "jobs": (
        "CommandJob",
        "Job",
        "PipelineJob",
    ),
    "online": (
        "KubernetesOnlineDeployment",
        "KubernetesOnlineEndpoint",
        "ManagedOnlineDeployment",
        "ManagedOnlineEndpoint",
        "OnlineDeployment",
        "OnlineEndpoint",
        "PredictionView",
    ),
    "places": (
        "AmlCompute",
        "Compute",
        "ComputeInstance",
        "Datastore",
        "LocalCompute",
        "LocalDatastore",
        "Workspace",
    ),
    "ports": (
        "Input",
        "Output",
    ),
    "schedules": (
        "CronTrigger",
        "DataTrigger",
        "JobSchedule",
        "RecurrencePattern",
        "RecurrenceTrigger",
        "Schedule",
    ),
    "steps": (
        "CommandComponent",
        "Component",
        "ParallelComponent",
        "PipelineComponent",
    ),
}
"""Which module each name lives in."""

ALIASES = {
    "Asset": "zaffre.ml.entity:Entity",
    "Entity": "zaffre.ml.entity:Entity",
    "Command": "zaffre.ml.entities.jobs:CommandJob",
    "EndpointAuthKeys": "zaffre.ml.fields:Keys",
    "Parallel": "zaffre.ml.parallel:Parallel",
    "Sweep": "zaffre.ml.sweep:SweepJob",
}
"""Names of Azure's entities for what is called otherwise, or lives elsewhere, here."""

OF_KINDS = {
    "workspace": "Workspace",
    "compute": "Compute",
    "datastore": "Datastore",
    "data": "Data",
    "environment": "Environment",
    "component": "Component",
    "model": "Model",
    "job": "Job",
    "schedule": "Schedule",
    "online_endpoint": "OnlineEndpoint",
    "online_deployment": "OnlineDeployment",
    "prediction_view": "PredictionView",
    "batch_endpoint": "BatchEndpoint",
    "batch_deployment": "BatchDeployment",
}
"""The entity of each kind."""

__all__ = [*(name for names in HOMES.values() for name in names), *ALIASES]  # noqa: PLE0604
__getattr__ = lazy.loader(__name__, HOMES, ALIASES)


def __dir__() -> list[str]:
    """List what can be asked for."""
    return sorted({*globals(), *__all__})


def entity_of(kind: str) -> type[Entity]:
    """Give the entity of a kind by its name."""
    return cast("type[Entity]", __getattr__(OF_KINDS[kind]))
