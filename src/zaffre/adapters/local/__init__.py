"""Jobs as child processes on this machine: each under a launcher that outlives the server.

The job's folder is the whole truth: its held lock says that the launcher lives, `state.json` how
far it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.adapters.local.nursery import Nursery
from zaffre.adapters.local.processes import (
    PASSED,
    Children,
    alive_jobs,
    is_held,
    open_log,
    try_lock,
)
from zaffre.errors import Failed, Invalid, Unavailable
from zaffre.ports.compute import Report

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"

_INHERITED = """
HOME HOSTNAME JAVA_HOME LANG LANGUAGE LD_LIBRARY_PATH LOGNAME PATH REQUESTS_CA_BUNDLE SHELL
SSL_CERT_DIR SSL_CERT_FILE TERM TMPDIR TZ USER all_proxy http_proxy https_proxy no_proxy ALL_PROXY
HTTP_PROXY HTTPS_PROXY NO_PROXY
"""
_INHERITED_KINDS = (
    "LC_",
    "CUDA_",
    "NVIDIA_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "PIP_",
    "UV_",
    "CONDA_",
    "XDG_",
    "NCCL_",
)
_STARTS = 5
_REPAIRS = 3


@dataclass(frozen=True)
class LocalSettings:
    """What the server says once: where jobs lie, where blobs are, what jobs may inherit and see.

    `environment` is the server's own; jobs get a short list of it. `hide` are folders that an
    isolated job must not see, apart from what its plan names. `mirrors` maps address prefixes of
    inputs to what stands in for them.
    """

    jobs: Path
    blobs: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    hide: Sequence[Path] = ()
    isolation: str = "auto"
    mirrors: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable


@dataclass(frozen=True)
class Launch:
    """How a job's launcher is started: the command lacks the folder."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


