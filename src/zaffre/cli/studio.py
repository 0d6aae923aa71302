"""`zaffre studio`: a link that opens the web application, signed in."""

from __future__ import annotations

import webbrowser

import click

from zaffre.cli import options
from zaffre.cli.options import Wanted, say
from zaffre.ml.client import MLClient

LINKS = "/api/v1/session-links"


def link_of(client: MLClient) -> str:
    """Ask for a link that signs its opener in, once, as whom the client is."""
    return str(client.connection.send("POST", LINKS)["url"])


def _studio(wanted: Wanted, *, open_it: bool) -> None:
    link = link_of(wanted.client())
    if not wanted.drawn:
        wanted.show({"url": link})
    else:
        click.echo(link)
    if open_it and not webbrowser.open(link):
        say("No browser could be opened here: open the link yourself.")
    elif wanted.drawn:
        say("It works once, within 10 minutes; the browser then stays signed in for 7 days.")


studio = options.command(
    "studio",
    _studio,
    [click.Option(["--open", "open_it"], is_flag=True, help="Open it in this machine's browser.")],
    "Print a link to the studio, the web application, that signs you in.",
    options.example("zaffre studio", "zaffre studio --open"),
)
