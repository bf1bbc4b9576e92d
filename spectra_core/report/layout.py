"""How wide the columns of a table on paper are: a number never breaks, words rarely."""

from __future__ import annotations

from collections.abc import Callable

from .document import Cell, Column, ReportTable

_LONGEST_WORD = 20  # letters; longer ones may be broken

Measure = Callable[[str, bool], float]


def column_widths(
    table: ReportTable, total: float, measure: Measure, padding: float
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
    """
    weights = [column.width for column in table.columns]
    needs = [
        padding + _need(column, [row[i] for row in table.rows], measure)
        for i, column in enumerate(table.columns)
    ]
    if sum(needs) >= total:
        return [total * need / sum(needs) for need in needs]
    wants = [total * weight / sum(weights) for weight in weights]
    missing = sum(max(need - want, 0.0) for need, want in zip(needs, wants, strict=True))
    slack = sum(max(want - need, 0.0) for need, want in zip(needs, wants, strict=True))
    share = missing / slack if slack else 0.0
    return [
        need if want <= need else want - share * (want - need)
        for need, want in zip(needs, wants, strict=True)
    ]


def _need(column: Column, cells: list[Cell], measure: Measure) -> float:
    """Return the width below which something would be broken."""
    words = [(word[:_LONGEST_WORD], True) for word in column.title.plain.split()]
    for cell in cells:
        if column.numeric and cell.value is not None:
            number = cell.text.plain if cell.error is None else f"{cell.text.plain} ± {cell.error}"
            words.append((number, False))
            words += [(word, False) for word in cell.remark.split()]
        else:
            words += [(word[:_LONGEST_WORD], False) for word in cell.printed.split()]
    return max((measure(word, bold) for word, bold in dict.fromkeys(words)), default=0.0)
