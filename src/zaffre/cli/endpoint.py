"""Verbs of online endpoints: traffic and the way back, requests, keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import click

from zaffre.cli import options, verbs, writing
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import Noun
from zaffre.cli.waiting import wait
from zaffre.ml.endpoints import Endpoints

REST = {"traffic": 0, "mirror_traffic": None}
"""What those get whose share is not named: none, or no mention."""


def update(noun: Noun) -> click.Command:
    """Make `update`, with the traffic as one text."""

    def extra(
        asked: Callable[[], Any], *, traffic: str | None, mirror_traffic: str | None
    ) -> dict[str, Any]:
        given = {
            "traffic": writing.shares(traffic),
            "mirror_traffic": writing.shares(mirror_traffic),
        }
        return {
            field: {**dict.fromkeys(getattr(asked(), field) or {}, REST[field]), **shares}
            for field, shares in given.items()
            if shares is not None
        }

    command = verbs.update(
        noun,
        click.Option(
            ["-r", "--traffic"],
            metavar='"BLUE=90 GREEN=10"',
            help="How requests are shared; a deployment that is not named gets none.",
        ),
        click.Option(
            ["--mirror-traffic"],
            metavar="GREEN=10",
            help="Share of the requests copied to a deployment.",
        ),
        extra=extra,
    )
    command.epilog = options.example(
        'zaffre online-endpoint update -n diabetes --traffic "blue=90 green=10"'
    )
    return command


def invoke(noun: Noun) -> click.Command:
    """Make `invoke`."""

    def run(wanted: Wanted, **values: Any) -> None:
        request_file, deployment = values.pop("request_file"), values.pop("deployment_name")
        name, _, _ = noun.named(values)
        answer = wanted.client().online_endpoints.invoke(
            name, request_file=request_file, deployment_name=deployment
        )
        if wanted.form != "none":
            click.echo(answer)

    return options.command(
        "invoke",
        run,
        [
            *options.name(),
            click.Option(
                ["-r", "--request-file"],
                type=click.Path(exists=True, dir_okay=False),
                required=True,
                help="File to send.",
            ),
            click.Option(
                ["-d", "--deployment-name", "--deployment"],
                metavar="NAME",
                help="Ask this deployment.",
            ),
        ],
        "Send a request and print the answer.",
        options.example("zaffre online-endpoint invoke -n diabetes --request-file request.json"),
    )


def _endpoints(noun: Noun, wanted: Wanted) -> Endpoints[Any]:
    return cast("Endpoints[Any]", noun.collection(wanted))


def get_credentials(noun: Noun) -> click.Command:
    """Make `get-credentials`."""

    def run(wanted: Wanted, **values: Any) -> None:
        wanted.show(dict(_endpoints(noun, wanted).get_keys(noun.named(values)[0])))

    return options.command(
        "get-credentials",
        run,
        options.name(),
        "Print the keys.",
        options.example(
            f"zaffre {noun.kind.noun} get-credentials -n diabetes --query primaryKey -o tsv"
        ),
    )


def regenerate_keys(noun: Noun) -> click.Command:
    """Make `regenerate-keys`."""

    def run(wanted: Wanted, **values: Any) -> None:
        key_type, name = values.pop("key_type"), noun.named(values)[0]
        endpoints = _endpoints(noun, wanted)
        endpoints.begin_regenerate_keys(name, key_type=key_type).result()
        wanted.show(dict(endpoints.get_keys(name)))

    return options.command(
        "regenerate-keys",
        run,
        [
            *options.name(),
            click.Option(
                ["--key-type"],
                type=click.Choice(["primary", "secondary"]),
                default="primary",
                show_default=True,
                help="Which key.",
            ),
        ],
        "Replace a key by a new one and print both.",
        options.example(
            f"zaffre {noun.kind.noun} regenerate-keys -n diabetes --key-type secondary"
        ),
    )


def rollback(noun: Noun) -> click.Command:
    """Make `rollback`."""

    def then(wanted: Wanted, changed: dict[str, Any], *, patient: bool) -> None:
        deployments = wanted.client().online_deployments
        for one in deployments.list(changed["name"]):
            if one.provisioning_state == "Updating":
                say(f"Deployment `{one.name}` goes back to the version of before.")
                if patient:
                    wait(deployments, one.to_dict(), "online deployment")

    return verbs.rollback(
        noun,
        "Share requests as before the last change of traffic, or take back a version that came.",
        options.example("zaffre online-endpoint rollback -n diabetes"),
        then,
    )


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "update": update,
    "invoke": invoke,
    "get-credentials": get_credentials,
    "regenerate-keys": regenerate_keys,
    "rollback": rollback,
}
