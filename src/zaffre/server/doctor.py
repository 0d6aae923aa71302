"""`python -m zaffre.server.doctor`: look at a home, running or not, and say what is wrong."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from zaffre.adapters.local.processes import alive_jobs
from zaffre.errors import ZaffreError
from zaffre.runtime.gateway.processes import alive_workers
from zaffre.server import gateway
from zaffre.server.artifacts import artifact_store
from zaffre.server.clock import SystemClock
from zaffre.server.settings import Settings, from_environment
from zaffre.services import doctor, doctor_endpoints, doctor_jobs
from zaffre.services.context import Addresses, Context, Home
from zaffre.services.doctor import Diagnosis, Finding
from zaffre.store import checks
from zaffre.store.database import Database
from zaffre.store.files import SqlFiles
from zaffre.store.logged_models import SqlLoggedModels
from zaffre.store.predictions import SqlPredictions
from zaffre.store.resources import SqlMetadata
from zaffre.store.tokens import SqlTokens
from zaffre.store.tracking import SqlTracking

MARKS = {"error": "✗", "warning": "!"}


def main() -> None:
    """Print what is wrong; end with 0 if nothing is lost or broken, else with 1."""
    os.umask(0o077)
    arguments = _parser().parse_args()
    settings = from_environment({**os.environ, **_home(arguments.home)})
    try:
        diagnosis = examine(settings, full=arguments.full)
    except ZaffreError as error:
        sys.stderr.write(f"zaffre doctor: {error.message}\n")
        sys.exit(1)
    sys.stdout.write(_document(diagnosis) if arguments.json else _text(diagnosis))
    sys.exit(0 if diagnosis.healthy else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("zaffre doctor", description="Check a stopped or live home.")
    parser.add_argument("--home", help="The home's folder; else ZAFFRE_HOME, else ~/.zaffre.")
    parser.add_argument("--full", action="store_true", help="Read all content through.")
    parser.add_argument("--json", action="store_true", help="Print JSON.")
    return parser


def _home(path: str | None) -> dict[str, str]:
    return {"ZAFFRE_HOME": path} if path else {}


def examine(settings: Settings, *, full: bool = False) -> Diagnosis:
    """Look at the home and its database."""
    home = Home(settings.home)
    own = not settings.database
    if not home.root.is_dir() or (own and not (home.root / "zaffre.db").is_file()):
        lost = Finding("home", str(home.root), "There is no home here.", "Name one with `--home`.")
        return Diagnosis(["home"], [lost])
    try:
        database = Database(settings.database_url, read_only=True)
    except ZaffreError as error:
        return Diagnosis(["database"], [_unreadable(_name(settings), error)])
    try:
        broken = list(_database(database, settings, full=full))
        if any(finding.severity == "error" for finding in broken):
            return Diagnosis(["database"], broken)
        live = is_live(home)
        workers = alive_workers(home.run / "workers") if (home.run / "workers").is_dir() else {}
        more = [("jobs", doctor_jobs.jobs(alive_jobs(home.jobs), live=live))]
        if live or (home.run / "gateway.json").exists():  # else it never had a server
            more.append(("endpoints", doctor_endpoints.endpoints(workers, live=live)))
        found = doctor.examine(_context(settings, home, database), full=full, more=more)
        return Diagnosis(["database", *found.checks], [*broken, *found.findings])
    finally:
        database.close()


def _database(database: Database, settings: Settings, *, full: bool) -> Iterator[Finding]:
    name = _name(settings)
    try:
        for trouble in checks.troubles(database, full=full):
            yield Finding("database", name, trouble.problem, trouble.fix)
    except ZaffreError as error:
        yield _unreadable(name, error)


def _name(settings: Settings) -> str:
    return settings.database_url.partition(":")[0] if settings.database else "zaffre.db"


def _unreadable(name: str, error: ZaffreError) -> Finding:
    fix = "See whether it runs and whether the disk is well; else restore a backup."
    damaged = error.code == "damaged_database" and error.hint
    return Finding("database", name, f"It cannot be read: {error.message}", damaged or fix)


def is_live(home: Home) -> bool:
    """Say whether a server holds the home."""
    try:
        lock = (home.run / "server.lock").open("rb")
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _context(settings: Settings, home: Home, database: Database) -> Context:
    """Give the checks what they read; nothing else is there."""
    clock = SystemClock()
    artifacts, _ = artifact_store(settings, home, clock, make=False)
    nothing: Any = SimpleNamespace()
    return Context(
        metadata=SqlMetadata(database, clock),
        tracking=SqlTracking(database, clock),
        files=SqlFiles(database, clock),
        logged_models=SqlLoggedModels(database, clock),
        artifacts=artifacts,
        computes={},
        builder=nothing,
        secrets=nothing,
        tokens=SqlTokens(database, clock),
        predictions=SqlPredictions(database, clock),
        clock=clock,
        home=home,
        addresses=Addresses("", f"http://127.0.0.1:{gateway.configured_port(home)}"),
    )


def _document(diagnosis: Diagnosis) -> str:
    document = {
        "healthy": diagnosis.healthy,
        "checks": list(diagnosis.checks),
        "findings": [asdict(finding) for finding in diagnosis.findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _text(diagnosis: Diagnosis) -> str:
    lines = []
    for check in diagnosis.checks:
        own = [finding for finding in diagnosis.findings if finding.check == check]
        lines += [
            f"{MARKS[one.severity]} {check}: {one.subject}\n    {one.problem}\n    {one.fix}"
            for one in own
        ]
        lines += [] if own else [f"✓ {check}"]
    lines.append("The home is well." if diagnosis.healthy else "The home needs help.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
