"""Rows of files, read into the types that a model's signature wants."""

from __future__ import annotations

import json
import os
from typing import Any

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pqt", ".jsonl", ".ndjson", ".json", ".orc")
FEATHER = (".feather", ".arrow")


def types_of(signature: Any) -> dict[str, str]:
    """Give the type of each named column of a signature."""
    inputs = signature.get("inputs") if isinstance(signature, dict) else None
    found = json.loads(inputs) if isinstance(inputs, str) else inputs or []
    return {
        str(one["name"]): str(one.get("type"))
        for one in found
        if isinstance(one, dict) and one.get("name")
    }


def read(path: str, types: dict[str, str]) -> Any:
    """Read one file by its name's end.

    Raises:
        ValueError: it is no table.
    """
    import pandas  # noqa: PLC0415 (only where tables are read)

    kind = os.path.splitext(path)[1].lower()
    if kind in (".csv", ".tsv", ".txt"):
        return _delimited(pandas, path, "\t" if kind == ".tsv" else ",", types)
    if kind in (".parquet", ".pqt"):
        return pandas.read_parquet(path)
    if kind in FEATHER:
        return pandas.read_feather(path)
    if kind == ".orc":
        return pandas.read_orc(path)
    if kind in (".jsonl", ".ndjson", ".json"):
        texts = [name for name, one in types.items() if one == "string"]
        return pandas.read_json(
            path,
            orient="records",
            lines=kind != ".json" or _is_lines(path),
            dtype=dict.fromkeys(texts, str) or None,
        )
    known = ", ".join((*TABLES, *FEATHER))
    raise ValueError(f"{os.path.basename(path)} is no table: known are {known}")


def _delimited(pandas: Any, path: str, separator: str, types: dict[str, str]) -> Any:
    with open(path, encoding="utf-8-sig") as file:
        header = file.readline()
    names = [name.strip().strip('"') for name in header.rstrip("\r\n").split(separator)]
    texts = {name: str for name in names if types.get(name) == "string"}
    times = [name for name in names if types.get(name) == "datetime"]
    return pandas.read_csv(
        path, sep=separator, encoding="utf-8-sig", dtype=texts, parse_dates=times or False
    )


def _is_lines(path: str) -> bool:
    """Say whether a JSON file has an object a line: it begins with one, not with a list."""
    with open(path, encoding="utf-8-sig") as file:
        return file.read(1024).lstrip()[:1] == "{"
