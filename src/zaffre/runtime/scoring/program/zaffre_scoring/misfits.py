"""Where a request does not fit: the first row and column whose value is of another type."""

from __future__ import annotations

import traceback
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from zaffre_scoring.request_schema import place
from zaffre_scoring.signature import NUMBERS, Signature

SHOWN = 60
Steps = List[Union[int, str]]
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}


class Misfit(NamedTuple):
    """A value that does not fit: the way to it, what it should be, and what it is."""

    steps: Steps
    wanted: str
    value: Any


def of_rows(
    names: Optional[Tuple[str, ...]], rows: Sequence[Any], signature: Signature
) -> Optional[str]:
    """Say which value of a table is not of its column's type, or without types is no number."""
    kinds = dict(signature.columns)
    width = next((len(row) for row in rows if isinstance(row, list)), None)
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            continue
        for column, value in enumerate(row):
            name = names[column] if names and column < len(names) else column
            kind = kinds.get(str(name), "double" if not kinds else "string")
            if not _is_of(value, kind):
                return _told(f"Row {number}, column {name!r}", kind, value)
    return None


def uneven(rows: Sequence[Any], width: int) -> Optional[str]:
    """Say which row has another number of values than it should."""
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            return f"Row {number} is no list, but {_shown(row)}."
        if len(row) != width:
            return f"Row {number} has {len(row)} values, not {width}."
    return None


def of_inputs(inputs: Dict[str, Any], schema: Dict[str, Any]) -> Optional[str]:
    """Say which value of the inputs of a decorated `run` does not fit its sample."""
    for misfit in _walk(inputs, schema, []):
        where = place(misfit.steps, inputs).rstrip(": ")
        path = "".join(
            f"[{step}]" if isinstance(step, int) else "." + step for step in misfit.steps
        )
        at = "`{}`".format(path.lstrip("."))
        return _told(f"{where} ({at})" if where else at, misfit.wanted, misfit.value)
    return None


def is_before(error: BaseException, path: str) -> bool:
    """Tell whether an error came before the script's own `run` began: in its decorators."""
    frames = traceback.extract_tb(error.__traceback__)
    began = next(
        (at for at, frame in enumerate(frames) if "inference_schema" in frame.filename), None
    )
    return began is not None and all(frame.filename != path for frame in frames[began:])


def _walk(value: Any, schema: Dict[str, Any], steps: Steps) -> Iterator[Misfit]:
    kind = schema.get("type")
    if not _has_type(value, kind):
        yield Misfit(steps, str(kind), value)
        return
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield Misfit([*steps, name], "given", None)
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from _walk(value[name], inner, [*steps, name])
    elif isinstance(value, list):
        for place_, one in enumerate(value):
            yield from _walk(one, schema.get("items", {}), [*steps, place_])


def _has_type(value: Any, kind: Any) -> bool:
    if kind in ("number", "integer"):
        return _is_of(value, "double")
    if kind == "object" and not isinstance(value, dict):
        return not isinstance(value, (list, str))  # a sample of mixed values is told as object
    return not isinstance(kind, str) or kind not in TYPES or isinstance(value, TYPES[kind])


def _is_of(value: Any, kind: str) -> bool:
    if kind == "string" or kind not in NUMBERS:
        return True
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("float", "double"):
        return value is None or isinstance(value, (int, float))
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _told(where: str, wanted: str, value: Any) -> str:
    return f"{where} should be {wanted}, and is {_shown(value)}."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
