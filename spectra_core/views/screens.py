"""Rows and columns as text that fits a screen, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

WIDTH, HEIGHT = 80, 24
_NARROWEST = 10  # characters of a label that is cut
_GAP = "  "


@dataclass(frozen=True)
class Grid:
    """A small table of text.

    Attributes
    ----------
    rows : sequence of tuple of str
        As long as `heads`, where there are heads.
    heads : tuple of str
        Empty for a list of facts: name and words.
    caption : str
        Line above it.
    """

    rows: Sequence[tuple[str, ...]]
    heads: tuple[str, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Screen:
    """What is shown of a value.

    Attributes
    ----------
    title : str
        Kind of the value and the most important of it.
    grids : tuple of Grid
    notes : tuple of str
        Sentences below.
    more : str
        What has all of it, where a screen has not.
    """

    title: str
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    more: str = "report()"


def as_text(screen: Screen, *, width: int | None = WIDTH, height: int | None = HEIGHT) -> str:
    """Return a screen as lines of text.

    Parameters
    ----------
    screen : Screen
    width : int or None
        Longest line: sentences are wrapped, labels of a table cut. None: as long as they are.
    height : int or None
        Most lines; what is left out is counted. None: all.
    """
    title = _wrapped(screen.title, width)
    captions = [_wrapped(grid.caption, width) if grid.caption else [] for grid in screen.grids]
    tables = [_table(grid, width) for grid in screen.grids]
    notes = [_wrapped(note, width, f"{_GAP}! ") for note in screen.notes]
    if height is not None:
        notes = _first(notes, height // 3, screen.more)
        taken = len(title) + sum(map(len, captions)) + sum(map(len, notes))
        tables = _shared(tables, max(height - taken, 3 * len(tables)), screen.more)
    text = list(title)
    for caption, table in zip(captions, tables, strict=True):
        text += caption + table
    return "\n".join(text + [line for note in notes for line in note])


def _wrapped(text: str, width: int | None, before: str = "") -> list[str]:
    """Return a sentence in lines; those after the first stand under it."""
    if width is None:
        return [before + text]
    after = " " * (len(before) or len(_GAP))
    lines = wrap(
        text, width, initial_indent=before, subsequent_indent=after, break_on_hyphens=False
    )
    return lines or [""]


def _first(notes: list[list[str]], most: int, more: str) -> list[list[str]]:
    """Return the first notes that have room in so many lines; at least one."""
    kept: list[list[str]] = []
    for note in notes:
        if kept and sum(map(len, kept)) + len(note) > most:
            return [*kept, [_left(len(notes) - len(kept), "notes", more)]]
        kept.append(note)
    return kept


def _left(number: int, what: str, more: str) -> str:
    return f"{_GAP}... {number} more {what}: {more} has them all"


def _shared(tables: list[list[str]], room: int, more: str) -> list[list[str]]:
    """Return the first rows of each table, as many as fit; short tables are kept whole."""
    kept = {}
    shortest_first = sorted(range(len(tables)), key=lambda i: len(tables[i]))
    for rank, i in enumerate(shortest_first):
        share = room // (len(tables) - rank)
        lines = tables[i]
        if len(lines) > share:
            shown = max(share - 1, 1)
            lines = [*lines[:shown], _left(len(lines) - shown, "rows", more)]
        kept[i] = lines
        room -= len(lines)
    return [kept[i] for i in range(len(tables))]


def _table(grid: Grid, width: int | None) -> list[str]:
    """Return the lines of a table; a list of facts has its words wrapped."""
    rows = [grid.heads, *grid.rows] if grid.heads else list(grid.rows)
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if width is not None and not grid.heads:
        before = [f"{_GAP}{row[0].ljust(widths[0])}{_GAP}" for row in rows]
        return [
            line
            for start, row in zip(before, rows, strict=True)
            for line in _wrapped("  ".join(row[1:]), width, start)
        ]
    if width is not None:
        excess = sum(widths) + len(_GAP) * len(widths) - width
        widths[0] = max(widths[0] - max(excess, 0), min(widths[0], _NARROWEST))
    cells = ((_cut(row[0], widths[0]), *row[1:]) for row in rows)
    lines = (_GAP + _GAP.join(map(str.ljust, row, widths)) for row in cells)
    return [_cut(line.rstrip(), width) for line in lines]


def _cut(text: str, length: int | None) -> str:
    return text if length is None or len(text) <= length else f"{text[: length - 1]}…"


def as_html(screen: Screen, *, height: int = 60) -> str:
    """Return a screen as HTML, with the first `height` rows of each table."""
    parts = [f"<div><p><b>{escape(screen.title)}</b></p>"]
    for grid in screen.grids:
        parts.append("<table>")
        if grid.caption:
            parts.append(f"<caption>{escape(grid.caption)}</caption>")
        if grid.heads:
            cells = "".join(f"<th>{escape(head)}</th>" for head in grid.heads)
            parts.append(f"<thead><tr>{cells}</tr></thead>")
        parts.append("<tbody>")
        for row in grid.rows[:height]:
            parts.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
        parts.append("</tbody></table>")
        left = len(grid.rows) - height
        parts += [f"<p>... {left} more</p>"] if left > 0 else []
    if screen.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in screen.notes)
        parts.append(f"<ul>{items}</ul>")
    return "\n".join([*parts, "</div>"])
