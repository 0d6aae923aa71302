"""The store of logged models on SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from zaffre.errors import Conflict, NotFound
from zaffre.ports.clock import Clock
from zaffre.ports.logged_models import LoggedModel, ModelMetric, SearchModels
from zaffre.store.database import Database
from zaffre.store.logged_model_query import search_statement
from zaffre.store.registry_tables import (
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)

_BATCH = 500
_FACTS = tuple(column.name for column in logged_models.columns if column.name != "workspace")


class Logged(Protocol):
    """A metric as it comes in; only those that name a model are kept here."""

    @property
    def model_id(self) -> str | None: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def dataset_name(self) -> str | None: ...
    @property
    def dataset_digest(self) -> str | None: ...


class SqlLoggedModels:
    """Keeps logged models in a SQL database (the `LoggedModelStore` socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, workspace: str, model: LoggedModel) -> None:
        """Store a new model."""
        values = {name: getattr(model, name) for name in _FACTS}

        def work(connection: Connection) -> None:
            if _row(connection, None, model.model_id) is not None:
                raise Conflict(f"There is already a model '{model.model_id}'.", code="exists")
            connection.execute(insert(logged_models).values(workspace=workspace, **values))
            _upsert(connection, logged_model_tags, model.model_id, model.tags)
            _upsert(connection, logged_model_params, model.model_id, model.params)

        self._database.write(work)

    def get(self, workspace: str, model_id: str, *, deleted: bool = False) -> LoggedModel:
        """Give a model with all that was logged for it."""
        with self._database.read() as connection:
            row = _row(connection, workspace, model_id)
            if row is None or (row.deleted and not deleted):
                raise _unknown(model_id)
            return _models(connection, [row])[0]

    def update(
        self,
        workspace: str,
        model_id: str,
        *,
        status: int | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        deleted: bool | None = None,
    ) -> None:
        """Change what is given."""
        facts: dict[str, Any] = {"updated": self._now()}
        facts |= {} if status is None else {"status": status}
        facts |= {} if deleted is None else {"deleted": deleted}

        def work(connection: Connection) -> None:
            row = _row(connection, workspace, model_id)
            if row is None or (row.deleted and deleted is None):
                raise _unknown(model_id)
            _refuse_other_values(connection, model_id, params or {})
            _upsert(connection, logged_model_params, model_id, params or {})
            _upsert(connection, logged_model_tags, model_id, tags or {})
            if status is not None or deleted is not None:
                this = logged_models.c.model_id == model_id
                connection.execute(update(logged_models).where(this).values(facts))

        self._database.write(work)

    def remove_tag(self, workspace: str, model_id: str, key: str) -> None:
        """Take a tag off."""
        this = (logged_model_tags.c.model_id == model_id, logged_model_tags.c.key == key)

        def work(connection: Connection) -> None:
            row = _row(connection, workspace, model_id)
            if row is None or row.deleted:
                raise _unknown(model_id)
            if not connection.execute(delete(logged_model_tags).where(*this)).rowcount:
                raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")

        self._database.write(work)

    def search(self, workspace: str, wanted: SearchModels) -> list[LoggedModel]:
        """List models."""
        statement = search_statement(workspace, wanted, self._database.dialect)
        with self._database.read() as connection:
            return _models(connection, connection.execute(statement).fetchall())

    def of_run(self, workspace: str, run_id: str) -> list[LoggedModel]:
        """List the models that a run logged."""
        query = (
            select(logged_models)
            .where(
                logged_models.c.workspace == workspace,
                logged_models.c.source_run_id == run_id,
                logged_models.c.deleted.is_(False),
            )
            .order_by(logged_models.c.created.desc(), logged_models.c.model_id)
        )
        with self._database.read() as connection:
            return [_model(row) for row in connection.execute(query)]

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def write_metrics(
    connection: Connection, workspace: str, run_id: str, metrics: Iterable[Logged]
) -> None:
    """Store those metrics that name a known model of the workspace, within a transaction."""
    rows = {
        (one.model_id, one.key, one.timestamp, one.step): {
            "model_id": one.model_id,
            "key": one.key,
            "timestamp": one.timestamp,
            "step": one.step,
            "run_id": run_id,
            "value": one.value,
            "dataset_name": one.dataset_name,
            "dataset_digest": one.dataset_digest,
        }
        for one in metrics
        if one.model_id
    }
    known = _known(connection, workspace, {row["model_id"] for row in rows.values()})
    values = [row for row in rows.values() if row["model_id"] in known]
    keys = ["model_id", "key", "timestamp", "step", "run_id"]
    if values:
        statement = _insert(connection, logged_model_metrics)
        new = {
            name: statement.excluded[name] for name in ("value", "dataset_name", "dataset_digest")
        }
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), values)


