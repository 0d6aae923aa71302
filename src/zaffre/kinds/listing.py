"""What lists can be narrowed by: the same words over HTTP, in Python and at the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from zaffre.errors import Invalid
from zaffre.kinds.job_state import JobState
from zaffre.kinds.near import advice

FACTS = ("state", "experiment_name", "type", "name", "parent_job_name")
"""Facts of which a list can ask for one value."""

NARROWING = ("name_contains", "archived", "versions", *FACTS)
TAG = "tag."
"""What the name of a tag comes after in a query."""


def check_words(given: Iterable[str], known: Iterable[str]) -> None:
    """Check what a list is asked for.

    Raises:
        Invalid: a word is none that lists know.
    """
    words = tuple(known)
    for word in given:
        if word not in words and not word.startswith(TAG):
            raise Invalid(f"Lists know no `{word}`.", hint=advice(word, words))


def check_state(text: str) -> None:
    """Check the state that jobs are listed by.

    Raises:
        Invalid: no job is ever in it.
    """
    states = [state.value for state in JobState]
    if text not in states:
        raise Invalid(f"`{text}` is no state of a job.", hint=advice(text, states))
