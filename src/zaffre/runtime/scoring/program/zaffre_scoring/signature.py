"""What rows a model wants: its columns, and how the rows of a request are fitted to them."""

from __future__ import annotations

import json
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from zaffre_scoring.tables import Table

NUMBERS = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}


class BadRows(Exception):
    """The rows do not fit the model's signature."""


class Signature(NamedTuple):
    """The columns that a model wants: names and types; none where it takes any array."""

    columns: Tuple[Tuple[str, str], ...] = ()
    optional: FrozenSet[str] = frozenset()

    @property
    def is_numeric(self) -> bool:
        """Tell whether all columns are numbers; true where nothing is known of them."""
        return all(kind in NUMBERS for _, kind in self.columns)


def signature_of(document: Optional[Dict[str, Any]]) -> Optional[Signature]:
    """Read the columns; None for what only mlflow understands (tensors, objects, parameters)."""
    if not document:
        return Signature()
    if document.get("params"):
        return None
    inputs = document.get("inputs")
    found = json.loads(inputs) if isinstance(inputs, str) else inputs or []
    simple = set(NUMBERS) | {"string"}
    if any(
        not isinstance(one, dict) or one.get("type") not in simple or not one.get("name")
        for one in found
    ):
        return None
    optional = frozenset(
        one["name"] for one in found if one.get("required") is False or one.get("optional")
    )
    return Signature(tuple((one["name"], one["type"]) for one in found), optional)


def output_kind(document: Optional[Dict[str, Any]]) -> Optional[str]:
    """Give the type of the predictions, where an MLmodel names one."""
    given = ((document or {}).get("signature") or {}).get("outputs")
    found = json.loads(given) if isinstance(given, str) else given or []
    one = found[0] if isinstance(found, list) and len(found) == 1 else {}
    if one.get("type") == "tensor":
        kind = str((one.get("tensor-spec") or {}).get("dtype", ""))
        return {"int64": "long", "int32": "integer", "float32": "float", "float64": "double"}.get(
            kind
        )
    return str(one["type"]) if one.get("type") in NUMBERS or one.get("type") == "string" else None


def fitted_rows(
    table: Table, signature: Signature, known: Tuple[str, ...]
) -> Tuple[Optional[Tuple[str, ...]], List[Any]]:
    """Put columns in the order that the model wants; those without names are taken in it.

    Raises:
        BadRows: columns are missing, or too many.
    """
    wanted = tuple(name for name, _ in signature.columns) or known
    if not wanted:
        return table.columns, table.rows
    if table.columns is None:
        if table.rows and not isinstance(table.rows[0], list) and len(wanted) == 1:
            return wanted, [[row] for row in table.rows]
        if any(not isinstance(row, list) or len(row) != len(wanted) for row in table.rows):
            raise BadRows(f"The model takes rows of {len(wanted)} values.")
        return wanted, table.rows
    if table.columns == wanted:
        return wanted, table.rows
    places = {name: place for place, name in enumerate(table.columns)}
    missing = [name for name in wanted if name not in places and name not in signature.optional]
    if missing:
        raise BadRows(f"Model is missing inputs {missing}.")
    kept = tuple(name for name in wanted if name in places)
    order = [places[name] for name in kept]
    return kept, [[row[place] for place in order] for row in table.rows]


def check_width(rows: List[Any], names: Optional[Tuple[str, ...]], wanted: Optional[int]) -> None:
    """Refuse rows of another width than the model was fitted with.

    Raises:
        BadRows: they have too few or too many columns.
    """
    if not rows:
        return
    width = len(names) if names else len(rows[0]) if isinstance(rows[0], list) else 1
    if wanted is not None and width != wanted:
        raise BadRows(f"The model takes {wanted} columns, the input has {width}.")


def numbers(numpy: Any, rows: List[Any], dtype: str = "float64") -> Any:
    """Give rows as an array of numbers.

    Raises:
        BadRows: they are none, or of different widths.
    """
    try:
        return numpy.array(rows, dtype=dtype).reshape(len(rows), -1)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRows(f"The input should be rows of numbers: {str(error)[:200]}") from None


def cast(frame: Any, signature: Signature) -> Any:
    """Give columns the types of the signature where that loses nothing.

    Raises:
        BadRows: a column has values of another type.
    """
    for name, kind in signature.columns:
        wanted = NUMBERS.get(kind)
        if wanted and name in frame.columns and str(frame[name].dtype) != wanted:
            try:
                changed = frame[name].astype(wanted)
                loses = not kind.startswith(("float", "double")) and bool(
                    (changed != frame[name]).any()
                )
            except (ValueError, TypeError):
                changed, loses = None, True
            if loses:
                raise BadRows(f"Incompatible input types for column {name}. Expected {kind}.")
            frame[name] = changed
    return frame


def plain(values: Any) -> List[Any]:
    """Turn predictions into JSON values, as mlflow does."""
    if hasattr(values, "to_dict") and hasattr(values, "columns"):
        found = values.to_dict(orient="records")
    elif hasattr(values, "tolist"):
        found = values.tolist()
    else:
        found = list(values)
    return found  # type: ignore[no-any-return]  # the libraries are not here to be checked
