"""`azureml.ai.monitoring`, for scripts that hand their data to collectors themselves.

What a script collects goes to the gateway with its answer, which keeps the collections that the
deployment's `data_collector` names. It captures requests and answers themselves, so `model_inputs`
and `model_outputs` are not kept a second time.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from azureml.ai.monitoring.context import BasicCorrelationContext, CorrelationContext

from zaffre_scoring.collected import COLLECTED

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
        context = correlation_context or BasicCorrelationContext()
        try:
            COLLECTED.add(self.name, data, str(context))
        except (TypeError, ValueError) as error:
            if self.on_error is not None:
                self.on_error(error)
        return context


def init(*_: Any, **__: Any) -> None:
    """Do nothing: there is nothing to begin."""
