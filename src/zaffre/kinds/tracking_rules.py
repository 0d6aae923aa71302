"""What may be logged: names, lengths, numbers. The limits are those of the MLflow server. Pure.

Where that server cuts a long value short we keep all of it, up to a limit of our own.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.tracking import Batch, DatasetInput, Metric, Pair

METRICS = 1000
PARAMS = 100
TAGS = 100
ENTITIES = 1000
KEY = 250
VALUE = 100_000
EXPERIMENT_NAME = 500
EXPERIMENT_TAG = 20_000
LOCATION = 2048

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_NAME = re.compile(r"[/\w.\- :]*\Z")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w.\-]{0,255}\Z")
_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ),"
    " colon(:) and slashes (/)."
)
_BIGGEST = 2**63
_DATASET_LIMITS = (("name", 500), ("digest", 36), ("source", 65_535))
_DATASET_TEXTS = (("schema", 1_048_575), ("profile", 16_777_215))
_INPUT_TAG_KEY, _INPUT_TAG_VALUE = 255, 500


def wrong(field: str, value: Any, why: str = "") -> Invalid:
    """Give the error for a value that a field cannot have, in the MLflow server's words."""
    shown = json.dumps(value)
    told = shown if len(shown) <= 1000 else f"{shown[:1000]}..."  # noqa: PLR2004
    return Invalid(
        f"Invalid value {told} for parameter '{field}' supplied" + (f": {why}" if why else ".")
    )


def too_long(field: str, limit: int) -> Invalid:
    """Give the error for a text that is too long."""
    return Invalid(f"'{field}' exceeds the maximum length of {limit} characters")


@lru_cache(maxsize=8192)
def _fault_of_name(name: str) -> str:
    if not _NAME.match(name):
        return _CHARACTERS
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other names"
            f" when treated as such. This name would resolve to {plain!r}"
        )
    return ""


def check_name(name: str, field: str, what: str) -> None:
    """Check the name of a metric, param or tag.

    Raises:
        Invalid: it has a character or form that names do not have, or is too long.
    """
    if fault := _fault_of_name(name):
        raise wrong(field, name, fault)
    if len(name) > KEY:
        raise too_long(what, KEY)


def check_text(text: str, field: str, limit: int) -> None:
    """Check a free text.

    Raises:
        Invalid: it is too long, or holds what no database keeps.
    """
    if len(text) > limit:
        raise too_long(field, limit)
    if _UNSTORABLE.search(text):
        raise wrong(field, text[:100], "It holds a NUL character or is not valid Unicode.")


def check_run_id(run_id: str) -> None:
    """Check the form of a run's id.

    Raises:
        Invalid: no run can have it.
    """
    if not _RUN_ID.match(run_id):
        raise wrong("run_id", run_id)


def check_batch(batch: Batch) -> None:
    """Check everything that a run logs at once.

    Raises:
        Invalid: something in it cannot be kept, or it is too much.
    """
    _check_metrics(batch.metrics)
    for index, param in enumerate(batch.params):
        check_param(param, f"params[{index}].")
    for index, tag in enumerate(batch.tags):
        check_tag(tag, f"tags[{index}].")
    _check_sizes(batch)
    keys = [param.key for param in batch.params]
    if len(set(keys)) != len(keys):
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        raise Invalid(
            f"Duplicate parameter keys have been submitted: {doubled}. Please ensure the request"
            " contains only one param value per param key."
        )


def _check_metrics(metrics: Sequence[Metric]) -> None:
    """Check metrics: all at once by their extremes, one by one only to say which one is wrong."""
    if not metrics:
        return
    keys, _, times, steps, *about = zip(*metrics, strict=True)
    fine = (
        not any(_fault_of_name(key) or len(key) > KEY for key in set(keys))
        and min(times) >= 0
        and max(times) < _BIGGEST
        and min(steps) >= -_BIGGEST
        and max(steps) < _BIGGEST
        and not any(map(any, about))
    )
    if not fine:
        for index, metric in enumerate(metrics):
            check_metric(metric, f"metrics[{index}]." if len(metrics) > 1 else "")


