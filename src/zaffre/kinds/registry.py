"""Which kinds there are. A kind's module is loaded when the kind is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from zaffre.errors import NotFound

if TYPE_CHECKING:
    from zaffre.kinds.resource import Kind


@dataclass(frozen=True)
class Entry:
    """Where a kind is defined, and its words, known without loading it."""

    name: str
    noun: str
    plural: str
    title: str
    module: str
    constant: str


_TABLE = (
    Entry("workspace", "workspace", "workspaces", "Workspace", "workspace", "WORKSPACE"),
    Entry("compute", "compute", "computes", "Compute", "compute", "COMPUTE"),
    Entry("datastore", "datastore", "datastores", "Datastore", "datastore", "DATASTORE"),
    Entry("data", "data", "data", "Data", "data", "DATA"),
    Entry(
        "environment", "environment", "environments", "Environment", "environment", "ENVIRONMENT"
    ),
    Entry("component", "component", "components", "Component", "component", "COMPONENT"),
    Entry("job", "job", "jobs", "Job", "job", "JOB"),
    Entry("schedule", "schedule", "schedules", "Schedule", "schedule", "SCHEDULE"),
    Entry("model", "model", "models", "Model", "model", "MODEL"),
    Entry(
        "online_endpoint",
        "online-endpoint",
        "online-endpoints",
        "Online endpoint",
        "endpoint",
        "ONLINE_ENDPOINT",
    ),
    Entry(
        "online_deployment",
        "online-deployment",
        "online-deployments",
        "Online deployment",
        "endpoint",
        "ONLINE_DEPLOYMENT",
    ),
    Entry(
        "prediction_view",
        "prediction-view",
        "prediction-views",
        "Prediction view",
        "prediction_view",
        "PREDICTION_VIEW",
    ),
    Entry(
        "batch_endpoint",
        "batch-endpoint",
        "batch-endpoints",
        "Batch endpoint",
        "batch_endpoint",
        "BATCH_ENDPOINT",
    ),
    Entry(
        "batch_deployment",
        "batch-deployment",
        "batch-deployments",
        "Batch deployment",
        "batch_deployment",
        "BATCH_DEPLOYMENT",
    ),
)


def entries() -> tuple[Entry, ...]:
    """Give the words of all kinds, in the order in which a person learns them."""
    return _TABLE


def kind(name: str) -> Kind:
    """Give a kind by its name: `online_endpoint`.

    Raises:
        NotFound: there is no such kind.
    """
    return _load(_entry("name", name))


kind_of = kind
"""The same, where `kind` is the name of something else."""


def by_noun(noun: str) -> Kind:
    """Give a kind by the command line's word: `online-endpoint`.

    Raises:
        NotFound: there is no such kind.
    """
    return _load(_entry("noun", noun))


def by_plural(plural: str) -> Kind:
    """Give a kind by the word in paths: `online-endpoints`.

    Raises:
        NotFound: there is no such kind.
    """
    return _load(_entry("plural", plural))


def all_kinds() -> Iterator[Kind]:
    """Give all kinds, loading each."""
    return (_load(entry) for entry in _TABLE)


def _entry(word: str, value: str) -> Entry:
    for entry in _TABLE:
        if getattr(entry, word) == value:
            return entry
    known = ", ".join(f"`{getattr(entry, word)}`" for entry in _TABLE)
    raise NotFound(f"There is no kind `{value}`.", hint=f"Known: {known}.", code="unknown_kind")


@cache
def _load(entry: Entry) -> Kind:
    module = import_module(f"zaffre.kinds.{entry.module}")
    return cast("Kind", getattr(module, entry.constant))
