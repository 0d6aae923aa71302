"""A context for tests of jobs: real stores on a small database, and a compute that the test holds in hand."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.machine import Machine
from zaffre.ports.builder import Build, Ready
from zaffre.ports.compute import Report
from zaffre.services import workspaces
from zaffre.services.context import Addresses, Context, Home
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.database import Database
from zaffre.store.files import SqlFiles
from zaffre.store.logged_models import SqlLoggedModels
from zaffre.store.migration import migrate
from zaffre.store.predictions import SqlPredictions
from zaffre.store.resources import SqlMetadata
from zaffre.store.secrets import FileSecrets
from zaffre.store.tokens import SqlTokens
from zaffre.store.tracking import SqlTracking
from zaffre.store.usage import SqlUsage
from zaffre.testing.clock import FakeClock


@dataclass
class HeldBuilder:
    """Gives the build that the test wants."""

    answer: Build = field(
        default_factory=lambda: Ready("h1", Path("/usr/bin/python3"), Path("/usr/bin"), "3.11.2")
    )

    told: str = ""

    def ensure(self, recipe: Any, retry: Any = None) -> Build:
        return self.answer

    def log(self, hash_: str, limit: int = 65536) -> str:
        return self.told


@dataclass
class HeldCompute:
    """Starts nothing: the test says how each job is."""

    root: Path
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)

    def start(self, name: str, plan: dict[str, Any]) -> None:
        if name not in self.plans:
            self.starts.append(name)
            self.plans[name] = plan
            self.folder(name).mkdir(parents=True)
            self.reports[name] = Report("starting", {})

    def report(self, name: str) -> Report | None:
        return self.reports.get(name)

    def cancel(self, name: str) -> None:
        self.canceled.append(name)

    def logs(self, name: str, offset: int, limit: int) -> bytes:
        path = self.folder(name) / "user_logs" / "std_log.txt"
        return path.read_bytes()[offset : offset + limit] if path.exists() else b""

    def folder(self, name: str) -> Path:
        return self.root / name

    def again(self, name: str) -> None:
        self.plans.pop(name)
        self.reports.pop(name)
        shutil.rmtree(self.folder(name))

    def forget(self, name: str) -> None:
        self.reports.pop(name, None)

    def end(self, name: str, outcome: str = "completed", **facts: Any) -> None:
        """Let a job end, with files as its launcher would have sealed them."""
        outputs = {
            output: [
                self.sealed(name, f"outputs/{output}/{path}", path, data)
                for path, data in files.items()
            ]
            for output, files in facts.pop("outputs", {}).items()
        }
        artifacts = [
            self.sealed(name, f"artifacts/{path}", path, data)
            for path, data in facts.pop("artifacts", {}).items()
        ]
        told = {
            "started_at": 10.0,
            "ended_at": 12.5,
            "exit_code": 0,
            "outcome": outcome,
            "usage": {"cpu_seconds": 1.0, "peak_memory_bytes": 5, "wall_seconds": 2.5},
            "sealed": {"outputs": outputs, "artifacts": artifacts},
            **facts,
        }
        self.reports[name] = Report("ended", told)

    def sealed(self, name: str, place: str, path: str, data: bytes) -> list[Any]:
        file = self.folder(name) / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return [path, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), 420, str(file)]


TWO_CPUS = Machine(cpus=2, memory_bytes=8 * 2**30)


@contextmanager
def job_context(
    root: Path, compute: Any = None, builder: Any = None, machine: Machine = TWO_CPUS
) -> Iterator[Context]:
    """Give a context with the workspace `default`."""
    home = Home(root)
    root.mkdir(exist_ok=True)
    database = Database(f"sqlite:///{root}/zaffre.db")
    try:
        migrate(database)
        clock = FakeClock()
        ctx = Context(
            metadata=SqlMetadata(database, clock),
            tracking=SqlTracking(database, clock),
            files=SqlFiles(database, clock),
            logged_models=SqlLoggedModels(database, clock),
            artifacts=FolderArtifacts(home.artifacts),
            computes={"local": compute or HeldCompute(home.jobs)},
            builder=builder or HeldBuilder(),
            secrets=FileSecrets(root / "secret.key"),
            tokens=SqlTokens(database, clock),
            predictions=SqlPredictions(database, clock),
            clock=clock,
            home=home,
            addresses=Addresses("http://127.0.0.1:8642", "http://127.0.0.1:8643"),
            machine=machine,
            usage=SqlUsage(database),
        )
        workspaces.ensure_default(ctx)
        yield ctx
    finally:
        database.close()


def command(text: str = "echo hi", **fields: Any) -> CommandJobSpec:
    """Give the spec of a command job."""
    document = {"command": text, "environment": {"python": "current"}, **fields}
    return CommandJobSpec.model_validate(document)


def journal_line(*parts: Any) -> bytes:
    return json.dumps(parts).encode() + b"\n"
