"""Write docs/reference/KIND.md from the kinds; `--check` says which pages are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from zaffre.kinds.annotations import branches, choices, described, items_of, model_among
from zaffre.kinds.registry import all_kinds, kind_of
from zaffre.kinds.resource import Kind, Spec

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
NOTE = "Written by `scripts/reference.py` from the definition of the kind."
IDENTITY = {
    "name": ("text", "Name in the workspace."),
    "version": ("text", "Version; left out, the next number."),
    "endpoint_name": ("text", "Endpoint that the deployment is behind."),
}


def page(kind: Kind) -> str:
    """Write the page of a kind."""
    return (
        "\n".join([*_head(kind), *_specs(kind), *_status(kind), *_actions(kind)]).rstrip() + "\n"
    )


def _head(kind: Kind) -> Iterator[str]:
    yield f"# {kind.title}\n\n{NOTE}\n\n{_about(kind.spec)}\n"
    yield f"```yaml\n{kind.example}```\n"
    where = "" if kind.name == "workspace" else "/{workspace}"
    parent = f"/{kind_of(kind.parent).plural}/{{endpoint}}" if kind.parent else ""
    plural = "" if kind.name == "workspace" else f"/{kind.plural}"
    yield f"Command: `zaffre {kind.noun}`. Address: `/api/v1/workspaces{where}{parent}{plural}`.\n"
    if kind.later:
        yield f"Not yet supported: {', '.join(f'`{word}`' for word in kind.later)}.\n"


def _specs(kind: Kind) -> Iterator[str]:
    offered = {word: spec for word, spec in kind.variants.items() if word not in kind.reported}
    if not offered:
        yield "## Fields\n"
        yield from _fields(kind, kind.spec)
    for word, spec in offered.items():
        about = "" if spec is kind.spec else f"{_about(spec)}\n"
        yield f"## Fields of type `{word}`\n"
        if about:
            yield about
        yield from _fields(kind, spec)


def _fields(kind: Kind, spec: type[Spec]) -> Iterator[str]:
    own = ["name", *(["version"] if kind.versioned else []), *filter(None, [kind.parent_field])]
    rows = [_row(name, *_identity(kind, name)) for name in own]
    yield from _table([*rows, *_rows(spec, "")])


def _identity(kind: Kind, name: str) -> tuple[str, str, str]:
    kind_of_value, about = IDENTITY[name]
    if kind.name == "job":
        return kind_of_value, "a new one", "Name in the workspace; it is the id of the run too."
    return kind_of_value, "" if name == "version" else "**required**", about


def _rows(
    model: type[BaseModel], prefix: str, above: tuple[type[BaseModel], ...] = ()
) -> Iterator[str]:
    """Give the rows of a model's fields, those of mappings inside them below their own.

    A model inside itself (a pipeline in a pipeline) is not unfolded again.
    """
    way_down = (*above, model)
    for name, field in model.model_fields.items():
        yield _row(prefix + name, _type(field), _default(field), field.description or "")
        inner, way = _inside(field)
        if inner is not None and inner not in way_down:
            yield from _rows(inner, f"{prefix}{name}{way}.", way_down)


def _inside(field: FieldInfo) -> tuple[type[BaseModel] | None, str]:
    model = model_among(branches(field.annotation))
    if model is not None:
        return model, ""
    item = items_of(field.annotation, dict)
    return model_among(branches(item)), ".NAME"


def _type(field: FieldInfo) -> str:
    allowed = choices(field.annotation)
    if len(allowed) == 1:
        return f"`{allowed[0]}`"
    if allowed:
        return ", ".join(f"`{word}`" for word in allowed)
    return described(field.annotation)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ({}, [], ()) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _status(kind: Kind) -> Iterator[str]:
    yield "## What the server reports\n"
    shown = getattr(kind.status, "hidden", frozenset())
    fields = kind.status.model_fields.items()
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    for name, field in fields:
        if name not in shown:
            yield f"| `{name}` | {_type(field)} | {_cell(field.description or '')} |"
    yield ""


def _actions(kind: Kind) -> Iterator[str]:
    if not kind.actions:
        return
    yield "## Verbs of its own\n"
    yield "| command | what it does |"
    yield "| --- | --- |"
    for action in kind.actions:
        yield f"| `zaffre {kind.noun} {action.name}` | {_cell(action.help)} |"
    yield ""


def _table(rows: list[str]) -> Iterator[str]:
    yield "| field | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    yield from rows
    yield ""


def _row(name: str, kind_of_value: str, default: str, about: str) -> str:
    return f"| `{name}` | {_cell(kind_of_value)} | {default} | {_cell(about)} |"


def _about(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(*, check: bool) -> int:
    """Write the pages, or list those that are not as they would be written."""
    stale = []
    for kind in all_kinds():
        file, text = FOLDER / f"{kind.noun}.md", page(kind)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(file.name)
            if not check:
                file.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"stale: {', '.join(stale)}; run `make reference`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
