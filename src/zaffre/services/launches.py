"""What a deployment's document means now: model, code and environment, pinned as a revision."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import yaml

from zaffre.errors import Conflict, Invalid, NotFound, Place, Problem
from zaffre.kinds import names
from zaffre.kinds.deployment_settings import CodeConfiguration, Probe
from zaffre.kinds.endpoint import OnlineDeploymentSpec
from zaffre.kinds.flavor import PlainModel, plain_model
from zaffre.kinds.inline import InlineEnvironment, InlineModel
from zaffre.kinds.model import ModelContainer, ModelSpec, ModelStatus
from zaffre.kinds.reference import Asset, parse_remote
from zaffre.kinds.reference import asset as parse_asset
from zaffre.kinds.resource import Json, Key, Resource
from zaffre.kinds.revision import Launch
from zaffre.kinds.tree import Tree as Manifest
from zaffre.ports.metadata import Link
from zaffre.services import environments, fields, files, models, request_schemas
from zaffre.services.accelerations import sample_file, with_converters
from zaffre.services.context import Context

FOLDER = "model"
CONDA_FILE = "conda.yaml"
REQUIREMENTS_FILE = "requirements.txt"
SERVERS = ("azureml-", "mlserver")
MANIFEST_BYTES = 1 << 20

ASKED = (
    "model",
    "code_configuration",
    "acceleration",
    "environment",
    "environment_variables",
    "request_schema",
)
"""The fields that make a revision; a change of others needs no new workers."""


class Served(NamedTuple):
    """A model as stored content: its tree, its folder under AZUREML_MODEL_DIR, and its name."""

    tree: Manifest
    folder: str
    type: str
    reference: str
    flavors: Mapping[str, Json] | None = None


def launch_of(ctx: Context, key: Key, spec: OnlineDeploymentSpec) -> Launch:
    """Pin what a document means now.

    Raises:
        Invalid: it cannot be served as it is written.
        NotFound: its model, code or environment is not there.
    """
    code = spec.code_configuration
    if code is not None and spec.acceleration is not None:
        raise _useless_acceleration()
    with fields.at("model"):
        model = model_of(ctx, key.workspace, spec.model)
        plain = plain_of(key.name, model) if code is None else None
    with fields.at("acceleration.sample_data"):
        sample = sample_file(ctx, key.workspace, spec.acceleration)
    with fields.at("environment"):
        pinned = environments.pin(ctx, key.workspace, _wanted(ctx, spec, model))
    return Launch(
        id=new_id(key),
        model_tree=model.tree.digest if model else None,
        model_folder=model.folder if model else "",
        model_reference=model.reference if model else "",
        is_mlflow=code is None and plain is None,
        flavor=plain.flavor if plain else None,
        model_file=plain.path if plain else None,
        acceleration=spec.acceleration,
        sample_tree=sample.tree if sample else None,
        sample_file=sample.path if sample else None,
        schema_tree=_schema(ctx, key.workspace, spec.request_schema),
        code_tree=code_of(ctx, key.workspace, code) if code else None,
        script=code.scoring_script if code else None,
        environment=pinned.id or None,
        variables=spec.environment_variables,
        asked=spec.model_dump(mode="json", include=set(ASKED), exclude_unset=True),
        **_numbers(spec),
    )


def _useless_acceleration() -> Invalid:
    text = "`acceleration` is for models without a script: a scoring script loads its model."
    hint = "Leave out `code_configuration`, or load an ONNX model in `init()`."
    problem = Problem(text, Place(field="acceleration"), hint)
    return Invalid(text, hint=hint, problems=(problem,))


def _schema(ctx: Context, workspace: str, path: str | None) -> str | None:
    with fields.at("request_schema"):
        return request_schemas.compiled(ctx, workspace, path)


def plain_of(name: str, model: Served | None) -> PlainModel | None:
    """Say what a model without a script is where it is no folder of MLflow's.

    Raises:
        Invalid: there is none, or nobody can say how it is loaded.
    """
    if model is None:
        raise Invalid(
            f"Deployment `{name}` has neither a model nor `code_configuration`.",
            hint="Name a model of type `mlflow_model`, or give `code` and `scoring_script`.",
        )
    if model.type == "mlflow_model":
        return None
    return plain_model(model.flavors, [leaf.path for leaf in model.tree.leaves])


def new_id(key: Key) -> str:
    """Make the name of a new revision."""
    return f"{key.parent}.{key.name}.{secrets.token_hex(6)}"


def _start_seconds(spec: OnlineDeploymentSpec) -> float:
    """Say how long a worker may take to load, as the probes give it."""
    probe = spec.startup_probe or spec.readiness_probe or Probe()
    return probe.initial_delay + probe.period * probe.failure_threshold


def sized(launch: Launch, spec: OnlineDeploymentSpec) -> Launch:
    """Give a revision the numbers of a document."""
    return launch.model_copy(update=_numbers(spec))


def _numbers(spec: OnlineDeploymentSpec) -> dict[str, Any]:
    return {
        "instances": spec.instance_count,
        "requests": spec.request_settings,
        "collector": spec.data_collector,
        "scale": spec.scale_settings,
        "start_seconds": _start_seconds(spec),
        "liveness": spec.liveness_probe or Probe(),
    }


def links_of(launch: Launch, workspace: str, target: str) -> list[Link]:
    """Give the links from what a revision is made of to a target ("": what the batch adds)."""
    environment = (launch.environment or "").removeprefix("azureml:")
    sources = [
        (launch.model_reference, "model"),
        (f"tree:{launch.code_tree}" if launch.code_tree else "", "code"),
        (f"environment:{workspace}/{environment}" if environment else "", "environment"),
    ]
    return [Link(source, relation, target) for source, relation in sources if source]


def code_of(ctx: Context, workspace: str, code: CodeConfiguration) -> str:
    """Give the digest of the scoring script's folder.

    Raises:
        Invalid: the script is not in it.
        NotFound: the folder is not there.
    """
    with fields.at("code_configuration.scoring_script"):
        names.path(code.scoring_script)
    with fields.at("code_configuration.code"):
        if not code.code:
            raise Invalid("`code_configuration` names no `code` folder.")
        content = files.resolve(ctx, workspace, parse_remote(code.code))
    with fields.at("code_configuration.scoring_script"):
        _check_script(content.tree, code.scoring_script)
    return content.digest


def _check_script(tree: Manifest, script: str) -> None:
    if tree.find(script) is None:
        scripts = [leaf.path for leaf in tree.leaves if leaf.path.endswith(".py")]
        raise Invalid(
            f"The code folder has no `{script}`.",
            hint=f"Its scripts: {', '.join(scripts[:10]) or 'none'}.",
        )


def model_of(ctx: Context, workspace: str, wanted: str | InlineModel | None) -> Served | None:
    """Give the content of a deployment's model.

    Raises:
        Invalid: it is no reference to a model.
        NotFound: it is not there.
    """
    if wanted is None:
        return None
    if isinstance(wanted, InlineModel):
        return _inline(ctx, workspace, wanted)
    text = wanted
    place = parse_remote(text) if "://" in text or text.startswith("runs:") else parse_asset(text)
    if isinstance(place, Asset):
        return _registered(ctx, workspace, place)
    content = files.resolve(ctx, workspace, place)
    return Served(content.tree, _under(content), _type_of(content.tree), _name_of(content))


def _inline(ctx: Context, workspace: str, model: InlineModel) -> Served:
    """Take a model written in the deployment; with a name it is registered, or found again."""
    with fields.at("path"):
        place = parse_remote(model.path)
        if isinstance(place, Asset):
            return _registered(ctx, workspace, place)
        content = files.resolve(ctx, workspace, place)
    if model.name is None:
        name = _name_of(content)
        return Served(content.tree, _under(content), model.type, name, model.flavors)
    key = Key("model", workspace, model.name, model.version or "")
    try:
        found = ctx.metadata.get(key) if model.version else None
    except NotFound:
        found = None
    if found is None:
        given = model.model_dump(exclude_unset=True, exclude={"name", "version"})
        found = models.create(ctx, key, ModelSpec.model_validate(given))
    elif _status(found).tree != content.digest:
        raise Conflict(
            f"Model `{model.name}` version {model.version} is there with other files.",
            hint="Give another version, or leave it out to make the next one.",
            code="immutable",
        )
    reference = found.key.reference
    return Served(content.tree, _under(content), model.type, reference, model.flavors)


def _registered(ctx: Context, workspace: str, asset: Asset) -> Served:
    version = asset.version or labelled(ctx, workspace, asset)
    found = ctx.metadata.get(Key("model", workspace, asset.name, version))
    spec, status = found.spec, _status(found)
    if status.tree is None:
        raise NotFound(
            f"The files of model `{asset.name}` version {found.key.version} are not here.",
            hint="Register it from a path, a job's output or a run.",
        )
    folder = "" if status.file else status.folder or FOLDER
    tree, reference = files.load_tree(ctx, status.tree), found.key.reference
    if not isinstance(spec, ModelSpec):
        return Served(tree, folder, "", reference)
    return Served(tree, folder, spec.type, reference, spec.flavors)


def labelled(ctx: Context, workspace: str, asset: Asset) -> str:
    """Give the version that a label means: the latest one, or that of an alias."""
    if asset.label in ("", names.LATEST):
        return names.LATEST
    container = ctx.metadata.get(Key("model", workspace, asset.name)).spec
    aliases = container.aliases if isinstance(container, ModelContainer) else {}
    if asset.label not in aliases:
        raise NotFound(
            f"Model `{asset.name}` has no alias `{asset.label}`.",
            hint=f"It has: {', '.join(sorted(aliases)) or 'none'}; `@latest` is always there.",
        )
    return aliases[asset.label]


def _under(content: files.Content) -> str:
    """Say where files lie under AZUREML_MODEL_DIR: a file right there, a folder by its name."""
    return "" if content.file else content.folder or FOLDER


def _type_of(tree: Manifest) -> str:
    return "mlflow_model" if tree.find("MLmodel") else "custom_model"


def _name_of(content: files.Content) -> str:
    return content.source or f"tree:{content.digest}"


def _status(found: Resource) -> ModelStatus:
    return found.status if isinstance(found.status, ModelStatus) else ModelStatus()


def _wanted(
    ctx: Context, spec: OnlineDeploymentSpec, model: Served | None
) -> str | InlineEnvironment | None:
    """Give the environment; what the model brings gets the converters that acceleration needs."""
    wanted = environment_of(ctx, spec, model)
    if spec.environment or spec.acceleration is None or not isinstance(wanted, InlineEnvironment):
        return wanted
    return with_converters(wanted)


class Deployable(Protocol):
    """What says which environment a deployment's model runs in."""

    @property
    def environment(self) -> str | InlineEnvironment | None:
        """Give the environment that the document names."""

    @property
    def code_configuration(self) -> CodeConfiguration | None:
        """Give the scoring script."""


