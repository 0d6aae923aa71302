"""Options that many commands share, and what they lead to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from zaffre.cli import output
from zaffre.ml.addresses import split
from zaffre.ml.client import MLClient

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]


@dataclass(frozen=True)
class Wanted:
    """How the caller wants the result, and of which workspace."""

    form: str | None
    query: str | None
    workspace: str | None

    def client(self) -> MLClient:
        """Give the client of the workspace; it is closed when the command ends."""
        return client_of(workspace=self.workspace)

    @property
    def drawn(self) -> bool:
        """Say whether a person reads the result, or asked for it as for one."""
        return self.form == "table" or (not self.form and not self.query and output.terminal())

    def show(self, result: Any, columns: Sequence[str] = ()) -> None:
        """Print a result."""
        output.show(result, form=self.form, query=self.query, columns=columns)


def client_of(**where: Any) -> MLClient:
    """Give a client that is closed when the command ends; asked again, the same one."""
    context = click.get_current_context()
    clients: dict[str, MLClient] = context.meta.setdefault("zaffre.clients", {})
    known = repr(where)
    if known not in clients:
        clients[known] = MLClient(**where)
        clients[known].connection.refuses_writes_elsewhere = True
        context.call_on_close(clients[known].close)
    return clients[known]


def wanted(values: dict[str, Any]) -> Wanted:
    """Take the common options out of a command's values."""
    for ignored in ("resource_group", "subscription"):
        values.pop(ignored, None)
    return Wanted(
        values.pop("output", None), values.pop("query", None), values.pop("workspace", None)
    )


def shared() -> list[click.Parameter]:
    """Give the options that every command has."""
    return [
        click.Option(
            ["-o", "--output"], type=click.Choice(output.FORMATS), help="Form of the result."
        ),
        click.Option(
            ["--query"], metavar="JMESPATH", help="Show only what this query leaves of the result."
        ),
        click.Option(
            ["-w", "--workspace", "--workspace-name"],
            metavar="NAME",
            help="Workspace; else the one configured.",
        ),
        click.Option(["-g", "--resource-group"], hidden=True, help="For Azure; ignored."),
        click.Option(["--subscription"], hidden=True, help="For Azure; ignored."),
    ]


def name() -> list[click.Parameter]:
    """Give the ways to name a resource: `NAME` or `-n NAME`."""
    return [
        click.Argument(["given"], metavar="[NAME]", required=False),
        click.Option(["-n", "--name"], metavar="NAME", help="Name."),
    ]


def version() -> click.Option:
    """Give the option for a version."""
    return click.Option(["-v", "--version"], metavar="VERSION", help="Version; else the latest.")


def label() -> click.Option:
    """Give the option for a label."""
    return click.Option(["-l", "--label"], metavar="LABEL", help="Label, such as `latest`.")


def endpoint() -> click.Option:
    """Give the option for a deployment's endpoint."""
    return click.Option(
        ["-e", "--endpoint-name", "--endpoint", "endpoint_name"], metavar="NAME", help="Endpoint."
    )


def document() -> list[click.Parameter]:
    """Give the options for a document and changes to it."""
    return [
        click.Option(
            ["-f", "--file"],
            type=click.Path(dir_okay=False),
            metavar="FILE.yml",
            help="The document.",
        ),
        click.Option(
            ["--set", "sets"],
            multiple=True,
            metavar="PATH=VALUE",
            help="Change a field of the document; repeatable.",
        ),
    ]


def named(values: dict[str, Any], what: str, *, versioned: bool = False) -> tuple[str, str | None]:
    """Take the name (and version) out of a command's values.

    Raises:
        UsageError: there is none, or two.
    """
    given, by_option = values.pop("given", None), values.pop("name", None)
    chosen_version = values.pop("version", None) or values.pop("label", None)
    values.pop("label", None)
    if given and by_option and given != by_option:
        raise click.UsageError(f"Two names are given: `{given}` and `{by_option}`.")
    chosen = given or by_option
    if not chosen:
        raise click.UsageError(f"Which {what}? Give its name: `-n NAME`.")
    if not versioned:
        return chosen, None
    bare, from_name = split(chosen)
    if chosen_version and from_name and chosen_version != from_name:
        raise click.UsageError(f"Two versions are given: `{from_name}` and `{chosen_version}`.")
    return bare, chosen_version or from_name


def say(text: str) -> None:
    """Print a message, which is no result, on standard error."""
    click.echo(text, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone.

    Raises:
        UsageError: nobody is there to ask.
        Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody is there to confirm: say `--yes`.")
    click.confirm(question, abort=True, err=True)


def example(*lines: str) -> str:
    """Write the examples at the end of a help page."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class Verb(click.Command):
    """A command whose `--set` takes several changes at once, as Azure's does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        return super().parse_args(ctx, list(_several(args)))


def _several(words: Iterable[str]) -> Iterator[str]:
    """Write `--set a=1 b=2` as `--set a=1 --set b=2`."""
    before = first = ""
    for word in words:
        is_change = "=" in word and not word.startswith("-")
        if first and is_change and before != "--set":
            yield "--set"
        elif before != "--set":
            first = word if word == "--set" else ""
        yield word
        before = word


def command(
    verb: str,
    run: Callable[..., None],
    parameters: Iterable[click.Parameter],
    about: str,
    epilog: str,
) -> click.Command:
    """Make a command; its function gets the wish for the result first."""

    def callback(**values: Any) -> None:
        run(wanted(values), **values)

    own = list(parameters)
    taken = {way for parameter in own for way in parameter.opts}
    params = [*own, *(option for option in shared() if taken.isdisjoint(option.opts))]
    return Verb(
        verb, callback=callback, params=params, help=about, short_help=about, epilog=epilog
    )
