"""Run an order: read ahead, score beside, commit in order."""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from zaffre.runtime.tables import fitting, scoring, stamping
from zaffre.runtime.tables.ahead import ahead
from zaffre.runtime.tables.chunks import Bounds, Chunk, Opening, Progress, Sink, Source
from zaffre.runtime.tables.coercion import Feature
from zaffre.runtime.tables.crew import Scorer
from zaffre.runtime.tables.order import Order, Refused
from zaffre.runtime.tables.scoring import Scored

Say = Callable[[str], None]


class Run:
    """One run of an order between a source and a sink."""

    def __init__(
        self,
        order: Order,
        source: Source,
        sink: Sink,
        now: Callable[[], datetime],
        say: Say,
        note: Callable[[Progress, str], None],
    ) -> None:
        self._order = order
        self._source = source
        self._sink = sink
        self._say = say
        self._note = note
        self._now = now
        self._free: queue.Queue[Scorer] = queue.Queue()
        self._features: list[Feature] = []
        self._first_reason = ""

    def go(self) -> Progress:
        """Score what is left to score; give the progress at the end.

        Raises:
            Refused: it cannot go on. What was committed stays, and the run can be resumed.
        """
        progress = self._opened()
        if progress.ended:
            self._say("everything is written already")
            self._note(progress, "")
            return progress
        scorers = self._scorers()
        try:
            progress = self._through(progress, len(scorers))
        finally:
            for scorer in scorers:
                scorer.end()
        self._sink.finish(progress)
        return progress

    def _opened(self) -> Progress:
        """Begin, or take up what is there."""
        found = self._sink.progress()
        if found is not None:
            if not found.ended:
                self._source.resume(found.opening.fingerprint)
            self._say(f"going on after chunk {found.chunks}: {found.read} rows are done")
            return found
        lower = upper = None
        if self._order.input.watermark:
            self._refuse_overlap()
            lower, upper = self._sink.watermark(), self._source.highest()
        opening = Opening(self._source.fingerprint(), lower, upper)
        self._sink.begin(opening)
        return Progress(opening)

    def _refuse_overlap(self) -> None:
        """Where rows are appended, what an unfinished run wrote would be written once more."""
        other = self._sink.unfinished() if self._order.output.mode == "append" else ""
        if other:
            raise Refused(
                f"Run `{other}` wrote a part of these rows and did not end. Finish it first: "
                f"`zaffre batch-endpoint invoke -n NAME --resume {other}`. To give it up, delete "
                f"its row of `zaffre_runs`, or its manifest `_zaffre/{other}.json`."
            )

    def _scorers(self) -> list[Scorer]:
        scorers: list[Scorer] = []
        with contextlib.ExitStack() as undo:
            for _ in range(max(1, self._order.processes)):
                scorer = Scorer(self._order)
                undo.callback(scorer.end)
                scorers.append(scorer)
                self._free.put(scorer)
            wants = scorers[0].wants
            self._features = fitting.features_of(wants, self._source.schema, self._order.input)
            undo.pop_all()
        return scorers

    def _through(self, progress: Progress, processes: int) -> Progress:
        """Score chunks beside each other, commit them one after the other."""
        opening = progress.opening
        closed = self._order.output.mode == "upsert"
        bounds = Bounds(opening.lower, opening.upper, closed)
        chunks = self._source.chunks(progress, bounds, self._order.rows)
        began, before = time.monotonic(), progress.read
        waiting: deque[tuple[Chunk, Future[Scored]]] = deque()
        with ThreadPoolExecutor(processes) as pool, ahead(chunks) as coming:
            for chunk in coming:
                waiting.append((chunk, pool.submit(self._score, chunk)))
                if len(waiting) > processes:
                    progress = self._commit(*waiting.popleft(), progress)
                    self._tell(progress, before, began)
            while waiting:
                progress = self._commit(*waiting.popleft(), progress)
                self._tell(progress, before, began)
        return progress

    def _score(self, chunk: Chunk) -> Scored:
        scorer = self._free.get()
        try:
            return scoring.score(chunk.rows, self._features, scorer.score)
        finally:
            self._free.put(scorer)

    def _commit(self, chunk: Chunk, scored: Future[Scored], progress: Progress) -> Progress:
        outcome = stamping.outcome(self._order, chunk, scored.result(), progress, self._now())
        self._sink.commit(outcome)
        after = outcome.progress
        if outcome.rejects.num_rows and not self._first_reason:
            self._first_reason = outcome.rejects["reason"][0].as_py()
        most = self._order.error_threshold
        if 0 <= most < after.rejected:
            self._note(after, self._first_reason)
            raise Refused(
                f"{after.rejected} rows could not be scored, {most} may (error_threshold). "
                f"They are among the rejects with their reasons; one is: {self._first_reason}"
            )
        return after

    def _tell(self, progress: Progress, before: int, began: float) -> None:
        self._note(progress, self._first_reason)
        rate = (progress.read - before) / max(time.monotonic() - began, 1e-6)
        self._say(
            f"chunk {progress.chunks}: {progress.read} rows, {progress.rejected} rejected "
            f"({rate:.0f} rows/s)"
        )
