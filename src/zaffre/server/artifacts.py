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
    if not settings.artifacts.startswith(SCHEMES):
        raise Invalid(
            f"ZAFFRE_ARTIFACTS is `{settings.artifacts}`, which is no object store.",
            hint="Write s3://bucket/folder, az://container/folder or gs://bucket/folder.",
        )
    try:  # loaded where a bucket is used: it is an extra
        bucket_module: Any = importlib.import_module("zaffre.store.bucket")
        objects: Any = importlib.import_module("zaffre.store.objects")
        signing: Any = importlib.import_module("zaffre.store.signing")
    except ImportError as error:
        raise Invalid(
            "Object stores need obstore.", hint="Install it with: pip install 'zaffre[s3]'"
        ) from error
    of_s3 = settings.artifacts.startswith("s3://")
    options = dict(settings.artifact_options) if of_s3 else {}
    bucket = bucket_module.Bucket(settings.artifacts, options)
    key = signing.credentials_of(options)
    store = objects.ObjectArtifacts(bucket, folder, clock, keep=settings.artifact_cache)
    return store, signing.SignedAccess(store, clock, key)
