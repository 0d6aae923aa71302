"""Tables as inputs and outputs of batch invocations: rows of a database, or of files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from zaffre.kinds.job_ports import JobInput, Literal_, OutputChoice
from zaffre.kinds.part import AnyCase, Part

Format = Annotated[Literal["parquet", "csv", "jsonl", "delta"], AnyCase]


class Rows(Part):
    """What a table is, whether it is read or written."""

    type: Annotated[Literal["table"], AnyCase] = Field(
        default="table", title="Type", description="Rows, rather than files."
    )
    format: Format | None = Field(
        default=None,
        title="Format",
        description="Of files; by default what the path ends with, else parquet.",
    )


class TableInput(Rows):
    """Rows to score: of a table or query of a database, or of files."""

    path: str = Field(
        title="Path",
        description="`azureml://datastores/NAME` for a database, `.../paths/PATH` for files; "
        "a data asset or a local path.",
    )
    table: str | None = Field(
        default=None, title="Table", description="Of a database: `TABLE` or `SCHEMA.TABLE`."
    )
    query: str | None = Field(
        default=None, title="Query", description="Of a database, in place of a table."
    )
    key: str | None = Field(
        default=None,
        title="Key",
        description="Column that names a row; databases are split and resumed by it.",
    )
    watermark: str | None = Field(
        default=None,
        title="Watermark",
        description="Column that grows; runs of the deployment score what is new since the last.",
    )
    features: tuple[str, ...] = Field(
        default=(),
        title="Features",
        description="Columns that the model gets; by default those of its signature.",
    )
    keep: tuple[str, ...] = Field(
        default=(),
        title="Keep",
        description="Columns written beside the predictions, besides the key; `*` is all.",
    )


class TableOutput(Rows):
    """Where predictions go: into a table of a database, or into files."""

    path: str | None = Field(
        default=None,
        title="Path",
        description="`azureml://datastores/NAME[/paths/PATH]`; by default kept with the job.",
    )
    table: str | None = Field(
        default=None, title="Table", description="Of a database; made if it is not there."
    )
    mode: Annotated[Literal["append", "upsert"], AnyCase] = Field(
        default="append",
        title="Mode",
        description="`upsert` replaces rows that have the same key.",
    )
    rejects: str | None = Field(
        default=None,
        title="Rejects",
        description="Table (or folder) of rows that cannot be scored; by default `..._rejects`.",
    )


def _branch(value: Any) -> str:
    if isinstance(value, Rows):
        return "<table>"
    if isinstance(value, dict) and str(value.get("type")).strip().lower() == "table":
        return "<table>"
    return "<data>" if value is None or isinstance(value, (dict, Part)) else "<literal>"


RowsOrInput = Annotated[
    Annotated[TableInput, Tag("<table>")]
    | Annotated[JobInput, Tag("<data>")]
    | Annotated[Literal_, Tag("<literal>")],
    Discriminator(_branch),
]
RowsOrOutput = Annotated[
    Annotated[TableOutput, Tag("<table>")] | Annotated[OutputChoice, Tag("<data>")],
    Discriminator(_branch),
]
