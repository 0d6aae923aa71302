"""Errors at the terminal: the message on standard error, the exit code for scripts."""

from __future__ import annotations

import click

from zaffre.cli.output import harmless
from zaffre.errors import Invalid, ZaffreError
from zaffre.kinds.render import render

FAILED = 1
WRITTEN_WRONG = 2


def report(error: ZaffreError) -> int:
    """Print an error and give the exit code that says whose fault it is."""
    click.echo(harmless(render(error)), err=True)
    return WRITTEN_WRONG if isinstance(error, Invalid) else FAILED
