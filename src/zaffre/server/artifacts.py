"""Which artifact store a server has: its home's folder, or a bucket with that folder before it."""

from __future__ import annotations

import importlib
from typing import Any

from zaffre.errors import Invalid
from zaffre.ports.artifacts import ArtifactStore
from zaffre.ports.clock import Clock
from zaffre.ports.direct import DirectAccess
from zaffre.server.settings import Settings
from zaffre.services.context import Home
from zaffre.store.artifacts import FolderArtifacts

SCHEMES = ("s3://", "az://", "gs://")


def artifact_store(
    settings: Settings, home: Home, clock: Clock, *, make: bool = True
) -> tuple[ArtifactStore, DirectAccess | None]:
    """Give the store, and what lets clients past the server where the store can.

    Raises:
        Invalid: the setting names no store, or what it needs is not installed.
    """
    folder = FolderArtifacts(home.artifacts, make=make)
    if not settings.artifacts:
        return folder, None
    bucket = open_bucket(settings)
    store = _plug("objects").ObjectArtifacts(bucket, folder, clock, keep=settings.artifact_cache)
    signing = _plug("signing")
    return store, signing.SignedAccess(store, clock, signing.credentials_of(_options(settings)))


def open_bucket(settings: Settings) -> Any:
    """Give the bucket that the settings name.

    Raises:
        Invalid: they name none, or what it needs is not installed.
    """
    if not settings.artifacts.startswith(SCHEMES):
        raise Invalid(
            f"`{settings.artifacts}` is no object store.",
            hint="Write s3://bucket/folder, az://container/folder or gs://bucket/folder.",
        )
    return _plug("bucket").Bucket(settings.artifacts, _options(settings))


def _options(settings: Settings) -> dict[str, str]:
    of_s3 = settings.artifacts.startswith("s3://")
    return dict(settings.artifact_options) if of_s3 else {}


def _plug(name: str) -> Any:
    """Load a module where a bucket is used: what it needs is an extra."""
    try:
        return importlib.import_module(f"zaffre.store.{name}")
    except ImportError as error:
        raise Invalid(
            "Object stores need obstore.", hint="Install it with: pip install 'zaffre[s3]'"
        ) from error
