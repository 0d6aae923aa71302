"""Servers of one PostgreSQL: one leads, another takes over, a late one cannot write."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from zaffre.errors import Conflict, Unavailable
from zaffre.store.database import Database
from zaffre.store.fencing import as_leader
from zaffre.store.migration import migrate
from zaffre.store.secrets import FileSecrets
from zaffre.store.servers import LASTS, SqlServers, agree_on_key
from zaffre.testing.clock import FakeClock

pytestmark = pytest.mark.postgres


def server(database: Database, name: str, clock: FakeClock | None = None) -> SqlServers:
    return SqlServers(
        database, clock or FakeClock(), (name, f"host-{name}", f"http://{name}:8642")
    )


def expire(database: Database) -> None:
    """Let the lead's time be over, as if the leader had been silent for long."""
    database.write(lambda connection: connection.execute(text("UPDATE leases SET until = 1")))


def test_one_of_two_leads(postgres_database: Database):
    one, two = server(postgres_database, "one"), server(postgres_database, "two")
    assert one.beat() == 1
    assert two.beat() is None
    assert one.beat() == 1
    assert [one.leads(), two.leads()] == [True, False]
    assert [(m.id, m.host, m.leads) for m in sorted(one.members(), key=lambda m: m.id)] == [
        ("one", "host-one", True),
        ("two", "host-two", False),
    ]


def test_another_takes_over_when_the_leader_is_silent(postgres_database: Database):
    one, two = server(postgres_database, "one"), server(postgres_database, "two")
    one.beat()
    expire(postgres_database)
    assert two.beat() == 2
    assert one.beat() is None


def test_who_leaves_lets_another_lead_at_once(postgres_database: Database):
    one, two = server(postgres_database, "one"), server(postgres_database, "two")
    one.beat()
    one.leave()
    assert not one.leads()
    assert two.beat() == 2


def test_who_was_late_gets_a_new_number(postgres_database: Database):
    one = server(postgres_database, "one")
    one.beat()
    expire(postgres_database)
    assert one.beat() == 2


def test_a_server_that_comes_back_on_its_home_leads_at_once(postgres_database: Database):
    server(postgres_database, "one").beat()
    assert server(postgres_database, "one").beat() == 2


def test_a_leader_that_hears_nothing_stops_to_believe_that_it_leads(postgres_database: Database):
    clock = FakeClock()
    one = server(postgres_database, "one", clock)
    one.beat()
    clock.pass_by(timedelta(seconds=LASTS))
    assert not one.leads()


def test_a_clock_that_jumps_changes_nothing(postgres_database: Database):
    """Times of the lead are the database's: what a server takes for the time does not count."""
    ahead = FakeClock()
    ahead.pass_by(timedelta(days=3650))
    one, two = server(postgres_database, "one"), server(postgres_database, "two", ahead)
    one.beat()
    assert two.beat() is None


def test_a_leader_that_wakes_late_cannot_write(postgres_database: Database):
    one, two = server(postgres_database, "one"), server(postgres_database, "two")
    number = one.beat()
    assert number is not None
    expire(postgres_database)
    two.beat()
    insert = text("INSERT INTO agreements VALUES ('late', 'x')")
    with as_leader(number), pytest.raises(Unavailable, match="Another server leads now"):
        postgres_database.write(lambda connection: connection.execute(insert))
    with as_leader(2):
        postgres_database.write(lambda connection: connection.execute(insert))


def test_a_late_write_does_not_harm_others_of_its_group(postgres_database: Database):
    server(postgres_database, "one").beat()
    go = threading.Event()
    first = postgres_database.write_async(lambda _: go.wait(10))
    with as_leader(7):
        late = postgres_database.write_async(lambda _: "late")
    fine = postgres_database.write_async(lambda _: "fine")
    go.set()
    assert first.result()
    assert fine.result() == "fine"
    with pytest.raises(Unavailable):
        late.result()


def test_two_servers_write_one_after_another(postgres_server, postgres_template):
    """Read, think, write: nothing is lost between two servers that do it at the same time."""
    with postgres_server.database(template=postgres_template) as url:
        databases = [Database(url), Database(url)]
        databases[0].write(
            lambda connection: connection.execute(text("INSERT INTO agreements VALUES ('n', '0')"))
        )

        def count(database: Database) -> None:
            def work(connection):
                found = connection.execute(text("SELECT value FROM agreements")).scalar_one()
                connection.execute(
                    text("UPDATE agreements SET value = :value"), {"value": str(int(found) + 1)}
                )

            for _ in range(50):
                database.write(work)

        threads = [threading.Thread(target=count, args=[one]) for one in databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with databases[0].read() as connection:
            assert connection.execute(text("SELECT value FROM agreements")).scalar() == "100"
        for database in databases:
            database.close()


def test_two_servers_may_start_on_an_empty_database_at_once(postgres_url: str):
    databases = [Database(postgres_url), Database(postgres_url)]
    threads = [threading.Thread(target=migrate, args=[one]) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [migrate(one) for one in databases] == ["0005", "0005"]
    for database in databases:
        database.close()


def test_a_server_with_another_key_is_refused(postgres_database: Database, tmp_path: Path):
    agree_on_key(postgres_database, FileSecrets(tmp_path / "one"))
    agree_on_key(postgres_database, FileSecrets(tmp_path / "one"))
    with pytest.raises(Conflict, match="another key") as raised:
        agree_on_key(postgres_database, FileSecrets(tmp_path / "two"))
    assert "ZAFFRE_SECRET_KEY" in str(raised.value.hint)
