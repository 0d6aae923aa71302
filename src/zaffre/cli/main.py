"""`zaffre`: the command line. It loads click and nothing else until it knows what is asked."""

from __future__ import annotations

import signal
import sys
import warnings
from importlib import import_module

import click

from zaffre import __version__
from zaffre.cli.nouns import COMMANDS, NOUNS
from zaffre.errors import ZaffreError

INTERRUPTED = 130
NEAR = 0.5
"""How like a word must be to be suggested."""

EXAMPLES = """\b
Examples:
  zaffre up
  zaffre data create -f data.yml
  zaffre job create -f job.yml --stream
  zaffre online-endpoint invoke -n diabetes --request-file request.json
"""


class Root(click.Group):
    """Nouns and commands, each loaded when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give all words, commands first."""
        del ctx
        return [*COMMANDS, *NOUNS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load what a word stands for."""
        del ctx
        if cmd_name in COMMANDS:
            module, name = COMMANDS[cmd_name].place
            command = getattr(import_module(f"zaffre.cli.{module}"), name)
        elif cmd_name in NOUNS:
            command = import_module("zaffre.cli.verbs").group_of(cmd_name)
        else:
            return None
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if (
            args
            and args[0] not in COMMANDS
            and args[0] not in NOUNS
            and not args[0].startswith("-")
        ):
            near = import_module("difflib").get_close_matches(
                args[0], self.list_commands(ctx), n=1, cutoff=NEAR
            )
            advice = f" Did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{advice}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the words with their help, which is known without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])
        with formatter.section("Nouns"):
            formatter.write_dl(list(NOUNS.items()))


@click.command(
    cls=Root,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="zaffre %(version)s")
def root() -> None:
    """Zaffre: a machine-learning workspace that you own.

    `zaffre NOUN VERB` works on one kind of thing; `zaffre NOUN --help` lists its verbs.
    """


def main() -> None:
    """Run the command line on the program's arguments and end with its exit code."""
    # A reader such as `head` may leave early: end as quietly as other programs do.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; give 0 (done), 1 (it failed) or 2 (it was written wrong)."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = _warn
        return _run(arguments)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Write a warning as a person reads it: what it says, and no line of ours."""
    click.echo(f"Warning: {message}", err=True)


def _run(arguments: list[str] | None) -> int:
    try:
        # Not standalone, click gives an exit code as the value; commands themselves give none.
        return int(root(arguments, prog_name="zaffre", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except ZaffreError as error:
        return int(import_module("zaffre.cli.errors").report(error))


if __name__ == "__main__":
    main()
