"""Open the source and the sink that an order names."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from zaffre.runtime.tables import places
from zaffre.runtime.tables.chunks import Sink, Source
from zaffre.runtime.tables.databases import Database, connect
from zaffre.runtime.tables.file_sink import FileSink
from zaffre.runtime.tables.file_source import FileSource
from zaffre.runtime.tables.order import Order, Refused
from zaffre.runtime.tables.sql_sink import SqlSink, check_target
from zaffre.runtime.tables.sql_source import SqlSource

Made = TypeVar("Made")


def source_of(order: Order) -> Source:
    """Open the input.

    Raises:
        Refused: it cannot be read.
    """
    address = order.input.address
    if address.is_sql:
        return _with(connect(address), lambda database: SqlSource(database, order.input))
    if address.format == "delta":
        return _delta().DeltaSource(order.input)  # type: ignore[no-any-return]  # its own module
    return FileSource(places.place_of(address), order.input)


def sink_of(order: Order) -> Sink:
    """Open the output.

    Raises:
        Refused: it cannot be written.
    """
    address = order.output.address
    if address.is_sql:
        return _with(connect(address), lambda database: SqlSink(database, order))
    if address.format == "delta":
        return _delta().DeltaSink(order)  # type: ignore[no-any-return]  # its own module
    return FileSink(places.place_of(address), order)


def check(order: Order) -> list[str]:
    """See that input and output fit what is asked, changing nothing; give the input's columns.

    Raises:
        Refused: something is not there, or does not fit.
    """
    with contextlib.closing(source_of(order)) as source:
        names = list(source.schema.names)
    if order.output.address.is_sql:
        with contextlib.closing(connect(order.output.address)) as database:
            check_target(database, order)
    return names


def _with(database: Database, make: Callable[[Database], Made]) -> Made:
    """Make something of a connection, which is closed if that fails."""
    with contextlib.ExitStack() as undo:
        undo.callback(database.close)
        made = make(database)
        undo.pop_all()
    return made


def _delta() -> Any:
    try:
        return importlib.import_module("zaffre.runtime.tables.delta")
    except ImportError as error:
        raise Refused(f"{error}. Install it with: pip install 'zaffre[tables]'") from None
