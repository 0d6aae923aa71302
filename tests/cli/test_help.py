"""Every word has help, and every help has an example that the command line itself understands."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from zaffre.cli.main import root
from zaffre.cli.nouns import COMMANDS, NOUNS
from zaffre.kinds import registry


def commands():
    context = click.Context(root)
    for word in root.list_commands(context):
        command = root.get_command(context, word)
        assert command is not None
        yield (word,), command
        if isinstance(command, click.Group):
            for verb, inner in command.commands.items():
                yield (word, verb), inner


ALL = dict(commands())


def examples(command):
    lines = (line.strip() for line in (command.epilog or "").splitlines())
    return [line for line in lines if line.startswith("zaffre ")]


def test_the_nouns_are_the_kinds():
    assert set(NOUNS) == {entry.noun for entry in registry.entries()}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help_and_an_example(words):
    command = ALL[words]
    text = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert command.help
    assert "Examples:" in text
    assert examples(command)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


@pytest.mark.parametrize(
    "line", sorted({line for command in ALL.values() for line in examples(command)})
)
def test_every_example_is_understood(line):
    words = shlex.split(re.split(r" [|>] ", line)[0])[1:]
    verb = 2 if words[0] in NOUNS else 1
    if words[-1] == "--help":
        return
    command = ALL[tuple(words[:verb])]
    options = [
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    ]
    for word in words[verb:]:
        if word.startswith("-"):
            assert word in options, word


def test_the_generic_verbs_are_there_for_each_noun():
    for noun in NOUNS:
        assert {
            (noun, verb)
            for verb in ("create", "update", "show", "list", "delete", "archive", "restore")
        } <= set(ALL)


def test_help_of_all_words_is_known_without_loading_them():
    assert set(COMMANDS) | set(NOUNS) == {words[0] for words in ALL}


def test_azures_options_are_understood():
    for words, wanted in {
        ("online-endpoint", "invoke"): {"--request-file", "--deployment-name", "-n"},
        ("online-deployment", "create"): {
            "--all-traffic",
            "--endpoint",
            "--endpoint-name",
            "-e",
            "--no-wait",
        },
        ("job", "create"): {
            "--file",
            "--set",
            "--stream",
            "--web",
            "--query",
            "--resource-group",
            "--workspace-name",
        },
        ("job", "download"): {"--all", "--output-name", "--download-path"},
        ("job", "list"): {"--parent-job-name", "--max-results"},
        ("compute", "create"): {"--min-instances", "--max-instances", "--type", "--size"},
        ("model", "create"): {"--name", "--type", "--path", "--version"},
    }.items():
        known = {option for parameter in ALL[words].params for option in parameter.opts}
        assert wanted <= known, words


def test_help_offers_only_what_can_be_made(zaffre):
    shown = zaffre("job", "create", "--help").out
    assert "command" in shown
    assert "|run]" not in shown
    assert "Create an online endpoint" in zaffre("online-endpoint", "create", "--help").out
