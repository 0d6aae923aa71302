"""Logged models: what MLflow 3 records of a model in an experiment, before it is registered."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zaffre.errors import Invalid
from zaffre.kinds.filters import parse
from zaffre.ports.logged_models import LoggedModel, OrderModels, SearchModels
from zaffre.services.context import Context

MOST = 1000
LONGEST_VALUE = 6000
LONGEST_KEY = 250
_BAD = ("/", ":", ".", "%", '"', "'")


@dataclass(frozen=True)
class NewModel:
    """A model to record."""

    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    tags: Mapping[str, str] | None = None
    params: Mapping[str, str] | None = None


def create(ctx: Context, workspace: str, new: NewModel) -> LoggedModel:
    """Record a model that is being logged.

    Raises:
        NotFound: there is no such experiment.
        Invalid: the name, a param or a tag is wrong.
    """
    check_name(new.name)
    check_values(new.tags or {}, "tag")
    check_values(new.params or {}, "param")
    experiment = ctx.tracking.get_experiment(workspace, new.experiment_id)
    if experiment.stage != "active":
        raise Invalid(f"The experiment {new.experiment_id} must be in the 'active' state.")
    now = int(ctx.clock.now().timestamp() * 1000)
    model_id = f"m-{secrets.token_hex(16)}"
    location = experiment.artifact_location.rstrip("/")
    model = LoggedModel(
        model_id,
        new.experiment_id,
        new.name or f"model-{secrets.token_hex(4)}",
        f"{location}/models/{model_id}/artifacts",
        now,
        now,
        model_type=new.model_type,
        source_run_id=new.source_run_id,
        tags=dict(new.tags or {}),
        params=dict(new.params or {}),
    )
    ctx.logged_models.create(workspace, model)
    return model


def check_name(name: str | None) -> None:
    """Refuse names that MLflow refuses.

    Raises:
        Invalid: it is one.
    """
    if name is not None and (
        not name or len(name) > LONGEST_KEY or any(bad in name for bad in _BAD)
    ):
        raise Invalid(
            f"Invalid model name ({name[:100]!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_BAD}"
        )


def check_values(values: Mapping[str, str], what: str) -> None:
    """Refuse keys and values that are too long.

    Raises:
        Invalid: one is.
    """
    for key, value in values.items():
        if not key or len(key) > LONGEST_KEY:
            raise Invalid(
                f"Invalid {what} key {key[:100]!r}: it has 1 to {LONGEST_KEY} characters."
            )
        if len(value) > LONGEST_VALUE:
            raise Invalid(f"The value of {what} '{key}' has more than {LONGEST_VALUE} characters.")


@dataclass(frozen=True)
class Asked:
    """A search as it was asked."""

    experiments: Sequence[str]
    filter: str | None = None
    datasets: Sequence[tuple[str, str | None]] = ()
    order: Sequence[OrderModels] = ()
    limit: int = 100
    page: str | None = None


def search(ctx: Context, workspace: str, asked: Asked) -> tuple[list[LoggedModel], str]:
    """Find models and the token of the next page ("" at the end).

    Raises:
        Invalid: the filter, an order or the page token is wrong.
    """
    offset = _offset(asked)
    found = ctx.logged_models.search(
        workspace,
        SearchModels(
            asked.experiments,
            parse(asked.filter),
            asked.datasets,
            asked.order,
            asked.limit + 1,
            offset,
        ),
    )
    more = len(found) > asked.limit
    return found[: asked.limit], _token(asked, offset + asked.limit) if more else ""


def _token(asked: Asked, offset: int) -> str:
    facts = {**_facts(asked), "offset": offset}
    return base64.b64encode(json.dumps(facts).encode()).decode()


def _facts(asked: Asked) -> dict[str, object]:
    order = [[one.key, one.metric, one.ascending] for one in asked.order]
    return {
        "experiment_ids": list(asked.experiments),
        "filter": asked.filter or "",
        "order": order,
    }


def _offset(asked: Asked) -> int:
    if not asked.page:
        return 0
    try:
        facts = json.loads(base64.b64decode(asked.page, validate=True))
        offset = facts.pop("offset")
    except (binascii.Error, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise Invalid("Invalid page token.") from None
    if facts != _facts(asked) or type(offset) is not int or not 0 <= offset < 2**31:
        raise Invalid("The page token is of another search.")
    return offset


def order_of(text: str, *, ascending: bool, dataset: tuple[str | None, str | None]) -> OrderModels:
    """Read the field of an order: an attribute or `metrics.NAME`.

    Raises:
        Invalid: it is of another entity.
    """
    if "." not in text:
        return OrderModels(text.strip(), ascending=ascending)
    entity, _, key = text.partition(".")
    if entity != "metrics":
        raise Invalid(
            f"Invalid order by field name: {entity[:100]}, only `metrics.<name>` is allowed."
        )
    order = OrderModels(key.strip('`"'), metric=True, ascending=ascending)
    return replace(order, dataset_name=dataset[0], dataset_digest=dataset[1])
