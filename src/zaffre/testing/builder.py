"""The promises of the builder socket, as tests to inherit, and a builder in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from zaffre.kinds.lock import Lock
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Broken, Build, Builder, Building, Ready, Retry, Stored

_PATIENCE = 120.0
_PYTHON = Path("/fake/bin/python")
PLATFORM = "fake-64"
"""The platform of the fake builder's locks."""


@dataclass
class FakeBuilder:
    """A builder whose builds end when the test says so; with `prompt` they end at once.

    `refused` maps package names to the error that a build with them gives; `locks` is a folder
    for locks.
    """

    prompt: bool = True
    python: Path = _PYTHON
    refused: dict[str, str] = field(default_factory=dict)
    begun: list[Recipe] = field(default_factory=list)
    locks: Path | None = None
    _ended: list[str] = field(default_factory=list)
    _states: dict[str, Build] = field(default_factory=dict)
    _recipes: dict[str, Recipe] = field(default_factory=dict)

    def ensure(self, recipe: Recipe, retry: Retry = Retry.NEVER) -> Build:
        """Give the environment, or begin to build it."""
        hash_ = recipe.digest()[:32]
        known = self._states.get(hash_)
        if known is None or (isinstance(known, Broken) and retry is not Retry.NEVER):
            self.begun.append(recipe)
            self._recipes[hash_] = recipe
            self._states[hash_] = Building(hash_, Path(hash_))
            if self.prompt:
                self.finish()
                return self._states[hash_]
        return self._states[hash_]

    def finish(self) -> None:
        """Let all builds under way end."""
        for hash_, state in list(self._states.items()):
            if isinstance(state, Building):
                self._states[hash_] = self._outcome(hash_)

    def look(self, recipe: Recipe) -> Build | None:
        """Say how the environment is."""
        return self._states.get(recipe.digest()[:32])

    def order(self, recipe: Recipe) -> dict[str, Any]:
        """Give the recipe alone."""
        return {"recipe": recipe.to_json()}

    def log(self, hash_: str, limit: int = 65536) -> str:
        """Give a line about the build."""
        return f"building {hash_}\n"[:limit] if hash_ in self._states else ""

    def tend(self) -> Sequence[str]:
        """Name what ended; nothing here is killed."""
        ended, self._ended = self._ended, []
        return ended

    def stored(self) -> Sequence[Stored]:
        """List what was built."""
        return [
            Stored(hash_, type(state).__name__.lower(), 0.0)
            for hash_, state in self._states.items()
        ]

    def discard(self, hash_: str) -> bool:
        """Forget an environment, unless its build is under way."""
        if isinstance(self._states.get(hash_), Building):
            return False
        self._states.pop(hash_, None)
        return True

    def _lock(self, hash_: str) -> Path | None:
        if self.locks is None:
            return None
        file = self.locks / f"{hash_}.json"
        lines = self._recipes[hash_].requirements
        file.write_text(Lock(PLATFORM, "3.11.7", pip=lines).to_text())
        return file

    def _outcome(self, hash_: str) -> Build:
        recipe = self._recipes[hash_]
        self._ended.append(hash_)
        for line in recipe.requirements:
            if line in self.refused:
                return Broken(hash_, self.refused[line], Path(hash_))
        return Ready(
            hash=hash_,
            python=self.python,
            bin=self.python.parent,
            version="3.11.7",
            packages=recipe.requirements,
            warnings=recipe.warnings,
            lock=self._lock(hash_),
        )


class BuilderContract:
    """What every builder keeps. Fixtures: `builder`, `good` and `bad` (recipes)."""

    def test_nothing_is_known_of_what_was_never_asked_for(
        self, builder: Builder, good: Recipe
    ) -> None:
        """Looking begins nothing."""
        assert builder.look(good) is None
        assert list(builder.stored()) == []

    def test_asking_again_and_again_ends_in_one_ready_environment(
        self, builder: Builder, good: Recipe
    ) -> None:
        """The same recipe gives the same environment, and it is there."""
        first = ended(builder, good)
        assert isinstance(first, Ready)
        assert builder.ensure(good) == first
        assert builder.look(good) == first
        assert [each.hash for each in builder.stored()] == [first.hash]

    def test_warnings_of_the_recipe_come_with_the_environment(
        self, builder: Builder, good: Recipe
    ) -> None:
        """What is not as asked is said, and is no part of the identity."""
        first = ended(builder, good.warned("The image is not used."))
        assert isinstance(first, Ready)
        assert first.warnings == ("The image is not used.",)
        again = ended(builder, good)
        assert again.hash == first.hash

    def test_a_failed_build_says_why_and_stays_failed(self, builder: Builder, bad: Recipe) -> None:
        """A loop that only waits does not build it again."""
        first = ended(builder, bad)
        assert isinstance(first, Broken)
        assert first.error
        assert builder.ensure(bad) == first

    def test_a_failed_build_begins_again_when_a_person_asks(
        self, builder: Builder, bad: Recipe
    ) -> None:
        """`Retry.NOW` waits for no pause."""
        ended(builder, bad)
        builder.ensure(bad, Retry.NOW)
        assert isinstance(ended(builder, bad), Broken)

    def test_a_log_is_kept_for_each_build(self, builder: Builder, good: Recipe) -> None:
        """It can be read by hash; text that is no hash has none."""
        built = ended(builder, good)
        assert builder.log(built.hash)
        assert len(builder.log(built.hash, 5).encode()) <= 5
        assert builder.log("../../etc/passwd") == ""

    def test_what_is_discarded_is_gone_and_can_be_built_again(
        self, builder: Builder, good: Recipe
    ) -> None:
        """Discarding twice does no harm."""
        built = ended(builder, good)
        deadline = time.monotonic() + _PATIENCE
        while not builder.discard(built.hash):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert builder.discard(built.hash)
        assert builder.look(good) is None
        assert isinstance(ended(builder, good), Ready)


def ended(builder: Builder, recipe: Recipe, retry: Retry = Retry.NEVER) -> Ready | Broken:
    """Ask for an environment until its build has ended."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = builder.ensure(recipe, retry)
        if not isinstance(found, Building):
            return found
        retry = Retry.NEVER
        time.sleep(0.02)
    pytest.fail("the build did not end")
