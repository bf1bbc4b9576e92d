"""Rows and columns as text that fits a screen, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

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
    """

    title: str
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()


def as_text(screen: Screen, *, width: int | None = WIDTH, height: int | None = HEIGHT) -> str:
    """Return a screen as lines of text.

    Parameters
    ----------
    screen : Screen
    width : int or None
        Longest line; longer ones are cut, labels first. None: as long as they are.
    height : int or None
        Most lines; what is left out is counted. None: all.
    """
    notes = list(screen.notes)
    shown = [list(grid.rows) for grid in screen.grids]
    if height is not None:
        notes = _first(notes, max(3, height // 4), "notes")
        lines = 1 + len(notes)
        lines += sum(bool(grid.caption) + bool(grid.heads) for grid in screen.grids)
        room = max(height - lines, 3 * len(shown))
        shown = _shared(shown, room)
    text = [screen.title]
    for grid, rows in zip(screen.grids, shown, strict=True):
        text += [grid.caption] if grid.caption else []
        text += _aligned([grid.heads, *rows] if grid.heads else rows, width)
        left = len(grid.rows) - len(rows)
        text += [f"{_GAP}... {left} more: report() has them all"] if left else []
    text += [f"{_GAP}! {note}" for note in notes]
    return "\n".join(_cut(line, width) for line in text)


def _first(notes: list[str], most: int, what: str) -> list[str]:
    if len(notes) <= most:
        return notes
    return [*notes[: most - 1], f"{len(notes) - most + 1} more {what}: report() has them all"]


def _shared(grids: list[list[tuple[str, ...]]], room: int) -> list[list[tuple[str, ...]]]:
    """Return the first rows of each table, as many as fit; short tables are kept whole."""
    left = room
    kept = {}
    for rank, i in enumerate(sorted(range(len(grids)), key=lambda i: len(grids[i]))):
        share = left // (len(grids) - rank)
        rows = grids[i]
        # One line is needed to say how many are left out.
        kept[i] = rows if len(rows) <= share else rows[: max(share - 1, 1)]
        left -= min(len(rows), share)
    return [kept[i] for i in range(len(grids))]


def _aligned(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if width is not None:
        excess = sum(widths) + len(_GAP) * len(widths) - width
        widths[0] = max(widths[0] - max(excess, 0), min(widths[0], _NARROWEST))
    return [
        "".join(
            _GAP + (_cut(cell, size).ljust(size) if i == 0 else cell.ljust(size))
            for i, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


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
