"""Make and change deployments that may follow a model."""

from __future__ import annotations

from zaffre.kinds.endpoint import OnlineDeploymentStatus
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.services import deployments
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_spec
from zaffre.services.following.judging import check_gate
from zaffre.services.following.parts import MANUAL, Follower, newest, version_of


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a deployment and begin to prepare it.

    Raises:
        NotFound: the endpoint, or what it names, is not there.
        Invalid: it cannot be served as it is written, or its gate cannot be run.
        Conflict: it exists already.
    """
    wanted = deployment_spec(spec)
    check_gate(wanted)
    if wanted.update_policy == MANUAL:
        return deployments.create(ctx, key, wanted)
    follower = Follower(Resource(key, wanted, OnlineDeploymentStatus()))
    launched = follower.pinned(newest(ctx, follower))
    return deployments.create(ctx, key, wanted, launched=launched)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change a deployment. One that follows a model keeps its version: only a gate brings another.

    Raises:
        Invalid: it cannot be served as it is written, or its gate cannot be run.
        NotFound: what it names is not there.
        Stale: somebody changed it meanwhile.
    """
    wanted, follower = deployment_spec(spec), Follower(found)
    check_gate(wanted)
    serving = follower.status.serving
    version = version_of(serving.model_reference) if serving else ""
    follows = wanted.update_policy != MANUAL and wanted.model == follower.spec.model
    pinned = f"azureml:{follower.model}:{version}" if follows and version else wanted.model
    launched = wanted.model_copy(update={"model": pinned})
    return deployments.update(ctx, found, wanted, revision, launched=launched)
