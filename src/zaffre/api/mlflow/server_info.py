"""What MLflow clients ask about the server itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.mlflow import shown
from zaffre.api.routing import Access, Route

FACTS = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}
"""What is offered; workspaces are chosen by the address, not by MLflow's header."""


async def describe(request: Request) -> Response:
    """Say what this server offers."""
    await request.body()
    return shown.answer(FACTS)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/3.0/mlflow/server-info", describe, Access.JOB, "What is offered."),
)
