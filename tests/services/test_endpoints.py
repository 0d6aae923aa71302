"""Endpoints have keys and shares; the gateway is told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.endpoint_context import BLUE, ENDPOINT, GREEN, Stage, stage
from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.endpoint import OnlineEndpointSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.wire import to_wire
from zaffre.services import deployments, endpoints, gateway


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "home") as found:
        yield found


def test_an_endpoint_has_an_address_and_two_keys(on: Stage) -> None:
    made = on.endpoint()
    assert made.status.provisioning_state == "Succeeded"
    assert made.status.scoring_uri == "http://127.0.0.1:8643/churn/score"
    keys = endpoints.keys(on.ctx, ENDPOINT)
    assert set(keys) == {"primaryKey", "secondaryKey"}
    assert len(set(keys.values())) == 2
    assert min(map(len, keys.values())) >= 40


def test_an_endpoint_follows_the_gateway_to_another_port(on: Stage) -> None:
    on.endpoint()
    moved = replace(on.ctx, addresses=replace(on.ctx.addresses, gateway="http://127.0.0.1:9"))
    for _ in range(2):
        endpoints.readdress(moved)
    status = on.ctx.metadata.get(ENDPOINT).status
    assert status.scoring_uri == "http://127.0.0.1:9/churn/score"
    assert status.openapi_uri == "http://127.0.0.1:9/churn/swagger.json"
    assert on.config()["port"] == 9
    assert len(endpoints.keys(moved, ENDPOINT)) == 2


def test_keys_are_nowhere_but_in_the_call_that_gives_them(on: Stage) -> None:
    made = on.endpoint()
    shown = str(to_wire(made)) + str(on.config())
    database = b"".join(path.read_bytes() for path in on.ctx.home.root.glob("zaffre.db*"))
    for key in endpoints.keys(on.ctx, ENDPOINT).values():
        assert key not in shown
        assert key.encode() not in database
    assert "sealed" not in shown


def test_the_gateway_gets_the_digests_of_the_keys(on: Stage) -> None:
    on.endpoint()
    keys = endpoints.keys(on.ctx, ENDPOINT).values()
    digests = sorted(hashlib.sha256(key.encode()).hexdigest() for key in keys)
    assert on.config()["endpoints"]["churn"]["keys"] == digests
    assert (on.ctx.home.run / "gateway.json").stat().st_mode & 0o077 == 0


def test_a_regenerated_key_replaces_the_old_one_at_once(on: Stage) -> None:
    on.endpoint()
    before = endpoints.keys(on.ctx, ENDPOINT)
    after = endpoints.regenerate(on.ctx, ENDPOINT, "secondary")
    assert after["primaryKey"] == before["primaryKey"]
    assert after["secondaryKey"] != before["secondaryKey"]
    digest = hashlib.sha256(before["secondaryKey"].encode()).hexdigest()
    assert digest not in on.config()["endpoints"]["churn"]["keys"]
    with pytest.raises(Invalid, match="key type"):
        endpoints.regenerate(on.ctx, ENDPOINT, "third")


def test_a_name_is_one_for_all_workspaces_and_no_word_of_the_gateway(on: Stage) -> None:
    on.endpoint()
    with pytest.raises(Conflict, match="taken"):
        on.endpoint(Key("online_endpoint", "other", "churn"))
    with pytest.raises(Conflict):
        on.endpoint()
    with pytest.raises(Invalid, match="word of the gateway"):
        on.endpoint(Key("online_endpoint", "default", "health"))


def test_shares_must_add_up(on: Stage) -> None:
    on.endpoint()
    on.deployment()
    on.settle()
    assert on.share(blue=100).spec.traffic == {"blue": 100}
    with pytest.raises(Invalid) as caught:
        on.share(blue=60)
    assert "must add up to 0 or 100" in str(caught.value.hint)
    assert on.config()["endpoints"]["churn"]["traffic"] == {"blue": 100}


def test_shares_name_deployments_that_are_there_and_ready(on: Stage) -> None:
    on.endpoint()
    on.deployment()
    with pytest.raises(Invalid, match="no deployment of this endpoint"):
        on.share(red=100)
    with pytest.raises(Conflict, match="is Creating"):
        on.share(blue=100)
    with pytest.raises(Invalid, match="no deployment"):
        on.endpoint(Key("online_endpoint", "default", "other"), traffic={"blue": 100})


def test_one_deployment_at_a_time_is_mirrored_to(on: Stage) -> None:
    on.endpoint()
    for key in (BLUE, GREEN):
        on.deployment(key)
        on.settle(key)
    found = on.ctx.metadata.get(ENDPOINT)
    spec = OnlineEndpointSpec.model_validate({"mirror_traffic": {"green": 10}})
    endpoints.update(on.ctx, found, spec, None)
    assert on.config()["endpoints"]["churn"]["mirror"] == {"green": 10}
    both = OnlineEndpointSpec.model_validate({"mirror_traffic": {"green": 10, "blue": 10}})
    with pytest.raises(Invalid, match="one deployment at a time"):
        endpoints.update(on.ctx, on.ctx.metadata.get(ENDPOINT), both, None)


def test_a_document_without_traffic_leaves_it_as_it_is(on: Stage) -> None:
    on.endpoint()
    on.deployment()
    on.settle()
    on.share(blue=100)
    found = on.ctx.metadata.get(ENDPOINT)
    spec = OnlineEndpointSpec.model_validate({"description": "new"})
    changed = endpoints.update(on.ctx, found, spec, None)
    assert changed.spec.traffic == {"blue": 100}
    assert changed.spec.description == "new"
    with pytest.raises(Stale):
        endpoints.update(on.ctx, changed, OnlineEndpointSpec(), 1)


def test_deleting_an_endpoint_takes_its_deployments_along(on: Stage) -> None:
    on.endpoint()
    on.deployment()
    on.settle()
    on.share(blue=100)
    endpoints.delete(on.ctx, ENDPOINT)
    assert on.config()["endpoints"] == {}
    for key in (ENDPOINT, BLUE):
        with pytest.raises(NotFound):
            on.ctx.metadata.get(key)
    with pytest.raises(NotFound):
        endpoints.delete(on.ctx, ENDPOINT)
    with pytest.raises(NotFound):
        endpoints.keys(on.ctx, ENDPOINT)


def test_the_configuration_is_written_only_when_it_changes(on: Stage) -> None:
    on.endpoint()
    path = on.ctx.home.run / "gateway.json"
    before = (path.stat().st_mtime_ns, on.config()["generation"])
    gateway.publish(on.ctx)
    assert (path.stat().st_mtime_ns, on.config()["generation"]) == before
    path.write_text("broken")
    gateway.publish(on.ctx)
    assert "churn" in on.config()["endpoints"]


def test_the_configuration_answers_to_loopback_and_the_gateways_own_name() -> None:
    assert gateway.hosts("http://Box.example:9000") == [
        "127.0.0.1:9000",
        "[::1]:9000",
        "box.example:9000",
        "localhost:9000",
    ]


def test_other_kinds_are_refused(on: Stage) -> None:
    on.endpoint()
    with pytest.raises(Invalid, match="no online endpoint"):
        endpoints.create(on.ctx, Key("online_endpoint", "default", "x"), on.spec())
    with pytest.raises(Invalid, match="no online deployment"):
        deployments.create(on.ctx, BLUE, OnlineEndpointSpec())
