"""What every row that is written carries: prediction id, model version, job, time."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from zaffre.runtime.tables.chunks import Chunk, Outcome, Progress
from zaffre.runtime.tables.order import Order, Refused
from zaffre.runtime.tables.scoring import Scored

CONSTANT = ("model_version", "job_id", "scored_at", "rejected_at", "reason")
"""Columns that have one value, or few."""
STAMPS = ("prediction_id", "model_version", "job_id", "scored_at")


def outcome(
    order: Order, chunk: Chunk, scored: Scored, before: Progress, now: datetime
) -> Outcome:
    """Put together what is written of a chunk. A retry gives the same ids."""
    keys = _repeated(order, chunk, scored)
    predictions = _predictions(order, chunk, scored, before, now)
    rejects = _rejects(order, chunk, {**scored.reasons, **keys}, now)
    after = dataclasses.replace(
        before,
        chunks=before.chunks + 1,
        position=chunk.position,
        read=before.read + chunk.rows.num_rows + len(chunk.spoiled),
        scored=before.scored + predictions.num_rows,
        rejected=before.rejected + rejects.num_rows,
    )
    return Outcome(predictions, rejects, after)


def _repeated(order: Order, chunk: Chunk, scored: Scored) -> dict[int, str]:
    """Take out rows that cannot be upserted: without a key, or with one that was before."""
    key = order.input.key
    if order.output.mode != "upsert" or not len(scored.rows):
        return {}
    keys = chunk.rows[key]
    if not keys.null_count and pc.count_distinct(keys).as_py() == len(keys):
        return {}
    seen: set[object] = set()
    reasons: dict[int, str] = {}
    for place, value in zip(
        scored.rows.to_pylist(), keys.take(scored.rows).to_pylist(), strict=True
    ):
        if value is None:
            reasons[place] = f"the key `{key}` is missing"
        elif value in seen:
            reasons[place] = f"the key `{key}` occurs more than once"
        seen.add(value)
    kept = pc.invert(pc.is_in(scored.rows, pa.array(list(reasons), pa.int64())))
    scored.rows = scored.rows.filter(kept)
    if scored.results is not None:
        scored.results = scored.results.filter(kept)
    return reasons


def _predictions(
    order: Order, chunk: Chunk, scored: Scored, before: Progress, now: datetime
) -> pa.Table:
    if scored.results is None:
        return pa.table({})
    whole = len(scored.rows) == chunk.rows.num_rows
    columns: dict[str, pa.Array] = {}
    for name in _kept(order, chunk.rows):
        columns[name] = chunk.rows[name] if whole else chunk.rows[name].take(scored.rows)
    for name in scored.results.column_names:
        if name in columns or name in STAMPS:
            raise Refused(f"The model gives a column `{name}`, and so does the input or the job.")
        columns[name] = scored.results[name]
    count = len(scored.rows)
    numbers = pc.cast(pc.add(scored.rows, before.read), pa.string())
    columns["prediction_id"] = pc.binary_join_element_wise(pa.scalar(order.run), numbers, "-")
    columns["model_version"] = pa.repeat(order.model_version, count).dictionary_encode()
    columns["job_id"] = pa.repeat(order.job, count).dictionary_encode()
    columns["scored_at"] = pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), count)
    return pa.table(columns)


def _kept(order: Order, rows: pa.Table) -> list[str]:
    """Give the columns of the input that stand beside the predictions."""
    if "*" in order.input.keep:
        return list(rows.column_names)
    wanted = dict.fromkeys([*filter(None, [order.input.key]), *order.input.keep])
    missing = [name for name in wanted if name not in rows.column_names]
    if missing:
        known = ", ".join(f"`{name}`" for name in rows.column_names)
        raise Refused(f"`{missing[0]}` is no column of the input; it has {known}.")
    return list(wanted)


def _rejects(order: Order, chunk: Chunk, reasons: dict[int, str], now: datetime) -> pa.Table:
    places = sorted(reasons)
    rows = chunk.rows.take(pa.array(places, pa.int64())).to_pylist()
    texts = [json.dumps(row, default=str) for row in rows] + [one.text for one in chunk.spoiled]
    told = [reasons[place] for place in places] + [one.reason for one in chunk.spoiled]
    keys = [row.get(order.input.key) for row in rows] + [None] * len(chunk.spoiled)
    count = len(texts)
    return pa.table(
        {
            "row_key": pa.array([None if one is None else str(one) for one in keys], pa.string()),
            "reason": pa.array(told, pa.string()),
            "input_row": pa.array(texts, pa.string()),
            "model_version": pa.repeat(order.model_version, count).dictionary_encode(),
            "job_id": pa.repeat(order.job, count).dictionary_encode(),
            "rejected_at": pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), count),
        }
    )
