"""Pages that tell how a deployment stands, as MLflow and the Open Inference Protocol have them."""

from __future__ import annotations

import json
from typing import Any

from zaffre import __version__
from zaffre.runtime.gateway import wire
from zaffre.runtime.gateway.calls import NOT_FAILED, Call
from zaffre.runtime.gateway.configuration import Endpoint
from zaffre.runtime.gateway.pool import Pool
from zaffre.runtime.gateway.routing import Page, model_of

HEALTHY = ("ready", "asleep")
TEXT_LINE = b"content-type: text/html; charset=utf-8\r\n"
PLAIN_LINE = b"content-type: text/plain; charset=utf-8\r\n"
RETRY_LINE = b"retry-after: 1\r\n"
NOT_READY = "The endpoint has no deployment that is ready."
ONLY_SCORE = (
    "This deployment has a scoring script, which says itself what it takes: send it to `/score`."
    " The forms of MLflow and of the Open Inference Protocol are for models without a script."
)


def answer(call: Call, page: Page, pool: Pool | None) -> None:
    """Answer a page that only tells."""
    name = model_of(call.path)
    if page in (Page.VERSION, Page.SERVER, Page.LIVE):
        _tell(call, page)
    elif pool is None or pool.state not in HEALTHY:
        call.refuse(503, NOT_READY, RETRY_LINE)
    elif page is Page.HEALTH:
        call.answer(200, TEXT_LINE, b"Healthy")
    elif page in (Page.PING, Page.MLFLOW_HEALTH):
        call.answer(200, PLAIN_LINE, b"\n")
    elif page is Page.READY:
        _json(call, {"ready": True})
    elif page is Page.MODEL_READY:
        _json(call, {"name": name, "ready": True})
    elif not pool.metadata:
        call.refuse(404, ONLY_SCORE)
    else:
        version = pool.deployment.model.partition(":")[2]
        _json(call, {"name": name, "versions": [version] if version else [], **pool.metadata})


def names_of(endpoint: Endpoint) -> set[str]:
    """Give the names of models that mean the endpoint as a whole."""
    models = {one.model.partition(":")[0] for one in endpoint.deployments.values()}
    return {endpoint.name, *models}


def _tell(call: Call, page: Page) -> None:
    if page is Page.VERSION:
        call.answer(200, PLAIN_LINE, f"zaffre/{__version__}".encode())
    elif page is Page.LIVE:
        _json(call, {"live": True})
    else:
        _json(call, {"name": "zaffre", "version": __version__, "extensions": []})


def _json(call: Call, document: dict[str, Any]) -> None:
    call.answer(200, wire.JSON_LINE + NOT_FAILED, json.dumps(document).encode())
