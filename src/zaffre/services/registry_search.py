"""Searching names and versions of models by MLflow's filters and orders."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.filters import (
    Comparison,
    number_matches,
    parse,
    parse_order,
    text_matches,
)
from zaffre.kinds.model import ModelSpec, ModelStatus
from zaffre.kinds.resource import Resource
from zaffre.services import models
from zaffre.services.context import Context
from zaffre.services.registry import order_of

NAME_KEYS = ("name",)
VERSION_KEYS = ("name", "version_number", "run_id", "source_path")
NAME_ORDERS = ("name", "creation_timestamp", "last_updated_timestamp", "timestamp")
VERSION_ORDERS = ("name", "version_number", "creation_timestamp", "last_updated_timestamp")
LIST_KEYS = ("name", "run_id")
MOST_NAMES = 1000
MOST_VERSIONS = 200_000


@dataclass(frozen=True)
class Found:
    """One page of what was found, and the token of the next."""

    items: Sequence[Resource]
    next: str = ""


@dataclass(frozen=True)
class Asked:
    """A search: a filter, orders, how many, and the token of a page."""

    filter: str | None = None
    order_by: Sequence[str] = ()
    limit: int = 100
    page: str | None = None


def names(ctx: Context, workspace: str, asked: Asked) -> Found:
    """Find names.

    Raises:
        Invalid: the filter, an order or the page token is wrong.
    """
    conditions = parse(asked.filter)
    _check(conditions, NAME_KEYS)
    orders = _orders(asked.order_by, NAME_ORDERS, ("name ASC",))
    prompts = _wants_prompts(conditions)
    found = [
        one
        for one in models.containers(ctx, workspace)
        if not one.archived and _is_prompt(one) == prompts and _matches(one, conditions)
    ]
    return _page(_sorted(found, orders), asked)


def versions(ctx: Context, workspace: str, asked: Asked) -> Found:
    """Find versions.

    Raises:
        Invalid: the filter, an order or the page token is wrong.
    """
    conditions = parse(asked.filter)
    _check(conditions, VERSION_KEYS)
    orders = _orders(
        asked.order_by or ("last_updated_timestamp DESC",),
        VERSION_ORDERS,
        ("name ASC", "version_number DESC"),
    )
    prompts = _wants_prompts(conditions)
    found = [
        one
        for one in models.versions(ctx, workspace, _one_name(conditions))
        if not one.archived and _is_prompt(one) == prompts and _matches(one, conditions)
    ]
    return _page(_sorted(found, orders), asked)


def _one_name(conditions: Sequence[Comparison]) -> str:
    """Give the name that the versions must have, if the filter says just that."""
    equal = [
        one.value
        for one in conditions
        if (one.entity, one.key, one.comparator) == ("attribute", "name", "=")
    ]
    return str(equal[0]) if equal else ""


def _check(conditions: Sequence[Comparison], keys: Sequence[str]) -> None:
    """Refuse conditions that have no meaning, whether or not there is anything to compare.

    Raises:
        Invalid: one has none.
    """
    for one in conditions:
        if one.entity not in ("attribute", "tag"):
            raise Invalid(
                f"Invalid entity type '{one.entity}'.", hint="Valid are attribute and tag."
            )
        if one.entity == "attribute" and one.key not in keys:
            hint = f"Valid keys are {keys}."
            raise Invalid(f"Invalid attribute key '{one.key}' specified.", hint=hint)
        if one.entity == "attribute" and one.key == "version_number":
            number_matches(None, one)
            continue
        if one.comparator.endswith("IN") and (one.entity == "tag" or one.key not in LIST_KEYS):
            raise Invalid(f"Invalid comparator for {one.entity} {one.key}: {one.comparator}")
        if isinstance(one.value, float | int):
            raise Invalid(f"Expected a quoted string value for {one.key}, found {one.value}.")
        text_matches(None, one)


def _matches(found: Resource, conditions: Sequence[Comparison]) -> bool:
    return all(_meets(found, one) for one in conditions)


def _meets(found: Resource, wanted: Comparison) -> bool:
    if wanted.entity == "tag":
        if wanted.key == models.PROMPT:
            return True
        return text_matches(found.spec.tags.get(wanted.key), wanted)
    if wanted.key == "version_number":
        number = int(found.key.version) if models.is_number(found.key.version) else None
        return number_matches(number, wanted)
    return text_matches(_text(found, wanted.key), wanted)


def _text(found: Resource, key: str) -> str | None:
    if key == "name":
        return found.key.name
    if key == "run_id":
        return found.status.job_name if isinstance(found.status, ModelStatus) else None
    return found.spec.path if isinstance(found.spec, ModelSpec) else None


def _wants_prompts(conditions: Sequence[Comparison]) -> bool:
    """Say whether prompts are asked for: they are kept beside models and hidden among them."""
    asked = next(
        (one for one in conditions if one.entity == "tag" and one.key == models.PROMPT), None
    )
    if asked is None:
        return False
    return (asked.comparator, str(asked.value).lower()) in (("=", "true"), ("!=", "false"))


def _is_prompt(found: Resource) -> bool:
    return found.spec.tags.get(models.PROMPT, "").lower() == "true"


Key = Callable[[Resource], Any]


def _orders(
    asked: Sequence[str], known: Sequence[str], last: Sequence[str]
) -> list[tuple[Key, bool]]:
    found: dict[str, bool] = {}
    for text in asked:
        order = parse_order(text)
        key = "last_updated_timestamp" if order.key == "timestamp" else order.key
        if order.entity != "attribute" or order.key not in known:
            raise Invalid(
                f"Invalid order by key '{order.key}' specified.", hint=f"Valid keys are {known}."
            )
        if key in found:
            raise Invalid(f"`order_by` contains duplicate fields: {list(asked)}")
        found[key] = order.ascending
    for text in last:
        order = parse_order(text)
        found.setdefault(order.key, order.ascending)
    return [(_KEYS[key], ascending) for key, ascending in found.items()]


def millis(moment: datetime | None) -> int:
    """Give a moment as milliseconds since 1970."""
    return int(moment.timestamp() * 1000) if moment else 0


_KEYS: dict[str, Key] = {
    "name": lambda found: found.key.name,
    "version_number": order_of,
    "creation_timestamp": lambda found: millis(found.created_at),
    "last_updated_timestamp": lambda found: millis(found.updated_at),
}


def _sorted(found: list[Resource], orders: Sequence[tuple[Key, bool]]) -> list[Resource]:
    for key, ascending in reversed(orders):
        found = sorted(found, key=key, reverse=not ascending)
    return found


def _page(found: Sequence[Resource], asked: Asked) -> Found:
    at = offset_of(asked.page)
    token = token_of(at + asked.limit) if len(found) > at + asked.limit else ""
    return Found(found[at : at + asked.limit], token)


def token_of(offset: int) -> str:
    """Give the token of the page that begins at an offset."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token: str | None) -> int:
    """Give the offset that a page token means; none is the beginning.

    Raises:
        Invalid: it is no token of ours.
    """
    if not token:
        return 0
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        offset = -1
    if type(offset) is not int or not 0 <= offset < 2**31:
        raise Invalid(f"Invalid page token: {token[:100]!r}")
    return offset
