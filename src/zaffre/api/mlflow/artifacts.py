"""Artifacts through the server, as MLflow clients send, list, fetch and delete them."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api import transfer
from zaffre.api.bodies import text_answer
from zaffre.api.mlflow import multipart
from zaffre.api.mlflow.asked import Asked, asked, path_of, query
from zaffre.api.mlflow.rights import caller, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.errors import NotFound
from zaffre.kinds.artifact_path import Place, place_of
from zaffre.ports.files import Entry
from zaffre.services import artifact_rights, run_files

_PROXY = "/api/2.0/mlflow-artifacts"


async def upload(request: Request) -> Response:
    """Take a file."""
    place = place_of(path_of(request))
    await _check(request, place, writing=True)
    blob = await transfer.receive(request)
    await run_in_threadpool(run_files.record, context(request), workspace(request), place, blob)
    return text_answer({})


async def download(request: Request) -> Response:
    """Give a file."""
    place = place_of(path_of(request))
    await _check(request, place)
    return await _send(request, place)


async def _send(request: Request, place: Place) -> Response:
    found = await run_in_threadpool(run_files.find, context(request), workspace(request), place)
    return await transfer.send(request, found.digest, name=found.path.rpartition("/")[2])


async def listing(request: Request) -> Response:
    """List a folder of the artifact space; names are relative to it."""
    place = place_of(Asked(query(request)).maybe("path") or "")
    await _check(request, place)
    found = await run_in_threadpool(run_files.entries, context(request), workspace(request), place)
    return text_answer(
        {"files": [_shown(entry, entry.path.rpartition("/")[2]) for entry in found]}
    )


async def delete(request: Request) -> Response:
    """Delete a file or a folder."""
    place = place_of(path_of(request))
    await _check(request, place, writing=True)
    await run_in_threadpool(run_files.remove, context(request), workspace(request), place)
    return text_answer({})


async def run_listing(request: Request) -> Response:
    """List a folder of a run's artifacts; paths are relative to the run's."""
    wanted = await asked(request)
    run = wanted.maybe("run_id") or wanted.text("run_uuid")
    uri, root = await run_in_threadpool(run_files.root, context(request), workspace(request), run)
    place = _inner(root, wanted.maybe("path"))
    await _check(request, place)
    found = await run_in_threadpool(run_files.entries, context(request), workspace(request), place)
    return text_answer({"root_uri": uri, "files": listed(root, found)})


async def run_file(request: Request) -> Response:
    """Give a file of a run."""
    wanted = Asked(query(request))
    run = wanted.maybe("run_id") or wanted.text("run_uuid")
    _, root = await run_in_threadpool(run_files.root, context(request), workspace(request), run)
    place = _inner(root, wanted.text("path"))
    await _check(request, place)
    return await _send(request, place)


async def presigned(request: Request) -> Response:
    """Say that there are no addresses that work without a token."""
    path_of(request)
    raise NotFound(
        "Presigned downloads are not offered here.", hint="Download through the server."
    )


def _inner(root: Place, path: str | None) -> Place:
    """Give the place of a path that must stay below another."""
    if not path:
        return root
    place_of(path)
    return root.child(path.removesuffix("/"))


def listed(root: Place, found: list[Entry]) -> list[dict[str, object]]:
    """Give entries in MLflow's form, with paths relative to a root."""
    cut = len(root.path) + 1 if root.path else 0
    return [_shown(entry, entry.path[cut:]) for entry in found]


def _shown(entry: Entry, path: str) -> dict[str, object]:
    if entry.file is None:
        return {"path": path, "is_dir": True}
    return {"path": path, "is_dir": False, "file_size": entry.file.size}


async def _check(request: Request, place: Place, *, writing: bool = False) -> None:
    who = caller(request)

    def check() -> None:
        ctx = context(request)
        artifact_rights.check(ctx, who.principal, who.workspace, place, writing=writing)

    await run_in_threadpool(check)


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_PROXY}/artifacts", listing, Access.JOB, "List artifacts.", query=("path",)),
    Route(
        "PUT",
        f"{_PROXY}/artifacts/{{path:path}}",
        upload,
        Access.JOB_WRITE,
        "Store an artifact.",
        max_body=0,
    ),
    Route("GET", f"{_PROXY}/artifacts/{{path:path}}", download, Access.JOB, "Give an artifact."),
    Route(
        "DELETE",
        f"{_PROXY}/artifacts/{{path:path}}",
        delete,
        Access.JOB_WRITE,
        "Delete artifacts.",
    ),
    Route("GET", f"{_PROXY}/presigned/{{path:path}}", presigned, Access.JOB, "Not offered."),
    Route(
        "GET", "/api/2.0/mlflow/artifacts/list", run_listing, Access.JOB, "List a run's artifacts."
    ),
    *multipart.ROUTES,
    Route("GET", "/get-artifact", run_file, Access.JOB, "Give a run's artifact."),
)
