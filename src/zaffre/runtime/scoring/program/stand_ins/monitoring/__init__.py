"""`azureml.ai.monitoring`, for scripts that hand their data to collectors themselves.

The gateway captures requests and answers as the deployment's `data_collector` says, so what a
script collects is taken and not kept a second time; correlation contexts are passed on.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from azureml.ai.monitoring.context import BasicCorrelationContext, CorrelationContext

__all__ = ["Collector", "CorrelationContext", "init"]


class Collector:
    """Takes what a script collects."""

    def __init__(
        self, *, name: str, on_error: Optional[Callable[[Exception], Any]] = None
    ) -> None:
        self.name = name
        self.on_error = on_error

    def collect(self, data: Any, correlation_context: Any = None) -> Any:
        """Take data, and give the context that the outputs are collected with."""
        del data
        return correlation_context or BasicCorrelationContext()


def init(*_: Any, **__: Any) -> None:
    """Do nothing: there is nothing to begin."""
