"""How wide the columns of a table on paper are: a number never breaks, words rarely."""

from __future__ import annotations

from collections.abc import Callable

from .document import Cell, Column, ReportTable

_LONGEST_WORD = 20  # letters; longer ones may be broken

_BIG = 1.75  # of the letters of a table: numbers that a page is about
Measure = Callable[[str, bool], float]


def column_widths(
    table: ReportTable,
    total: float,
    measure: Measure,
    padding: float,
    *,
    per_mm: float = 72.0 / 25.4,
) -> list[float]:
    """Return the widths of a table's columns, which add up to `total`.

    Parameters
    ----------
    table : ReportTable
    total : float
        Width of the text.
    measure : callable
        ``measure(text, bold)``: width of a text on one line.
    padding : float
        Space on both sides of a cell's text, together.
    per_mm : float
        The unit of all these in a millimetre: a column of pictures is as wide as they are.
    """
    needs = column_needs(table, measure, padding, per_mm=per_mm)
    wants = [
        0.0 if _picture_mm(column, [row[i] for row in table.rows]) else column.width
        for i, column in enumerate(table.columns)
    ]
    if sum(needs) >= total:
        return [total * need / sum(needs) for need in needs]
    fixed = sum(need for need, want in zip(needs, wants, strict=True) if not want)
    weight = sum(wants) or 1.0
    wants = [
        (total - fixed) * want / weight if want else need
        for need, want in zip(needs, wants, strict=True)
    ]
    missing = sum(max(need - want, 0.0) for need, want in zip(needs, wants, strict=True))
    slack = sum(max(want - need, 0.0) for need, want in zip(needs, wants, strict=True))
    share = missing / slack if slack else 0.0
    return [
        need if want <= need else want - share * (want - need)
        for need, want in zip(needs, wants, strict=True)
    ]


def column_needs(
    table: ReportTable, measure: Measure, padding: float, *, per_mm: float = 72.0 / 25.4
) -> list[float]:
    """Return the widths below which something in each column would be broken."""
    needs = []
    for i, column in enumerate(table.columns):
        cells = [row[i] for row in table.rows]
        wide = _picture_mm(column, cells) * per_mm
        needs.append(padding + (wide or _need(column, cells, measure)))
    return needs


def _picture_mm(column: Column, cells: list[Cell]) -> float:
    """Return the width of the widest picture of a column; 0 where it holds none."""
    pictures = [column.picture, *(cell.picture for cell in cells)]
    return max((picture.width_mm for picture in pictures if picture is not None), default=0.0)


def _need(column: Column, cells: list[Cell], measure: Measure) -> float:
    """Return the width below which something would be broken."""
    words = [(word[:_LONGEST_WORD], True) for word in column.title.plain.split()]
    for cell in cells:
        bold = any(run.style == "bold" for run in cell.text.runs)
        if column.numeric and cell.value is not None:
            number = cell.text.plain if cell.error is None else f"{cell.text.plain} ± {cell.error}"
            mark = f" {cell.remark}" if len(cell.remark) == 1 else ""
            words.append((number + mark, bold))
            words += [(word, False) for word in cell.remark.split() if not mark]
        else:
            words += [(word[:_LONGEST_WORD], bold) for word in cell.printed.split(" ")]
    large = max((_large(cell, measure) for cell in cells), default=0.0)
    widths = (measure(word, bold) for word, bold in dict.fromkeys(words))
    return max(widths, default=0.0) if not large else max(large, *widths)


def _large(cell: Cell, measure: Measure) -> float:
    """Return the width of a cell with a number in large letters; 0 for any other."""
    if not any(run.style == "big" for run in cell.text.runs):
        return 0.0
    return sum(
        measure(run.text, True) * (_BIG if run.style == "big" else 1.0) for run in cell.text.runs
    )
