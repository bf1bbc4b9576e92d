"""The manual page `doublet(1)`, made from the help that the commands print themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from spectra_core import __version__

from .main import COMMANDS, main

_ROFF = str.maketrans(
    {
        "\\": r"\e",
        "-": r"\-",
        "'": r"\(aq",
        "`": r"\(ga",
        "^": r"\(ha",
        "~": r"\(ti",
    }
)


def man_page() -> str:
    """Return the page as roff: all commands with all options and examples.

    It has no date, so that one version of the program makes one page.
    """
    context = click.Context(main, info_name="doublet", **main.context_settings)
    lines = [
        # no line is stretched to the right edge
        ".ad l",
        f'.TH DOUBLET 1 "" "Doublet {__version__}" "User Commands"',
        ".SH NAME",
        r"doublet \- separate overlapping lines in photoelectron and Raman spectra",
        ".SH SYNOPSIS",
        f".B {_text('doublet')}",
        _text(" ".join(main.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(main.help),
        *_options(main, context, ".SH OPTIONS"),
        ".SH COMMANDS",
    ]
    for name, (_, line) in COMMANDS.items():
        lines += [".TP", f".B {_text(name)}", _text(line)]
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        lines += _section(command, click.Context(command, context, info_name=name), ".SH")
    lines += [".SH NOTES", *_paragraphs(main.epilog)]
    return "\n".join(lines) + "\n"


def _section(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    """Yield what is known of one command, and of the commands below it."""
    path = context.command_path
    yield f'{level} "{_text(path.upper() if level == ".SH" else path)}"'
    yield f".B {_text(path)}"
    yield _text(" ".join(command.collect_usage_pieces(context)))
    yield ".PP"
    yield from _paragraphs(command.help)
    yield from _options(command, context, ".PP")
    yield from _paragraphs(command.epilog)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _section(below, click.Context(below, context, info_name=name), ".SS")


def _options(command: click.Command, context: click.Context, opening: str) -> Iterator[str]:
    """Yield the options of a command; each has the one for help, said once for all."""
    yield opening
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        said = parameter.name == "help" and command is not main
        if record is None or said or not isinstance(parameter, click.Option):
            continue
        yield from (".TP", f".B {_text(record[0])}", _text(" ".join(record[1].split())))


def _paragraphs(text: str | None) -> Iterator[str]:
    r"""Yield paragraphs; one that begins with a line of ``\b`` keeps its lines, as in the help."""
    kept = inspect.cleandoc(text or "").partition("\f")[0]
    for paragraph in kept.split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first.strip() == "\b":
            yield from (".PP", ".nf", *map(_text, rest.split("\n")), ".fi")
        elif paragraph.strip():
            yield from (".PP", _text(" ".join(paragraph.split())))


def _text(text: str) -> str:
    r"""Return text that roff prints as it stands: quotes and hyphens can be copied to a shell."""
    shown = text.translate(_ROFF)
    return rf"\&{shown}" if shown.startswith(".") else shown


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(man_page(), encoding="utf-8", newline="\n")
