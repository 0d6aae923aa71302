"""The SDK: `from zaffre.ml import MLClient, command, Input, Output`.

Nothing is loaded before it is used, so that the import costs next to nothing, in jobs too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zaffre.ml import lazy

if TYPE_CHECKING:
    from zaffre.ml.client import MLClient as MLClient
    from zaffre.ml.commanding import command as command
    from zaffre.ml.entities import AmlTokenConfiguration as AmlTokenConfiguration
    from zaffre.ml.entities import Input as Input
    from zaffre.ml.entities import ManagedIdentityConfiguration as ManagedIdentityConfiguration
    from zaffre.ml.entities import MpiDistribution as MpiDistribution
    from zaffre.ml.entities import Output as Output
    from zaffre.ml.entities import PyTorchDistribution as PyTorchDistribution
    from zaffre.ml.entities import RayDistribution as RayDistribution
    from zaffre.ml.entities import TensorFlowDistribution as TensorFlowDistribution
    from zaffre.ml.entities import UserIdentityConfiguration as UserIdentityConfiguration
    from zaffre.ml.loading import (
        load_batch_deployment as load_batch_deployment,
    )
    from zaffre.ml.loading import (
        load_batch_endpoint as load_batch_endpoint,
    )
    from zaffre.ml.loading import (
        load_component as load_component,
    )
    from zaffre.ml.loading import (
        load_compute as load_compute,
    )
    from zaffre.ml.loading import (
        load_data as load_data,
    )
    from zaffre.ml.loading import (
        load_datastore as load_datastore,
    )
    from zaffre.ml.loading import (
        load_environment as load_environment,
    )
    from zaffre.ml.loading import (
        load_job as load_job,
    )
    from zaffre.ml.loading import (
        load_model as load_model,
    )
    from zaffre.ml.loading import (
        load_model_batch_deployment as load_model_batch_deployment,
    )
    from zaffre.ml.loading import (
        load_online_deployment as load_online_deployment,
    )
    from zaffre.ml.loading import (
        load_online_endpoint as load_online_endpoint,
    )
    from zaffre.ml.loading import (
        load_pipeline_component_batch_deployment as load_pipeline_component_batch_deployment,
    )
    from zaffre.ml.loading import (
        load_prediction_view as load_prediction_view,
    )
    from zaffre.ml.loading import (
        load_schedule as load_schedule,
    )
    from zaffre.ml.loading import (
        load_workspace as load_workspace,
    )
    from zaffre.ml.native import (
        in_job as in_job,
    )
    from zaffre.ml.native import (
        log_artifact as log_artifact,
    )
    from zaffre.ml.native import (
        log_artifacts as log_artifacts,
    )
    from zaffre.ml.native import (
        log_metric as log_metric,
    )
    from zaffre.ml.native import (
        log_metrics as log_metrics,
    )
    from zaffre.ml.native import (
        log_param as log_param,
    )
    from zaffre.ml.native import (
        log_params as log_params,
    )
    from zaffre.ml.native import (
        set_tag as set_tag,
    )
    from zaffre.ml.native import (
        set_tags as set_tags,
    )

HOMES = {
    "client": ("MLClient",),
    "commanding": ("command",),
    "entities": (
        "Input",
        "Output",
        "AmlTokenConfiguration",
        "ManagedIdentityConfiguration",
        "MpiDistribution",
        "PyTorchDistribution",
        "RayDistribution",
        "TensorFlowDistribution",
        "UserIdentityConfiguration",
    ),
    "loading": (
        "load_batch_deployment",
        "load_batch_endpoint",
        "load_component",
        "load_compute",
        "load_data",
        "load_datastore",
        "load_environment",
        "load_job",
        "load_model",
        "load_model_batch_deployment",
        "load_online_deployment",
        "load_online_endpoint",
        "load_pipeline_component_batch_deployment",
        "load_prediction_view",
        "load_schedule",
        "load_workspace",
    ),
    "native": (
        "in_job",
        "log_artifact",
        "log_artifacts",
        "log_metric",
        "log_metrics",
        "log_param",
        "log_params",
        "set_tag",
        "set_tags",
    ),
}
"""Which module each name lives in."""

MODULES = ("constants", "dsl", "entities", "exceptions", "parallel", "sweep")

__all__ = [*(name for names in HOMES.values() for name in names), *MODULES]  # noqa: PLE0604
__getattr__ = lazy.loader(__name__, {**dict.fromkeys(MODULES, ()), **HOMES})


def __dir__() -> list[str]:
    """List what can be asked for."""
    return sorted({*globals(), *__all__})
