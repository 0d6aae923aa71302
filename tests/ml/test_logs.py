from __future__ import annotations

import pytest

from zaffre.errors import Failed, Unavailable
from zaffre.ml.logs import Changed, Ended, Text, follow


@pytest.fixture
def job(fake):
    fake.resources["jobs/j"] = {"name": "j", "status": "Running"}
    return fake.resources["jobs/j"]


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, Text))


def test_a_log_is_given_once_over_broken_connections(fake, connection, job):
    fake.cut_log_after = [4, 4, 9]
    events = list(follow(connection, "j"))
    assert text_of(events) == fake.log
    assert isinstance(events[-1], Ended)
    assert any(isinstance(event, Changed) for event in events)


def test_a_restart_of_the_server_is_waited_for_and_said_once(fake, connection, job):
    said: list[str] = []
    connection.say = said.append
    fake.cut_log_after = [4]
    original = connection.relocate

    def restart():
        fake.faults = ["cut", (503, {"detail": "Starting."})]
        connection.relocate = original

    connection.relocate = restart
    assert text_of(follow(connection, "j")) == fake.log
    assert len(said) == 1
    assert "goes on" in said[0]


def test_a_server_that_stays_away_is_given_up(fake, connection, job):
    fake.faults = [(503, {"detail": "Away."})] * 100
    moments = iter(range(1, 1000))
    with pytest.raises(Unavailable) as caught:
        list(follow(connection, "j", clock=lambda: float(next(moments)), patience=5))
    assert "zaffre job stream -n j" in str(caught.value.hint)


def test_streaming_prints_the_log_and_says_when_the_job_failed(fake, client, job, capsys):
    job["ends_as"] = "Failed"
    with pytest.raises(Failed, match="`j` is Failed"):
        client.jobs.stream("j")
    assert "one\ntwo\nthree\n" in capsys.readouterr().out
