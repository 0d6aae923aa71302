"""Documents made ready to send: what is local becomes uploaded content."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from zaffre.errors import Invalid, Problem
from zaffre.kinds import conda, requirement
from zaffre.kinds.document import Document
from zaffre.ml import snapshot
from zaffre.ml.checking import Checked
from zaffre.ml.local_fields import CODE, NAMED, READ_HERE, REQUIREMENTS, Local, locals_of
from zaffre.ml.progress import Progress
from zaffre.ml.uploads import Entry, Wire, entry, send_tree, walk


def prepare(wire: Wire, kind: str, checked: Checked, here: Iterable[str] = ()) -> dict[str, Any]:
    """Send what a document names on this machine; give it with references to that by digest.

    Paths start at the document's folder, those in the fields `here` at the current one.

    Raises:
        Invalid: something named is not there, or cannot be sent. Nothing has been sent then.
    """
    ready = copy.deepcopy(checked.data)
    found = find(kind, ready, checked.source, here)
    # Steps of a pipeline often name the same folder: each is read and sent once.
    plans: dict[Sent, tuple[list[Entry], list[Local]]] = {}
    texts: dict[tuple[Path, str], tuple[Any, list[Local]]] = {}
    for local in found:
        if local.how in READ_HERE:
            key = (local.path, local.how)
            if key not in texts:
                texts[key] = (_content(local), [])
            texts[key][1].append(local)
            continue
        sent = (local.path, local.how, _includes(local, checked.source))
        if sent not in plans:
            plans[sent] = (_entries(local) + _included(sent[2]), [])
        plans[sent][1].append(local)
    size = sum(one.size for entries, _ in plans.values() for one in entries)
    with Progress("Uploading", size) as progress:
        for entries, locals_ in plans.values():
            tree = send_tree(wire, entries, progress.advance)
            for local in locals_:
                local.holder[local.name] = _reference(local, tree)
    for content, locals_ in texts.values():
        for local in locals_:
            local.holder[local.name] = content
    return ready


Sent = tuple[Path, str, tuple[Path, ...]]
"""What is sent as one tree: a path, how, and what is put beside it."""


def _includes(local: Local, source: Document) -> tuple[Path, ...]:
    """Take the files and folders that a component wants beside its code."""
    if local.how != CODE or local.name != "code":
        return ()
    base = source.folder or Path.cwd()
    return tuple(
        (base / Path(str(text)).expanduser()).resolve()
        for text in local.holder.pop("additional_includes", None) or ()
    )


def _included(includes: tuple[Path, ...]) -> list[Entry]:
    """Give the entries of what is put beside the code, each under its own name.

    Raises:
        Invalid: one is not there.
    """
    found: list[Entry] = []
    for path in includes:
        if not path.exists():
            raise Invalid(f"There is no file or folder `{path}` to put beside the code.")
        if path.is_file():
            found.append(entry(path.name, path))
            continue
        found += [
            Entry(f"{path.name}/{one.path}", one.source, one.size, one.mode)
            for one in snapshot.entries(path)
        ]
    return found


def find(
    kind: str, document: dict[str, Any], source: Document, here: Iterable[str] = ()
) -> list[Local]:
    """List what a document names on this machine.

    Raises:
        Invalid: something is not there.
    """
    found = list(locals_of(kind, document, source.folder or Path.cwd(), tuple(here)))
    missing = [_missing(local, source) for local in found if not local.path.exists()]
    missing += [_empty(local, source) for local in found if _is_empty_model(local)]
    missing += [problem for local in found for problem in _missing_script(local, source)]
    if missing:
        raise Invalid(missing[0].message, hint=missing[0].hint, problems=tuple(missing))
    return found


def _entries(local: Local) -> list[Entry]:
    if local.path.is_file():
        return [entry(local.path.name, local.path)]
    if local.how == CODE:
        return snapshot.entries(local.path)
    files = walk(local.path)
    if local.how != NAMED:
        return files
    # A model keeps its folder's name: scoring scripts look for it under AZUREML_MODEL_DIR.
    folder = local.path.name
    return [Entry(f"{folder}/{one.path}", one.source, one.size, one.mode) for one in files]


def _reference(local: Local, tree: str) -> str:
    if local.path.is_file() or local.how == NAMED:
        return f"azureml://trees/{tree}/{local.path.name}"
    return f"azureml://trees/{tree}"


def _missing(local: Local, source: Document) -> Problem:
    message = f"There is no file or folder `{local.holder[local.name]}`."
    return Problem(message, source.field_place(local.field), f"Looked for {local.path}.")


def _is_empty_model(local: Local) -> bool:
    return local.how == NAMED and local.path.is_dir() and not any(local.path.iterdir())


def _empty(local: Local, source: Document) -> Problem:
    message = f"The folder `{local.holder[local.name]}` is empty: a model has at least one file."
    return Problem(message, source.field_place(local.field), f"Looked in {local.path}.")


SCRIPTS = ("entry_script", "scoring_script")
"""Fields beside a code folder that name a file in it."""


def _missing_script(local: Local, source: Document) -> Iterator[Problem]:
    if local.how != CODE or not local.path.is_dir():
        return
    for name in SCRIPTS:
        script = local.holder.get(name)
        if isinstance(script, str) and not (local.path / script).is_file():
            place = source.field_place(f"{local.field.rpartition('.')[0]}.{name}")
            hint = f"Looked for {local.path / script}."
            yield Problem(f"There is no `{script}` in the code folder.", place, hint)


def _content(local: Local) -> Any:
    """Give what a file says that is sent inside the document.

    Raises:
        Invalid: it is not what it should be; the problem names the line.
    """
    text, file = local.path.read_text(encoding="utf-8"), str(local.path)
    if local.how == REQUIREMENTS:
        return list(requirement.lines(text, file))
    conda.parse(text, file)
    return yaml.safe_load(text)
