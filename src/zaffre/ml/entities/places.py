"""Where things are: workspaces, computes, datastores."""

from __future__ import annotations

from typing import Any

from zaffre.ml.entity import Entity


class Workspace(Entity, kind="workspace"):
    """The scope of everything else."""

    _tracking_uri: str | None = None

    @property
    def mlflow_tracking_uri(self) -> str | None:
        """Give the address for `mlflow.set_tracking_uri`; None before it is stored."""
        return self._tracking_uri


class Compute(Entity, kind="compute"):
    """Where work runs."""


class LocalCompute(Compute):
    """This machine, or a part of it."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "local", **fields})


class AmlCompute(Compute):
    """A cluster whose nodes come when jobs wait; without Ray a name for the local pool."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "amlcompute", **fields})


class ComputeInstance(Compute):
    """A machine for one person: this one, while it is started."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "computeinstance", **fields})


class Datastore(Entity, kind="datastore"):
    """A place that holds data."""


class LocalDatastore(Datastore):
    """A folder of the server's machine."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "local", **fields})
