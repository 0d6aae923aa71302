"""The client: one workspace, a collection for each kind."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

from zaffre.errors import Invalid
from zaffre.ml import settings as settings_
from zaffre.ml.connection import Connection

if TYPE_CHECKING:
    from zaffre.ml.assets import DataAssets, Datastores, Environments
    from zaffre.ml.batch import BatchDeployments, BatchEndpoints
    from zaffre.ml.collection import Collection
    from zaffre.ml.computes import Computes
    from zaffre.ml.endpoints import OnlineDeployments, OnlineEndpoints
    from zaffre.ml.entity import Entity
    from zaffre.ml.jobs import Jobs
    from zaffre.ml.models import Models
    from zaffre.ml.places import Components, Workspaces
    from zaffre.ml.polling import Poller
    from zaffre.ml.prediction_views import PredictionViews
    from zaffre.ml.schedules import Schedules

COLLECTIONS = {
    "workspace": ("places", "Workspaces"),
    "compute": ("computes", "Computes"),
    "datastore": ("assets", "Datastores"),
    "data": ("assets", "DataAssets"),
    "environment": ("assets", "Environments"),
    "component": ("places", "Components"),
    "job": ("jobs", "Jobs"),
    "schedule": ("schedules", "Schedules"),
    "model": ("models", "Models"),
    "online_endpoint": ("endpoints", "OnlineEndpoints"),
    "online_deployment": ("endpoints", "OnlineDeployments"),
    "prediction_view": ("prediction_views", "PredictionViews"),
    "batch_endpoint": ("batch", "BatchEndpoints"),
    "batch_deployment": ("batch", "BatchDeployments"),
}
"""The collection of each kind: its module, loaded when the first is asked for, and its class."""

C = TypeVar("C", bound="Collection[Any]")


class Of(Generic[C]):
    """The collection of a kind as an attribute of the client, made when it is first asked for."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.__doc__ = f"Resources of the kind `{kind}`."

    @overload
    def __get__(self, client: None, owner: type[MLClient]) -> Self: ...
    @overload
    def __get__(self, client: MLClient, owner: type[MLClient]) -> C: ...
    def __get__(self, client: MLClient | None, owner: type[MLClient]) -> Self | C:
        """Give the collection of a client, or this of the class."""
        return self if client is None else cast("C", client.collection(self.kind))


class MLClient:
    """A workspace, found by argument, ZAFFRE_URL, `config.json` upward from here, or the home."""

    jobs: Of[Jobs] = Of("job")
    schedules: Of[Schedules] = Of("schedule")
    data: Of[DataAssets] = Of("data")
    models: Of[Models] = Of("model")
    environments: Of[Environments] = Of("environment")
    components: Of[Components] = Of("component")
    compute: Of[Computes] = Of("compute")
    datastores: Of[Datastores] = Of("datastore")
    workspaces: Of[Workspaces] = Of("workspace")
    online_endpoints: Of[OnlineEndpoints] = Of("online_endpoint")
    online_deployments: Of[OnlineDeployments] = Of("online_deployment")
    prediction_views: Of[PredictionViews] = Of("prediction_view")
    batch_endpoints: Of[BatchEndpoints] = Of("batch_endpoint")
    batch_deployments: Of[BatchDeployments] = Of("batch_deployment")

    def __init__(  # noqa: PLR0913 (the arguments of Azure's client, and ours)
        self,
        credential: Any = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        registry_name: str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        workspace: str | None = None,
        home: Path | str | None = None,
        connection: Connection | None = None,
        **_: Any,
    ) -> None:
        """Get ready; nothing is opened before the first call.

        A credential, a subscription, a resource group and a registry are for Azure and mean
        nothing here. A workspace that is only named beside them, and that the server does not
        have, stands for the default one.
        """
        del credential, registry_name
        found = settings_.read(
            url=url, token=token, workspace=workspace or workspace_name, home=home
        )
        if subscription_id or resource_group_name:
            found = settings_.loose(found, workspace)
        self.connection = connection or Connection(found)
        self._collections: dict[str, Collection[Any]] = {}

    @classmethod
    def from_config(
        cls,
        credential: Any = None,
        *,
        path: Path | str | None = None,
        file_name: str | None = None,
        **rest: Any,
    ) -> Self:
        """Find the workspace by a `config.json`: the one given, or the nearest upward from here.

        Raises:
            Invalid: the one given is not there.
        """
        if path is None and file_name is None:
            return cls(credential, **rest)
        place = Path(path or ".")
        if file_name is not None:
            place /= file_name
        return cls(credential, connection=Connection(settings_.read(config=place)), **rest)

    @property
    def workspace_name(self) -> str:
        """Give the workspace's name."""
        return self.connection.workspace

    @property
    def tracking_uri(self) -> str:
        """Give the address for `mlflow.set_tracking_uri`."""
        return self.connection.target.url

    def collection(self, kind: str) -> Collection[Any]:
        """Give the collection of a kind by its name."""
        if kind not in self._collections:
            module, name = COLLECTIONS[kind]
            made = getattr(import_module(f"zaffre.ml.{module}"), name)
            self._collections[kind] = made(self.connection, kind)
        return self._collections[kind]

    def create_or_update(self, entity: Entity, **options: Any) -> Any:
        """Store an entity in the collection of its kind."""
        return self._of(entity).create_or_update(entity, **options)

    def begin_create_or_update(self, entity: Entity, **options: Any) -> Poller[Any]:
        """Store an entity in the collection of its kind and give a poller."""
        return self._of(entity).begin_create_or_update(entity, **options)

    def lineage(
        self,
        kind: str,
        name: str,
        version: str | None = None,
        direction: str = "both",
        *,
        parent: str | None = None,
    ) -> dict[str, Any]:
        """Give what something came of and what came of it, as nodes and edges."""
        parts = [part for part in ("lineage", kind, name, version) if part]
        query = {"direction": direction, **({"parent": parent} if parent else {})}
        return dict(self.connection.get(self.connection.path(*parts), query))

    def lineage_of_request(self, request_id: str) -> dict[str, Any]:
        """Give what made the prediction of a request, by its `x-request-id`."""
        return dict(self.connection.get(self.connection.path("lineage"), {"request": request_id}))

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self.connection.close()

    def _of(self, entity: Entity) -> Collection[Any]:
        kind = getattr(entity, "kind", None)
        if getattr(kind, "name", None) not in COLLECTIONS:
            raise Invalid(f"A {type(entity).__name__} is nothing that a workspace keeps.")
        return self.collection(entity.kind.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        """Show where it leads, and no token."""
        found = self.connection.settings
        return f"MLClient(workspace={found.workspace!r}, at={found.url or str(found.home)!r})"
