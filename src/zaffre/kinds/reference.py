"""References: what a document names by text, parsed once into types that cannot be mistaken."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed

REGISTRY_KINDS = ("environments", "models", "data", "components", "codes")
"""Kinds of assets that a registry holds."""

_CLOUD = ("s3", "gs", "wasb", "wasbs", "abfs", "abfss", "adl")
_WEB = ("http", "https")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_ADDRESS = re.compile(r"//[^/\s]")
_KNOWN = (
    "azureml:",
    "azureml://",
    "runs:/",
    "models:/",
    "https://",
    "s3://",
    "gs://",
    "wasbs://",
    "abfss://",
)
_LONG = re.compile(
    r"subscriptions/[^/]+/resource[gG]roups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/"
)


@dataclass(frozen=True)
class Asset:
    """An asset of the workspace: `azureml:name:version` or `azureml:name@label`."""

    name: str
    version: str = ""
    label: str = ""

    def __str__(self) -> str:
        """Give the reference as it is written in documents."""
        if self.version:
            return f"azureml:{self.name}:{self.version}"
        return f"azureml:{self.name}@{self.label}" if self.label else f"azureml:{self.name}"


@dataclass(frozen=True)
class DatastorePath:
    """A path in a datastore: `azureml://datastores/NAME/paths/PATH`."""

    datastore: str
    path: str = ""

    def __str__(self) -> str:
        """Give the reference as it is written in documents."""
        return f"azureml://datastores/{self.datastore}/paths/{self.path}"


@dataclass(frozen=True)
class JobOutput:
    """An output of a job, or a path in it: `azureml://jobs/ID/outputs/NAME[/paths/PATH]`.

    The output `artifacts` is the folder of the run's artifacts.
    """

    job: str
    output: str
    path: str = ""

    def __str__(self) -> str:
        """Give the reference as it is written in documents."""
        tail = f"/paths/{self.path}" if self.path else ""
        return f"azureml://jobs/{self.job}/outputs/{self.output}{tail}"


@dataclass(frozen=True)
class RegistryAsset:
    """An asset of a registry: `azureml://registries/R/KIND/NAME/versions/V` or `/labels/L`."""

    registry: str
    kind: str
    name: str
    version: str = ""
    label: str = ""

    def __str__(self) -> str:
        """Give the reference as it is written in documents."""
        head = f"azureml://registries/{self.registry}/{self.kind}/{self.name}"
        return (
            f"{head}/versions/{self.version}"
            if self.version
            else f"{head}/labels/{self.label or 'latest'}"
        )


@dataclass(frozen=True)
class Tree:
    """Uploaded content: `azureml://trees/sha256:HEX` (a folder) or `azureml://trees/sha256:HEX/FILE`."""

    digest: str
    file: str = ""

    def __str__(self) -> str:
        """Give the reference as it is written in documents."""
        return (
            f"azureml://trees/{self.digest}/{self.file}"
            if self.file
            else f"azureml://trees/{self.digest}"
        )


@dataclass(frozen=True)
class RunPath:
    """An artifact of an MLflow run: `runs:/ID/PATH`."""

    run: str
    path: str = ""

    def __str__(self) -> str:
        """Give the reference as MLflow writes it."""
        return f"runs:/{self.run}/{self.path}" if self.path else f"runs:/{self.run}"


@dataclass(frozen=True)
class MlflowModel:
    """A model in MLflow's words: `models:/NAME/VERSION`, `models:/NAME@ALIAS`, `models:/m-ID`."""

    name: str
    version: str = ""
    alias: str = ""

    def __str__(self) -> str:
        """Give the reference as MLflow writes it."""
        if self.alias:
            return f"models:/{self.name}@{self.alias}"
        return f"models:/{self.name}/{self.version}" if self.version else f"models:/{self.name}"


@dataclass(frozen=True)
class WebAddress:
    """A file on the web: `https://...`. Only jobs fetch it."""

    url: str

    def __str__(self) -> str:
        """Give the address."""
        return self.url


@dataclass(frozen=True)
class CloudPath:
    """A place in an object store: `s3://`, `gs://`, `wasbs://`, `abfss://`. Only jobs fetch it."""

    scheme: str
    url: str

    def __str__(self) -> str:
        """Give the address."""
        return self.url


@dataclass(frozen=True)
class LocalPath:
    """A path on the machine of the one who writes the document. The server never opens one."""

    path: str

    def __str__(self) -> str:
        """Give the path."""
        return self.path


Stored = Asset | DatastorePath | JobOutput | RegistryAsset | Tree | RunPath | MlflowModel
Remote = Stored | WebAddress | CloudPath
Reference = Remote | LocalPath


def parse(text: str) -> Reference:
    """Parse what a document of this machine names; what has no scheme is a local path.

    Raises:
        Invalid: the scheme is unknown, or what follows it is written wrong.
    """
    if text.startswith("file:"):
        return LocalPath(_file_path(text))
    return parse_remote(text) if _SCHEME.match(text) else LocalPath(_printable(text))


