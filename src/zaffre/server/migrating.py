"""Moving a home: what there is, the move of rows and content, and the comparison of both ends."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Self

from sqlalchemy import Table, make_url, select

from zaffre.errors import Conflict, Failed, Invalid
from zaffre.kinds.job_state import UNFINISHED
from zaffre.ml.progress import Progress, size
from zaffre.ports.artifacts import ArtifactStore, Blob
from zaffre.server.artifacts import SCHEMES, artifact_store, open_bucket
from zaffre.server.clock import SystemClock
from zaffre.server.settings import Settings
from zaffre.services.context import Home
from zaffre.store import moving, moving_content
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.database import Database
from zaffre.store.migration import HEAD, migrate, stored_versions
from zaffre.store.moving_content import BucketTarget, FolderTarget, Target
from zaffre.store.resource_tables import resources
from zaffre.store.secrets import FileSecrets
from zaffre.store.servers import agree_on_key

SHOWN = 5
WATCHED = 20_000
"""Rows from which a bar is drawn."""


class Migration:
    """From where the settings say things are to another database, other artifacts, or both."""

    def __init__(self, source: Settings, database: str, artifacts: Settings | None) -> None:
        self._settings = source
        self._home = Home(source.home)
        self._to_database = database
        self._to_artifacts = artifacts
        if not database and artifacts is None:
            raise Invalid(
                "Nothing is to be moved.", hint="Give --to-database, --to-artifacts or both."
            )
        own = not source.database
        if own and not (self._home.root / "zaffre.db").is_file():
            raise Invalid(f"There is no home at {self._home.root}.", hint="Name one with --home.")
        self._database = Database(source.database_url, read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @cached_property
    def _counts(self) -> dict[str, int]:
        if not self._to_database:
            return {}
        return {table.name: moving.count(self._database, table) for table in moving.tables()}

    @cached_property
    def _blobs(self) -> list[Blob]:
        if self._to_artifacts is None:
            return []
        return [blob for blob, _ in self._content().walk()]

    def _content(self) -> ArtifactStore:
        store, _ = artifact_store(self._settings, self._home, SystemClock(), make=False)
        return store

    def show_plan(self) -> None:
        """Say what would be moved; nothing is written anywhere."""
        self._check_source(refuse=False)
        for name, count in self._counts.items():
            if count:
                _say(f"{name:24} {count:>12,} rows")
        if self._to_database:
            _say(f"{'in all':24} {sum(self._counts.values()):>12,} rows to {self._named}")
        if self._to_artifacts is not None:
            total = size(sum(blob.size for blob in self._blobs))
            goal = self._to_artifacts.artifacts
            _say(f"{'artifacts':24} {len(self._blobs):>12,} files, {total}, to {goal}")
        _say("Nothing was moved: this was a dry run.")

    def run(self, *, batch: int) -> None:
        """Move, then compare everything.

        Raises:
            Conflict: the source is in use, or the target has content of its own.
            Failed: what arrived is not what was sent.
        """
        self._check_source(refuse=True)
        if self._to_artifacts is not None:
            self._move_content(_target(self._to_artifacts))
        if self._to_database:
            target = Database(self._to_database)
            try:
                self._move_rows(target, batch)
            finally:
                target.close()
        _say(self._next())

    def _check_source(self, *, refuse: bool) -> None:
        with self._database.read() as connection:
            if stored_versions(connection) != [HEAD]:
                raise Conflict(
                    "The home's database has the form of another release.",
                    hint="Start this release on it once (`zaffre up`, `zaffre down`).",
                )
            query = select(resources.c.name).where(
                resources.c.kind == "job", resources.c.state.in_(UNFINISHED)
            )
            names = list(connection.execute(query).scalars())
        if not names:
            return
        listed = ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "")
        problem = f"{len(names)} jobs have not ended: {listed}."
        if refuse:
            raise Conflict(problem, hint="Wait for them, or cancel them: `zaffre job cancel`.")
        _say(f"{problem} They must have, before anything is moved.")

    def _move_rows(self, target: Database, batch: int) -> None:
        migrate(target)
        key = self._settings.secret_key or self._home.root / "secret.key"
        if target.dialect == "postgresql" and key.exists():
            agree_on_key(target, FileSecrets(key))
        name = make_url(self._database.url).render_as_string(hide_password=True)
        done = moving.begin(name, target)
        if not done:
            with _bar("Rows", sum(self._counts.values())) as bar:
                for table in moving.tables():
                    moving.move(self._database, target, table, bar.advance, batch=batch)
            moving.finish(target)
        self._compare_rows(target)

    def _compare_rows(self, target: Database) -> None:
        with _bar("Comparing", 2 * sum(self._counts.values())) as bar:
            wrong = [
                table.name for table in moving.tables() if not self._is_same(table, target, bar)
            ]
        if wrong:
            raise Failed(
                f"These tables are not what they are in the source: {', '.join(wrong)}.",
                hint="Was the target used since? Else move into an empty database again.",
                code="differs",
            )
        count = sum(self._counts.values())
        _say(f"{count:,} rows in {len(self._counts)} tables are the same in {self._named}.")

    def _is_same(self, table: Table, target: Database, bar: Progress) -> bool:
        ends = (self._database, target)
        here, there = (moving.content(end, table, bar.advance) for end in ends)
        return here == there

    def _move_content(self, target: Target) -> None:
        total = sum(blob.size for blob in self._blobs)
        with Progress("Artifacts", total) as bar:
            moving_content.move(self._content(), target, self._blobs, bar.advance)
        with Progress("Reading back", total) as bar:
            wrong = moving_content.damaged(target, self._blobs, bar.advance)
        if wrong:
            raise Failed(
                f"{len(wrong)} files did not arrive whole, the first is {wrong[0]}.",
                hint="Run the same command again.",
                code="differs",
            )
        _say(f"{len(self._blobs):,} files, {size(total)}, were read back and are the same.")

    @property
    def _named(self) -> str:
        return make_url(self._to_database).render_as_string(hide_password=True)

    def _next(self) -> str:
        """Say what to do with what is there now."""
        settings, places = [], []
        if self._to_database.startswith("sqlite"):
            places.append(f"  {self._named}  is  zaffre.db")
        elif self._to_database:
            settings.append(f"  export ZAFFRE_DATABASE='{self._named}'")
        if self._to_artifacts is not None:
            goal = self._to_artifacts.artifacts
            if goal.startswith(SCHEMES):
                settings.append(f"  export ZAFFRE_ARTIFACTS='{goal}'")
            else:
                places.append(f"  {goal}  is  artifacts/")
        lines = ["Everything is there; the home is as it was."]
        if settings:
            lines += ["Start the server on the new stores:", *settings, "  zaffre up"]
        if places:
            lines += ["In a home with this one's secret.key and token:", *places]
        return "\n".join(lines)


def _target(settings: Settings) -> Target:
    if settings.artifacts.startswith(SCHEMES):
        return BucketTarget(open_bucket(settings))
    if "://" in settings.artifacts:
        open_bucket(settings)  # says what is wrong with it
    return FolderTarget(FolderArtifacts(Path(settings.artifacts).absolute()))


def _bar(label: str, rows: int) -> Progress:
    return Progress(label, rows, unit=lambda count: f"{count:,.0f} rows", least=WATCHED)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
