"""The tracking store on SQL."""

from __future__ import annotations

from zaffre.ports.clock import Clock
from zaffre.store.database import Database
from zaffre.store.tracking_experiments import SqlExperiments
from zaffre.store.tracking_inputs import SqlInputs
from zaffre.store.tracking_log import SqlLog
from zaffre.store.tracking_points import SqlPoints
from zaffre.store.tracking_runs import SqlRuns


class SqlTracking(SqlExperiments, SqlRuns, SqlInputs, SqlLog, SqlPoints):
    """Keeps all of tracking in a SQL database (the `TrackingStore` socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
