"""Check what a job asks for before anything is stored: one problem for each thing wrong."""

from __future__ import annotations

from collections.abc import Callable

from zaffre.errors import Invalid, NotFound, Place, Problem
from zaffre.kinds import expression, names
from zaffre.kinds.amounts import NODES, lacking, said
from zaffre.kinds.expression import Known
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_ports import JobInput
from zaffre.kinds.reference import Asset, CloudPath, DatastorePath, Remote, parse_remote
from zaffre.kinds.resource import Key
from zaffre.services import datastores
from zaffre.services.computes import name_of
from zaffre.services.context import Context
from zaffre.services.jobs.pools import Pools

_MOST_COMMAND = 100_000
_ASKED = {NODES: "instance_count"}
_PORT_HINT = "Use letters, digits, `_` and `-`, not beginning with a digit: it becomes a variable."


def check(ctx: Context, workspace: str, spec: CommandJobSpec) -> None:
    """Refuse a job that cannot run as it is written.

    Raises:
        Invalid: with one problem for each thing that is wrong.
    """
    known = Known(spec.inputs, spec.outputs)
    found = [*_port_problems(spec), *_text_problems(spec, known)]
    for name, given in spec.inputs.items():
        if isinstance(given, JobInput):
            found += _problem_of(_check_source, ctx, workspace, given.path, f"inputs.{name}.path")
    for name, wanted in spec.outputs.items():
        if wanted.path:
            found += _problem_of(check_target, ctx, workspace, wanted.path, f"outputs.{name}.path")
    if spec.code:
        found += _problem_of(_check_source, ctx, workspace, spec.code, "code")
    found += _beyond(ctx, workspace, spec)
    if found:
        raise Invalid(found[0].message, hint=found[0].hint, problems=tuple(found))


def _beyond(ctx: Context, workspace: str, spec: CommandJobSpec) -> list[Problem]:
    """Find what a job asks for that its compute never has."""
    name = name_of(spec.compute)
    pool = Pools(ctx).named(workspace, name)
    wanted = pool.wanted(spec)
    return [
        Problem(
            f"It asks for {said(one, wanted[one])}; `{name}` has {said(one, pool.capacity[one])}.",
            Place(field=f"resources.{_ASKED.get(one, one)}"),
            "Ask for less, or choose another compute: `zaffre compute list`.",
        )
        for one in lacking(wanted, {}, pool.capacity)
    ]


def pinned(ctx: Context, workspace: str, text: str) -> str:
    """Give a reference with the version that its label means now.

    Raises:
        NotFound: there is no such asset.
    """
    reference = parse_remote(text)
    return str(_pin(ctx, workspace, reference)) if isinstance(reference, Asset) else text


def find_asset(ctx: Context, workspace: str, asset: Asset) -> Key:
    """Give the key of the data or model that a reference means.

    Raises:
        NotFound: there is neither.
    """
    version = asset.version or asset.label or names.LATEST
    for kind in ("data", "model"):
        try:
            return ctx.metadata.get(Key(kind, workspace, asset.name, version)).key
        except NotFound:
            continue
    raise NotFound(
        f"There is no data or model `{asset}`.", hint="`zaffre data list` shows what there is."
    )


def _pin(ctx: Context, workspace: str, asset: Asset) -> Asset:
    return Asset(asset.name, find_asset(ctx, workspace, asset).version)


def _port_problems(spec: CommandJobSpec) -> list[Problem]:
    found = []
    for group, declared in (("inputs", spec.inputs), ("outputs", spec.outputs)):
        for name in declared:
            if not names.PORT.match(name):
                place = Place(field=f"{group}.{name}")
                found.append(
                    Problem(f"{names.shown(name)} cannot name an {group[:-1]}.", place, _PORT_HINT)
                )
    for name, value in spec.environment_variables.items():
        if not name or "=" in name or "\0" in name + value:
            place = Place(field="environment_variables")
            found.append(
                Problem(
                    f"{names.shown(name)} cannot be a variable.", place, "Use letters and digits."
                )
            )
    return found


def _text_problems(spec: CommandJobSpec, known: Known) -> list[Problem]:
    found = list(expression.problems(spec.command, known, "command"))
    if "\0" in spec.command or len(spec.command) > _MOST_COMMAND:
        text = f"The command holds a NUL character or is longer than {_MOST_COMMAND} characters."
        found.append(
            Problem(text, Place(field="command"), "Put long scripts into the code folder.")
        )
    for name, value in spec.environment_variables.items():
        found += expression.problems(value, known, f"environment_variables.{name}")
    for name, wanted in spec.outputs.items():
        found += expression.problems(wanted.path or "", Known(), f"outputs.{name}.path")
    return found


def _problem_of(
    act: Callable[[Context, str, str], None], ctx: Context, workspace: str, text: str, field: str
) -> list[Problem]:
    """Give the problem that a check meets, placed at a field."""
    try:
        act(ctx, workspace, text)
    except (Invalid, NotFound) as error:
        return [Problem(error.message, Place(field=field), error.hint)]
    return []


def _check_source(ctx: Context, workspace: str, text: str) -> None:
    reference: Remote = parse_remote(text)
    if isinstance(reference, Asset):
        find_asset(ctx, workspace, reference)
    elif isinstance(reference, DatastorePath):
        datastores.folder(ctx, workspace, reference)
    elif isinstance(reference, CloudPath):
        raise Invalid(
            f"`{reference}` cannot be read yet: object stores come with a later version.",
            hint="Give a local path, a datastore path or an https address.",
        )


def check_target(ctx: Context, workspace: str, text: str) -> None:
    """Refuse a place that no job can write to.

    Raises:
        NotFound: there is no such datastore.
        Invalid: it is none of a datastore.
    """
    reference = parse_remote(
        text.replace("${{default_datastore}}", datastores.DEFAULT).replace("${{name}}", "x")
    )
    if not isinstance(reference, DatastorePath):
        raise Invalid(
            f"`{text}` is no place that a job can write to.",
            hint="Write `azureml://datastores/NAME/paths/PATH`, or leave the path out.",
        )
    datastores.folder(ctx, workspace, reference)
