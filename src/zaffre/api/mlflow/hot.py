"""Bodies of the calls that are made most, decoded straight into structs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from zaffre.api.mlflow.asked import clean
from zaffre.errors import Invalid
from zaffre.kinds.tracking import Batch, Metric, Pair
from zaffre.kinds.tracking_rules import wrong

Number = int | float | str | None
S = TypeVar("S", bound=msgspec.Struct)

LARGEST_BATCH = 1_000_000
"""Bytes a batch may have, as in the MLflow server."""

_HINT = " See the API docs for more information about request parameters."


class MetricIn(msgspec.Struct, gc=False):
    """A point of a metric as it is sent."""

    key: str | None = None
    value: float | str | None = None
    timestamp: Number = None
    step: Number = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetricIn(MetricIn, gc=False):
    """A point of a metric of a run as it is sent."""

    run_id: str | None = None
    run_uuid: str | None = None


class PairIn(msgspec.Struct, gc=False):
    """A param or tag as it is sent."""

    key: str | None = None
    value: str | None = None


class LogPairIn(PairIn, gc=False):
    """A param or tag of a run as it is sent."""

    run_id: str | None = None
    run_uuid: str | None = None


class BatchIn(msgspec.Struct):
    """A batch as it is sent."""

    run_id: str | None = None
    metrics: list[MetricIn] | None = None
    params: list[PairIn] | None = None
    tags: list[PairIn] | None = None


_DECODERS: dict[type[msgspec.Struct], Any] = {
    form: msgspec.json.Decoder(form) for form in (LogMetricIn, LogPairIn, BatchIn)
}


async def read(request: Request, form: type[S]) -> S:
    """Read a body of a form; unknown fields are passed over.

    Raises:
        Invalid: it is no JSON, or a field is of another type.
    """
    raw = await request.body()
    try:
        found: S = _DECODERS[form].decode(raw)
    except msgspec.MsgspecError:
        return _read_loosely(raw, form)
    return found


def _read_loosely(raw: bytes, form: type[S]) -> S:
    """Read what only Python's own JSON writes: bare NaN and infinities, numbers too large."""
    try:
        return msgspec.convert(json.loads(raw or b"{}"), form, strict=True)
    except msgspec.ValidationError as error:
        raise Invalid(f"Invalid value in the request: {error}.{_HINT}") from None
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The body is no JSON: {error}.", code="BAD_REQUEST") from None


def run_of(sent: LogMetricIn | LogPairIn | BatchIn) -> str:
    """Give the id of the run that is meant.

    Raises:
        Invalid: none is.
    """
    found = sent.run_id or getattr(sent, "run_uuid", None)
    return clean("run_id", present(found, "run_id"))


def present(text: str | None, field: str) -> str:
    """Give a text that must be there.

    Raises:
        Invalid: it is not.
    """
    if not text:
        raise Invalid(f"Missing value for required parameter '{field}'.{_HINT}")
    return text


def metric_of(sent: MetricIn, path: str = "") -> Metric:
    """Give the metric that was sent.

    Raises:
        Invalid: something of it is missing or no number.
    """
    key = present(sent.key, f"{path}key")
    if sent.value is None or sent.value == "" or sent.timestamp is None or sent.timestamp == "":
        missing = "value" if sent.value in (None, "") else "timestamp"
        raise Invalid(f"Missing value for required parameter '{path}{missing}'.{_HINT}")
    return Metric(
        key,
        _double(sent.value, f"{path}value"),
        whole(sent.timestamp, f"{path}timestamp"),
        whole(sent.step or 0, f"{path}step"),
        sent.model_id or None,
        sent.dataset_name or None,
        sent.dataset_digest or None,
    )


def _double(value: float | str, field: str) -> float:
    if isinstance(value, float):
        return value
    try:
        return float(value)
    except ValueError:
        why = "Please specify value as a valid double (64-bit floating point)"
        raise wrong(field, value, why) from None


def whole(value: int | float | str, field: str) -> int:
    """Read a whole number, which JSON may hold as a text or with a fraction of zero.

    Raises:
        Invalid: it is none.
    """
    if isinstance(value, int):
        return value
    try:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and len(value) <= 20:  # noqa: PLR2004 - the digits of 64 bits
            return int(value)
    except ValueError:
        pass
    raise wrong(field, str(value), "It must be a whole number.")


def pair_of(sent: PairIn, path: str = "") -> Pair:
    """Give the param or tag that was sent.

    Raises:
        Invalid: it has no key.
    """
    return Pair(present(sent.key, f"{path}key"), sent.value or "")


def batch_of(sent: BatchIn) -> Batch:
    """Give the batch that was sent.

    Raises:
        Invalid: something of it is missing or no number.
    """
    return Batch(
        metrics_of(sent.metrics or ()),
        [pair_of(one, f"params[{i}].") for i, one in enumerate(sent.params or ())],
        [pair_of(one, f"tags[{i}].") for i, one in enumerate(sent.tags or ())],
    )


def metrics_of(sent: Sequence[MetricIn]) -> list[Metric]:
    """Give the metrics that were sent; the usual forms of numbers go the short way."""
    rows = list(map(_FIELDS, sent))
    if not rows:
        return []
    keys, *numbers = list(zip(*rows, strict=True))[:4]
    if [set(map(type, column)) for column in numbers] == _USUAL and all(keys):
        return list(map(_AS_METRIC, rows))
    return [metric_of(one, f"metrics[{i}].") for i, one in enumerate(sent)]


_FIELDS = attrgetter(*Metric._fields)
_AS_METRIC = partial(tuple.__new__, Metric)
_USUAL = [{float}, {int}, {int}]
