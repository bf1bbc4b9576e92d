"""How results reach the user: tables as wide as the terminal, JSON without anything else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import Any
from unicodedata import combining, east_asian_width

import click

from spectra_core.errors import WriteError


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output; in a pipe every row is one line.

    A heading that begins with ``>`` has its column aligned to the right.
    """
    print_grouped(headings, [("", list(rows))])


def print_grouped(
    headings: Sequence[str], groups: Sequence[tuple[str, Sequence[Sequence[str]]]]
) -> None:
    """Print one table whose rows stand in groups, each under a line with its name."""
    names = [heading.lstrip(">") for heading in headings]
    right = [heading.startswith(">") for heading in headings]
    tables = [
        (name, [[_on_one_line(cell) for cell in row] for row in rows]) for name, rows in groups
    ]
    columns = list(zip(names, *(row for _, rows in tables for row in rows), strict=True))
    widths = [max(map(_n_places, column)) for column in columns]
    whole = sum(widths) + 2 * (len(widths) - 1)
    if len(groups) == 1 and sys.stdout.isatty() and whole > get_terminal_size().columns:
        _print_folded(names, right, tables[0][1])
        return
    click.echo(click.style(_padded(names, widths, right), bold=True))
    for name, rows in tables:
        if name:
            click.echo(click.style(name, bold=True))
        for row in rows:
            click.echo(_padded(row, widths, right))


def _on_one_line(cell: str) -> str:
    return cell if cell.isprintable() else "".join(c if c.isprintable() else " " for c in cell)


def _n_places(cell: str) -> int:
    """Return how many places a cell takes on a screen; some letters take two or none."""
    if cell.isascii():
        return len(cell)
    return sum((east_asian_width(c) in "WF") + (not combining(c)) for c in cell)


def _padded(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        space = " " * (width - _n_places(cell))
        padded.append(space + cell if to_right else cell + space)
    return "  ".join(padded).rstrip()


def _print_folded(
    names: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]
) -> None:
    """Print a table that is wider than the terminal; long cells go on in the next line."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, to_right in zip(names, right, strict=True):
        table.add_column(name, justify="right" if to_right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def json_text(document: Any) -> str:
    """Return a document as JSON text, records in it as tables; NaN is refused, not written."""
    text = json.dumps(
        document, indent=2, ensure_ascii=False, allow_nan=False, default=_record_as_table
    )
    return f"{text}\n"


def _record_as_table(value: Any) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no text, number, list or table")


def write_text(path: str | Path, text: str) -> None:
    """Write a file so that it appears whole or not at all; ``-`` is standard output."""
    write_pieces(path, [text.encode("utf-8", errors="replace")])


def write_pieces(path: str | Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece, as `write_text`."""
    if str(path) == "-":
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    from spectra_core.writers.atomic import replacing

    path = Path(path)
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise unwritable(path, error) from error


def check_folder(path: str | Path) -> Path:
    """Return the output folder if it can be made and written to, before any work is done.

    Nothing is made yet, so that a run which does nothing leaves nothing behind.

    Raises
    ------
    WriteError
        If it, or a folder above it, is a file or may not be written to.
    """
    folder = Path(path)
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    problem = "is a file, so no results can be put into it."
    if there.is_dir():
        if os.access(there, os.W_OK):
            return folder
        problem = "may not be written to."
    raise WriteError(problem, hint="Name another folder with -o.", where=str(there))


def make_folder(path: str | Path) -> Path:
    """Return the output folder, made if need be.

    Raises
    ------
    WriteError
        If it cannot be made.
    """
    folder = check_folder(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def unwritable(path: Path, error: OSError) -> WriteError:
    """Return the error of a path that cannot be written, in words."""
    reason = error.strerror or type(error).__name__
    return WriteError(
        f"cannot be written: {reason}.", hint="Name another place with -o.", where=str(path)
    )
