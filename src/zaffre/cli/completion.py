"""`zaffre completion`: completion for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

EPILOG = """\\b
Examples:
  zaffre completion bash > ~/.local/share/bash-completion/completions/zaffre
  zaffre completion fish > ~/.config/fish/completions/zaffre.fish
"""
SHELLS = ("bash", "zsh", "fish")


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(found(click.Command("zaffre"), {}, "zaffre", "_ZAFFRE_COMPLETE").source())
