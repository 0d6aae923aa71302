"""One table of types for every format: what a column becomes, and which rows do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from zaffre.runtime.tables.row_databases import as_text

WANTED = {
    "double": pa.float64(),
    "float": pa.float32(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "string": pa.string(),
}
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
NO = pa.scalar(False)  # noqa: FBT003 (it takes no name)


@dataclass(frozen=True)
class Feature:
    """A column that the model takes; `kind` is MLflow's word for its type, empty for any."""

    name: str
    kind: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Misfit:
    """Rows (a mask) that cannot be scored, and why."""

    rows: pa.Array
    reason: str


def coerced(table: pa.Table, features: Sequence[Feature]) -> tuple[pa.Table, list[Misfit]]:
    """Give the features in their types, and the rows whose values have no such form."""
    columns: dict[str, pa.Array] = {}
    misfits: list[Misfit] = []
    for feature in features:
        column = plain(table[feature.name])
        columns[feature.name], wrong = _fitted(column, feature)
        misfits += wrong
    return pa.table(columns), misfits


def plain(column: pa.ChunkedArray) -> pa.Array:
    """Give a column as one array of a simple type: no dictionaries, no decimals."""
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_decimal(array.type):
        array = pc.cast(array, pa.float64())
    if pa.types.is_null(array.type):
        array = pc.cast(array, pa.float64())
    return array


def _fitted(column: pa.Array, feature: Feature) -> tuple[pa.Array, list[Misfit]]:
    wanted = WANTED.get(feature.kind)
    if wanted is None:
        return _as_it_is(column), []
    if pa.types.is_string(wanted):
        return as_text(column), []
    if column.type.equals(wanted):
        return column, []
    whole = pa.types.is_integer(wanted) or pa.types.is_boolean(wanted)
    if column.null_count and whole:
        wanted = pa.float64()  # as pandas has whole numbers where some are missing
    if feature.kind == "boolean" and not pa.types.is_boolean(column.type):
        return _by_value(column, wanted, feature)  # Arrow would take any number for true
    try:
        return _cast(column, wanted), []
    except pa.ArrowInvalid:
        return _by_value(column, wanted, feature)


def _as_it_is(column: pa.Array) -> pa.Array:
    """Give numbers as doubles, and everything else but booleans as text."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _cast(column, pa.float64())
    return column if pa.types.is_boolean(kind) else as_text(column)


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if column.type.equals(wanted):
        return column
    if pa.types.is_floating(wanted) and pa.types.is_integer(column.type):
        return pc.cast(column, wanted, safe=False)
    if pa.types.is_floating(wanted) and pa.types.is_floating(column.type):
        return pc.cast(column, wanted, safe=False)
    return pc.cast(column, wanted)


def _by_value(
    column: pa.Array, wanted: pa.DataType, feature: Feature
) -> tuple[pa.Array, list[Misfit]]:
    """Cast what can be cast; the rest is missing, and told."""
    if feature.kind == "boolean":
        fits, numbers = _truths(column)
    else:
        fits, numbers = _numbers(column)
        if pa.types.is_integer(wanted):
            fits = pc.and_kleene(fits, pc.equal(numbers, pc.floor(numbers)))
    wrong = pc.and_(pc.is_valid(column), pc.invert(pc.fill_null(fits, NO)))
    if not pc.any(wrong).as_py():
        return _cast(numbers, wanted), []
    sound = pc.if_else(wrong, pa.scalar(None, pa.float64()), numbers)
    return sound, [Misfit(wrong, f"`{feature.name}` is no {feature.kind}")]


def _truths(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Give which values say yes or no, and 1 for those that say yes."""
    words = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(column)))
    yes = pc.is_in(words, pa.array(["true", "1", "1.0"]))
    fits = pc.or_(yes, pc.is_in(words, pa.array(["false", "0", "0.0"])))
    missing = pa.scalar(None, pa.float64())
    return fits, pc.if_else(pc.is_valid(column), pc.cast(yes, pa.float64()), missing)


def _numbers(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Give which values are numbers, and the numbers."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return pc.is_valid(column), pc.cast(column, pa.float64(), safe=False)
    fits = pc.match_substring_regex(column, _NUMBER)
    known = pc.if_else(fits, column, pa.scalar(None, column.type))
    return fits, pc.cast(pc.utf8_trim_whitespace(known), pa.float64())


def holes(table: pa.Table) -> pa.Array | None:
    """Give for each row which features are missing, as text; None if none is anywhere."""
    names: pa.Array | None = None
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = plain(column)
        missing = pc.is_null(array, nan_is_null=True)
        if not pc.any(missing).as_py():
            continue
        word = pc.if_else(missing, f"`{name}` ", "")
        names = word if names is None else pc.binary_join_element_wise(names, word, "")
    return names
