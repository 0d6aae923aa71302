"""What the documents of online deployments are made of: script, limits, scaling, collection."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import deployment_settings
from zaffre.ml.entity import Part


class CodeConfiguration(Part, model=deployment_settings.CodeConfiguration):
    """The scoring script and the folder it lies in."""

    def __init__(self, code: str | None = None, scoring_script: str | None = None) -> None:
        super().__init__(code=code, scoring_script=scoring_script)


class OnlineRequestSettings(Part, model=deployment_settings.RequestSettings):
    """Limits on requests."""


class ProbeSettings(Part, model=deployment_settings.Probe):
    """How health is asked for."""


class DefaultScaleSettings(Part, model=deployment_settings.ScaleSettings):
    """The number of instances stays as `instance_count` says."""


class TargetUtilizationScaleSettings(Part, model=deployment_settings.ScaleSettings):
    """The number of instances follows the load, between bounds."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "target_utilization", **fields})


class DataCollector(Part, model=deployment_settings.DataCollector):
    """What is kept of requests and answers."""


class DeploymentCollection(Part, model=deployment_settings.Collection):
    """Whether to keep one side of the traffic, and under which name."""


class RequestLogging(Part, model=deployment_settings.RequestLogging):
    """What to keep of each request."""
