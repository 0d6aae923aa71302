"""All routes of the server, in one table."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zaffre.api import (
    batch,
    changes,
    computes,
    endpoints,
    environments,
    files,
    job_search,
    jobs,
    models,
    overview,
    prediction_views,
    schedules,
    sessions,
    sweeps,
    system,
    usage,
)
from zaffre.api.bodies import text_answer
from zaffre.api.mlflow.app import ROUTES as MLFLOW
from zaffre.api.openapi import openapi
from zaffre.api.resources import resource_routes
from zaffre.api.routing import Access, Route


def all_routes() -> list[Route]:
    """Give every route; those of single kinds come before the general ones."""
    own = [
        *system.ROUTES,
        *sessions.ROUTES,
        *changes.ROUTES,
        *overview.ROUTES,
        *environments.ROUTES,
        *job_search.ROUTES,
        *jobs.ROUTES,
        *computes.ROUTES,
        *usage.ROUTES,
        *schedules.ROUTES,
        *sweeps.ROUTES,
        *endpoints.ROUTES,
        *models.ROUTES,
        *prediction_views.ROUTES,
        *batch.ROUTES,
        *files.ROUTES,
        *resource_routes(),
    ]

    async def describe(_: Request) -> Response:
        """Describe the routes."""
        return text_answer(openapi(described))

    described = [
        *own,
        Route(
            "GET",
            "/api/v1/openapi.json",
            describe,
            Access.READ,
            "This description.",
            answer={"type": "object"},
        ),
    ]
    return [*MLFLOW, *described]
