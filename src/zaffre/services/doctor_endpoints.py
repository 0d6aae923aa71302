"""The doctor's look at endpoints: documents against the gateway's file, folders and workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from zaffre.kinds.resource import Resource
from zaffre.kinds.revision import Launch
from zaffre.ports.metadata import Browse
from zaffre.services import captures, gateway, resources
from zaffre.services.context import Context
from zaffre.services.doctor import Check, Finding
from zaffre.services.endpoint_parts import deployment_status

NAME = "endpoints"
WAITING = timedelta(hours=1)


def endpoints(workers: Mapping[str, Sequence[int]], *, live: bool) -> Check:
    """Give the check. `workers` are the living workers of each revision; `live`: a server runs."""

    def check(ctx: Context) -> Iterator[Finding]:
        found = resources.every(ctx, Browse("online_deployment", archived=None))
        yield from _configuration(ctx, live=live)
        for deployment in found:
            yield from _deployment(ctx, deployment, workers, live=live)
        yield from _strangers(ctx, found, workers)
        if live:
            yield from _journals(ctx)

    return check


def _journals(ctx: Context) -> Iterator[Finding]:
    """Name journals of captured traffic that do not become tables."""
    before = (ctx.clock.now() - WAITING).timestamp()
    for folder in captures.journals(ctx):
        if any(path.stat().st_mtime < before for path in folder.iterdir()):
            place = str(folder.relative_to(ctx.home.root))
            problem = f"Captured traffic waits to become data for more than {WAITING}."
            fix = "Look for the reason in logs/server.log; nothing of it is lost."
            yield Finding(NAME, place, problem, fix, "warning")


def _configuration(ctx: Context, *, live: bool) -> Iterator[Finding]:
    if gateway.is_current(ctx):
        return
    problem = "It is not what the endpoints' documents say."
    fix = "Restart the server: it writes it anew." if live else "Start the server: it writes it."
    severity = "error" if live else "warning"
    yield Finding(NAME, "run/gateway.json", problem, fix, severity)


def _deployment(
    ctx: Context, found: Resource, workers: Mapping[str, Sequence[int]], *, live: bool
) -> Iterator[Finding]:
    status = deployment_status(found)
    launch = status.serving
    if launch is None:
        return
    if not (ctx.home.deployments / launch.id).is_dir():
        problem = "The files that its workers read are gone."
        fix = "The server lays them out again within a minute; if not, restore a backup."
        yield Finding(NAME, found.key.reference, problem, fix)
    elif live and status.provisioning_state == "Succeeded" and not _is_served(launch, workers):
        problem = "It is Succeeded, but has no worker."
        fix = f"Look at its log, {gateway.log_of(ctx.home, found.key)}; restart the gateway."
        yield Finding(NAME, found.key.reference, problem, fix)


def _is_served(launch: Launch, workers: Mapping[str, Sequence[int]]) -> bool:
    scale = gateway.scale_of(launch)
    return bool(workers.get(launch.id)) or (scale is not None and not scale["least"])


def _strangers(
    ctx: Context, found: Sequence[Resource], workers: Mapping[str, Sequence[int]]
) -> Iterator[Finding]:
    """Name workers of no deployment: the gateway lets replaced ones finish, for some seconds."""
    statuses = [deployment_status(one) for one in found]
    known = {
        launch.id
        for status in statuses
        for launch in (status.coming, status.serving, status.fallback)
        if launch is not None
    } | set(gateway.observed(ctx))
    for revision, pids in sorted(workers.items()):
        if revision not in known:
            shown = " ".join(str(pid) for pid in pids)
            problem = f"Processes {shown} serve a revision of no deployment."
            yield Finding(NAME, revision, problem, f"End them: `kill {shown}`.")
