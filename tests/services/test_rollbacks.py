"""What served before serves again: revisions of a deployment, shares of an endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.endpoint_context import BLUE, ENDPOINT, GREEN, Stage, stage
from services.job_context import HeldBuilder
from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.endpoint import OnlineEndpointSpec
from zaffre.ports.builder import Ready
from zaffre.services import deployments, endpoints, mirrored, rollbacks

READY = Ready("h1", Path("/env/bin/python"), Path("/env/bin"), "3.11.2")


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "home", HeldBuilder(READY)) as found:
        found.endpoint()
        found.deployment(environment_variables={"REVISION": "one"})
        found.settle()
        yield found


def revision(on: Stage) -> str:
    """Give which revision the gateway is told to serve."""
    entry = on.served()
    assert entry is not None
    return str(entry["env"]["REVISION"])


def roll_out(on: Stage, name: str, **fact: object) -> object:
    on.change(BLUE, environment_variables={"REVISION": name})
    return on.settle(**fact)


def test_a_rollout_is_undone_and_the_document_is_that_of_before(on: Stage) -> None:
    roll_out(on, "two")
    assert revision(on) == "two"
    made = rollbacks.deployment(on.ctx, BLUE, None)
    assert made.status.provisioning_state == "Updating"
    assert made.spec.environment_variables == {"REVISION": "one"}
    assert on.settle().provisioning_state == "Succeeded"
    assert revision(on) == "one"


def test_a_second_rollback_undoes_the_first(on: Stage) -> None:
    roll_out(on, "two")
    for expected in ("one", "two"):
        rollbacks.deployment(on.ctx, BLUE, None)
        on.settle()
        assert revision(on) == expected


def test_numbers_stay_as_they_are_now(on: Stage) -> None:
    roll_out(on, "two")
    on.change(BLUE, instance_count=3)
    on.settle()
    assert rollbacks.deployment(on.ctx, BLUE, None).spec.instance_count == 3
    on.settle()
    entry = on.served()
    assert entry is not None
    assert (revision(on), entry["instances"]) == ("one", 3)


def test_a_rollout_that_is_being_prepared_is_ended(on: Stage) -> None:
    on.change(BLUE, environment_variables={"REVISION": "two"})
    rollbacks.deployment(on.ctx, BLUE, None)
    assert on.settle().provisioning_state == "Succeeded"
    assert revision(on) == "one"


def test_a_rollout_that_goes_on_is_ended_and_the_old_revision_never_left(on: Stage) -> None:
    before = on.served()
    on.change(BLUE, environment_variables={"REVISION": "two"})
    assert deployments.advance(on.ctx, BLUE)
    assert revision(on) == "two"
    rollbacks.deployment(on.ctx, BLUE, None)
    assert on.served() == before


def test_after_a_failed_rollout_the_document_says_what_serves(on: Stage) -> None:
    status = roll_out(on, "bad", state="failed", error="broken")
    assert status.provisioning_state == "Failed"
    made = rollbacks.deployment(on.ctx, BLUE, None)
    assert made.spec.environment_variables == {"REVISION": "one"}
    settled = on.settle()
    assert (settled.provisioning_state, settled.error) == ("Succeeded", None)


def test_where_nothing_served_before_there_is_no_way_back(on: Stage) -> None:
    with pytest.raises(Conflict, match="Nothing served before"):
        rollbacks.deployment(on.ctx, BLUE, None)
    on.deployment(GREEN)
    with pytest.raises(Conflict, match="Nothing served before"):
        rollbacks.deployment(on.ctx, GREEN, None)


def test_what_was_changed_meanwhile_is_left_alone(on: Stage) -> None:
    roll_out(on, "two")
    with pytest.raises(Stale):
        rollbacks.deployment(on.ctx, BLUE, 1)


def test_an_error_has_the_last_lines_of_the_log(on: Stage) -> None:
    status = roll_out(on, "bad", state="failed", error="It ended.", log="no such file: model.pkl")
    assert status.error.message == (
        "It ended.\nIts log ends with:\nno such file: model.pkl\n"
        "What was deployed before goes on serving."
    )


def shares(on: Stage, **document: object) -> None:
    spec = OnlineEndpointSpec.model_validate(document)
    endpoints.update(on.ctx, on.ctx.metadata.get(ENDPOINT), spec, None)


@pytest.fixture
def two(on: Stage) -> Stage:
    on.deployment(GREEN)
    on.settle(GREEN)
    on.share(blue=100)
    shares(on, traffic={"blue": 50, "green": 50}, mirror_traffic={"green": 10})
    return on


def test_traffic_goes_back_to_what_it_was(two: Stage) -> None:
    assert rollbacks.endpoint(two.ctx, ENDPOINT, None).spec.traffic == {"blue": 100, "green": 0}
    assert two.config()["endpoints"]["churn"]["mirror"] == {}
    again = rollbacks.endpoint(two.ctx, ENDPOINT, None).spec
    assert (again.traffic["green"], again.mirror_traffic) == (50, {"green": 10})


def test_a_change_of_something_else_is_no_change_of_traffic(two: Stage) -> None:
    shares(two, description="new")
    assert rollbacks.endpoint(two.ctx, ENDPOINT, None).spec.traffic["blue"] == 100


def test_traffic_that_never_changed_has_no_way_back(on: Stage) -> None:
    on.share(blue=100)
    with pytest.raises(Conflict, match="never changed"):
        rollbacks.endpoint(on.ctx, ENDPOINT, None)


def test_traffic_does_not_go_back_to_a_deployment_that_is_gone(two: Stage) -> None:
    shares(two, traffic={"blue": 100, "green": 0}, mirror_traffic={})
    deployments.delete(two.ctx, GREEN)
    with pytest.raises(Invalid, match="`green`"):
        rollbacks.endpoint(two.ctx, ENDPOINT, None)


def test_a_sticky_header_is_told_to_the_gateway(on: Stage) -> None:
    shares(on, sticky_header="X-User")
    assert on.config()["endpoints"]["churn"]["sticky_header"] == "X-User"
    with pytest.raises(ValueError, match="sticky_header"):
        OnlineEndpointSpec.model_validate({"sticky_header": "X User"})


def test_pairs_of_mirrored_answers_are_counted_and_read(on: Stage) -> None:
    assert mirrored.pairs(on.ctx, BLUE, 5) == ""
    on.reports(blue={"state": "ready", "instances": 1, "mirror": {"pairs": 3, "agreed": 2}})
    assert on.status().mirror.agreed == 2
    rows = [{"endpoint": "churn", "mirrored": {"deployment": name}} for name in ("blue", "red")]
    path = on.ctx.home.logs / "mirrored.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('cut"}\n[]\n' + "".join(f"{json.dumps(row)}\n" for row in rows * 3))
    assert mirrored.pairs(on.ctx, BLUE, 2) == f"{json.dumps(rows[0])}\n" * 2
    with pytest.raises(NotFound):
        mirrored.pairs(on.ctx, GREEN, 2)
