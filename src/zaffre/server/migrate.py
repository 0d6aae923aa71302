"""`python -m zaffre.server.migrate`: move a home's database and artifacts elsewhere, checked."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from zaffre.errors import ZaffreError
from zaffre.server import home as places
from zaffre.server.migrating import Migration
from zaffre.server.settings import Settings, from_environment
from zaffre.services.context import Home
from zaffre.store import moving

WRONG = 2


def main() -> None:
    """Move what is asked for; end with 0 if it is there and the same, 2 if it cannot begin."""
    os.umask(0o077)
    arguments = _parser().parse_args()
    try:
        _run(arguments)
    except ZaffreError as error:
        sys.stderr.write(f"zaffre migrate: {error.message}\n")
        sys.stderr.write(f"  {error.hint}\n" if error.hint else "")
        sys.exit(1 if error.code == "differs" else WRONG)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command goes on where it was.\n")
        sys.exit(130)


def _run(arguments: argparse.Namespace) -> None:
    settings = from_environment({**os.environ, **_home(arguments.home)})
    home = Home(settings.home)
    lock = places.hold(home) if (home.run / "server.lock").exists() else None
    try:
        target = _target(settings, arguments)
        with Migration(settings, arguments.to_database, target) as one:
            if arguments.dry_run:
                one.show_plan()
            else:
                one.run(batch=arguments.batch)
    finally:
        if lock is not None:
            lock.close()


def _target(settings: Settings, arguments: argparse.Namespace) -> Settings | None:
    if not arguments.to_artifacts:
        return None
    return replace(settings, artifacts=arguments.to_artifacts)


def _home(path: str | None) -> dict[str, str]:
    return {"ZAFFRE_HOME": str(Path(path).absolute())} if path else {}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("zaffre migrate")
    parser.add_argument("--home")
    parser.add_argument("--to-database", default="")
    parser.add_argument("--to-artifacts", default="")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--batch", type=int, default=moving.BATCH)
    return parser


if __name__ == "__main__":
    main()
