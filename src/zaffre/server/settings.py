"""Settings: the one place that reads the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zaffre.errors import Invalid

HIGHEST_PORT = 65535
YES = ("1", "true", "yes")


@dataclass(frozen=True)
class Settings:
    """How one server runs.

    A port of 0 is any free one, None the one of the last time or else the usual one.
    `hosts` are further host names that it answers to; an empty `database` is the home's own, and
    so are empty `artifacts` and no `secret_key`; `artifact_cache` is how many bytes of a bucket
    the home keeps;
    `mirrors` maps the beginnings of addresses to what stands in for them in jobs' downloads.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int | None = None
    gateway_port: int | None = None
    database: str = ""
    secret_key: Path | None = None
    artifacts: str = ""
    artifact_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    artifact_cache: int = 20 * 2**30
    hosts: tuple[str, ...] = ()
    strict_environments: bool = False
    isolation: str = "auto"
    container_engine: str = "auto"
    mirrors: Mapping[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """Give the SQLAlchemy URL of the metadata database."""
        return self.database or f"sqlite:///{self.home / 'zaffre.db'}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `ZAFFRE_*` variables.

    Raises:
        Invalid: a variable holds what it cannot.
    """
    home = Path(environment.get("ZAFFRE_HOME") or Path.home() / ".zaffre").expanduser().absolute()
    return Settings(
        home=home,
        host=environment.get("ZAFFRE_HOST", "127.0.0.1"),
        port=_port(environment, "ZAFFRE_PORT"),
        gateway_port=_port(environment, "ZAFFRE_GATEWAY_PORT"),
        database=environment.get("ZAFFRE_DATABASE", ""),
        secret_key=Path(key).absolute() if (key := environment.get("ZAFFRE_SECRET_KEY")) else None,
        artifacts=environment.get("ZAFFRE_ARTIFACTS", ""),
        artifact_options=_of_s3(environment),
        artifact_cache=_gigabytes(environment, "ZAFFRE_ARTIFACTS_CACHE_GB", 20) * 2**30,
        hosts=tuple(environment.get("ZAFFRE_HOSTS", "").replace(",", " ").split()),
        strict_environments=environment.get("ZAFFRE_STRICT_ENVIRONMENTS", "") in YES,
        isolation=environment.get("ZAFFRE_ISOLATION", "auto"),
        container_engine=environment.get("ZAFFRE_CONTAINER_ENGINE", "auto"),
        mirrors=_mirrors(environment.get("ZAFFRE_MIRRORS", "")),
    )


def _of_s3(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what the usual variables say of S3; the library reads those of other clouds."""
    named = {
        "access_key_id": ("AWS_ACCESS_KEY_ID",),
        "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
        "session_token": ("AWS_SESSION_TOKEN",),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
        "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    }
    found = {
        word: next((environment[name] for name in names if environment.get(name)), "")
        for word, names in named.items()
    }
    return {word: value for word, value in found.items() if value}


def _gigabytes(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name, "") or str(usual)
    if not text.isdecimal():
        raise Invalid(f"{name} is `{text}`, which is no whole number of gigabytes.")
    return int(text)


def _mirrors(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Invalid(
            "ZAFFRE_MIRRORS is no JSON object of texts.", hint='As {"https://a/": "file:///b/"}.'
        )
    return found


def _port(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise Invalid(
            f"{name} is `{text}`, which is no port.",
            hint="Give a number from 0 (any free one) to 65535.",
        )
    return int(text)
