"""`zaffre compute manifest`: an amlcompute as a file that makes it on real machines."""

from __future__ import annotations

from typing import Any

import click
import yaml

from zaffre.cli import options
from zaffre.cli.options import Wanted
from zaffre.cli.verbs import Noun
from zaffre.kinds.cluster_manifest import Site, launcher_file, ray_cluster
from zaffre.kinds.compute_cluster import ClusterSpec

RAY = "2.60.0"
IMAGE = f"rayproject/ray:{RAY}-py311"


def manifest(noun: Noun) -> click.Command:
    """Make `manifest`."""

    def run(wanted: Wanted, **values: Any) -> None:
        name, _, _ = noun.named(values)
        found = noun.collection(wanted).get(name).to_dict()
        if found.get("type") != "amlcompute":
            kind = found.get("type")
            raise click.UsageError(f"Compute `{name}` is of type `{kind}`, not `amlcompute`.")
        known = {key: found[key] for key in ClusterSpec.model_fields if key in found}
        click.echo(_text(name, ClusterSpec.model_validate(known), values), nl=False)

    return options.command(
        "manifest",
        run,
        [*noun.address(), *_flags()],
        "Write the file that makes a cluster on real machines; attach that as type `ray` then.",
        options.example(
            "zaffre compute manifest -n cpu-cluster --home /srv/zaffre >raycluster.yml",
            "zaffre compute manifest -n cpu-cluster --host 10.0.0.1 --host 10.0.0.2 >ray.yml",
        ),
    )


def _flags() -> list[click.Parameter]:
    return [
        click.Option(["--host"], multiple=True, help="A machine for `ray up`, the head first."),
        click.Option(["--user"], default="ray", show_default=True, help="Who logs in on hosts."),
        click.Option(["--home"], metavar="PATH", help="The server's home, as pods see it."),
        click.Option(["--claim"], default="zaffre-home", show_default=True, help="Its volume."),
        click.Option(["--image"], default=IMAGE, show_default=True, help="Image with Ray."),
        click.Option(["--namespace"], metavar="NAME", help="Namespace in Kubernetes."),
    ]


def _text(name: str, spec: ClusterSpec, values: dict[str, Any]) -> str:
    if values["host"]:
        return _dumped(launcher_file(name, spec, values["host"], values["user"]))
    if not values["home"]:
        raise click.UsageError("Say `--home PATH` for Kubernetes, or `--host` for machines.")
    site = Site(values["image"], values["home"], RAY, values["claim"], values["namespace"])
    return _dumped(ray_cluster(name, spec, site))


def _dumped(document: Any) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
