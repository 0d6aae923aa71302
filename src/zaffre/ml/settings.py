"""Where the client finds its workspace: arguments, environment, `config.json`, default home."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid

DEFAULT_WORKSPACE = "default"
CONFIG_FILE = "config.json"
CONFIG_FOLDERS = ("", ".zaffre", ".azureml", "aml_config")


@dataclass(frozen=True)
class Settings:
    """What is known before the first call; `url` is None where the home's own server is meant."""

    home: Path
    url: str | None = None
    token: str | None = None
    workspace: str = DEFAULT_WORKSPACE
    strict: bool = True
    """False where the workspace's name comes from Azure's words and may be unknown here."""


def read(
    *,
    url: str | None = None,
    token: str | None = None,
    workspace: str | None = None,
    home: Path | str | None = None,
    config: Path | None = None,
) -> Settings:
    """Put the settings together: an argument wins, then the environment, then `config.json`."""
    found = configuration(config)
    named = workspace or os.environ.get("ZAFFRE_WORKSPACE")
    given = url or os.environ.get("ZAFFRE_URL")
    if given is None and home is None:
        given = found.get("url")
        token = token or os.environ.get("ZAFFRE_TOKEN") or found.get("token")
    return Settings(
        home=home_folder(home),
        url=given.rstrip("/") if given else None,
        token=token or os.environ.get("ZAFFRE_TOKEN"),
        workspace=named
        or found.get("workspace")
        or found.get("workspace_name")
        or DEFAULT_WORKSPACE,
        strict=bool(named) or "subscription_id" not in found,
    )


def home_folder(given: Path | str | None = None) -> Path:
    """Give the home: the argument, `ZAFFRE_HOME`, or `~/.zaffre`."""
    chosen = given or os.environ.get("ZAFFRE_HOME") or Path.home() / ".zaffre"
    return Path(chosen).expanduser().absolute()


def configuration(given: Path | None = None, start: Path | None = None) -> dict[str, Any]:
    """Read the given `config.json`, or the nearest one upward from here; {} where none is.

    Raises:
        Invalid: the given file is missing, or a file found is not a JSON object.
    """
    if given is not None:
        found = _in_folder(given) if given.is_dir() else given
        if found is None or not found.is_file():
            raise Invalid(f"There is no workspace configuration at `{given}`.")
        return _parse(found)
    here = start or Path.cwd()
    for folder in (here, *here.parents):
        candidate = _in_folder(folder)
        if candidate is not None:
            content = _parse(candidate, forgiving=True)
            if {"url", "workspace", "workspace_name"} & content.keys():
                return content
    return {}


def _in_folder(folder: Path) -> Path | None:
    candidates = (folder / part / CONFIG_FILE for part in CONFIG_FOLDERS)
    return next((path for path in candidates if path.is_file()), None)


def _parse(path: Path, *, forgiving: bool = False) -> dict[str, Any]:
    # A `config.json` above may belong to any other program: only one that was named must be right.
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if forgiving:
            return {}
        raise Invalid(f"`{path}` is no JSON document: {error}.") from error
    if isinstance(content, dict):
        return content
    if forgiving:
        return {}
    raise Invalid(f"`{path}` must hold a JSON object.")


def environment() -> dict[str, str]:
    """Give the environment for a child process, without what would lead it to another server."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"ZAFFRE_URL", "ZAFFRE_TOKEN"}
    }


def loose(settings: Settings, workspace: str | None) -> Settings:
    """Give settings whose workspace may be unknown here, unless it was named in our words."""
    return (
        settings
        if workspace
        else replace(settings, strict=settings.workspace == DEFAULT_WORKSPACE)
    )
