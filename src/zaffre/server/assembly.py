"""Assembly: every socket gets its plug, the routes their gate, the loop its sources."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from zaffre.adapters.local import LocalCompute, LocalSettings
from zaffre.adapters.local.capture_tables import ProgramTables
from zaffre.adapters.local.data_plane import GatewayDataPlane
from zaffre.adapters.local.parquet import ProgramParquet
from zaffre.adapters.ray import RayCompute, RaySettings
from zaffre.adapters.uv import BuilderSettings, UvBuilder
from zaffre.api.gate import Gate
from zaffre.api.table import all_routes
from zaffre.ports.artifacts import ArtifactStore
from zaffre.ports.compute import Compute
from zaffre.ports.tokens import Principal, Role
from zaffre.runtime.scoring import PROGRAM
from zaffre.server import home as places
from zaffre.server.artifacts import artifact_store
from zaffre.server.clock import SystemClock
from zaffre.server.gateway import GatewayKeeper
from zaffre.server.leading import Lead
from zaffre.server.loop import Loop, Source
from zaffre.server.machine import read_machine
from zaffre.server.pages import page_routes
from zaffre.server.settings import Settings
from zaffre.server.work import Work
from zaffre.services import endpoints, environments, job_types, workspaces
from zaffre.services.context import Addresses, Context, Home
from zaffre.store.database import Database
from zaffre.store.files import SqlFiles
from zaffre.store.logged_models import SqlLoggedModels
from zaffre.store.migration import migrate
from zaffre.store.predictions import SqlPredictions
from zaffre.store.resources import SqlMetadata
from zaffre.store.secrets import FileSecrets
from zaffre.store.servers import SqlServers, agree_on_key
from zaffre.store.step_memory import SqlStepMemory
from zaffre.store.tokens import SqlTokens
from zaffre.store.tracking import SqlTracking
from zaffre.store.usage import SqlUsage
from zaffre.studio.bundle import Bundle

OWNER = Principal("owner", Role.OWNER)


@dataclass(frozen=True)
class Assembly:
    """The parts of a server, ready to be started."""

    context: Context
    app: Gate
    loop: Loop
    database: Database
    lead: Lead | None = None

    def start(self) -> None:
        """Begin to work."""
        if self.lead is not None:
            self.lead.start()
        self.loop.start()

    def resign(self) -> None:
        """Let idle nodes go, and another server lead; what this one still does is refused."""
        if self.context.clusters is not None:
            self.context.clusters.rest()
        if self.lead is not None:
            self.lead.stop()

    def close(self) -> None:
        """Stop the loop, then the database."""
        self.loop.stop()
        self.database.close()


def assemble(settings: Settings, home: Home) -> Assembly:
    """Wire one server; the database is migrated and the first workspace made."""
    database = Database(settings.database_url)
    migrate(database)
    context = make_context(settings, home, database)
    SqlTokens(database, context.clock).admit(places.owner_token(home), OWNER)
    places.metrics_token(home)
    workspaces.ensure_default(context)
    lead, sources = _sources(context)
    loop = Loop([*sources, GatewayKeeper(home).steps])
    routes = [*all_routes(), *page_routes(Bundle.read())]
    app = Gate(routes, context, _hosts(settings), loop.wake)
    return Assembly(context, app, loop, database, lead)


def _sources(context: Context) -> tuple[Lead | None, list[Source]]:
    """Say where work comes from: of several servers, only one does what must be done once."""
    work = Work(context)
    servers = context.servers
    if not isinstance(servers, SqlServers):
        endpoints.readdress(context)
        return None, [work.jobs, work.others, work.here]
    servers.beat()
    lead = Lead(servers, partial(endpoints.readdress, context))
    led = [lead.taking_over, lead.leading(work.jobs), lead.leading(work.others)]
    return lead, [*led, lead.following(work.held), lead.following(work.retiring), work.here]


def make_context(settings: Settings, home: Home, database: Database) -> Context:
    """Give the services their ports; nothing is written but what all servers must agree on.

    Raises:
        Conflict: the database's secrets were sealed with another key.
    """
    clock = SystemClock()
    secrets = FileSecrets(settings.secret_key or home.root / "secret.key")
    servers = _servers(settings, home, database, secrets)
    artifacts, direct = artifact_store(settings, home, clock)
    computes, clusters = _computes(settings, home)
    return Context(
        metadata=SqlMetadata(database, clock),
        tracking=SqlTracking(database, clock),
        files=SqlFiles(database, clock),
        logged_models=SqlLoggedModels(database, clock),
        artifacts=artifacts,
        direct=direct,
        computes=computes,
        clusters=clusters,
        job_types=job_types.OWN,
        steps=SqlStepMemory(database, clock),
        tables=ProgramTables(),
        parquet=ProgramParquet(),
        scoring_program=PROGRAM.parent,
        builder=_builder(settings, home, artifacts),
        secrets=secrets,
        servers=servers,
        tokens=SqlTokens(database, clock),
        predictions=SqlPredictions(database, clock),
        data_plane=GatewayDataPlane(_authority(settings.host, settings.gateway_port)),
        clock=clock,
        machine=read_machine(),
        usage=SqlUsage(database),
        home=home,
        addresses=_addresses(settings),
    )


def _addresses(settings: Settings) -> Addresses:
    return Addresses(
        f"http://{_authority(settings.host, settings.port)}",
        f"http://{_authority(settings.host, settings.gateway_port)}",
    )


def _builder(settings: Settings, home: Home, artifacts: ArtifactStore) -> UvBuilder:
    return UvBuilder(
        home.envs,
        os.environ,
        SystemClock(),
        BuilderSettings(settings.strict_environments, engine=settings.container_engine),
        partial(environments.read_lock, artifacts),
    )


def _servers(
    settings: Settings, home: Home, database: Database, secrets: FileSecrets
) -> SqlServers | None:
    """Give what servers of one database know of each other; SQLite has one server."""
    if database.dialect != "postgresql":
        return None
    agree_on_key(database, secrets)
    facts = (places.identity(home), socket.gethostname(), _addresses(settings).server)
    return SqlServers(database, SystemClock(), facts)


def _local(settings: Settings, home: Home) -> LocalCompute:
    return LocalCompute(
        LocalSettings(
            jobs=home.jobs,
            blobs=home.artifacts / "blobs",
            environment=os.environ,
            hide=(home.root,),
            isolation=settings.isolation,
            mirrors=settings.mirrors,
        )
    )


def _computes(settings: Settings, home: Home) -> tuple[dict[str, Compute], RayCompute | None]:
    """Give what runs jobs, and what keeps clusters, where Ray is installed."""
    local = _local(settings, home)
    if importlib.util.find_spec("ray") is None:
        return {"local": local}, None
    environment = {"RAY_USAGE_STATS_ENABLED": "0", **os.environ}
    ray = RayCompute(local, RaySettings(home.jobs, home.clusters, home.logs, environment))
    return {"local": local, "ray": ray}, ray


def _authority(host: str, port: int | None) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _hosts(settings: Settings) -> list[str]:
    """Give the Host headers that mean this server: its address, loopback's names, what was set."""
    names: Iterable[str] = {settings.host, "127.0.0.1", "localhost", "::1"}
    return [*(_authority(name, settings.port) for name in names), *settings.hosts]
