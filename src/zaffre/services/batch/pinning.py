"""What a batch deployment's document means now: model, code, environment or pipeline, pinned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.batch_deployment import (
    BatchDeploymentStatus,
    ModelBatchDeploymentSpec,
    PipelineBatchDeploymentSpec,
    ScoringTask,
)
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.reference import Asset, parse_remote, said_model
from zaffre.kinds.reference import asset as parse_asset
from zaffre.kinds.resource import Json, Key, Spec
from zaffre.kinds.tree import Leaf, Tree, tree_of
from zaffre.ports.metadata import Link
from zaffre.services import components, environments, mlmodel, trees
from zaffre.services.context import Context
from zaffre.services.launches import Served, code_of, environment_of, model_of, plain_of

LOADING = "zaffre_model.json"
"""How a model without a script is loaded, in a file beside it."""

HERE = {"python": "current"}
_NOT_SAID = frozenset({"name", "version", "parent_job_name", "tags", "properties"})


def pinned(ctx: Context, key: Key, spec: Spec) -> tuple[BatchDeploymentStatus, list[Link]]:
    """Give what a deployment is from now on, and the links to what it came of.

    Raises:
        Invalid: it cannot be run as it is written.
        NotFound: what it names is not there.
    """
    if isinstance(spec, ModelBatchDeploymentSpec):
        return _of_model(ctx, key, spec)
    if isinstance(spec, PipelineBatchDeploymentSpec):
        return _of_pipeline(ctx, key, spec)
    raise Invalid("This is no batch deployment.")


def _of_model(
    ctx: Context, key: Key, spec: ModelBatchDeploymentSpec
) -> tuple[BatchDeploymentStatus, list[Link]]:
    model = model_of(ctx, key.workspace, spec.model)
    code = spec.code_configuration
    loading = _loading(ctx, key.name, model) if code is None else None
    wanted = environment_of(ctx, spec, model)
    environment = environments.pin(ctx, key.workspace, wanted).id
    task = ScoringTask(
        model_tree=_laid_out(ctx, model, loading) if model else None,
        model_reference=model.reference if model else "",
        model_type=model.type if model else "",
        code_tree=code_of(ctx, key.workspace, code) if code else None,
        script=code.scoring_script if code else None,
        environment=environment or _written(wanted),
    )
    links = [Link(model.reference, "model")] if model else []
    links += [Link(f"tree:{task.code_tree}", "code")] if task.code_tree else []
    if environment.startswith("azureml:") and "://" not in environment:
        name = environment.removeprefix("azureml:")
        links.append(Link(f"environment:{key.workspace}/{name}", "environment"))
    version = said_model(task.model_reference) or None
    return BatchDeploymentStatus(task=task, model_version=version), links


def _written(wanted: str | InlineEnvironment | None) -> Json:
    if isinstance(wanted, InlineEnvironment):
        return wanted.model_dump(mode="json", exclude_unset=True)
    return wanted or HERE


def _laid_out(ctx: Context, model: Served, loading: Mapping[str, Json] | None) -> str:
    """Store what AZUREML_MODEL_DIR holds, the model's folder in it, and give its digest."""
    leaves = [replace(leaf, path=_below(model, leaf.path)) for leaf in model.tree.leaves]
    if loading is not None:
        blob = ctx.artifacts.put([json.dumps(loading, default=str).encode()])
        leaves.append(Leaf(LOADING, blob.digest, blob.size))
    tree: Tree = tree_of(leaves)
    trees.store_tree(ctx, tree)
    return tree.digest


def _below(model: Served, path: str) -> str:
    return f"{model.folder}/{path}" if model.folder else path


def _loading(ctx: Context, name: str, model: Served | None) -> dict[str, Json]:
    """Say how a model without a script is loaded, its paths from AZUREML_MODEL_DIR.

    Raises:
        Invalid: it cannot be.
    """
    plain = plain_of(name, model)
    if plain is not None and model is not None:
        return {"flavor": plain.flavor, "model_file": _below(model, plain.path)}
    found = mlmodel.describe(ctx, model.tree) if model else None
    if model is None or found is None or not found.flavors:
        raise Invalid("The model's MLmodel file names no flavors.")
    document = {"flavors": found.flavors, "signature": found.signature}
    return {"mlflow_model": model.folder, "mlmodel": document}


def _of_pipeline(
    ctx: Context, key: Key, spec: PipelineBatchDeploymentSpec
) -> tuple[BatchDeploymentStatus, list[Link]]:
    if spec.job_definition is not None:
        template, links = _of_job(ctx, key.workspace, spec.job_definition)
    else:
        template, links = _of_component(ctx, key.workspace, spec)
    return BatchDeploymentStatus(pipeline={"type": "pipeline", **template}), links


def _of_component(
    ctx: Context, workspace: str, spec: PipelineBatchDeploymentSpec
) -> tuple[dict[str, Json], list[Link]]:
    document = spec.model_dump(mode="json", exclude_unset=True, include={"component"})
    registered = isinstance(spec.component, str)
    missing = components.embed(ctx, workspace, document)
    if missing:
        raise Invalid(missing[0].message, hint=missing[0].hint, problems=tuple(missing))
    body = document["component"]
    if body.get("type") != "pipeline":
        raise Invalid(
            f"The component is a {body.get('type', 'command')} component, not a pipeline.",
            hint="Put it into a pipeline component as its step.",
        )
    found = Key("component", workspace, str(body.get("name")), str(body.get("version")))
    return document, [Link(found.reference, "component")] if registered else []


def _of_job(ctx: Context, workspace: str, text: str) -> tuple[dict[str, Json], list[Link]]:
    """Take the steps of a job that was submitted before."""
    reference = parse_remote(text) if "://" in text else parse_asset(text)
    name = reference.name if isinstance(reference, Asset) else ""
    job = ctx.metadata.get(Key("job", workspace, name)) if name else None
    if job is None:
        raise Invalid(f"`{text}` is no job.", hint="Write `azureml:JOB`.")
    if not isinstance(job.spec, PipelineJobSpec):
        raise NotFound(f"Job `{name}` is no pipeline.", hint="Only pipelines can be deployed.")
    document = job.spec.model_dump(mode="json", exclude_unset=True)
    kept = {one: value for one, value in document.items() if one not in _NOT_SAID}
    return kept, [Link(job.key.reference, "job")]
