"""What the launcher was asked to run: `plan.json`, read once."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

LOG_BYTES = 256 * 2**20
DOWNLOAD_BYTES = 16 * 2**30
GRACE = 10.0


class Plan:
    """The plan of one job with its defaults filled in.

    A job on several nodes has one for each: its `rank`, the addresses of all (`hosts`), and the
    folder of the first one (`lead`), which is the job's own. A job in a `container` says its
    `image` and the `engine` that runs it.
    """

    def __init__(self, folder: str, document: dict[str, Any]) -> None:
        limits = document.get("limits") or {}
        self.folder = folder
        self.job: str = document["job"]
        self.workspace: str = document.get("workspace", "default")
        self.url: str = document.get("url") or ""
        self.token: str = document.get("token") or ""
        self.command: str = document["command"]
        self.environment: dict[str, str] = document.get("env") or {}
        self.python_bin: str | None = document.get("python_bin")
        self.python: str | None = document.get("python")
        self.python_version: str = document.get("python_version") or ""
        self.container: dict[str, str] = document.get("container") or {}
        self.guest: str | None = document.get("guest")
        self.code: str | None = document.get("code")
        self.blobs: str = document.get("blobs") or ""
        self.places: dict[str, str] = document.get("places") or {}
        self.inputs: list[dict[str, Any]] = document.get("inputs") or []
        self.outputs: list[dict[str, Any]] = document.get("outputs") or []
        self.keep: str | None = document.get("keep")
        self.timeout: float | None = document.get("timeout")
        self.grace = float(document.get("grace", GRACE))
        self.log_bytes = int(limits.get("log_bytes", LOG_BYTES))
        self.download_bytes = int(limits.get("download_bytes", DOWNLOAD_BYTES))
        self.instances = int(document.get("instance_count") or 1)
        self.distribution: dict[str, Any] = document.get("distribution") or {}
        self.cpus = float(document.get("cpus") or 1)
        self.gpus: list[str] = document.get("gpus") or []
        self.node: str = document.get("node") or ""
        # Where MLflow's client does it in the job, the names are taken.
        own = self.environment.get("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "")
        self.metered = own.lower() != "true"
        self.warnings: list[str] = document.get("warnings") or []
        self.rank = int(document.get("rank") or 0)
        self.lead: str = document.get("lead") or folder
        self.hosts: list[tuple[str, list[int]]] = document.get("hosts") or []
        self.mirrors: dict[str, str] = document.get("mirrors") or {}
        self.isolation: str = document.get("isolation", "auto")
        self.hide: list[str] = document.get("hide") or []
        self.show: list[str] = document.get("show") or []

    @property
    def journal(self) -> str:
        """Give where the job's metrics are logged: on whichever node, at the first one's."""
        return f"{self.lead}/journal.jsonl"

    @property
    def serves_the_first(self) -> bool:
        """Say whether the other nodes only serve the command, which runs on the first one."""
        return str(self.distribution.get("type") or "").lower() == "ray"


def read_plan(folder: str) -> Plan:
    """Read the plan of the job in a folder.

    Raises:
        ValueError: the plan cannot be understood.
    """
    with open(f"{folder}/plan.json", "rb") as file:
        document = json.load(file)
    try:
        return Plan(folder, document)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"plan.json is wrong: {error!r}") from error
