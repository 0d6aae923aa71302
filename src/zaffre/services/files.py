"""References to files become stored trees: what a document names is found once, and pinned."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.artifact_path import place_of_uri
from zaffre.kinds.data import DataStatus
from zaffre.kinds.job import JobStatus
from zaffre.kinds.model import ModelContainer, ModelStatus
from zaffre.kinds.reference import (
    Asset,
    DatastorePath,
    JobOutput,
    MlflowModel,
    Remote,
    RunPath,
    Tree,
)
from zaffre.kinds.resource import Key, Resource
from zaffre.services import datastores, history, run_files, trees
from zaffre.services.context import Context
from zaffre.services.trees import Content, load_tree, store_tree

__all__ = ["Content", "artifact", "load_tree", "logged_model", "resolve", "run_path", "store_tree"]


def resolve(ctx: Context, workspace: str, place: Remote) -> Content:
    """Find what a reference means and keep it as a tree.

    Raises:
        NotFound: it is not there.
        Conflict: it is not there yet.
        Invalid: only jobs reach it.
    """
    if isinstance(place, Tree):
        return trees.part(ctx, trees.load_tree(ctx, place.digest), place.file)
    if isinstance(place, JobOutput):
        return _job_output(ctx, workspace, place)
    if isinstance(place, RunPath):
        return run_path(ctx, workspace, place)
    if isinstance(place, MlflowModel):
        return _mlflow_model(ctx, workspace, place)
    if isinstance(place, Asset):
        return _asset(ctx, workspace, place)
    if isinstance(place, DatastorePath):
        return trees.snapshot(ctx, datastores.folder(ctx, workspace, place))
    raise Invalid(
        f"`{place}` is not fetched by the server.",
        hint="Let a job fetch it, or give a local path.",
    )


def artifact(ctx: Context, workspace: str, uri: str) -> Content:
    """Find what an `mlflow-artifacts:` address means.

    Raises:
        NotFound: nothing is there.
        Invalid: it is no address of artifacts here.
    """
    place = place_of_uri(uri)
    found = run_files.pin(ctx, workspace, place)
    if place.kind == "logged_model":
        return _of_model(ctx, workspace, place.id, found)
    return (
        replace(found, job=place.id, source=run_files.reference(ctx, workspace, place.id))
        if place.kind == "run"
        else found
    )


def run_path(ctx: Context, workspace: str, place: RunPath) -> Content:
    """Find an artifact of a run; a model that the run logged under that name is one, too.

    Raises:
        NotFound: nothing is there.
    """
    history.run_of(ctx, workspace, place.run)
    _, root = run_files.root(ctx, workspace, place.run)
    try:
        found = run_files.pin(ctx, workspace, root.child(place.path))
    except NotFound:
        named = [
            one for one in ctx.logged_models.of_run(workspace, place.run) if one.name == place.path
        ]
        if not named:
            raise
        return logged_model(ctx, workspace, named[0].model_id)
    return replace(found, job=place.run, source=run_files.reference(ctx, workspace, place.run))


def logged_model(ctx: Context, workspace: str, model_id: str) -> Content:
    """Find the files of a logged model.

    Raises:
        NotFound: there is no such model, or it has no files.
    """
    model = ctx.logged_models.get(workspace, model_id)
    found = run_files.pin(ctx, workspace, place_of_uri(model.artifact_uri))
    return _of_model(ctx, workspace, model_id, replace(found, folder=model.name))


def _of_model(ctx: Context, workspace: str, model_id: str, found: Content) -> Content:
    model = ctx.logged_models.get(workspace, model_id)
    source = f"logged_model:{workspace}/{model_id}"
    return replace(found, job=model.source_run_id or None, model_id=model_id, source=source)


def _job_output(ctx: Context, workspace: str, place: JobOutput) -> Content:
    job = ctx.metadata.get(Key("job", workspace, place.job))
    if place.output == "artifacts":
        return run_path(ctx, workspace, RunPath(place.job, place.path))
    status = job.status
    result = status.results.get(place.output) if isinstance(status, JobStatus) else None
    if not isinstance(status, JobStatus) or result is None:
        return _no_output(ctx, workspace, job, place)
    if result.tree is None:
        raise NotFound(f"Output `{place.output}` of job `{place.job}` is not kept here.")
    found = trees.part(ctx, trees.load_tree(ctx, result.tree), place.path)
    named = found if found.folder else replace(found, folder=place.output, file=result.file)
    return replace(named, job=place.job, source=job.key.reference)


def _no_output(ctx: Context, workspace: str, job: Resource, place: JobOutput) -> Content:
    """Find `default/PATH` among the job's artifacts, else say why there is no such output."""
    if place.output == "default":
        return run_path(ctx, workspace, RunPath(place.job, place.path))
    state = getattr(job.status, "status", "")
    if state not in ("Completed", "Failed", "Canceled"):
        raise Conflict(
            f"Job `{place.job}` is {state}: its outputs are not there yet.",
            hint=f"Wait for it: `zaffre job stream -n {place.job}`.",
        )
    known = ", ".join(getattr(job.status, "results", {})) or "none"
    raise NotFound(
        f"Job `{place.job}` has no output `{place.output}`.", hint=f"It has: artifacts, {known}."
    )


def _mlflow_model(ctx: Context, workspace: str, place: MlflowModel) -> Content:
    if not place.version and not place.alias:
        return logged_model(ctx, workspace, place.name)
    return _of_resource(
        ctx, ctx.metadata.get(Key("model", workspace, place.name, _version(ctx, workspace, place)))
    )


def _version(ctx: Context, workspace: str, place: MlflowModel) -> str:
    if not place.alias:
        return place.version
    if place.alias == "latest":
        return "latest"
    container = ctx.metadata.get(Key("model", workspace, place.name))
    aliases = container.spec.aliases if isinstance(container.spec, ModelContainer) else {}
    if place.alias not in aliases:
        raise NotFound(f"Model `{place.name}` has no alias `{place.alias}`.")
    return aliases[place.alias]


def _asset(ctx: Context, workspace: str, place: Asset) -> Content:
    version = place.version or place.label or "latest"
    for kind in ("model", "data"):
        try:
            return _of_resource(ctx, ctx.metadata.get(Key(kind, workspace, place.name, version)))
        except NotFound:
            continue
    raise NotFound(f"There is no model or data `{place}`.")


def _of_resource(ctx: Context, found: Resource) -> Content:
    status = found.status
    if not isinstance(status, ModelStatus | DataStatus) or status.tree is None:
        raise Invalid(f"The content of `{found.key.name}` is not kept here.")
    tree = trees.hold(ctx, status.tree)
    if isinstance(status, DataStatus):
        single = tree.leaves[0].path if getattr(found.spec, "type", "") == "uri_file" else None
        return Content(tree, file=single, folder=single, source=found.key.reference)
    return Content(
        tree, status.file, status.folder, status.job_name, status.model_id, found.key.reference
    )
