"""How much of its data a job has processed, and how much of it failed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field, ValidationError

from zaffre.kinds.part import Part

TAG = "zaffre.processed"
"""The tag by which a runner tells its run's counts, as JSON."""
LONGEST_ERROR = 500


class Processed(Part):
    """What a job that goes through data in parts has done of it."""

    items: int = Field(default=0, ge=0, title="Items", description="Files or rows with a result.")
    failed_items: int = Field(
        default=0, ge=0, title="Failed items", description="Files or rows without a result."
    )
    mini_batches: int = Field(
        default=0, ge=0, title="Mini-batches", description="Parts the data was cut into."
    )
    failed_mini_batches: int = Field(
        default=0, ge=0, title="Failed mini-batches", description="Parts that failed at last."
    )
    first_error: str | None = Field(
        default=None, title="First error", description="Why the first of them failed."
    )
    details: str | None = Field(
        default=None, title="Details", description="Where all that failed is listed."
    )

    def failures(self) -> str:
        """Say how much failed; "" if nothing did."""
        if not (self.failed_items or self.failed_mini_batches):
            return ""
        batches = ""
        if self.failed_mini_batches:
            batches = f", in {self.failed_mini_batches} of {self.mini_batches} mini-batches"
        return f"{self.failed_items} of {self.items + self.failed_items} items failed{batches}"

    def warning(self) -> str:
        """Say what failed, the first reason, and where the others are; "" if nothing did."""
        failures = self.failures()
        if not failures:
            return ""
        first = f" The first: {self.first_error}." if self.first_error else ""
        return f"{failures}.{first}{f' All: {self.details}' if self.details else ''}"


def read(tags: Iterable[tuple[str, str]]) -> Processed | None:
    """Give the counts among a run's tags; None where there are none that make sense."""
    text = dict(tags).get(TAG)
    if text is None:
        return None
    try:
        found = Processed.model_validate_json(text)
    except ValidationError:
        return None
    cut = (found.first_error or "")[:LONGEST_ERROR].rstrip(".")
    return found.model_copy(update={"first_error": cut or None})


def warnings(steps: Mapping[str, Processed]) -> dict[str, None]:
    """Give a warning for each step of which something failed."""
    return {
        f"Step `{name}`: {one.warning()}": None for name, one in steps.items() if one.warning()
    }


def total(steps: Mapping[str, Processed]) -> Processed:
    """Give the counts of several steps together."""
    counted = list(steps.values())
    if len(counted) == 1:
        return counted[0]
    errors = [one.first_error for one in counted if one.first_error]
    return Processed(
        items=sum(one.items for one in counted),
        failed_items=sum(one.failed_items for one in counted),
        mini_batches=sum(one.mini_batches for one in counted),
        failed_mini_batches=sum(one.failed_mini_batches for one in counted),
        first_error=errors[0] if errors else None,
    )