def parse_remote(text: str) -> Remote:
    """Parse what a request names. Local paths, `file:` and unknown schemes have no meaning here.

    Raises:
        Invalid: it is none of the known references.
    """
    match = _SCHEME.match(_printable(text))
    scheme = match.group(1).lower() if match else ""
    rest = text[match.end() :] if match else text
    if scheme == "azureml":
        return _resource(rest[2:], text) if rest.startswith("//") else asset(rest)
    if scheme in ("runs", "models"):
        return _mlflow(scheme, rest, text)
    if scheme in _WEB and _ADDRESS.match(rest):
        return WebAddress(text)
    if scheme in _CLOUD and _ADDRESS.match(rest):
        return CloudPath(scheme, text)
    raise Invalid(
        f"{shown(text)} is no known reference.", hint=f"References begin with {listed(_KNOWN)}."
    )


def asset(text: str) -> Asset:
    """Parse `name:version`, `name@label` or `name`, with or without `azureml:` before it.

    Raises:
        Invalid: it is none of these.
    """
    bare = text.removeprefix("azureml:")
    named, _, label = bare.partition("@")
    if label:
        return Asset(names.name(named, "asset name"), label=names.name(label, "label"))
    named, _, version = bare.partition(":")
    if version == names.LATEST:
        return Asset(names.name(named, "asset name"), label=names.LATEST)
    return Asset(names.name(named, "asset name"), names.version(version) if version else "")


def said_model(reference: str) -> str:
    """Name a model as answers do: `NAME:VERSION` where it is registered, else its reference."""
    kind, _, rest = reference.partition(":")
    return rest.partition("/")[2] if kind == "model" else reference


def _resource(rest: str, text: str) -> Remote:
    match _LONG.sub("", rest, count=1).split("/"):
        case ["datastores", store, *inner]:
            return DatastorePath(names.name(store, "datastore name"), _tail(inner, text))
        case ["jobs", job, "outputs", output, *inner]:
            return JobOutput(
                names.name(job, "job name"),
                names.name(output, "output name"),
                _tail(inner, text),
            )
        case ["registries", registry, kind, name, by, which]:
            names.name(registry, "registry name")
            found = _versioned(kind, name, by, which, text)
            return RegistryAsset(registry, kind, found.name, found.version, found.label)
        case ["trees", digest, *inner]:
            return Tree(names.digest(digest), names.path("/".join(inner)) if inner else "")
        case [kind, name, by, which] if kind in REGISTRY_KINDS:
            return _versioned(kind, name, by, which, text)
    raise Invalid(f"{shown(text)} is no known reference.", hint=_RESOURCE_HINT)


_RESOURCE_HINT = (
    "Write `azureml://datastores/NAME/paths/PATH`, `azureml://jobs/ID/outputs/NAME`, "
    "`azureml://registries/REGISTRY/KIND/NAME/versions/VERSION` or `azureml:NAME:VERSION`."
)


def _tail(parts: list[str], text: str) -> str:
    """Give the path after `paths/`; a slash at its end is the same folder."""
    if not any(parts):
        return ""
    if parts[0] != "paths":
        raise Invalid(
            f"{shown(text)} is no known reference.", hint="Put the path after `/paths/`."
        )
    inner = "/".join(parts[1:]).rstrip("/")
    return names.path(inner) if inner else ""


def _versioned(kind: str, name: str, by: str, which: str, text: str) -> Asset:
    if kind not in REGISTRY_KINDS:
        hint = f"Kinds: {listed(REGISTRY_KINDS)}."
        raise Invalid(f"{shown(text)} names no kind of asset.", hint=hint)
    names.name(name, "asset name")
    if by == "labels":
        return Asset(name, label=names.name(which, "label"))
    if by == "versions":
        return Asset(name, names.version(which))
    hint = "End with `/versions/VERSION` or `/labels/latest`."
    raise Invalid(f"{shown(text)} names no version.", hint=hint)


def _mlflow(scheme: str, rest: str, text: str) -> RunPath | MlflowModel:
    name, _, tail = rest.strip("/").partition("/")
    if not rest.startswith("/") or not name:
        hint = "Write `runs:/RUN_ID/PATH` or `models:/NAME/VERSION`."
        raise Invalid(f"{shown(text)} is no known reference.", hint=hint)
    if scheme == "runs":
        return RunPath(names.name(name, "run id"), names.path(tail) if tail else "")
    name, _, alias = name.partition("@")
    return MlflowModel(_printable(name), tail, alias)


def _file_path(text: str) -> str:
    rest = text.removeprefix("file:")
    return _printable(rest[2:] if rest.startswith("//") else rest)


def _printable(text: str) -> str:
    if text.strip() and names.is_clean(text):
        return text
    raise Invalid(
        f"{shown(text)} is no reference.", hint="It is empty or holds control characters."
    )