class LocalCompute:
    """Runs jobs on this machine."""

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self._children = Children()
        program = str(RUNTIME / "launcher" / "__main__.py")
        self._program = (settings.python, "-I", "-S", program)
        self._environment = inherited(settings.environment)
        self._nursery = Nursery(self._children, self._program, self._environment, settings.jobs)
        self._starting = threading.Lock()
        self._starts: dict[str, int] = {}
        self._repairs: dict[str, int] = {}
        settings.jobs.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self, name: str, plan: dict[str, Any]) -> None:
        """Begin the job, or do nothing if it has begun."""
        folder = self._place(name)
        with self._starting:
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
                lock = try_lock(folder / "lock")
                if lock is None:
                    return
                try:
                    if not (folder / "state.json").exists():
                        self._count_start(name, folder)
                        _write_plan(folder, self._completed(plan))
                        self._launch(folder, lock)
                finally:
                    os.close(lock)
            except OSError as error:
                raise Unavailable(f"Job `{name}` cannot be started now: {error}.") from error

    def _count_start(self, name: str, folder: Path) -> None:
        tried = self._starts[name] = self._starts.get(name, 0) + 1
        if tried > _STARTS:
            log = folder / "launcher.log"
            told = log.read_text(errors="replace")[-1000:] if log.exists() else ""
            raise Failed(f"The job's launcher ends before it has begun. {told}".strip())

    def prepare(self, name: str, plan: dict[str, Any]) -> Launch | None:
        """Write a job's plan for a launcher that somebody else starts, or give None: it has begun.

        Raises:
            Unavailable: its folder cannot be written now.
        """
        folder = self._place(name)
        with self._starting:
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
                lock = try_lock(folder / "lock")
                if lock is None:
                    return None
                try:
                    if (folder / "state.json").exists():
                        return None
                    _write_plan(folder, self._completed(plan))
                finally:
                    os.close(lock)
            except OSError as error:
                raise Unavailable(f"Job `{name}` cannot be started now: {error}.") from error
        environment = self._environment | {"ZAFFRE_JOB_FOLDER": str(folder)}
        return Launch(list(self._program), environment, folder)

    def report(self, name: str) -> Report | None:
        """Say how the job is; one whose launcher is gone is ended and repaired first."""
        self._children.reap()
        folder = self._place(name)
        held = is_held(folder / "lock")  # asked first: who lets it go has written the end before
        state = _read_state(folder)
        if state is None:
            return Report("starting", {}) if held else None
        if held or state["phase"] == "ended":
            return Report(state["phase"], state)
        return self._repair(name, folder, state)

    def cancel(self, name: str) -> None:
        """Ask the job to stop; its launcher looks for the file ten times a second."""
        folder = self._place(name)
        if folder.is_dir():
            (folder / "cancel").touch(mode=0o600)

    def logs(self, name: str, offset: int, limit: int) -> bytes:
        """Give bytes of the job's merged output from an offset."""
        try:
            with (self._place(name) / "user_logs" / "std_log.txt").open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return b""

    def folder(self, name: str) -> Path:
        """Give the job's folder, whether it exists yet or not."""
        return self._place(name)

    def again(self, name: str) -> None:
        """Empty the folder of a job that does not run, but for its log and its metrics."""
        folder = self._place(name)
        self._repairs.pop(name, None)
        with self._starting:
            lock = try_lock(folder / "lock")
            if lock is None:
                raise Unavailable(f"The launcher of job `{name}` has not ended yet.")
            try:
                _empty(folder)
            except OSError as error:
                raise Unavailable(f"Job `{name}` cannot begin anew: {error}.") from error
            finally:
                os.close(lock)

    def forget(self, name: str) -> None:
        """Delete the folder of a job that does not run."""
        folder = self._place(name)
        self._repairs.pop(name, None)
        self._starts.pop(name, None)
        with self._starting:
            lock = try_lock(folder / "lock") if folder.is_dir() else None
            if lock is None:
                return
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)

    def alive(self) -> dict[str, list[int]]:
        """Give the processes of this home's jobs, by job, for `doctor` to compare."""
        return alive_jobs(self.settings.jobs)

    def _place(self, name: str) -> Path:
        if not name or "/" in name or "\0" in name or name.startswith("."):
            raise Invalid(f"`{name}` is no name of a job.")
        return self.settings.jobs / name

    def _completed(self, plan: dict[str, Any]) -> dict[str, Any]:
        hidden = [str(path) for path in self.settings.hide]
        own = {
            "blobs": str(self.settings.blobs),
            "guest": str(RUNTIME / "guest"),
            "isolation": self.settings.isolation,
            "hide": hidden,
            "show": _seen(plan),
            "mirrors": dict(self.settings.mirrors),
        }
        return {**own, **plan}

    def _launch(self, folder: Path, lock: int, *options: str) -> None:
        """Start the launcher with the lock held: there is no moment when nobody holds it."""
        with open_log(folder) as log:
            if self._nursery.launch(folder, lock, log, options):
                return
            environment = self._environment | {"ZAFFRE_JOB_FOLDER": str(folder)}
            words = [*self._program, str(folder), "--lock", str(PASSED), *options]
            self._children.spawn(words, environment, log, lock)

    def _repair(self, name: str, folder: Path, state: dict[str, Any]) -> Report:
        tried = self._repairs.get(name, 0)
        if tried >= _REPAIRS:
            return Report("lost", state)
        with self._starting:
            lock = try_lock(folder / "lock")
            if lock is None:
                return Report(state["phase"], state)
            try:
                self._repairs[name] = tried + 1
                self._launch(folder, lock, "--recover")
            except OSError:
                pass
            finally:
                os.close(lock)
        return Report(state["phase"], state)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what jobs get of the server's environment: no secrets. Pure."""
    named = _INHERITED.split()
    return {
        key: value
        for key, value in environment.items()
        if key in named or key.startswith(_INHERITED_KINDS)
    }


def _seen(plan: dict[str, Any]) -> list[str]:
    """Name what an isolated job must see beyond its folder: its environment, and our own code."""
    seen = [str(RUNTIME.parent)]
    if plan.get("python_bin"):
        seen.append(str(Path(plan["python_bin"]).parent))
    if plan.get("python"):
        seen.append(str(Path(plan["python"]).resolve().parents[1]))
    return seen


def _empty(folder: Path) -> None:
    """Delete all but what the next attempt goes on with, the word that this one ended last."""
    last = folder / "state.json"
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry.name != "user_logs":
            shutil.rmtree(entry)
        elif entry.name not in ("lock", "user_logs", "journal.jsonl", last.name):
            entry.unlink()
    last.unlink(missing_ok=True)


def _write_plan(folder: Path, plan: dict[str, Any]) -> None:
    draft = folder / "plan.json.draft"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        json.dump(plan, file)
        file.flush()
        os.fsync(descriptor)
    draft.rename(folder / "plan.json")


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_bytes())
    except FileNotFoundError:
        return None
    return state
