"""Use of computes is added up by SQL, alike in both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.kinds.job import CommandJobSpec, JobStatus, JobUsage
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.usage import UsageQuery, UsageSum
from zaffre.ports.metadata import Actor, Add
from zaffre.store.database import Database
from zaffre.store.migration import migrate
from zaffre.store.resources import SqlMetadata
from zaffre.store.usage import SqlUsage
from zaffre.testing.clock import FakeClock

USED = JobUsage(cpu_seconds=1.5, wall_seconds=2, memory_byte_seconds=2**40, gpu_seconds=3)


class Sums:
    """Inherit, and give a fixture `database`."""

    @pytest.fixture
    def store(self, database: Database) -> SqlUsage:
        metadata = SqlMetadata(database, FakeClock())

        def add(name: str, user: str, cost: float | None, state: str = "Completed", **fields):
            spec = CommandJobSpec.model_validate(
                {"type": "command", "command": "x", "environment": {"python": "current"}, **fields}
            )
            usage = USED.model_copy(update={"cost": cost})
            status = JobStatus(status=state, ended_at=100.0, usage=usage)
            key = Key("job", "default", name)
            metadata.apply([Add(Resource(key, spec, status))], Actor(user))

        add("a", "anna", 0.5, experiment_name="e", tags={"team": "risk"}, compute="azureml:c")
        add("b", "anna", None, experiment_name="e", state="Failed")
        add("c", "ben", 0.25)
        add("runs", "ben", 9.0, state="Running")
        return SqlUsage(database)

    def test_each_group_has_its_sum(self, store):
        found = {one.name: one for one in store.sums(UsageQuery("default", "user"))}
        assert found == {
            "anna": UsageSum("anna", 2, 4.0, 3.0, 2.0**41, 6.0, 0.5),
            "ben": UsageSum("ben", 1, 2.0, 1.5, 2.0**40, 3.0, 0.25),
        }

    @pytest.mark.parametrize(
        ("by", "names"),
        [
            ("experiment", {"e": 2, "": 1}),
            ("compute", {"azureml:c": 1, "": 2}),
            ("tag:team", {"risk": 1, "": 2}),
            ("tag:other", {"": 3}),
        ],
    )
    def test_groups_are_named_as_they_are_stored(self, store, by, names):
        found = store.sums(UsageQuery("default", by))
        assert {one.name: one.jobs for one in found} == names

    def test_a_group_without_a_price_has_no_cost(self, store):
        (one,) = [x for x in store.sums(UsageQuery("default", "compute")) if x.name == "azureml:c"]
        assert one.cost == 0.5
        assert store.sums(UsageQuery("other")) == []
        assert store.sums(UsageQuery("default", since=101.0)) == []


class TestSqlite(Sums):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        made = Database(f"sqlite:///{tmp_path / 'z.db'}")
        migrate(made)
        yield made
        made.close()


@pytest.mark.postgres
class TestPostgres(Sums):
    @pytest.fixture
    def database(self, postgres_database: Database) -> Database:
        return postgres_database
