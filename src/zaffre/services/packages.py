"""Packages of models: made by a job in the model's environment; the server only says of what."""

from __future__ import annotations

import json
import shlex
from typing import Any, NamedTuple

from zaffre.errors import Invalid, Unavailable
from zaffre.kinds.acceleration import Acceleration
from zaffre.kinds.endpoint import OnlineDeploymentSpec
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_ports import JobInput, JobOutput
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.package import PackageOrder
from zaffre.kinds.reference import Asset
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.revision import Launch
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.services import environments, job_types, mlmodel, trees
from zaffre.services.accelerations import SampleFile, sample_file
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_spec
from zaffre.services.launches import launch_of

OUTPUT = "package"
EXPERIMENT = "packages"
ORDER = "order.json"
MADE = ("serve.py", "server/", "package.json", "requirements.txt", "README.md", "Dockerfile")
MADE_TOO = ("kubernetes.yaml", "example/", "SHA256SUMS")


class Plan(NamedTuple):
    """What a package is made of: the model's version, what is served of it, and the order."""

    model: Key
    launch: Launch
    order: PackageOrder
    sample: SampleFile | None


def plan(ctx: Context, key: Key, order: PackageOrder) -> Plan:
    """Say what a package of a model is made of, as a deployment of it would be.

    Raises:
        NotFound: the model, or what the order names, is not there.
        Invalid: it could not be served.
    """
    found = ctx.metadata.get(key)
    if not isinstance(found.spec, ModelSpec) or found.container:
        raise Invalid(f"`{key.name}` names no version of a model.", hint="Say which: `-v 1`.")
    model = found.key
    base = _deployment(ctx, key.workspace, order)
    compiling = Acceleration(tolerance=order.tolerance, sample_data=order.sample_data)
    if base.code_configuration is not None and order.format == "onnx":
        raise Invalid(
            "The deployment has a scoring script, which cannot be compiled.",
            hint="Leave out the deployment, or use the format `python`.",
        )
    changed = {
        "model": str(Asset(model.name, model.version)),
        "acceleration": compiling if order.format == "onnx" else None,
    }
    place = Key("online_deployment", key.workspace, "package", parent=model.name)
    launch = launch_of(ctx, place, base.model_copy(update=changed))
    return Plan(model, launch, order, sample_file(ctx, key.workspace, compiling))


def _deployment(ctx: Context, workspace: str, order: PackageOrder) -> OnlineDeploymentSpec:
    if order.deployment_name is None or order.endpoint_name is None:
        return OnlineDeploymentSpec(
            code_configuration=order.code_configuration, environment=order.environment
        )
    key = Key("online_deployment", workspace, order.deployment_name, parent=order.endpoint_name)
    return deployment_spec(ctx.metadata.get(key).spec)


def contents(ctx: Context, plan: Plan) -> dict[str, Any]:
    """List what goes into a package, before it is made."""
    launch = plan.launch
    files = [*_listed(ctx, launch.model_tree, _under("model", launch.model_folder), plan)]
    files += [*_listed(ctx, launch.code_tree, "code", plan)]
    if launch.schema_tree:
        files.append({"path": "schema/", "bytes": None})
    if plan.order.wheelhouse:
        files.append({"path": "wheelhouse/", "bytes": None})
    files += [{"path": name, "bytes": None} for name in (*MADE, *MADE_TOO)]
    return {
        "name": plan.model.name,
        "version": plan.model.version,
        "format": plan.order.format,
        "environment": launch.environment or "the server's interpreter",
        "flavor": launch.flavor or ("mlflow" if launch.is_mlflow else "script"),
        "total_bytes": sum(one["bytes"] or 0 for one in files),
        "files": files,
    }


def _listed(ctx: Context, digest: str | None, under: str, plan: Plan) -> list[dict[str, Any]]:
    if digest is None:
        return []
    if plan.order.format == "onnx":
        return [{"path": "model/model.onnx", "bytes": None}]
    leaves = trees.load_tree(ctx, digest).leaves
    return [{"path": f"{under}/{leaf.path}", "bytes": leaf.size} for leaf in leaves]


def _under(root: str, folder: str) -> str:
    return f"{root}/{folder}" if folder else root


def submit(ctx: Context, plan: Plan) -> Resource:
    """Begin to make a package: a job, whose output `package` it is.

    Raises:
        Invalid: it cannot be made.
        Unavailable: this server has no program to make it with.
    """
    launch, model = plan.launch, plan.model
    sample = plan.sample
    trees_of = {
        "code": launch.code_tree,
        "schema": launch.schema_tree,
        "sample": sample.tree if sample else None,
    }
    inputs: dict[str, Any] = {
        "model": JobInput(type="custom_model", path=str(Asset(model.name, model.version)))
    }
    for name, digest in trees_of.items():
        if digest:
            inputs[name] = JobInput(path=f"azureml://trees/{digest}")
    options = {name: f'"${{{{inputs.{name}}}}}"' for name in inputs}
    if sample is not None:
        options["sample"] = f'"${{{{inputs.sample}}}}/"{shlex.quote(sample.path)}'
    words = " ".join(f"--{name} {value}" for name, value in options.items())
    spec = CommandJobSpec(
        command=f'python -B package.py {words} --output "${{{{outputs.{OUTPUT}}}}}"',
        code=f"azureml://trees/{_program(ctx, plan)}",
        environment=launch.environment or InlineEnvironment(python="current"),
        inputs=inputs,
        outputs={OUTPUT: JobOutput(type="uri_folder")},
        display_name=f"package {model.name}:{model.version}",
        experiment_name=EXPERIMENT,
    )
    return job_types.submit(ctx, Key("job", model.workspace, ""), spec)


def _program(ctx: Context, plan: Plan) -> str:
    """Store the program that makes packages, with the order beside it."""
    if ctx.scoring_program is None:
        raise Unavailable("This server has no program to make packages with.")
    program = trees.python_files(ctx, ctx.scoring_program)
    text = json.dumps(_order(ctx, plan), sort_keys=True)
    blob = ctx.artifacts.put([text.encode()])
    return trees.store_tree(ctx, tree_of([*program.leaves, Leaf(ORDER, blob.digest, blob.size)]))


def _order(ctx: Context, plan: Plan) -> dict[str, Any]:
    """Give what the program reads. Nothing in it differs for the same content."""
    launch, order = plan.launch, plan.order
    described = None
    if launch.is_mlflow and launch.model_tree:
        described = mlmodel.document(ctx, trees.load_tree(ctx, launch.model_tree))
    return {
        "name": plan.model.name,
        "version": plan.model.version,
        "format": order.format,
        "wheelhouse": order.wheelhouse,
        "tolerance": order.tolerance,
        "script": launch.script,
        "model_folder": launch.model_folder,
        "mlmodel": described,
        "flavor": launch.flavor,
        "model_file": launch.model_file,
        "variables": dict(sorted(launch.variables.items())),
        "timeout_ms": launch.requests.request_timeout_ms,
        "requirements": _requirements(ctx, plan) if launch.script else [],
    }


def _requirements(ctx: Context, plan: Plan) -> list[str]:
    """Give what the environment asks for: a script may import it in ways that nobody sees."""
    pinned = environments.pin(ctx, plan.model.workspace, plan.launch.environment)
    return list(pinned.recipe.requirements)
