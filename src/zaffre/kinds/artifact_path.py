"""Paths in the one artifact space that MLflow clients see: whose file a path means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.names import shown

SCHEME = "mlflow-artifacts:"
_FOLDERS = {"models": "logged_model", "traces": "trace"}
_RUN = re.compile("[0-9a-f]{32}")
_PROXY = "/api/2.0/mlflow-artifacts/artifacts/"


@dataclass(frozen=True)
class Place:
    """Where a file or folder lies: its owner's kind and id, and the path among its files."""

    kind: str
    id: str = ""
    path: str = ""

    def owner(self, workspace: str) -> str:
        """Give the owner's text for the file store."""
        return owner(self.kind, workspace, self.id)

    def child(self, path: str) -> Place:
        """Give the place of a path below this one."""
        joined = f"{self.path}/{path}" if self.path and path else self.path or path
        return Place(self.kind, self.id, joined)


def owner(kind: str, workspace: str, name: str = "") -> str:
    """Give the text that names whose files they are: `run:default/1f2e`."""
    return f"{kind}:{workspace}/{name}" if name else f"{kind}:{workspace}"


def place_of(path: str) -> Place:
    """Say what a path under `mlflow-artifacts:/` means.

    `<experiment>/<run>/artifacts/...` are a run's files, `<experiment>/models/<id>/artifacts/...`
    a logged model's, `<experiment>/traces/<id>/artifacts/...` a trace's, `trees/<hex>/...` those
    of a stored tree (its id is the digest); others belong to the workspace itself.

    Raises:
        Invalid: the path is against the grammar of paths.
    """
    path = path.removesuffix("/")
    if not path:
        return Place("mlflow")
    parts = names.path(path).split("/")
    if parts[0] == "trees" and parts[1:] and names.DIGEST.match(f"sha256:{parts[1]}"):
        return Place("tree", f"sha256:{parts[1]}", "/".join(parts[2:]))
    for at, (above, name, word) in enumerate(zip(["", *parts], parts, parts[1:], strict=False)):
        # `<experiment>/<name>/artifacts`, or deeper, where an experiment's location is its own.
        kind = _FOLDERS.get(above, "run") if at > 1 else "run"
        if word == "artifacts" and at and (at == 1 or kind != "run" or _RUN.fullmatch(name)):
            return Place(kind, name, "/".join(parts[at + 2 :]))
    return Place("mlflow", "", path)


def path_of_uri(uri: str) -> str | None:
    """Give the path that an `mlflow-artifacts:` address, or its proxy's, means; else None."""
    if uri.startswith(SCHEME):
        rest = uri.removeprefix(SCHEME)
        return rest[2:].partition("/")[2] if rest.startswith("//") else rest.removeprefix("/")
    if uri.startswith(("http://", "https://")) and _PROXY in uri:
        return uri.partition(_PROXY)[2]
    return None


def place_of_uri(uri: str) -> Place:
    """Say what an artifact address means.

    Raises:
        Invalid: it is none of ours.
    """
    path = path_of_uri(uri)
    if path is None:
        raise Invalid(f"{shown(uri)} is no address of artifacts here.")
    return place_of(path)


def run_uri(experiment: str, run: str) -> str:
    """Give the address of a run's artifacts."""
    return f"{SCHEME}/{experiment}/{run}/artifacts"


def tree_uri(digest: str) -> str:
    """Give the address of a stored tree's files."""
    return f"{SCHEME}/trees/{digest.removeprefix('sha256:')}"


def logged_model_uri(experiment: str, model: str) -> str:
    """Give the address of a logged model's artifacts."""
    return f"{SCHEME}/{experiment}/models/{model}/artifacts"
