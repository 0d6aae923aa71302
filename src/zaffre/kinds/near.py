"""Near matches: the word that somebody who misspelt it probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

_ALIKE = 0.72
_SHOWN = 24
_LONGEST = 100
_COMPARED = 200


def nearest(word: str, known: Iterable[str], most: int = _COMPARED) -> str | None:
    """Give the known word most like this one, of the first `most`, or None if none is alike."""
    if len(word) > _LONGEST:
        return None
    matcher = SequenceMatcher(b=_plain(word))
    best, best_score = None, _ALIKE
    for candidate in islice(known, most):
        matcher.set_seq1(_plain(candidate[:_LONGEST]))
        # The bounds are quick to get: most candidates fall out here.
        if matcher.real_quick_ratio() > best_score and matcher.quick_ratio() > best_score:
            score = matcher.ratio()
            if score > best_score:
                best, best_score = candidate, score
    return best


def listed(words: Iterable[str]) -> str:
    """Give words as a list for a message: `a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) > _SHOWN:
        quoted = [*quoted[:_SHOWN], f"{len(quoted) - _SHOWN} more"]
    *before, last = quoted or [""]
    return f"{', '.join(before)} and {last}" if before else last


def advice(word: str, known: Iterable[str]) -> str:
    """Say what was probably meant, or what is allowed."""
    words = sorted(known)
    meant = nearest(word, words)
    if meant is not None:
        return f"Did you mean `{meant}`?"
    return f"Allowed: {listed(words)}." if words else "Nothing is allowed here."


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