def environment_of(
    ctx: Context, spec: Deployable, model: Served | None
) -> str | InlineEnvironment | None:
    """Give the environment; a model without a script brings its own."""
    if spec.environment is not None or model is None or spec.code_configuration is not None:
        return spec.environment
    conda = _read(ctx, model.tree, CONDA_FILE)
    if conda is not None:
        return InlineEnvironment(conda_file=_without_servers(_parsed(conda)))
    lines = _read(ctx, model.tree, REQUIREMENTS_FILE)
    if lines is not None:
        wanted = [line.strip() for line in lines.splitlines()]
        return InlineEnvironment(requirements=[line for line in wanted if _is_wanted(line)])
    return None


def _read(ctx: Context, tree: Manifest, path: str) -> str | None:
    leaf = tree.find(path)
    if leaf is None or leaf.size > MANIFEST_BYTES:
        return None
    with ctx.artifacts.open(leaf.digest) as file:
        return file.read().decode("utf-8", "replace")


def _parsed(text: str) -> Json:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f"The model's {CONDA_FILE} cannot be read: {error}") from None


def _without_servers(conda: Json) -> dict[str, Json]:
    """Leave out the packages of other scoring servers: the gateway takes their place."""
    if not isinstance(conda, dict):
        raise Invalid(f"The model's {CONDA_FILE} is no mapping.")
    kept: list[Json] = []
    given = conda.get("dependencies")
    for item in given if isinstance(given, list) else []:
        if isinstance(item, dict) and isinstance(item.get("pip"), list):
            kept.append({"pip": [line for line in item["pip"] if _is_wanted(str(line))]})
        else:
            kept.append(item)
    return {**conda, "dependencies": kept}


def _is_wanted(line: str) -> bool:
    return bool(line) and not line.startswith(("#", *SERVERS))
