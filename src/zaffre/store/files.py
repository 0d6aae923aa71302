"""The file store on SQL: one row for each file, folders are ranges of paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from zaffre.errors import Conflict
from zaffre.kinds import names
from zaffre.ports.artifacts import Blob
from zaffre.ports.clock import Clock
from zaffre.ports.files import Entry, File
from zaffre.store.database import Database
from zaffre.store.file_tables import files

_BATCH = 1000
# The character after "/": all paths in a folder lie between `folder/` and `folder0`.
_AFTER_SLASH = "0"


class SqlFiles:
    """Keeps the files of runs and logged models in a SQL database (the `FileStore` socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, owner: str, files: Sequence[File]) -> None:
        """Add or replace files in one transaction."""
        latest = {names.path(file.path): file for file in files}
        now = round(self._clock.now().timestamp() * 1_000_000)
        if latest:
            self._database.write(lambda connection: _put(connection, owner, latest, now))

    def link(self, owners: Mapping[str, str]) -> None:
        """Give owners all files that others have, in one transaction."""
        now = round(self._clock.now().timestamp() * 1_000_000)
        if owners:
            self._database.write(lambda connection: _link(connection, owners, now))

    def get(self, owner: str, path: str) -> File | None:
        """Give one file, or None."""
        query = select(files).where(files.c.owner == owner, files.c.path == path)
        with self._database.glance() as connection:
            row = connection.execute(query).first()
        return _file(row) if row else None

    def browse(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[File]:
        """List the files below a folder."""
        query = _range(owner, folder, after).limit(limit)
        with self._database.glance() as connection:
            return [_file(row) for row in connection.execute(query)]

    def entries(
        self, owner: str, folder: str = "", *, after: str = "", limit: int = 1000
    ) -> list[Entry]:
        """List the names in a folder; each folder in it is stepped over, however much it holds."""
        found: list[Entry] = []
        start = f"{folder}/" if folder else ""
        with self._database.read() as connection:
            while len(found) < limit:
                rows = connection.execute(_range(owner, folder, after).limit(_BATCH)).fetchall()
                if not rows:
                    break
                after = _step(rows, start, found, after)
        return found[:limit]

    def remove(self, owner: str, path: str = "") -> int:
        """Take out a file, a folder or all."""
        which = [files.c.owner == owner]
        if path:
            below = (files.c.path > f"{path}/") & (files.c.path < path + _AFTER_SLASH)
            which.append(or_(files.c.path == path, below))
        return self._database.write(
            lambda connection: connection.execute(delete(files).where(*which)).rowcount
        )

    def contents(self) -> Iterator[Blob]:
        """List all content referred to, in batches."""
        last = ""
        while True:
            query = (
                select(files.c.digest, func.max(files.c.size).label("size"))
                .where(files.c.digest > last)
                .group_by(files.c.digest)
                .order_by(files.c.digest)
            )
            with self._database.glance() as connection:
                batch = connection.execute(query.limit(_BATCH)).fetchall()
            yield from (Blob(row.digest, row.size) for row in batch)
            if len(batch) < _BATCH:
                return
            last = batch[-1].digest


def _range(owner: str, folder: str, after: str) -> Any:
    which: list[ColumnElement[bool]] = [files.c.owner == owner]
    if folder:
        which += [files.c.path > f"{folder}/", files.c.path < folder + _AFTER_SLASH]
    if after.endswith("/"):
        which.append(files.c.path >= after[:-1] + _AFTER_SLASH)
    elif after:
        which.append(files.c.path > after)
    return select(files).where(*which).order_by(files.c.path)


def _step(rows: Sequence[Any], start: str, found: list[Entry], after: str) -> str:
    """Collect the names of some rows and give the path to go on after."""
    for row in rows:
        if after.endswith("/") and row.path.startswith(after):
            continue
        head, slash, _ = row.path[len(start) :].partition("/")
        found.append(Entry(start + head) if slash else Entry(row.path, _file(row)))
        after = found[-1].cursor
    return after


def _put(connection: Connection, owner: str, latest: dict[str, File], now: int) -> None:
    _refuse_clashes(connection, owner, set(latest))
    _write(connection, [(owner, replace(file, path=path)) for path, file in latest.items()], now)


def _link(connection: Connection, owners: Mapping[str, str], now: int) -> None:
    having: dict[str, list[str]] = {}
    for owner, other in owners.items():
        having.setdefault(other, []).append(owner)
    for batch in _batches(list(having)):
        rows = connection.execute(select(files).where(files.c.owner.in_(batch)))
        new = [(owner, _file(row)) for row in rows for owner in having[row.owner]]
        _write(connection, new, now)


def _write(connection: Connection, new: Sequence[tuple[str, File]], now: int) -> None:
    rows = [
        {
            "owner": owner,
            "path": file.path,
            "digest": file.digest,
            "size": file.size,
            "mode": file.mode,
            "updated_at": now,
        }
        for owner, file in new
    ]
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(files)
    values = {name: insert.excluded[name] for name in ("digest", "size", "mode", "updated_at")}
    statement = insert.on_conflict_do_update(index_elements=["owner", "path"], set_=values)
    if rows:
        connection.execute(statement, rows)


def _refuse_clashes(connection: Connection, owner: str, paths: set[str]) -> None:
    """Let nothing be a file and a folder at once."""
    folders = {folder for path in paths for folder in _folders(path)}
    clash = next(iter(folders & paths), None)
    for batch in _batches(sorted(folders)):
        query = select(files.c.path).where(files.c.owner == owner, files.c.path.in_(batch))
        clash = clash or connection.execute(query.limit(1)).scalar()
    if clash is not None:
        raise Conflict(f"`{clash}` is a file, so nothing can lie in it.", code="not_a_folder")
    for path in paths:
        query = select(files.c.path).where(
            files.c.owner == owner, files.c.path > f"{path}/", files.c.path < path + _AFTER_SLASH
        )
        if connection.execute(query.limit(1)).scalar() is not None:
            raise Conflict(
                f"`{path}` is a folder, so it cannot become a file.", code="is_a_folder"
            )


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(values), 500):
        yield values[at : at + 500]


def _file(row: Any) -> File:
    return File(row.path, row.digest, row.size, row.mode)
