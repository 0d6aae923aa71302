"""Which service does what for which kind; a kind without a line here only exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from zaffre.kinds.resource import Key, Kind, Resource, Spec
from zaffre.ports.metadata import Browse, Page
from zaffre.services import (
    clusters,
    components,
    computes,
    data,
    datastores,
    deployments,
    endpoints,
    environments,
    following,
    history,
    job_types,
    jobs,
    models,
    predictions,
    resources,
    schedules,
    uses,
    workspaces,
)
from zaffre.services.batch import deployments as batch_deployments
from zaffre.services.batch import endpoints as batch_endpoints
from zaffre.services.context import Context

Create = Callable[[Context, Key, Spec], Resource]
Update = Callable[[Context, Resource, Spec, int | None], Resource]
Delete = Callable[[Context, Key], None]
Show = Callable[[Context, Key], Resource]
Browsing = Callable[[Context, Browse], Page]


@dataclass(frozen=True)
class Verbs:
    """The services behind the generic routes of a kind; `find` gives what `update` changes."""

    create: Create
    update: Update
    delete: Delete
    show: Show
    find: Show
    browse: Browsing


_CREATE: dict[str, Create] = {
    "workspace": workspaces.create,
    "compute": clusters.create,
    "datastore": datastores.create,
    "data": data.create,
    "environment": environments.create,
    "component": components.create,
    "job": job_types.submit,
    "model": models.create,
    "schedule": schedules.create,
    "online_endpoint": endpoints.create,
    "online_deployment": following.create,
    "prediction_view": predictions.create,
    "batch_endpoint": batch_endpoints.create,
    "batch_deployment": batch_deployments.create,
}
_UPDATE: dict[str, Update] = {
    "compute": clusters.update,
    "component": components.update,
    "datastore": datastores.update,
    "job": jobs.update,
    "schedule": schedules.update,
    "online_endpoint": endpoints.update,
    "online_deployment": following.update,
    "prediction_view": predictions.update,
    "batch_endpoint": batch_endpoints.update,
    "batch_deployment": batch_deployments.update,
}
_DELETE: dict[str, Delete] = {
    "workspace": workspaces.delete,
    "compute": computes.delete,
    "data": uses.delete,
    "datastore": datastores.delete,
    "environment": uses.delete,
    "job": jobs.delete,
    "model": models.delete,
    "online_endpoint": endpoints.delete,
    "online_deployment": deployments.delete,
    "prediction_view": predictions.delete,
    "batch_endpoint": batch_endpoints.delete,
    "batch_deployment": batch_deployments.delete,
}
_SHOW: dict[str, Show] = {
    "compute": jobs.show_compute,
    "job": jobs.show,
    "environment": environments.show,
    "schedule": schedules.show,
    "online_deployment": deployments.show,
    "prediction_view": predictions.show,
    "batch_endpoint": batch_endpoints.show,
}
_FIND: dict[str, Show] = {"job": history.show}
_BROWSE: dict[str, Browsing] = {
    "compute": jobs.browse_computes,
    "job": jobs.browse,
    "environment": environments.browse,
    "online_deployment": deployments.browse,
    "prediction_view": predictions.browse,
    "batch_endpoint": batch_endpoints.browse,
}


def verbs_of(kind: Kind) -> Verbs:
    """Give the services of a kind."""
    return Verbs(
        create=_CREATE.get(kind.name, partial(resources.store, kind)),
        update=_UPDATE.get(kind.name, _updating(kind)),
        delete=_DELETE.get(kind.name, resources.delete),
        show=_SHOW.get(kind.name, resources.show),
        find=_FIND.get(kind.name, resources.show),
        browse=_BROWSE.get(kind.name, resources.browse),
    )


def _updating(kind: Kind) -> Update:
    def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
        return resources.replace_spec(ctx, kind, found, spec, revision=revision)

    return update
