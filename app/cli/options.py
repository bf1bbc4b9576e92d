"""Options that several commands share: what a user may have to say about a file.

The words are those of `spectra_core.readers.options`, repeated here because a help page
must not wait for numpy; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from spectra_core.readers.options import ReadOptions

AXIS_WORDS = ("binding", "kinetic", "raman", "wavelength")
Y_UNIT_WORDS = ("counts", "counts/s", "arbitrary")

Function = TypeVar("Function", bound=Callable[..., Any])


class _Finite(click.types.FloatParamType):
    """A number that is neither NaN nor infinite."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the number, or fail with a sentence."""
        plain(self, value, param, ctx)
        return _finite(self, super().convert(value, param, ctx), param, ctx)


class _Positive(click.FloatRange):
    """A finite number above zero; NaN passes every plain range."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the number, or fail with a sentence."""
        plain(self, value, param, ctx)
        return _finite(self, super().convert(value, param, ctx), param, ctx)


class Whole(click.IntRange):
    """A whole number in ASCII digits."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the number, or fail with a sentence."""
        plain(self, value, param, ctx)
        return super().convert(value, param, ctx)


def plain(kind: Any, value: Any, param: Any, ctx: Any) -> None:
    """Fail for ``1_000`` and digits of other scripts, as in files."""
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        kind.fail(f"{value!r} is no plain number.", param, ctx)


def _finite(kind: Any, number: float, param: Any, ctx: Any) -> float:
    if not isfinite(number):
        kind.fail(f"{number} is not a finite number.", param, ctx)
    return number


FINITE = _Finite()
POSITIVE = _Positive(min=0, min_open=True)

# option, name in ReadOptions, type, metavar, help
_READING: tuple[tuple[str, str, Any, str | None, str], ...] = (
    ("--axis", "axis", click.Choice(AXIS_WORDS), None, "What the first column of a file is."),
    ("--photon-energy", "photon_energy_ev", POSITIVE, "EV", "Photon energy in eV."),
    ("--dwell", "dwell_s", POSITIVE, "SECONDS", "Seconds per channel of one scan."),
    ("--scans", "scans", POSITIVE, "N", "Number of scans that were added up."),
    ("--dead-time", "dead_time_s", POSITIVE, "SECONDS", "Dead time of the detector."),
    ("--y-unit", "y_unit", click.Choice(Y_UNIT_WORDS), None, "Unit of the intensity."),
    ("--delimiter", "delimiter", str, "WORD", "tab, comma, semicolon, space or a character."),
    ("--decimal", "decimal", click.Choice((".", ",")), None, "Decimal sign."),
    ("--x-column", "x_column", str, "N|NAME", "Column of the axis: number from 1, or heading."),
    ("--y-column", "y_column", str, "N|NAME", "Column of the intensity."),
    ("--sheet", "sheet", str, "NAME", "Read only this sheet of a workbook."),
    ("--encoding", "encoding", str, "NAME", "Text encoding, e.g. cp1252."),
    ("--sample", "sample", str, "NAME", "Sample name of all that is read; it joins the files."),
    ("--region", "region", str, "NAME", "Region name to give to what is read."),
)


class ReadingCommand(click.Command):
    """A command whose reading options stand in a section of their own in the help."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the reading options."""
        names = {row[1] for row in _READING}
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], READING_SECTION: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                title = READING_SECTION if parameter.name in names else "Options"
                sections[title].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


READING_SECTION = "Reading (what a file does not say)"


def reading_options(function: Function) -> Function:
    """Give a command the options that answer what a file leaves open."""
    return reading_options_without()(function)


def reading_options_without(*left_out: str) -> Callable[[Function], Function]:
    """Return what gives a command these options but some, which it has of its own."""
    return lambda function: _with_reading(function, left_out)


def _with_reading(function: Function, left_out: tuple[str, ...]) -> Function:
    for option, name, kind, metavar, text in reversed(_READING):
        if name in left_out:
            continue
        function = click.option(option, name, type=kind, metavar=metavar, help=text)(function)
    return function


def take_read_options(values: dict[str, Any], **others: Any) -> ReadOptions:
    """Take the reading options out of a command's values and return them.

    Raises
    ------
    ReadError
        If one has a value that means nothing.
    """
    from spectra_core.readers.options import ReadOptions

    answers = {name: values.pop(name) for _, name, *_ in _READING}
    for name in ("x_column", "y_column"):
        answers[name] = _column(answers[name])
    return ReadOptions(**answers, **others)


def _column(text: str | None) -> int | str | None:
    plain_number = text is not None and text.isascii() and text.strip().isdecimal()
    return int(text) if text is not None and plain_number else text
