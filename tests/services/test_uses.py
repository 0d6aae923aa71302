"""What is in use is not taken away: models, environments and data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.endpoint_context import BLUE, Stage
from services.endpoint_context import stage as staged
from services.job_context import command
from zaffre.errors import Conflict, NotFound
from zaffre.kinds.data import DataSpec
from zaffre.kinds.environment import EnvironmentSpec
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key
from zaffre.services import (
    data,
    deployments,
    environments,
    jobs,
    models,
    registry,
    resources,
    uses,
)

MODEL = Key("model", "default", "net", "1")
ENVIRONMENT = Key("environment", "default", "tools", "1")
DATA = Key("data", "default", "rows", "1")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        path = made.tree(net___model__pkl="weights") + "/net"
        models.create(made.ctx, MODEL, ModelSpec(path=path))
        environments.create(made.ctx, ENVIRONMENT, EnvironmentSpec(python="current"))
        data.create(made.ctx, DATA, DataSpec(path=made.tree(a__csv="1")))
        made.endpoint()
        yield made


DELETIONS: list[Callable[[Any], Any]] = [
    lambda ctx: models.delete(ctx, MODEL),
    lambda ctx: registry.delete(ctx, "default", "net"),
    lambda ctx: registry.rename(ctx, "default", "net", "other"),
]


@pytest.mark.parametrize("delete", DELETIONS)
@pytest.mark.parametrize("model", ["azureml:net:1", "azureml:net@latest"])
def test_a_model_that_is_served_stays(
    stage: Stage, delete: Callable[..., Any], model: str
) -> None:
    stage.deployment(model=model)
    with pytest.raises(Conflict, match="online deployment `churn/blue`") as said:
        delete(stage.ctx)
    assert said.value.code == "in_use"
    assert "archive" in said.value.hint
    resources.archive(stage.ctx, MODEL)
    deployments.delete(stage.ctx, BLUE)
    delete(stage.ctx)
    with pytest.raises(NotFound):
        stage.ctx.metadata.get(MODEL)


def test_a_model_that_is_served_no_more_can_go(stage: Stage) -> None:
    stage.deployment(model="azureml:net:1")
    stage.change(BLUE, model={"path": stage.tree(a__pkl="x")})
    models.delete(stage.ctx, MODEL)


def test_an_environment_that_is_served_stays(stage: Stage) -> None:
    stage.deployment(environment="azureml:tools@latest")
    with pytest.raises(Conflict, match="`tools` version 1 is used by online deployment"):
        uses.delete(stage.ctx, Key("environment", "default", "tools", "latest"))
    deployments.delete(stage.ctx, BLUE)
    uses.delete(stage.ctx, ENVIRONMENT)


def test_what_a_job_waits_for_stays_until_it_has_ended(stage: Stage) -> None:
    given = {"rows": {"path": "azureml:rows@latest"}, "net": {"path": "azureml:net:1"}}
    spec = command(environment="azureml:tools@latest", inputs=given)
    jobs.submit(stage.ctx, Key("job", "default", "j1"), spec)
    for key in (MODEL, ENVIRONMENT, DATA):
        with pytest.raises(Conflict, match="is used by job `j1`"):
            uses.delete(stage.ctx, key)
    jobs.cancel(stage.ctx, Key("job", "default", "j1"))
    for key in (MODEL, ENVIRONMENT, DATA):
        uses.delete(stage.ctx, key)
