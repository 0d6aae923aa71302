"""What a parallel step was told, by its document and by its arguments."""

from __future__ import annotations

import re
from typing import Any

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?(b?)\s*\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
FILES = 10


class Settings:
    """Settings of one run; arguments win over the document."""

    def __init__(self, said: dict[str, Any], arguments: list[str]) -> None:
        own = _options(arguments)
        self.script: str = said["script"]
        self.output_file: str = said.get("output_file") or "parallel_run_step.txt"
        self.kind: str = said.get("kind") or ""
        self.keys: list[str] = said.get("partition_keys") or []
        self.count, self.bytes = _size(said.get("mini_batch_size"))
        self.processes = max(1, int(said.get("processes") or 1))
        retries = said.get("max_retries")
        self.tries = 1 + int(2 if retries is None else retries)
        self.timeout = float(said.get("timeout") or 60)
        self.most_items = int(own.get("error_threshold", said.get("error_threshold", -1)))
        self.most_batches = int(
            own.get("mini_batch_error_threshold", said.get("mini_batch_error_threshold", -1))
        )
        self.most_percent = float(own.get("allowed_failed_percent", 100))

    def too_many(self, items: int, batches: int, total: int) -> str:
        """Say why there are too many failures; "" if there are not."""
        if 0 <= self.most_items < items:
            return f"{items} items failed; {self.most_items} may (error_threshold)."
        if 0 <= self.most_batches < batches:
            may = f"{self.most_batches} may (mini_batch_error_threshold)"
            return f"{batches} mini-batches failed; {may}."
        if total and batches * 100.0 / total > self.most_percent:
            may = f"{self.most_percent:g} % may (allowed_failed_percent)"
            return f"{batches} of {total} mini-batches failed; {may}."
        return ""


def _size(text: object) -> tuple[int | None, int | None]:
    """Give a number of files or rows, and a number of bytes; one of them is None."""
    if text is None or not str(text).strip():
        return None, None
    found = _SIZE.match(str(text))
    if not found:
        raise ValueError(f"`{text}` is no mini_batch_size: write `10` or `10kb`.")
    number, unit, letter = found.groups()
    if unit or letter:
        return None, max(1, int(float(number) * _UNITS[unit.lower()]))
    return max(1, int(float(number))), None


def _options(arguments: list[str]) -> dict[str, float]:
    known = ("error_threshold", "mini_batch_error_threshold", "allowed_failed_percent")
    found = {}
    for at, word in enumerate(arguments):
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("--") and name in known:
            text = value if equals else (arguments[at + 1] if at + 1 < len(arguments) else "")
            try:
                float(text)
            except ValueError:
                continue
            found[name] = float(text)
    return found
