from __future__ import annotations

import time
from contextlib import closing

import pytest

from ml.fake_server import TOKEN
from zaffre.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable
from zaffre.ml.connection import Connection, locate
from zaffre.ml.problems import to_error
from zaffre.ml.settings import Settings


def test_a_read_is_repeated_while_the_server_is_busy(fake, connection):
    fake.faults = [(503, {"detail": "Busy."}), "cut", (502, {})]
    assert connection.get(connection.path("jobs"), {"limit": 10})["items"] == []
    assert len(fake.calls) == 4


def test_a_create_is_repeated_under_one_key(fake, connection):
    fake.faults = [(503, {"detail": "Busy."}), "cut"]
    made = connection.send("POST", connection.path("jobs"), {"name": "j"})
    assert made["name"] == "j"
    assert len(set(fake.keys)) == 1
    assert fake.keys[0]


def test_a_change_that_may_have_happened_is_not_repeated(fake, connection):
    fake.resources["jobs/j"] = {"name": "j"}
    fake.faults = ["cut"]
    with pytest.raises(Unavailable, match="cannot be reached"):
        connection.send("PATCH", connection.path("jobs", "j"), {"description": "x"})
    assert len(fake.calls) == 1


def test_a_wait_that_the_server_asks_for_is_kept(fake, tmp_path):
    waits: list[float] = []
    fake.faults = [(503, {"detail": "Busy."})] * 3
    with closing(
        Connection(Settings(home=tmp_path, url=fake.url, token=TOKEN), sleep=waits.append)
    ) as made:
        made.get(made.path("jobs"), {"limit": 1})
    assert waits == sorted(waits)
    assert len(waits) == 3


def test_a_busy_server_is_given_up_at_last(fake, connection):
    fake.faults = [(503, {"detail": "The database is locked."})] * 50
    with pytest.raises(Unavailable, match="database is locked"):
        connection.get(connection.path("jobs"))


def test_problem_documents_become_the_errors_they_were():
    error = to_error(
        422,
        {
            "detail": "Wrong.",
            "hint": "Do better.",
            "code": "bad_field",
            "problems": [
                {
                    "message": "No.",
                    "file": "a.yml",
                    "line": 3,
                    "column": 1,
                    "field": "x",
                    "hint": "Yes.",
                }
            ],
        },
    )
    assert isinstance(error, Invalid)
    assert (error.message, error.hint, error.code) == ("Wrong.", "Do better.", "bad_field")
    assert str(error.problems[0].place) == "a.yml:3:1"
    assert error.problems[0].hint == "Yes."


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (503, Unavailable)]
)
def test_each_status_has_its_error(status, kind):
    assert type(to_error(status, None)) is kind


def test_a_missing_token_is_explained(fake, tmp_path):
    with (
        closing(Connection(Settings(home=tmp_path, url=fake.url))) as made,
        pytest.raises(Unauthenticated) as caught,
    ):
        made.get(made.path("jobs"))
    assert "ZAFFRE_TOKEN" in str(caught.value.hint)


def test_the_homes_token_never_goes_to_another_address(tmp_path):
    (tmp_path / "token").write_text("secret")
    found = locate(Settings(home=tmp_path, url="http://127.0.0.1:9"), lambda _: None)
    assert found.token is None


def test_an_unreachable_server_is_said_in_time(tmp_path):
    began = time.monotonic()
    settings = Settings(home=tmp_path, url="http://127.0.0.1:9", token="t")
    with (
        closing(Connection(settings, sleep=lambda _: None)) as made,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"),
    ):
        made.get(made.path("jobs"))
    assert time.monotonic() - began < 30


AZURE = {"token": TOKEN, "workspace": "aml-ws", "strict": False}


def test_an_azure_workspace_that_is_unknown_stands_for_the_default(fake, tmp_path):
    with closing(Connection(Settings(tmp_path, fake.url, **AZURE))) as made:
        with pytest.warns(UserWarning, match="aml-ws"):
            assert made.workspace == "default"
        made.send("POST", made.path("jobs"), {"name": "j"})


def test_nothing_is_written_elsewhere_where_that_is_refused(fake, tmp_path):
    with closing(Connection(Settings(tmp_path, fake.url, **AZURE))) as made:
        made.refuses_writes_elsewhere = True
        with pytest.warns(UserWarning, match="aml-ws"):
            assert made.workspace == "default"
        with pytest.raises(NotFound, match="no workspace `aml-ws`"):
            made.send("POST", made.path("jobs"), {"name": "j"})
    assert not fake.asked("POST")


def test_only_a_workspace_that_is_not_there_is_stood_for(fake, tmp_path):
    settings = Settings(home=tmp_path, url=fake.url, token="x", workspace="aml-ws", strict=False)
    with closing(Connection(settings)) as made, pytest.raises(Unauthenticated):
        assert made.workspace
