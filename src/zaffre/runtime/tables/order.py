"""What a table job was asked to do: a JSON document, read once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

FILES = ("parquet", "csv", "jsonl", "delta")
ROWS = 131_072
MODES = ("append", "upsert")


class Refused(Exception):
    """What the user asked for cannot be done; the message says what, where, what next."""


class Broken(Exception):
    """A database refused; the message is its own."""


@dataclass(frozen=True)
class Address:
    """Where a table is: a database or a folder, and what opens it, which is never shown."""

    url: str
    format: str
    options: dict[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)

    @property
    def is_sql(self) -> bool:
        """Whether it is a database."""
        return self.format == "sql"


@dataclass(frozen=True)
class Input:
    """Rows to score."""

    address: Address
    table: str = ""
    query: str = ""
    key: str = ""
    watermark: str = ""
    features: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """Where predictions go."""

    address: Address
    table: str = ""
    mode: str = "append"
    rejects: str = ""

    @property
    def rejects_said(self) -> str:
        """Say where rejects go; a folder beside a Delta table has no name of its own here."""
        if self.address.is_sql:
            return f"table `{self.rejects or self.table + '_rejects'}`"
        return f"`{self.rejects or '_rejects'}` of the output"


@dataclass(frozen=True)
class Order:
    """The whole job. `run` stays the same when it is resumed; `stream` joins incremental runs."""

    run: str
    stream: str
    job: str
    model_version: str
    input: Input
    output: Output
    model: dict[str, Any]
    python: str
    processes: int = 1
    rows: int = ROWS
    error_threshold: int = -1
    check_only: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Order:
    """Read an order.

    Raises:
        Refused: something in it is missing or does not go together.
    """
    return made(json.loads(text))


def made(document: dict[str, Any]) -> Order:
    """Make an order of its document.

    Raises:
        Refused: something in it is missing or does not go together.
    """
    given, wanted = dict(document.pop("input")), dict(document.pop("output"))
    order = Order(
        input=Input(
            Address(**given.pop("address")),
            features=tuple(given.pop("features", None) or ()),
            keep=tuple(given.pop("keep", None) or ()),
            **given,
        ),
        output=Output(Address(**wanted.pop("address")), **wanted),
        **document,
    )
    _check(order)
    return order


def _check(order: Order) -> None:
    given, wanted = order.input, order.output
    for one in (given.address, wanted.address):
        if one.format not in ("sql", *FILES):
            known = ", ".join(("sql", *FILES))
            raise Refused(f"`{one.format}` is no format of tables. Known are: {known}.")
    if given.address.is_sql and bool(given.table) == bool(given.query):
        raise Refused("The input is a database: give either its `table` or a `query`.")
    if given.address.is_sql and not given.key:
        raise Refused("The input is a database: give its `key`, a column to split and resume by.")
    if wanted.address.is_sql and not wanted.table:
        raise Refused("The output is a database: give the `table` to write predictions to.")
    if wanted.mode not in MODES:
        raise Refused(f"`mode` is `{wanted.mode}`; it can be {' or '.join(MODES)}.")
    if wanted.mode == "upsert" and not given.key:
        raise Refused("`mode: upsert` needs the input's `key`: the column that names a row.")
    if wanted.mode == "upsert" and wanted.address.format in ("parquet", "csv", "jsonl"):
        raise Refused("Files cannot be upserted: write to a database or to Delta, or append.")
