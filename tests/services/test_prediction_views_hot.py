"""The hot path on real stores: answers of the gateway come into views, each once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.endpoint_context import stage
from zaffre.errors import Unavailable
from zaffre.kinds import registry
from zaffre.kinds.loading import check
from zaffre.kinds.resource import Key
from zaffre.ports.answers import Answer, Some
from zaffre.services import predictions

VIEW = Key("prediction_view", "default", "churn-now")


@dataclass
class Journal:
    """What a gateway wrote, and how far it is settled."""

    answers: list[Answer] = field(default_factory=list)
    settled: int = 0

    def next(self):
        some = self.answers[self.settled :]
        return Some("default", "churn", some, ("s", len(self.answers))) if some else None

    def settle(self, some):
        self.settled = some.mark[1]

    def answered(self, request, answer, deployment="blue", model="churn:2"):
        number = len(self.answers)
        self.answers.append(
            Answer(
                f"s:{number}", deployment, model, f"r{number}", 1767225600.5 + number,
                json.dumps(request).encode(), json.dumps(answer).encode(),
            )
        )  # fmt: skip


@pytest.fixture
def ctx(tmp_path):
    with stage(tmp_path) as made:
        made.endpoint()
        yield made.ctx


def make(ctx, key=VIEW, **fields):
    document = {"name": key.name, "entity_key": "id", "online_endpoint": "churn", **fields}
    spec = check(registry.kind("prediction_view"), document).spec
    return predictions.create(ctx, key, spec)


def test_an_answer_is_in_the_view_with_its_origin(ctx):
    make(ctx)
    journal = Journal()
    journal.answered({"input_data": [{"id": 1, "x": 2}, {"id": 2, "x": 3}]}, [0.5, 0.7])
    assert predictions.take_in(ctx, journal)
    assert not predictions.take_in(ctx, journal)
    assert predictions.look(ctx, VIEW, "2") == {
        "key": "2",
        "prediction": 0.7,
        "event_time": "2026-01-01T00:00:00.500000Z",
        "path": "hot",
        "made_at": "2026-01-01T00:00:00.500000Z",
        "model": "churn:2",
        "request_id": "r0",
        "job": None,
    }
    above = {link.source for link in ctx.metadata.links(VIEW.reference, up=True)}
    assert above == {"model:default/churn:2", "online_deployment:default/churn/blue"}


def test_an_answer_that_comes_again_is_there_once(ctx):
    make(ctx)
    journal = Journal()
    for number in range(3):
        journal.answered({"id": "a", "event_time": number}, [number])
    predictions.take_in(ctx, journal)
    journal.settled = 0
    journal.answered({"id": "a", "event_time": 1}, ["later"])
    predictions.take_in(ctx, journal)
    status = predictions.show(ctx, VIEW).status
    assert (status.hot_rows, status.hot_unread) == (4, 0)
    assert predictions.look(ctx, VIEW, "a")["prediction"] == 2


def test_a_crash_between_two_views_loses_nothing(ctx):
    other = Key("prediction_view", "default", "other")
    make(ctx)
    make(ctx, other)
    journal = Journal()
    journal.answered({"id": "a"}, [1])
    append, calls = ctx.predictions.append, []

    def dying(*given):
        calls.append(given)
        if len(calls) == 2:
            raise Unavailable("The database is gone.")
        append(*given)

    ctx.predictions.append = dying
    with pytest.raises(Unavailable):
        predictions.take_in(ctx, journal)
    del ctx.predictions.append
    assert predictions.take_in(ctx, journal)
    for key in (VIEW, other):
        assert predictions.look(ctx, key, "a")["prediction"] == 1
        assert predictions.show(ctx, key).status.hot_rows == 1


def test_what_cannot_be_read_is_counted(ctx):
    make(ctx)
    journal = Journal()
    journal.answered({"x": 1}, [1])
    journal.answered({"id": "a"}, [1, 2])
    predictions.take_in(ctx, journal)
    status = predictions.show(ctx, VIEW).status
    assert (status.hot_rows, status.hot_unread) == (0, 2)
    assert status.hot_unread_why == "Request r1: The request has 1 rows, the answer 2 predictions."


def test_only_its_deployment_and_its_endpoint_answer_into_a_view(ctx):
    make(ctx, online_deployment="blue")
    make(ctx, Key("prediction_view", "default", "cold-only"), online_endpoint=None)
    journal = Journal()
    journal.answered({"id": "a"}, [1], "green")
    predictions.take_in(ctx, journal)
    assert predictions.show(ctx, VIEW).status.hot_rows == 0
    journal.answered({"id": "a"}, [1], "blue", "sha256:1")
    predictions.take_in(ctx, journal)
    assert predictions.look(ctx, VIEW, "a")["prediction"] == 1


def test_a_sweep_leaves_what_counts(ctx):
    make(ctx, keep_hot_days=1)
    journal = Journal()
    journal.answered({"id": "a"}, [1])
    predictions.take_in(ctx, journal)
    ctx.clock.pass_by(timedelta(days=9))
    predictions.sweep(ctx)
    assert predictions.look(ctx, VIEW, "a")["prediction"] == 1
    assert journal.settled == 1
