"""The tables of views' predictions, and the SQL view that tells which of them count."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from zaffre.store.tables import metadata

HOT = ""
"""The generation of what came one by one."""

_Bytes = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is ordered by its bytes, as everywhere else."""

prediction_views = Table(
    "prediction_views",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("generation", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("hot", BigInteger, nullable=False),
    Column("unread", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Index("prediction_views_name", "workspace", "name", unique=True),
)
"""Views, and the batch that is current in each."""

prediction_generations = Table(
    "prediction_generations",
    metadata,
    Column("view", Text, primary_key=True),
    Column("job", Text, primary_key=True),
    Column("read_at", BigInteger, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
)
"""Batches of which rows are stored: the current ones, those coming in, those to be removed."""

predictions = Table(
    "predictions",
    metadata,
    Column("view", Text, primary_key=True),
    Column("generation", Text, primary_key=True),
    Column("source", _Bytes, primary_key=True),
    Column("key", _Bytes, nullable=False),
    Column("event_time", BigInteger, nullable=False),
    Column("made_at", BigInteger),
    Column("value", Text, nullable=False),
    Column("model", Text),
    Column("request", Text),
    Column("job", Text),
    Index("predictions_key", "view", "key", "event_time"),
)
"""Rows of both paths. Of a batch's rows, what they have in common stands with the batch."""

SQL_VIEW = "zaffre_predictions"

_MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', {} / 1000000.0, 'unixepoch')",
    "postgresql": "to_timestamp({} / 1000000.0)",
}


def sql_view(dialect: str) -> str:
    """Give the statement that makes the view in which anybody may read what counts."""
    moment = _MOMENTS[dialect].format
    return f"""
CREATE VIEW {SQL_VIEW} AS
SELECT workspace, view, key, prediction, {moment("event_micros")} AS event_time, path,
       {moment("made_micros")} AS made_at, model, request_id, job
FROM (
  SELECT v.workspace, v.name AS view, p.key, p.value AS prediction,
         p.event_time AS event_micros, COALESCE(p.made_at, g.read_at) AS made_micros,
         CASE WHEN p.generation = '' THEN 'hot' ELSE 'cold' END AS path,
         COALESCE(p.model, g.model, '') AS model, COALESCE(p.request, '') AS request_id,
         COALESCE(p.job, g.job, '') AS job,
         ROW_NUMBER() OVER (
           PARTITION BY v.workspace, v.name, p.key
           ORDER BY p.event_time DESC, COALESCE(p.made_at, g.read_at) DESC,
                    CASE WHEN p.generation = '' THEN 1 ELSE 0 END, p.source DESC
         ) AS place
  FROM prediction_views v
  JOIN predictions p ON p.view = v.id
  LEFT JOIN prediction_generations g ON g.view = p.view AND g.job = p.generation
  WHERE p.generation = '' OR p.generation = v.generation
) AS ranked
WHERE place = 1
"""  # noqa: S608 - made of constants only
