"""What every service is given: the ports, the clock, who asks, and where things are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from zaffre.errors import NotFound
from zaffre.kinds.machine import Machine
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.artifacts import ArtifactStore
from zaffre.ports.builder import Builder
from zaffre.ports.capture_tables import CaptureTables
from zaffre.ports.clock import Clock
from zaffre.ports.clusters import Clusters
from zaffre.ports.compute import Compute
from zaffre.ports.data_plane import DataPlane
from zaffre.ports.direct import DirectAccess
from zaffre.ports.files import FileStore
from zaffre.ports.logged_models import LoggedModelStore
from zaffre.ports.metadata import SERVER, Actor, MetadataStore
from zaffre.ports.parquet import ParquetReader
from zaffre.ports.predictions import PredictionStore
from zaffre.ports.secrets import Secrets
from zaffre.ports.servers import Servers
from zaffre.ports.step_memory import StepMemory
from zaffre.ports.tokens import TokenStore
from zaffre.ports.tracking import TrackingStore
from zaffre.ports.usage import UsageStore


@dataclass(frozen=True)
class Home:
    """The folder that holds everything of one installation."""

    root: Path

    @property
    def artifacts(self) -> Path:
        """Give the folder of the artifact store."""
        return self.root / "artifacts"

    @property
    def jobs(self) -> Path:
        """Give the folder with one folder for each job."""
        return self.root / "jobs"

    @property
    def unfinished(self) -> Path:
        """Give the folder of what jobs keep for their next attempt."""
        return self.root / "unfinished"

    @property
    def envs(self) -> Path:
        """Give the folder with one folder for each built environment."""
        return self.root / "envs"

    @property
    def deployments(self) -> Path:
        """Give the folder with the files of online deployments."""
        return self.root / "deployments"

    @property
    def datastores(self) -> Path:
        """Give the folder of the datastores that have none of their own."""
        return self.root / "datastores"

    @property
    def captures(self) -> Path:
        """Give the folder where the gateway keeps the journal of captured traffic."""
        return self.root / "captures"

    @property
    def view_journal(self) -> Path:
        """Give the folder where the gateway keeps answers for prediction views."""
        return self.run / "views"

    @property
    def metrics_token(self) -> Path:
        """Give the file with the token that may read the gateway's metrics."""
        return self.root / "metrics-token"

    @property
    def run(self) -> Path:
        """Give the folder of sockets, locks and process records."""
        return self.root / "run"

    @property
    def clusters(self) -> Path:
        """Give the folder of the clusters that are made of this machine."""
        return self.root / "ray"

    @property
    def logs(self) -> Path:
        """Give the folder of the server's, gateway's and deployments' logs."""
        return self.root / "logs"


@dataclass(frozen=True)
class Addresses:
    """Where others reach this installation."""

    server: str
    gateway: str


@dataclass(frozen=True)
class JobType:
    """What can be done with jobs of one type. Every function may be called again without harm."""

    submit: Callable[[Context, Key, Spec], Resource]
    advance: Callable[[Context, Key], bool]
    cancel: Callable[[Context, Key], Resource]
    unfinished: Callable[[Context], Iterable[Key]]


@dataclass(frozen=True)
class Context:
    """The ports and facts that services work with; only the actor changes while a server runs."""

    metadata: MetadataStore
    tracking: TrackingStore
    files: FileStore
    logged_models: LoggedModelStore
    artifacts: ArtifactStore
    computes: Mapping[str, Compute]
    builder: Builder
    secrets: Secrets
    tokens: TokenStore
    predictions: PredictionStore
    clock: Clock
    home: Home
    addresses: Addresses
    actor: Actor = SERVER
    machine: Machine = field(default_factory=Machine)
    usage: UsageStore | None = None
    job_types: Mapping[str, JobType] = field(default_factory=dict)
    steps: StepMemory | None = None
    clusters: Clusters | None = None
    tables: CaptureTables | None = None
    parquet: ParquetReader | None = None
    scoring_program: Path | None = None
    direct: DirectAccess | None = None
    data_plane: DataPlane | None = None
    servers: Servers | None = None

    def acting(self, actor: Actor) -> Context:
        """Give the same context for another actor."""
        return replace(self, actor=actor)

    @property
    def server(self) -> str | None:
        """Give the id of this server where there may be others, else None."""
        return self.servers.own if self.servers else None

    @property
    def leads(self) -> bool:
        """Say whether this server does what only one may do."""
        return self.servers is None or self.servers.leads()

    def compute(self, backend: str) -> Compute:
        """Give the compute of a backend.

        Raises:
            NotFound: no such backend is installed.
        """
        try:
            return self.computes[backend]
        except KeyError:
            known = ", ".join(sorted(self.computes))
            raise NotFound(
                f"There is no compute backend `{backend}`.", hint=f"Known: {known}."
            ) from None
