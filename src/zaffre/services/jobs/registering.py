"""Register the outputs that a job's document gives a name: as data, or as models."""

from __future__ import annotations

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.data import DataSpec
from zaffre.kinds.job import OutputResult
from zaffre.kinds.job_ports import JobOutput
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.services import data, models
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, status_of


def register_outputs(ctx: Context, job: Resource) -> tuple[dict[str, OutputResult], list[str]]:
    """Register what has a name, once; give the results with their assets, and what went wrong."""
    results = dict(status_of(job).results)
    problems: list[str] = []
    for output, wanted in spec_of(job).outputs.items():
        if wanted.name is None or output not in results:
            continue
        try:
            asset = _known(ctx, job, output, wanted) or _create(ctx, job, output, wanted)
        except (Conflict, Invalid, NotFound) as error:
            problems.append(f"outputs.{output}: it was not registered: {error.message}")
        else:
            results[output] = results[output].model_copy(update={"asset": asset})
    return results, problems


def _path(job: Resource, output: str) -> str:
    return f"azureml://jobs/{job.key.name}/outputs/{output}"


def _kind(wanted: JobOutput) -> str:
    return "model" if wanted.type.endswith("_model") else "data"


def _known(ctx: Context, job: Resource, output: str, wanted: JobOutput) -> str | None:
    """Give the asset if an earlier try made it."""
    start = f"{_kind(wanted)}:{job.key.workspace}/{wanted.name}:"
    for link in ctx.metadata.links(job.key.reference, up=False):
        if not link.target.startswith(start):
            continue
        version = link.target.removeprefix(start)
        key = Key(_kind(wanted), job.key.workspace, str(wanted.name), version)
        if getattr(ctx.metadata.get(key).spec, "path", "") == _path(job, output):
            return f"azureml:{key.name}:{key.version}"
    return None


def _create(ctx: Context, job: Resource, output: str, wanted: JobOutput) -> str:
    key = Key(_kind(wanted), job.key.workspace, str(wanted.name), wanted.version or "")
    document = {"type": wanted.type, "path": _path(job, output)}
    if key.kind == "model":
        made = models.create(ctx, key, ModelSpec.model_validate(document))
    else:
        made = data.create(ctx, key, DataSpec.model_validate(document))
    return f"azureml:{made.key.name}:{made.key.version}"
