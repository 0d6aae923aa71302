"""MLTable folders: which files, how they are read, what is done with the rows."""

from __future__ import annotations

import fnmatch
import os
import re
from typing import Any

from zaffre_parallel import plain_yaml

ENCODINGS = {"utf8": "utf-8-sig", "ascii": "ascii", "iso88591": "latin-1", "latin1": "latin-1"}
TYPES = {"int": "Int64", "float": "float64", "string": "string", "boolean": "boolean"}
ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl")
_COMPARE = re.compile(r"col\(\s*['\"](.+?)['\"]\s*\)\s*(==|!=|>=|<=|>|<)\s*(.+)\Z")


class Table:
    """Rows, and how many bytes they were read from."""

    def __init__(self, frame: Any, size: int) -> None:
        self.frame = frame
        self.bytes = size


def walk(path: str) -> list[str]:
    """List files in the order of their names."""
    if os.path.isfile(path):
        return [path]
    found: list[str] = []
    for folder, folders, names in os.walk(path, followlinks=True):
        folders.sort()
        found += [os.path.join(folder, name) for name in sorted(names)]
    return found


def description(path: str) -> dict[str, Any]:
    """Give what the MLTable file in a folder says; {} without one."""
    place = os.path.join(path, "MLTable")
    if not os.path.isfile(place):
        return {}
    with open(place, encoding="utf-8") as file:
        return plain_yaml.read(file.read()) or {}


def files(path: str) -> list[str]:
    """List the files that a table's folder speaks of."""
    said = description(path)
    found: list[str] = []
    for one in said.get("paths") or []:
        for kind, text in one.items():
            place = os.path.normpath(os.path.join(path, str(text)))
            if kind == "pattern":
                found += [name for name in walk(path) if _matches(path, name, str(text))]
            else:
                found += walk(place)
    if not said.get("paths"):
        found = [name for name in walk(path) if os.path.basename(name) != "MLTable"]
    return found


def _matches(top: str, name: str, pattern: str) -> bool:
    relative = os.path.relpath(name, top)
    wanted = pattern[2:] if pattern.startswith("./") else pattern
    return fnmatch.fnmatch(relative, wanted) or fnmatch.fnmatch(
        relative, wanted.replace("**/", "")
    )


def read(path: str) -> Table | None:
    """Read a table; None if it only names files."""
    said = description(path)
    steps = [_step(one) for one in said.get("transformations") or []]
    reader = next((one for one in steps if one[0].startswith("read_")), None)
    if reader is None:
        return None
    found = files(path)
    frame = _frames(reader, found)
    for name, options in steps:
        if not name.startswith("read_"):
            frame = _changed(frame, name, options)
    return Table(frame, sum(os.path.getsize(one) for one in found))


def frame_of(path: str) -> Any:
    """Read one file by its name's end."""
    kind = os.path.splitext(path)[1].lower()
    name = {".parquet": "read_parquet", ".jsonl": "read_json_lines"}.get(kind, "read_delimited")
    return _frames((name, {"delimiter": "\t" if kind == ".tsv" else ","}), [path])


def _step(one: Any) -> tuple[str, Any]:
    if isinstance(one, str):
        return one, {}
    ((name, options),) = one.items()
    return name, options if options is not None else {}


def _frames(reader: tuple[str, Any], found: list[str]) -> Any:
    import pandas  # noqa: PLC0415 (only where tables are read)

    name, options = reader
    options = options if isinstance(options, dict) else {}
    frames = []
    for at, path in enumerate(found):
        if name == "read_parquet":
            frame = pandas.read_parquet(path)
        elif name == "read_json_lines":
            frame = pandas.read_json(path, lines=True)
        elif name == "read_delimited":
            frame = _delimited(pandas, path, options, at)
        else:
            raise ValueError(f"`{name}` is not understood in an MLTable.")
        if str(options.get("include_path_column", "")).lower() == "true":
            frame.insert(0, "Path", path)
        frames.append(frame)
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()


def _delimited(pandas: Any, path: str, options: dict[str, Any], at: int) -> Any:
    header = str(options.get("header", "all_files_same_headers"))
    first = header == "from_first_file"
    encoding = str(options.get("encoding", "utf8")).lower().replace("-", "").replace("_", "")
    keep = str(options.get("empty_as_string", "")).lower() == "true"
    return pandas.read_csv(
        path,
        sep=str(options.get("delimiter", ",")),
        header=None if header == "no_header" or (first and at) else 0,
        encoding=ENCODINGS.get(encoding, encoding),
        keep_default_na=not keep,
    )


def _changed(frame: Any, name: str, options: Any) -> Any:
    if name == "drop_columns":
        return frame.drop(columns=_list(options))
    if name == "keep_columns":
        return frame[_list(options)]
    if name == "take":
        return frame.head(int(options))
    if name == "skip":
        return frame.iloc[int(options) :].reset_index(drop=True)
    if name == "filter":
        return _filtered(frame, str(options))
    if name == "convert_column_types":
        return _converted(frame, options)
    if name == "extract_columns_from_partition_format":
        return frame
    raise ValueError(f"`{name}` is not understood in an MLTable.")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _filtered(frame: Any, text: str) -> Any:
    found = _COMPARE.match(text.strip().strip("()"))
    if not found:
        raise ValueError(f"The filter `{text}` is not understood.")
    column, how, value = found.groups()
    wanted = plain_yaml.scalar(value.strip())
    series = frame[column]
    compare = {
        "==": series.eq,
        "!=": series.ne,
        ">": series.gt,
        "<": series.lt,
        ">=": series.ge,
        "<=": series.le,
    }[how]
    return frame[compare(wanted)].reset_index(drop=True)


def _converted(frame: Any, options: list[dict[str, Any]]) -> Any:
    import pandas  # noqa: PLC0415 (only where tables are read)

    for one in options:
        kind = one["column_type"]
        kind = kind if isinstance(kind, str) else next(iter(kind))
        for column in _list(one["columns"]):
            if kind == "datetime":
                frame[column] = pandas.to_datetime(frame[column])
            else:
                frame[column] = frame[column].astype(TYPES.get(kind, kind))
    return frame
