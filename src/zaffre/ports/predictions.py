"""The socket for predictions of views: hot ones one by one, cold ones a whole batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from zaffre.kinds.prediction import Generation, Prediction, Scored


@dataclass(frozen=True)
class View:
    """A view as it is stored: its own id, for a name may be given again, and what it is called."""

    id: str
    workspace: str
    name: str


@dataclass(frozen=True)
class Standing:
    """What a view is made of now: its current batch, and what came in on the hot path.

    `unread` counts answers that gave no predictions, `why` says what was wrong with the last.
    """

    generation: Generation | None = None
    hot: int = 0
    unread: int = 0
    why: str = ""


@dataclass(frozen=True)
class Unread:
    """Answers of the hot path that could not be read, and what was wrong with the last."""

    count: int = 0
    why: str = ""


NONE = Unread()


class PredictionStore(Protocol):
    """Keeps predictions and tells which one of an entity counts. Safe from any thread.

    What counts is the newest of the hot ones and of the current batch, by `Prediction.rank`.
    """

    def open(self, view: View) -> Standing:
        """Make room for a view, or do nothing if it has some; say how it stands."""

    def append(self, view: View, predictions: Sequence[Prediction], unread: Unread = NONE) -> None:
        """Keep hot predictions, durably; a `source` that is there already is left as it is."""

    def stage(self, view: View, job: str, rows: Sequence[Scored], first: int) -> None:
        """Keep rows of a batch from number `first` on; nobody sees them before `publish`.

        With `first` 0 the batch begins anew. Nothing happens if it is the current one.
        """

    def publish(self, view: View, generation: Generation) -> bool:
        """Let a batch take the place of the current one, whole and at once.

        False if the current one knows more: then nothing changes and the rows go. Twice is once.

        Raises:
            Conflict: not as many rows are staged as the generation has.
        """

    def newest(self, view: View, key: str, until: int | None = None) -> Prediction | None:
        """Give the prediction of an entity that counts, as of an event time."""

    def page(
        self, view: View, after: str, limit: int, until: int | None = None
    ) -> list[Prediction]:
        """Give what counts of the next entities after a key, in the order of their keys."""

    def sweep(self, kept: Mapping[str, datetime], listed_at: datetime) -> bool:
        """Remove what nobody sees any more, some at a time; true if there is more to do.

        `kept` gives each view's id the moment before which hot predictions may go that the
        current batch covers. Views opened before `listed_at` that are not in it are gone.
        """