def _known(connection: Connection, workspace: str, ids: set[Any]) -> set[str]:
    found: set[str] = set()
    listed = sorted(ids)
    for at in range(0, len(listed), _BATCH):
        query = select(logged_models.c.model_id).where(
            logged_models.c.workspace == workspace,
            logged_models.c.model_id.in_(listed[at : at + _BATCH]),
        )
        found |= set(connection.execute(query).scalars())
    return found


def _insert(connection: Connection, table: Table) -> Any:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def _upsert(
    connection: Connection, table: Table, model_id: str, values: Mapping[str, str]
) -> None:
    if values:
        statement = _insert(connection, table)
        new = {"value": statement.excluded["value"]}
        rows = [
            {"model_id": model_id, "key": key, "value": value} for key, value in values.items()
        ]
        connection.execute(
            statement.on_conflict_do_update(index_elements=["model_id", "key"], set_=new), rows
        )


def _refuse_other_values(connection: Connection, model_id: str, params: Mapping[str, str]) -> None:
    query = select(logged_model_params).where(logged_model_params.c.model_id == model_id)
    for row in connection.execute(query) if params else ():
        if params.get(row.key, row.value) != row.value:
            raise Conflict(
                f"Param '{row.key}' of model '{model_id}' has the value {row.value!r} already."
            )


def _row(connection: Connection, workspace: str | None, model_id: str) -> Any:
    query = select(logged_models).where(logged_models.c.model_id == model_id)
    if workspace is not None:
        query = query.where(logged_models.c.workspace == workspace)
    return connection.execute(query).first()


def _unknown(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.")


def _models(connection: Connection, rows: Sequence[Any]) -> list[LoggedModel]:
    ids = [row.model_id for row in rows]
    tags, params = (
        _pairs(connection, logged_model_tags, ids),
        _pairs(connection, logged_model_params, ids),
    )
    metrics = _metrics(connection, ids)
    return [
        _model(
            row,
            tags=tags.get(row.model_id, {}),
            params=params.get(row.model_id, {}),
            metrics=metrics.get(row.model_id, ()),
        )
        for row in rows
    ]


def _model(row: Any, **more: Any) -> LoggedModel:
    facts = {name: getattr(row, name) for name in _FACTS}
    return LoggedModel(**facts, **more)


def _pairs(connection: Connection, table: Table, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for at in range(0, len(ids), _BATCH):
        query = (
            select(table).where(table.c.model_id.in_(ids[at : at + _BATCH])).order_by(table.c.key)
        )
        for row in connection.execute(query):
            found.setdefault(row.model_id, {})[row.key] = row.value
    return found


def _metrics(connection: Connection, ids: list[str]) -> dict[str, list[ModelMetric]]:
    found: dict[str, list[ModelMetric]] = {}
    table = logged_model_metrics.c
    for at in range(0, len(ids), _BATCH):
        query = select(logged_model_metrics).where(table.model_id.in_(ids[at : at + _BATCH]))
        for row in connection.execute(query.order_by(table.key, table.timestamp, table.step)):
            found.setdefault(row.model_id, []).append(ModelMetric(**row._asdict()))
    return found
