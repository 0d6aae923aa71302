"""Endpoints and deployments from Python."""

from __future__ import annotations

PATH = "online-endpoints/e/online-deployments/blue"


def test_rollbacks_say_what_they_were_decided_on(fake, client):
    fake.resources[PATH] = {"name": "blue", "endpoint_name": "e", "revision": 4}
    fake.resources["online-endpoints/e"] = {"name": "e", "revision": 7}
    assert client.online_deployments.begin_rollback("blue", "e").result().name == "blue"
    assert client.online_endpoints.begin_rollback("e").result().name == "e"
    assert [fake.resources[path]["did"] for path in (PATH, "online-endpoints/e")] == 2 * [
        "rollback"
    ]
    sent = [headers["If-Match"] for headers in fake.headers if headers["If-Match"]]
    assert sent == ['"4"', '"7"']
