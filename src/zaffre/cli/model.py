"""Verbs of models: download, package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from zaffre.cli import options, streaming
from zaffre.cli.options import Wanted, say
from zaffre.cli.verbs import Noun


def download(noun: Noun) -> click.Command:
    """Make `download`."""

    def run(wanted: Wanted, **values: Any) -> None:
        folder = values.pop("download_path")
        name, version, _ = noun.named(values)
        collection: Any = noun.collection(wanted)
        place = collection.download(name, version, folder)
        if wanted.drawn:
            say(f"It is in {place}.")
        else:
            wanted.show(str(place))

    return options.command(
        "download",
        run,
        [
            *noun.address(),
            click.Option(
                ["-p", "--download-path"],
                default=".",
                show_default=True,
                metavar="FOLDER",
                help="Where to.",
            ),
        ],
        f"Copy the files of a {noun.title} to a local folder.",
        options.example(f"zaffre {noun.kind.noun} download -n diabetes -v 1 -p ./here"),
    )


def package(noun: Noun) -> click.Command:
    """Make `package`."""

    def run(wanted: Wanted, **values: Any) -> None:
        folder, zipped = values.pop("download_path"), values.pop("zipped")
        name, version, _ = noun.named(values)
        order = _order(values)
        models = wanted.client().models
        if order["dry_run"]:
            found = models.package_contents(name, version, **order)
            wanted.show(found["files"] if wanted.drawn else found, ("path", "bytes"))
            return
        del order["dry_run"]
        view = streaming.Terminal(sys.stderr, sys.stderr, wanted.client().jobs.look)
        place = models.package(
            name, version, download_path=folder, zipped=zipped, view=view, **order
        )
        if wanted.drawn:
            say(f"It is in {place}. Its README.md says how to run it.")
        else:
            wanted.show(str(place))

    return options.command(
        "package",
        run,
        [*noun.address(), *PACKAGE],
        "Make a folder or zip that serves a model without Zaffre.",
        options.example(
            "zaffre model package -n diabetes -v 1 --wheelhouse",
            "zaffre model package -n diabetes --format onnx --zip",
            "zaffre model package -n diabetes --code ./src --scoring-script score.py",
            "zaffre model package -n diabetes --deployment blue -e diabetes --dry-run",
        ),
    )


PACKAGE: list[click.Parameter] = [
    click.Option(
        ["--format"],
        type=click.Choice(["python", "onnx"]),
        default="python",
        show_default=True,
        help="As it is served here, or compiled for small devices.",
    ),
    click.Option(["--code"], metavar="FOLDER", help="Folder of the scoring script."),
    click.Option(["--scoring-script"], metavar="FILE", help="The script, in that folder."),
    click.Option(["--environment"], metavar="NAME", help="Environment to make it in."),
    click.Option(
        ["--deployment-name", "--deployment", "deployment_name"],
        metavar="NAME",
        help="Take script and environment from this online deployment.",
    ),
    options.endpoint(),
    click.Option(
        ["--wheelhouse"], is_flag=True, help="Put all wheels in: no network is needed then."
    ),
    click.Option(
        ["--tolerance"], type=float, help="Largest difference of compiled answers; else 1e-05."
    ),
    click.Option(["--sample-data"], metavar="FILE", help="Rows to compare on."),
    click.Option(["--zip", "zipped"], is_flag=True, help="Write one zip file."),
    click.Option(["--dry-run"], is_flag=True, help="Say what would go in; make nothing."),
    click.Option(
        ["-p", "--download-path"],
        default=".",
        show_default=True,
        metavar="FOLDER",
        help="Where to.",
    ),
]


def _order(values: dict[str, Any]) -> dict[str, Any]:
    """Take the fields of a package out of a command's values."""
    code, script = values.pop("code"), values.pop("scoring_script")
    if bool(code) != bool(script):
        raise click.UsageError("`--code` and `--scoring-script` belong together.")
    configuration = {"code": code, "scoring_script": script} if code else None
    return {**values, "code_configuration": configuration}


VERBS: dict[str, Callable[[Noun], click.Command]] = {
    "download": download,
    "package": package,
}
