"""Take in the metric journal of a job, each line exactly once, however it comes."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import Batch, JournalGap, Metric, Pair
from zaffre.kinds.tracking_rules import check_metric, check_param, check_tag
from zaffre.services.context import Context

PIECE = 2**20


def take(ctx: Context, key: Key, offset: int, data: bytes) -> int:
    """Apply lines of a journal that begin at an offset; give the one up to which it is kept.

    Raises:
        JournalGap: the stored part ends elsewhere.
        NotFound: there is no such run.
    """
    data = data[: data.rfind(b"\n") + 1]
    if not data:
        return ctx.tracking.journal_offset(key.workspace, key.name)
    batch = parse(data)
    return ctx.tracking.append_journal(key.workspace, key.name, offset, len(data), batch)


def take_rest(ctx: Context, key: Key, journal: Path) -> None:
    """Apply what the journal on this machine holds beyond what is kept."""
    if not journal.is_file():
        return
    offset = ctx.tracking.journal_offset(key.workspace, key.name)
    with journal.open("rb") as file:
        while True:
            file.seek(offset)
            data = _whole_lines(file.read(PIECE), file)
            if not data:
                return
            try:
                offset = take(ctx, key, offset, data)
            except JournalGap as gap:
                offset = gap.stored


def _whole_lines(data: bytes, file: Any) -> bytes:
    while data and b"\n" not in data and (more := file.read(PIECE)):
        data += more
    return data[: data.rfind(b"\n") + 1]


def parse(data: bytes) -> Batch:
    """Read lines of a journal. Pure. A line that was cut or breaks a rule is left out."""
    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []
    for line in data.split(b"\n"):
        try:
            _sort(json.loads(line), metrics, params, tags)
        except (Invalid, ValueError, TypeError, LookupError, OverflowError, RecursionError):
            continue
    return Batch(metrics, _first_of_each(params), tags)


def _first_of_each(params: list[Pair]) -> list[Pair]:
    return list({pair.key: pair for pair in reversed(params)}.values())[::-1]


def _sort(row: Any, metrics: list[Metric], params: list[Pair], tags: list[Pair]) -> None:
    """Put what a line says where it belongs.

    Raises:
        Invalid: no run may log it.
    """
    if row[0] == "m":
        _, key, value, timestamp, step = row
        metric = Metric(_text(key), float(value), operator.index(timestamp), operator.index(step))
        check_metric(metric)
        metrics.append(metric)
        return
    kind, key, value = row
    pair = Pair(_text(key), _text(value))
    if kind == "p":
        check_param(pair)
        params.append(pair)
    elif kind == "t":
        check_tag(pair)
        tags.append(pair)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("It is no text.")
    return value
