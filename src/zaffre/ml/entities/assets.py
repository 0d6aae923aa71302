"""What has versions: data, environments, models."""

from __future__ import annotations

from zaffre.kinds import environment
from zaffre.ml.entity import Entity, Part


class Data(Entity, kind="data"):
    """A file, folder or table under a name and a version."""


class BuildContext(Part, model=environment.BuildContext):
    """A folder with a Dockerfile."""


class Environment(Entity, kind="environment"):
    """The interpreter that code runs in."""


class Model(Entity, kind="model"):
    """Files that predict, under a name and a version."""