def _check_sizes(batch: Batch) -> None:
    counts = (len(batch.metrics), len(batch.params), len(batch.tags))
    limits = zip(("metrics", "params", "tags"), (METRICS, PARAMS, TAGS), counts, strict=True)
    for what, limit, count in (*limits, ("metrics, params, and tags", ENTITIES, sum(counts))):
        if count > limit:
            raise Invalid(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}."
                f" Please split up {what} across multiple requests and try again."
            )


def check_metric(metric: Metric, path: str = "") -> None:
    """Check one point of a metric.

    Raises:
        Invalid: its name, time, step or dataset cannot be kept.
    """
    check_name(metric.key, f"{path}name", "Metric name")
    if not 0 <= metric.timestamp < _BIGGEST:
        why = f"metric '{metric.key}'. Timestamp must be a nonnegative long (64-bit integer)"
        raise wrong(f"{path}timestamp", metric.timestamp, why)
    if not -_BIGGEST <= metric.step < _BIGGEST:
        why = f"metric '{metric.key}'. Step must be a valid long (64-bit integer)."
        raise wrong(f"{path}step", metric.step, why)
    if (metric.dataset_name is None) != (metric.dataset_digest is None):
        raise Invalid("Both dataset_name and dataset_digest must be provided if one is provided")
    for text in metric[4:]:
        if text is not None:
            check_text(str(text), f"{path}dataset", VALUE)


def check_param(param: Pair, path: str = "") -> None:
    """Check a param.

    Raises:
        Invalid: its name or value cannot be kept.
    """
    check_name(param.key, f"{path}key", "Param key")
    check_text(param.value, f"{path}value", VALUE)


def check_tag(tag: Pair, path: str = "") -> None:
    """Check a tag of a run.

    Raises:
        Invalid: its name or value cannot be kept.
    """
    check_name(tag.key, f"{path}key", f"{path}key")
    check_text(tag.value, f"{path}value", VALUE)


def check_experiment_name(name: str) -> None:
    """Check the name of an experiment.

    Raises:
        Invalid: it is empty or too long.
    """
    if not name:
        raise Invalid(f"Invalid experiment name: '{name}'")
    check_text(name, "name", EXPERIMENT_NAME)


def check_experiment_tag(tag: Pair) -> None:
    """Check a tag of an experiment.

    Raises:
        Invalid: its name or value cannot be kept.
    """
    check_name(tag.key, "key", "key")
    check_text(tag.value, "value", EXPERIMENT_TAG)


def check_location(location: str) -> None:
    """Check where an experiment's artifacts shall lie; only clients ever go there.

    Raises:
        Invalid: it is too long or no address of files.
    """
    check_text(location, "artifact_location", LOCATION)
    if location.startswith("runs:"):
        raise Invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    if "#" in location or ";" in location:
        raise Invalid("'artifact_location' URL can't include fragments or params.")
    if ".." in location.partition("?")[2]:
        raise Invalid("Invalid query string")


def check_datasets(inputs: Sequence[DatasetInput]) -> None:
    """Check what a run says that it used.

    Raises:
        Invalid: a name, digest, source, schema, profile or tag is too long.
    """
    for one in inputs:
        for field, limit in _DATASET_LIMITS:
            check_text(getattr(one.dataset, field), field, limit)
        check_text(one.dataset.source_type, "source_type", _INPUT_TAG_VALUE)
        for field, limit in _DATASET_TEXTS:
            check_text(getattr(one.dataset, field) or "", field, limit)
        for tag in one.tags:
            check_text(tag.key, "key", _INPUT_TAG_KEY)
            check_text(tag.value, "value", _INPUT_TAG_VALUE)
