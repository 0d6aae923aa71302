"""Score one chunk: what can be scored is, and every other row is told why not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from zaffre.runtime.tables import coercion
from zaffre.runtime.tables.coercion import Feature
from zaffre.runtime.tables.crew import Died, NotScored

Score = Callable[[pa.Table], pa.Table]
REASON = 400
"""Characters of a model's words that are kept: some explain themselves at length."""
TRIES = 1000
"""How often a chunk's failing parts are cut in halves before what is left is rejected together."""

CRASH = 50
"""How many tries a process costs that died: enough are left to find one row of a chunk by it."""


@dataclass
class Scored:
    """Result columns for `rows` of a chunk (their places), and for the others the reason."""

    rows: pa.Array
    results: pa.Table | None
    reasons: dict[int, str]


@dataclass
class _Sorting:
    """Results as they come, each with the places of its rows."""

    score: Score
    places: list[pa.Array] = field(default_factory=list)
    results: list[pa.Table] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    tries: int = TRIES

    def attempt(self, table: pa.Table, places: pa.Array) -> str:
        """Score rows together; give the model's words if it refuses, else nothing."""
        if not len(places):
            return ""
        try:
            found = self.score(table.take(places) if len(places) < table.num_rows else table)
        except NotScored as error:
            self.tries -= CRASH if isinstance(error, Died) else 0
            return str(error)[:REASON]
        self.places.append(places)
        self.results.append(found)
        return ""

    def reject(self, places: pa.Array, reason: str) -> None:
        """Say of rows why they were not scored; the first reason stays."""
        for place in places.to_pylist():
            self.reasons.setdefault(place, reason)

    def halve(self, table: pa.Table, places: pa.Array, reason: str) -> None:
        """Find the rows that a refusal is due to."""
        if len(places) == 1 or self.tries <= 0:
            self.reject(places, reason)
            return
        middle = len(places) // 2
        for part in (places[:middle], places[middle:]):
            self.tries -= 1
            words = self.attempt(table, part)
            if words:
                self.halve(table, part, words)


def score(chunk: pa.Table, features: Sequence[Feature], ask: Score) -> Scored:
    """Score the rows of a chunk.

    Rows whose values have not the form of their column are left out. The others are scored
    together; if the model refuses, those without missing values, and those with the same ones
    missing; if it still refuses, ever smaller parts.
    """
    table, misfits = coercion.coerced(chunk, features)
    sorting = _Sorting(ask)
    places = _numbered(table.num_rows)
    for misfit in misfits:
        sorting.reject(places.filter(misfit.rows), misfit.reason)
    if sorting.reasons:
        kept = pc.invert(pc.is_in(places, pa.array(list(sorting.reasons), pa.int64())))
        places = places.filter(kept)
    words = sorting.attempt(table, places)
    if words:
        _in_parts(sorting, table, places, words)
    return _together(sorting)


@functools.lru_cache(maxsize=2)
def _numbered(rows: int) -> pa.Array:
    """Give the places of so many rows; chunks are mostly of one size."""
    return pa.array(range(rows), pa.int64())


def _in_parts(sorting: _Sorting, table: pa.Table, places: pa.Array, words: str) -> None:
    missing = coercion.holes(table)
    if missing is None:
        sorting.halve(table, places, words)
        return
    missing = missing.take(places)
    for group in pc.unique(missing).to_pylist():
        rows = places.filter(pc.equal(missing, group))
        refused = sorting.attempt(table, rows)
        if refused and group:
            sorting.reject(rows, f"{group.strip().replace(' ', ', ')} missing: {refused}")
        elif refused:
            sorting.halve(table, rows, refused)


def _together(sorting: _Sorting) -> Scored:
    """Put parts together in the order of their rows."""
    if not sorting.results:
        return Scored(pa.array([], pa.int64()), None, sorting.reasons)
    if len(sorting.results) == 1:
        return Scored(sorting.places[0], sorting.results[0], sorting.reasons)
    results = pa.concat_tables(sorting.results, promote_options="permissive")
    places = pa.concat_arrays(sorting.places)
    order = pc.sort_indices(places)
    return Scored(places.take(order), results.take(order), sorting.reasons)
