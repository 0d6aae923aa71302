"""Every field that has no effect here is named in a warning."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.kinds.document import Document
from zaffre.kinds.loading import load
from zaffre.kinds.registry import kind

JOB = {"command": "ls", "environment": "azureml:e@latest"}
ENDPOINT = {"name": "e"}
DEPLOYMENT = {"name": "b", "endpoint_name": "e", "model": "azureml:m:1"}


@pytest.mark.parametrize(
    ("noun", "document", "fields"),
    [
        (
            "job",
            JOB | {"resources": {"shm_size": "2g", "instance_count": 1}},
            "resources.shm_size",
        ),
        (
            "job",
            JOB | {"resources": {"instance_type": "big", "docker_args": "-v"}},
            "resources.docker_args resources.instance_type",
        ),
        ("job", JOB | {"identity": {"type": "managed"}}, "identity"),
        ("online_endpoint", ENDPOINT | {"auth_mode": "aad_token"}, "auth_mode"),
        ("online_endpoint", ENDPOINT | {"auth_mode": "key"}, ""),
        ("online_deployment", DEPLOYMENT | {"app_insights_enabled": True}, "app_insights_enabled"),
        ("online_deployment", DEPLOYMENT | {"app_insights_enabled": False}, ""),
        (
            "online_deployment",
            DEPLOYMENT | {"egress_public_network_access": "disabled", "instance_type": "big"},
            "egress_public_network_access instance_type",
        ),
    ],
)
def test_fields_without_effect_are_named(noun: str, document: dict[str, Any], fields: str) -> None:
    warnings = load(kind(noun), Document(document)).warnings
    assert " ".join(sorted(one.place.field or "" for one in warnings)) == fields
    assert all(one.message.endswith(".") for one in warnings)
