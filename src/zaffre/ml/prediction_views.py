"""Prediction views: the prediction of an entity that counts, and new batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job, PredictionView

PAGE = 1000


class PredictionViews(Collection[PredictionView]):
    """The prediction views of the workspace."""

    def prediction(self, name: str, key: str | float, *, at: str | None = None) -> dict[str, Any]:
        """Give the prediction of an entity that counts, now or as of an event time.

        Raises:
            NotFound: there is none.
        """
        path = f"{self._path(name, None, {})}/keys/{quote(str(key), safe='')}"
        return dict(self._connection.get(path, {"at": at} if at else {}))

    def predictions(self, name: str, *, at: str | None = None) -> Iterator[dict[str, Any]]:
        """Give what counts of every entity, in the order of their keys."""
        query = {"limit": PAGE, **({"at": at} if at else {})}
        return self.pages(f"{self._path(name, None, {})}/predictions", query)

    def load(self, name: str, job: str, output: str | None = None) -> PredictionView:
        """Let the output of a job become the view's history as soon as the job is done."""
        body = {"job": job, **({"output": output} if output else {})}
        return self.entity(self.act("load", name, body=body))

    def refresh(self, name: str) -> Job:
        """Start a batch over `batch_input` whose output becomes the history; give its job."""
        return Job.from_document(self.act("refresh", name))
