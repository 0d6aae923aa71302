"""Rows and content move to another store wholly, whatever stops the move."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore
from sqlalchemy import insert, select, text

from zaffre.errors import Conflict, Failed
from zaffre.kinds.digest import digest_of
from zaffre.store import moving, moving_content
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.bucket import Bucket, blob_key
from zaffre.store.database import Database
from zaffre.store.migration import migrate
from zaffre.store.moving_content import BucketTarget, FolderTarget
from zaffre.store.resource_tables import audit, links, resource_tags, resources
from zaffre.store.tracking_tables import params, points, runs, series


class Stopped(Exception):
    """Stands for the power cut."""


def fill(database: Database) -> None:
    """Some rows in tables of every form; numbers and texts that are easily lost."""
    resource: dict[str, Any] = {
        "workspace": "default",
        "kind": "data",
        "parent": "",
        "latest": True,
        "archived": False,
        "revision": 1,
        "created_at": 1,
        "updated_at": 2,
        "created_by": "ö\u2028🦊",
        "state": "",
        "type": "",
        "experiment_name": "",
        "spec": '{"a": "\\t\\\\N"}',
        "status": "{}\n\\.",
    }
    run = {
        "workspace": "default",
        "experiment": 0,
        "name": "r",
        "user_id": "",
        "status": "FINISHED",
        "start_time": 1,
        "artifact_uri": "",
        "stage": "active",
        "parent": "",
        "source": "",
        "journal": 0,
    }
    odd = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1]

    def write(connection: Any) -> None:
        for number in range(57):
            connection.execute(
                insert(resources).values(**resource, name=f"d{number}", version="1")
            )
        connection.execute(insert(resource_tags).values(resource=3, key="k", value=""))
        connection.execute(insert(links).values(source="a", relation="b", target="c"))
        connection.execute(insert(runs).values(**run, id="one", end_time=None))
        connection.execute(insert(params).values(run=1, key="p", value="x\ty\\N"))
        connection.execute(
            insert(series).values(id=7, run=1, key="m", value=math.nan, timestamp=1, step=1)
        )
        rows = [
            {"series": 7, "timestamp": at, "step": at % 3, "value": odd[at % 7]}
            for at in range(70)
        ]
        connection.execute(insert(points), rows)

    database.write(write)


@pytest.fixture
def source(sqlite_database: Database) -> Database:
    fill(sqlite_database)
    return sqlite_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = (
        f"sqlite:///{tmp_path}/target.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    database = Database(url)
    migrate(database)
    yield database
    database.close()


def contents(database: Database) -> dict[str, moving.Content]:
    return {table.name: moving.content(database, table) for table in moving.tables()}


def move_all(source: Database, target: Database, note=lambda _: None, batch: int = 10) -> None:
    if moving.begin("source", target):
        return
    for table in moving.tables():
        moving.move(source, target, table, note, batch=batch)
    moving.finish(target)


def test_everything_arrives_bit_for_bit(source: Database, target: Database):
    move_all(source, target)
    assert contents(target) == contents(source)
    with target.read() as connection:
        values = connection.execute(select(points.c.value).order_by(points.c.timestamp)).scalars()
        assert [value.hex() for value in values][:4] == ["nan", "inf", "-inf", "-0x0.0p+0"]


def stopping_at(call: int) -> Callable[[int], None]:
    """Stop the move when it has said for the n-th time how far it is."""
    calls = itertools.count(1)

    def note(_: int) -> None:
        if next(calls) == call:
            raise Stopped

    return note


def test_a_move_that_is_stopped_anywhere_goes_on(source: Database, target: Database):
    for call in itertools.count(1):
        try:
            move_all(source, target, stopping_at(call))
        except Stopped:
            continue
        break
    assert call > len(moving.tables())
    assert contents(target) == contents(source)


def test_a_finished_move_may_be_asked_for_again(source: Database, target: Database):
    move_all(source, target)
    move_all(source, target)
    assert contents(target) == contents(source)


def test_new_rows_are_numbered_behind_the_moved_ones(source: Database, target: Database):
    move_all(source, target)
    made = insert(audit).values(
        at=1,
        actor="",
        request="",
        verb="",
        workspace="",
        kind="",
        parent="",
        name="",
        version="",
        revision=1,
    )
    copied = "INSERT INTO resources (workspace, kind, parent, name, version, latest, archived, revision, created_at, updated_at, created_by, state, type, experiment_name, spec, status) SELECT workspace, kind, parent, 'new', version, latest, archived, revision, created_at, updated_at, created_by, state, type, experiment_name, spec, status FROM resources LIMIT 1"
    target.write(lambda connection: connection.execute(made))
    target.write(lambda connection: connection.execute(text(copied)))
    with target.read() as connection:
        assert (
            connection.execute(select(resources.c.id).where(resources.c.name == "new")).scalar()
            == 58
        )


def test_a_target_with_content_is_refused_untouched(source: Database, target: Database):
    fill(target)
    before = contents(target)
    with pytest.raises(Conflict, match="has content in"):
        move_all(source, target)
    assert contents(target) == before


def test_the_move_of_another_source_is_not_gone_on_with(source: Database, target: Database):
    moving.begin("another", target)
    with pytest.raises(Conflict, match="a move from another"):
        move_all(source, target)


def test_a_change_of_one_bit_is_noticed(source: Database, target: Database):
    move_all(source, target)
    target.write(
        lambda connection: connection.execute(
            text("UPDATE params SET value = 'x\ty\\n' WHERE key = 'p'")
        )
    )
    here, there = contents(source), contents(target)
    assert [name for name in here if here[name] != there[name]] == ["params"]


def test_the_source_stays_as_it_is(source: Database, target: Database):
    before = contents(source)
    move_all(source, target)
    assert contents(source) == before


@pytest.fixture
def folder(tmp_path: Path) -> FolderArtifacts:
    store = FolderArtifacts(tmp_path / "artifacts")
    for number in range(5):
        store.put([bytes([number]) * 1000])
    return store


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_content_arrives_and_is_read_back(folder: FolderArtifacts, tmp_path: Path, kind: str):
    goal = (
        BucketTarget(Bucket.around(MemoryStore()))
        if kind == "bucket"
        else FolderTarget(FolderArtifacts(tmp_path / "target"))
    )
    blobs = [blob for blob, _ in folder.walk()]
    noted: list[int] = []
    moving_content.move(folder, goal, blobs[:2], noted.append)  # and was stopped
    moving_content.move(folder, goal, blobs, noted.append)
    assert sum(noted) == 7000
    assert moving_content.damaged(goal, blobs, noted.append) == []


def test_content_that_arrives_damaged_is_named(folder: FolderArtifacts):
    bucket = Bucket.around(MemoryStore())
    goal = BucketTarget(bucket)
    blobs = [blob for blob, _ in folder.walk()]
    moving_content.move(folder, goal, blobs, lambda _: None)
    bucket.put(blob_key(blobs[0].digest), b"x" * 1000)
    bucket.delete(blob_key(blobs[1].digest))
    wrong = moving_content.damaged(goal, blobs, lambda _: None)
    assert wrong == [blobs[0].digest, blobs[1].digest]


def test_damaged_content_is_not_sent(folder: FolderArtifacts):
    digest = digest_of(bytes([1]) * 1000)
    place = folder.path(digest)
    assert place is not None
    place.chmod(0o600)
    place.write_bytes(b"wrong" * 200)
    bucket = Bucket.around(MemoryStore())
    with pytest.raises(Failed, match="damaged"):
        moving_content.move(
            folder, BucketTarget(bucket), [b for b, _ in folder.walk()], lambda _: None
        )
    assert bucket.head(blob_key(digest)) is None


@pytest.mark.postgres
def test_what_went_to_postgres_comes_back(
    source: Database, postgres_database: Database, tmp_path: Path
):
    move_all(source, postgres_database)
    back = Database(f"sqlite:///{tmp_path}/back.db")
    migrate(back)
    move_all(postgres_database, back)
    assert contents(back) == contents(source)
    back.close()
