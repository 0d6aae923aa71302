"""Servers on one PostgreSQL and one bucket: one leads; kill it, cut its line to the database."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest_postgres import ThrowAwayPostgres, postgres_server, postgres_url
from conftest_s3 import S3, moto_endpoint, s3
from faults.asking import until, upload
from faults.recording import CURRENT, WS
from running import Server, end_all_of

__all__ = ["moto_endpoint", "postgres_server", "postgres_url", "s3"]
pytestmark = pytest.mark.postgres

WAIT = "while [ ! -e {go} ]; do sleep 0.05; done; echo done"


class Team:
    """Servers with a home each, that share a database, a bucket and a key."""

    def __init__(self, folder: Path, database: str, bucket: S3) -> None:
        self.folder = folder
        self.database = database
        self.variables = {
            **bucket.variables,
            "ZAFFRE_DATABASE": database,
            "ZAFFRE_SECRET_KEY": str(folder / "secret.key"),
        }
        self.servers: list[Server] = []

    def start(self, name: str) -> Server:
        home = self.folder / name
        home.mkdir(mode=0o700, exist_ok=True)
        server = Server(home, self.variables).start()
        self.servers.append(server)
        return server

    def leader(self) -> str:
        """The home of the server that leads now, by its id; "" while there is none."""
        query = (
            "SELECT server FROM leases WHERE until > extract(epoch FROM clock_timestamp()) * 1e6"
        )
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query).fetchone()
        return str(row[0]) if row else ""

    def end(self) -> None:
        for server in self.servers:
            server.stop()
            end_all_of(server.home)


@pytest.fixture
def team(tmp_path: Path, postgres_url: str, s3: S3) -> Iterator[Team]:
    made = Team(tmp_path, postgres_url, s3)
    yield made
    made.end()


def identity(server: Server) -> str:
    return (server.home / "server-id").read_text().strip()


def submit(server: Server, name: str, command: str) -> None:
    document = {"name": name, "command": command, "environment": CURRENT}
    server.call("POST", f"{WS}/jobs", document)


def show(server: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = server.call("GET", f"{WS}/jobs/{name}")
    return found


def is_in(server: Server, name: str, state: str) -> bool:
    return bool(show(server, name)["status"] == state)


def refusal(server: Server, path: str, body: Any = None) -> dict[str, Any]:
    """The problem that a call is answered with, or {} where it succeeds."""
    try:
        server.call("POST" if body else "GET", path, body)
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, **json.loads(error.read())}
    return {}


def test_the_leader_is_killed_and_another_takes_over(team: Team, tmp_path: Path):
    one, two = team.start("one"), team.start("two")
    assert team.leader() == identity(one)
    submit(two, "long", WAIT.format(go=tmp_path / "go"))
    until(lambda: is_in(two, "long", "Running"), "the job runs")
    assert show(two, "long")["server"] == identity(one)
    refused = refusal(two, f"{WS}/jobs/long/logs?follow=false")
    assert refused["status"] == HTTPStatus.SERVICE_UNAVAILABLE
    assert one.url in refused["detail"]

    one.kill()
    until(lambda: team.leader() == identity(two), "the other leads")
    submit(two, "next", "echo next")
    until(lambda: is_in(two, "next", "Completed"), "new jobs run on the other")
    assert is_in(two, "long", "Running")  # nobody claims what it cannot see

    (tmp_path / "go").touch()
    one.start()
    until(lambda: is_in(two, "long", "Completed"), "its own server ends it")
    assert team.leader() == identity(two)
    log = two.call("GET", f"{WS}/jobs/long/outputs")
    assert "user_logs/std_log.txt" in [one["path"] for one in log["artifacts"]]


def test_a_leader_that_stops_hands_over_at_once(team: Team):
    one, two = team.start("one"), team.start("two")
    assert one.process is not None
    one.process.terminate()
    one.process.wait()
    until(lambda: team.leader() == identity(two), "the other leads", 8)


def test_a_server_with_another_key_is_refused(team: Team, tmp_path: Path):
    team.start("one")
    team.variables["ZAFFRE_SECRET_KEY"] = str(tmp_path / "other.key")
    with pytest.raises(AssertionError, match="sealed with another key"):
        team.start("two")


@contextmanager
def closed(postgres: ThrowAwayPostgres, url: str) -> Iterator[None]:
    """Cut every line to the database, and let nobody in."""
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    postgres.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    try:
        yield
    finally:
        postgres.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def test_the_database_is_cut_off_and_comes_back(
    team: Team, postgres_server: ThrowAwayPostgres, tmp_path: Path
):
    server = team.start("one")
    submit(server, "through", WAIT.format(go=tmp_path / "go"))
    until(lambda: is_in(server, "through", "Running"), "the job runs")
    kept = upload(server, "kept.txt", "kept")
    with closed(postgres_server, team.database):
        refused = refusal(server, f"{WS}/jobs")
        assert refused["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        assert "database cannot be used" in refused["detail"]
        document = {"name": "never", "command": "echo", "environment": CURRENT}
        assert refusal(server, f"{WS}/jobs", document)["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        (tmp_path / "go").touch()  # the job ends while nobody can be told
    until(lambda: is_in(server, "through", "Completed"), "the job's end is known")
    names = [job["name"] for job in server.call("GET", f"{WS}/jobs")["items"]]
    assert names == ["through"]
    assert server.call("GET", f"{WS}/trees/{kept}")["files"]


def test_sessions_of_the_database_are_killed_under_load(
    team: Team, postgres_server: ThrowAwayPostgres
):
    """Every write that was answered is there, once."""
    server = team.start("one")
    answered = []
    for number in range(60):
        if number % 10 == 5:
            postgres_server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'zaffre'"
            )
        name = f"d{number}"
        document = {"name": name, "version": "1", "type": "uri_file", "path": "https://a.org/x"}
        refused = refusal(server, f"{WS}/data", document)
        if not refused:
            answered.append(name)
        else:
            assert refused["status"] == HTTPStatus.SERVICE_UNAVAILABLE
    found = {item["name"] for item in server.call("GET", f"{WS}/data?limit=1000")["items"]}
    assert set(answered) <= found
    assert len(answered) >= 50
