"""What the parts of the tracking store share: finding runs and experiments, and plain SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.tracking import Stage
from zaffre.ports.clock import Clock
from zaffre.store.tracking_tables import experiments, runs

MISSING = "RESOURCE_DOES_NOT_EXIST"
LARGEST = 2**63 - 1
CHUNK = 5_000
"""Ids in one query."""

AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""

_SIZES = (1000, 100, 10, 1)


class RunKey(NamedTuple):
    """What writes need to know of a run."""

    seq: int
    stage: str
    experiment: int
    journal: int


def millis(clock: Clock) -> int:
    """Give the present in milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)


def experiment_number(experiment_id: str) -> int:
    """Read an experiment's id.

    Raises:
        Invalid: it is no whole number.
    """
    try:
        number = int(experiment_id)
    except ValueError:
        raise Invalid(
            f"Invalid experiment ID '{experiment_id[:100]}'. It must be a valid integer."
        ) from None
    return number if 0 <= number <= LARGEST else -1


def experiment_row(connection: Connection, workspace: str, experiment_id: str) -> Row[Any]:
    """Find an experiment of a workspace, deleted ones too.

    Raises:
        NotFound: there is none.
    """
    number = experiment_number(experiment_id)
    found = select(experiments).where(
        experiments.c.id == number, experiments.c.workspace == workspace
    )
    row = connection.execute(found).first()
    if row is None:
        raise NotFound(f"No Experiment with id={experiment_id[:100]} exists", code=MISSING)
    return row


def active_experiment(connection: Connection, workspace: str, experiment_id: str) -> Row[Any]:
    """Find an experiment that may be written to.

    Raises:
        NotFound: there is none.
        Invalid: it is deleted.
    """
    row = experiment_row(connection, workspace, experiment_id)
    if row.stage != Stage.ACTIVE:
        raise Invalid(
            f"The experiment {row.id} must be in the 'active' state. Current state is {row.stage}."
        )
    return row


def no_run(run_id: str) -> NotFound:
    """Give the error for a run that is not there."""
    return NotFound(f"Run with id={run_id[:300]} not found", code=MISSING)


def run_row(connection: Connection, workspace: str, run_id: str) -> Row[Any]:
    """Find a run of a workspace, deleted ones too.

    Raises:
        NotFound: there is none.
    """
    found = select(runs).where(runs.c.workspace == workspace, runs.c.id == run_id)
    row = connection.execute(found).first()
    if row is None:
        raise no_run(run_id)
    return row


def run_key(connection: Connection, workspace: str, run_id: str) -> RunKey:
    """Find a run by the shortest way.

    Raises:
        NotFound: there is none.
    """
    sql = "SELECT seq, stage, experiment, journal FROM runs WHERE workspace = ? AND id = ?"
    found = plain(connection, sql, (workspace, run_id)).fetchone()
    if found is None:
        raise no_run(run_id)
    return RunKey(*found)


def active_run(connection: Connection, workspace: str, run_id: str) -> RunKey:
    """Find a run that may be written to.

    Raises:
        NotFound: there is none.
        Invalid: it is deleted.
    """
    key = run_key(connection, workspace, run_id)
    if key.stage != Stage.ACTIVE:
        raise Invalid(
            f"The run {run_id} must be in the 'active' state. Current state is {key.stage}."
        )
    return key


def plain(connection: Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """Run SQL with `?` marks by the driver itself, and give its cursor; for the hot paths."""
    if connection.dialect.name == "postgresql":
        sql = sql.replace("?", "%s")
    raw: Any = connection.connection.driver_connection
    return raw.execute(sql, values)


def together(connection: Connection) -> AbstractContextManager[object]:
    """Let statements that need nothing of each other go to PostgreSQL in one message.

    What they give can be read when the block is left.
    """
    if connection.dialect.name != "postgresql":
        return nullcontext()
    raw: Any = connection.connection.driver_connection
    pipeline: AbstractContextManager[object] = raw.pipeline()
    return pipeline


def plain_all(
    connection: Connection, statements: Sequence[tuple[str, Sequence[Any]]]
) -> list[list[Any]]:
    """Run several queries together and give the rows of each."""
    with together(connection):
        cursors = [plain(connection, sql, values) for sql, values in statements]
    return [cursor.fetchall() for cursor in cursors]


def among(connection: Connection, column: str, numbers: Sequence[int]) -> tuple[str, list[Any]]:
    """Give the condition that a column is one of some numbers, for `plain`, and its values."""
    if connection.dialect.name == "postgresql":
        return f"{column} = ANY(?::bigint[])", [list(numbers)]
    return f"{column} IN ({','.join('?' * len(numbers))})", list(numbers)


def insert_rows(
    connection: Connection, head: str, rows: Sequence[Sequence[Any]], tail: str = ""
) -> None:
    """Insert many rows by few statements of many rows each.

    One statement is one call into SQLite. `executemany` makes one for each row and has to win
    back Python's lock after each, which takes a thousand times as long while others compute.
    """
    for piece in _pieces(rows):
        sql = _many(head, len(piece[0]), len(piece), tail)
        plain(connection, sql, list(chain.from_iterable(piece)))


@lru_cache(maxsize=64)
def _many(head: str, width: int, count: int, tail: str) -> str:
    group = "(" + ",".join("?" * width) + ")"
    return f"{head} VALUES {','.join([group] * count)} {tail}"


def _pieces(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """Split rows into pieces of a few fixed sizes, so that few statements are ever prepared."""
    place = 0
    for size in _SIZES:
        while len(rows) - place >= size:
            yield rows[place : place + size]
            place += size


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """Split values into pieces that fit into one query."""
    for place in range(0, len(values), size):
        yield values[place : place + size]


def grouped(rows: Iterable[AnyRow], place: int = 0) -> dict[int, list[AnyRow]]:
    """Group rows by a column, keeping their order."""
    found: dict[int, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(row[place], []).append(row)
    return found
