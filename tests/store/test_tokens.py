"""Tokens, and the codes that become one."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from zaffre.ports.tokens import Principal, Role
from zaffre.store.database import Database
from zaffre.store.tokens import SqlTokens
from zaffre.testing.clock import FakeClock

ADA = Principal("ada", Role.READER, workspace="default")
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite_database", "postgres_database"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "postgres_database":
        pytest.importorskip("psycopg")
    return request.getfixturevalue(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def tokens(database: Database, clock: FakeClock) -> SqlTokens:
    return SqlTokens(database, clock)


def test_a_code_becomes_a_token_once(tokens: SqlTokens) -> None:
    code = tokens.invite(ADA, HOUR)
    token = tokens.accept(code, HOUR)
    assert token
    assert tokens.check(token) == ADA
    assert tokens.accept(code, HOUR) is None


def test_a_code_is_no_token(tokens: SqlTokens) -> None:
    code = tokens.invite(ADA, HOUR)
    assert tokens.check(code) is None
    assert tokens.check(f"invite:{code}") is None


def test_a_token_is_no_code(tokens: SqlTokens) -> None:
    assert tokens.accept(tokens.issue(ADA, HOUR), HOUR) is None


def test_codes_and_tokens_end(tokens: SqlTokens, clock: FakeClock) -> None:
    late = tokens.invite(ADA, HOUR)
    token = tokens.accept(tokens.invite(ADA, HOUR), HOUR)
    assert token
    clock.pass_by(HOUR)
    assert tokens.accept(late, HOUR) is None
    assert tokens.check(token) is None


def test_one_token_is_ended_and_the_others_stay(tokens: SqlTokens) -> None:
    one, other = tokens.issue(ADA), tokens.issue(ADA)
    tokens.end(one)
    tokens.end("never-there")
    assert (tokens.check(one), tokens.check(other)) == (None, ADA)


def test_of_many_that_accept_at_once_one_gets_the_token(tokens: SqlTokens) -> None:
    code = tokens.invite(ADA, HOUR)
    found: list[str | None] = []
    callers = [
        threading.Thread(target=lambda: found.append(tokens.accept(code, HOUR))) for _ in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sum(one is not None for one in found) == 1
