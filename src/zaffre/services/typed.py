"""Specs and statuses by the types of their kind."""

from __future__ import annotations

from typing import TypeVar

from zaffre.errors import Invalid
from zaffre.kinds.resource import Resource, Spec, Status

S = TypeVar("S", bound=Spec)
T = TypeVar("T", bound=Status)


def spec_as(wanted: type[S], spec: Spec, title: str) -> S:
    """Give a spec by its type.

    Raises:
        Invalid: it is another kind's.
    """
    if not isinstance(spec, wanted):
        raise Invalid(f"This is no {title}.")
    return spec


def status_as(wanted: type[T], found: Resource) -> T:
    """Give a resource's status by its type; an empty one where it has none yet."""
    status = found.status
    return status if isinstance(status, wanted) else wanted()
