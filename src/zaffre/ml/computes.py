"""Computes: started, stopped, attached."""

from __future__ import annotations

from typing import Any

from zaffre.ml.collection import Collection
from zaffre.ml.entities import Compute
from zaffre.ml.polling import SUCCEEDED, Poller


class Computes(Collection[Compute]):
    """The computes of the workspace."""

    def begin_start(self, name: str, **_: Any) -> Poller[Compute]:
        """Let a compute take jobs again."""
        return self._turned("start", name)

    def begin_stop(self, name: str, **_: Any) -> Poller[Compute]:
        """Let a compute start no more jobs; those under way go on."""
        return self._turned("stop", name)

    def begin_restart(self, name: str, **_: Any) -> Poller[Compute]:
        """Stop a compute and start it again."""
        self.act("stop", name)
        return self._turned("start", name)

    def begin_attach(self, compute: Compute, **_: Any) -> Poller[Compute]:
        """Let something made elsewhere be a compute."""
        return self.begin_create_or_update(compute)

    def begin_delete(
        self, name: str, version: str | None = None, *, action: str = "Delete", **rest: Any
    ) -> Poller[None]:
        """Delete a compute; with `action="Detach"`, forget one that was attached."""
        if action.lower() == "detach":
            self.act("detach", name)
            return Poller(lambda: (SUCCEEDED, None, None), sleep=self._connection.sleep)
        return super().begin_delete(name, version, **rest)

    def _turned(self, verb: str, name: str) -> Poller[Compute]:
        self.act(verb, name)
        entity = self.get(name)
        return Poller(lambda: (SUCCEEDED, entity, None), sleep=self._connection.sleep)
