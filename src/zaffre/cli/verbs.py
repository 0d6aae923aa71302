"""The verbs that every noun has, made of the kinds; its own come from its module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any

import click

from zaffre.cli import flags, options, writing
from zaffre.cli.nouns import NOUNS
from zaffre.cli.options import Wanted, say
from zaffre.cli.waiting import wait
from zaffre.kinds import registry
from zaffre.kinds.resource import Kind
from zaffre.ml.collection import Collection

OWN = {
    "compute": "compute",
    "job": "job",
    "model": "model",
    "schedule": "schedule",
    "data": "data",
    "environment": "environment",
    "workspace": "workspace",
    "online-endpoint": "endpoint",
    "online-deployment": "deployment",
    "prediction-view": "prediction_view",
    "batch-endpoint": "batch",
    "batch-deployment": "batch_deployment",
}
"""Modules with verbs of one noun."""

FIRST = 50
TOLD = ("error", "warnings")
"""What is also shown of a resource that was just made: it should not be missed."""
Maker = Callable[["Noun"], click.Command]
Drawn = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Noun:
    """A noun: its kind and what is done with it."""

    kind: Kind

    @property
    def title(self) -> str:
        """Give the noun in a sentence."""
        return self.kind.title.lower()

    @property
    def brief(self) -> tuple[str, ...]:
        """Name what is shown of a resource that was just made or changed."""
        return (*self.kind.columns, *TOLD)

    def collection(self, wanted: Wanted) -> Collection[Any]:
        """Give the collection of the noun's resources."""
        return wanted.client().collection(self.kind.name)

    def address(self) -> list[click.Parameter]:
        """Give the options that name one resource."""
        made = options.name()
        if self.kind.versioned:
            made += [options.version(), options.label()]
        return made + self.parent()

    def parent(self) -> list[click.Parameter]:
        """Give the option for what the resource belongs to."""
        return [options.endpoint()] if self.kind.parent else []

    def named(self, values: dict[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
        """Take the address of one resource out of a command's values."""
        name, version = options.named(values, self.title, versioned=self.kind.versioned)
        return name, version, self.belonging(values)

    def belonging(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the parent out of a command's values.

        Raises:
            UsageError: the kind has one, and it is not given.
        """
        if not self.kind.parent:
            return {}
        if not values.get("endpoint_name"):
            raise click.UsageError(f"Of which endpoint is the {self.title}? Say `-e ENDPOINT`.")
        return {"endpoint_name": values.pop("endpoint_name")}


def group_of(noun: str) -> click.Group:
    """Make the command group of a noun."""
    made = Noun(registry.by_noun(noun))
    group = click.Group(noun, help=NOUNS[noun], epilog=_examples(noun), no_args_is_help=True)
    own: dict[str, Maker] = import_module(f"zaffre.cli.{OWN[noun]}").VERBS if noun in OWN else {}
    for verb, maker in {**GENERIC, **own}.items():
        if maker is not None:
            group.add_command(maker(made), verb)
    return group


def create(
    noun: Noun, *more: click.Parameter, then: Callable[..., None] | None = None
) -> click.Command:
    """Make `create`; `then` goes on with what was created and the further options."""

    def run(wanted: Wanted, **values: Any) -> None:
        extra = {parameter.name: values.pop(str(parameter.name)) for parameter in more}
        patient = not values.pop("no_wait", False)
        written = writing.take(noun.kind, values)
        collection = noun.collection(wanted)
        made = collection.put(written.document, create=True, here=written.here)
        if patient:
            made = wait(collection, made, noun.title)
        if then is not None:
            then(wanted, made, **extra)
        else:
            wanted.show(made, noun.brief)

    return options.command(
        "create",
        run,
        [
            *options.document(),
            *options.name(),
            *([options.version()] if noun.kind.versioned else []),
            *noun.parent(),
            *flags.flags(noun.kind),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is ready."),
            *more,
        ],
        f"Create {noun.kind.one} from a file, from flags, or both.",
        options.example(
            f"zaffre {noun.kind.noun} create -f {noun.kind.noun}.yml",
            *_CREATE.get(noun.kind.noun, ()),
        ),
    )


def update(
    noun: Noun, *more: click.Parameter, extra: Callable[..., dict[str, Any]] | None = None
) -> click.Command:
    """Make `update`; `extra` turns the further options into changes of what it may ask for."""

    def run(wanted: Wanted, **values: Any) -> None:
        taken = {str(parameter.name): values.pop(str(parameter.name)) for parameter in more}
        patient = not values.pop("no_wait", False)
        collection = noun.collection(wanted)
        if values.get("file"):
            written = writing.take(noun.kind, values)
            changed = collection.put(written.document, here=written.here)
        else:
            name, version, rest = noun.named(values)
            asked = partial(collection.get, name, **rest)
            change = {**writing.change(values), **(extra(asked, **taken) if extra else {})}
            if not change:
                raise click.UsageError(
                    "There is nothing to change: say `--set field=value`, or give a file."
                )
            changed = collection.patch(change, name, version, **rest)
        changed = wait(collection, changed, noun.title) if patient else changed
        wanted.show(changed, noun.brief)

    return options.command(
        "update",
        run,
        [
            *options.document(),
            *noun.address(),
            *flags.flags(noun.kind),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is ready."),
            *more,
        ],
        f"Change {noun.kind.one}: `--set` changes a field, `-f` the whole.",
        options.example(
            f"zaffre {noun.kind.noun} update {_address(noun)} --set description='For autumn'"
        ),
    )


def show(noun: Noun, drawn: Drawn = dict) -> click.Command:
    """Make `show`; `drawn` gives what a person sees of it."""

    def run(wanted: Wanted, **values: Any) -> None:
        name, version, rest = noun.named(values)
        chosen = {"version": version} if version else {}
        found = noun.collection(wanted).get(name, **chosen, **rest).to_dict()
        wanted.show(drawn(found) if wanted.drawn and not wanted.query else found)

    return options.command(
        "show",
        run,
        noun.address(),
        f"Show {noun.kind.one}.",
        options.example(f"zaffre {noun.kind.noun} show {_address(noun)}"),
    )


def list_(noun: Noun, *more: click.Parameter) -> click.Command:
    """Make `list`."""

    def run(wanted: Wanted, **values: Any) -> None:
        limit = values.pop("max_results")
        tags = dict(_tag(text) for text in values.pop("tag"))
        archived = ARCHIVED.get((values.pop("include_archived"), values.pop("archived_only")))
        name, rest = values.pop("name", None), noun.belonging(values)
        collection = noun.collection(wanted)
        found = collection.list(name=name, archived=archived, tags=tags, **values, **rest)
        rows = [entity.to_dict() for entity in islice(found, limit)]
        wanted.show(rows, noun.kind.columns)
        if len(rows) == limit and next(found, None) is not None:
            say(f"These are the newest {limit}: `--max-results` shows more.")

    return options.command(
        "list",
        run,
        [*_filters(noun), *more],
        f"List every {noun.title}, newest first.",
        options.example(
            f"zaffre {noun.kind.noun} list" + (" -e diabetes" if noun.kind.parent else "")
        ),
    )


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.UsageError(f"`{text}` is no tag: write `KEY=VALUE`.")
    return key, value


ARCHIVED = {(True, False): "all", (False, True): "true", (True, True): "true"}


def _filters(noun: Noun) -> list[click.Parameter]:
    names = "List names with this in them."
    if noun.kind.versioned:
        names = "List the versions of this name."
    return [
        click.Option(["-n", "--name"], metavar="NAME", help=names),
        *noun.parent(),
        click.Option(
            ["-r", "--max-results"],
            type=click.IntRange(1),
            default=FIRST,
            show_default=True,
            help="How many.",
        ),
        click.Option(["--include-archived"], is_flag=True, help="Show archived ones too."),
        click.Option(["--archived-only"], is_flag=True, help="Show archived ones only."),
        click.Option(
            ["--tag"], multiple=True, metavar="KEY=VALUE", help="Only with this tag; repeatable."
        ),
    ]


def delete(noun: Noun) -> click.Command:
    """Make `delete`."""

    def run(wanted: Wanted, **values: Any) -> None:
        yes, patient = values.pop("yes"), not values.pop("no_wait")
        name, version, rest = noun.named(values)
        chosen = {"version": version} if version else {}
        collection = noun.collection(wanted)
        collection.get(name, **chosen, **rest)
        options.confirm(f"Delete {noun.title} `{name}`?", yes=yes)
        poller = collection.begin_delete(name, **chosen, **rest)
        if patient:
            poller.result()

    return options.command(
        "delete",
        run,
        [
            *noun.address(),
            click.Option(["-y", "--yes"], is_flag=True, help="Do not ask."),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is gone."),
        ],
        f"Delete {noun.kind.one}.",
        options.example(f"zaffre {noun.kind.noun} delete {_address(noun)} --yes"),
    )


def rollback(
    noun: Noun, about: str, epilog: str, then: Callable[..., None] | None = None
) -> click.Command:
    """Make `rollback`, for nouns that have a way back; `then` goes on with what is waited for."""

    def run(wanted: Wanted, **values: Any) -> None:
        patient = not values.pop("no_wait")
        name, _, rest = noun.named(values)
        collection = noun.collection(wanted)
        found = collection.get(name, **rest)
        changed = collection.act("rollback", name, revision=found.revision, **rest)
        if then is not None:
            then(wanted, changed, patient=patient)
        changed = wait(collection, changed, noun.title) if patient else changed
        wanted.show(changed, noun.brief)

    return options.command(
        "rollback",
        run,
        [
            *noun.address(),
            click.Option(["--no-wait"], is_flag=True, help="Do not wait until it is ready."),
        ],
        about,
        epilog,
    )


def archive(noun: Noun) -> click.Command:
    """Make `archive`."""
    return _move(noun, "archive", f"Hide {noun.kind.one} from lists; it stays usable.")


def restore(noun: Noun) -> click.Command:
    """Make `restore`."""
    return _move(noun, "restore", f"Show an archived {noun.title} in lists again.")


def _move(noun: Noun, verb: str, text: str) -> click.Command:
    def run(wanted: Wanted, **values: Any) -> None:
        name, version, rest = noun.named(values)
        noun.collection(wanted).act(verb, name, version, **rest)

    return options.command(
        verb,
        run,
        noun.address(),
        text,
        options.example(f"zaffre {noun.kind.noun} {verb} {_address(noun)}"),
    )


GENERIC: dict[str, Maker] = {
    "create": create,
    "update": update,
    "show": show,
    "list": list_,
    "delete": delete,
    "archive": archive,
    "restore": restore,
}

_CREATE: dict[str, tuple[str, ...]] = {
    "compute": ("zaffre compute create -n two --type local --slots 2",),
    "data": ("zaffre data create -n diabetes --type uri_file --path diabetes.csv",),
    "environment": ("zaffre environment create -n here --python current",),
    "model": (
        "zaffre model create -n diabetes --type mlflow_model --path azureml://jobs/JOB/outputs/model",
        "zaffre model create -n diabetes --path ./model",
    ),
    "job": ("zaffre job create -f job.yml --set inputs.alpha=0.1 --stream",),
    "online-endpoint": ("zaffre online-endpoint create -n diabetes --auth-mode key",),
    "online-deployment": (
        "zaffre online-deployment create -f blue.yml -e diabetes --all-traffic",
    ),
    "batch-endpoint": ("zaffre batch-endpoint create -n diabetes-batch",),
    "batch-deployment": (
        "zaffre batch-deployment create -f ridge.yml -e diabetes-batch --set-default",
    ),
    "workspace": ("zaffre workspace create -n churn",),
    "datastore": ("zaffre datastore create -n measurements --type local",),
}


def _address(noun: Noun) -> str:
    text = "-n NAME"
    if noun.kind.versioned:
        text += " -v 1"
    return f"{text} -e ENDPOINT" if noun.kind.parent else text


def _examples(noun: str) -> str:
    return options.example(f"zaffre {noun} list", f"zaffre {noun} create --help")
