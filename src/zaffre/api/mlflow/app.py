"""All routes of the MLflow protocol."""

from __future__ import annotations

from zaffre.api.mlflow import (
    artifacts,
    experiments,
    log,
    logged_models,
    metrics,
    registry,
    runs,
    server_info,
    traces,
)
from zaffre.api.routing import Route

ROUTES: tuple[Route, ...] = (
    *log.ROUTES,
    *runs.ROUTES,
    *metrics.ROUTES,
    *experiments.ROUTES,
    *artifacts.ROUTES,
    *registry.ROUTES,
    *logged_models.ROUTES,
    *traces.ROUTES,
    *server_info.ROUTES,
)
