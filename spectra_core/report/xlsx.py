"""A report as a workbook: a sheet for each kind of table, and one for each region's curves.

Numbers are numbers. In the tables they have the digits that the other formats print, so that
no two formats of one report differ; the sheet "all digits" has every parameter unrounded. Text
is written as text: nothing is ever a formula or a link.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .document import SYNTHETIC, Cell, Column, Curves, Paragraph, Report, ReportTable, Verbatim

_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_SHEET_NAME = 31
_WIDEST = 60
_RESERVED = ("history",)
_NO_DATE = datetime(2000, 1, 1)  # the same report is the same file


def render_xlsx(report: Report) -> bytes:
    """Return a report as the bytes of a workbook."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties(
            {"title": report.title.plain[:250], "author": report.program, "created": _NO_DATE}
        )
        writer = _Writer(book)
        writer.cover(report)
        for name, tables in _sheets(report):
            writer.tables(name, tables)
        writer.texts(report)
        for curves in report.curves:
            writer.curves(curves)
    return buffer.getvalue()


def _sheets(report: Report) -> Iterator[tuple[str, list[ReportTable]]]:
    """Yield tables that stand on one sheet: of one kind and with one heading."""
    groups: dict[tuple[str, tuple[str, ...]], list[ReportTable]] = {}
    tables = [*report.tables(), *([report.all_digits] if report.all_digits else [])]
    for table in tables:
        heading = tuple(column.title.plain for column in table.columns)
        groups.setdefault((table.sheet, heading), []).append(table)
    for (name, _), group in groups.items():
        yield name, group


class _Writer:
    """Puts the pieces of a report into one workbook."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.names: set[str] = set(_RESERVED)
        self.formats: dict[str, Any] = {}
        self.bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.mark = book.add_format({"bold": True, "font_color": "#A3122A"})

    def sheet(self, name: str) -> Any:
        """Return a new sheet; its name is made unique and safe."""
        safe = _NOT_IN_SHEET_NAMES.sub(" ", name).strip(" '")[:_LONGEST_SHEET_NAME] or "sheet"
        candidate, i = safe, 1
        while candidate.casefold() in self.names:
            i += 1
            tail = f" {i}"
            candidate = safe[: _LONGEST_SHEET_NAME - len(tail)] + tail
        self.names.add(candidate.casefold())
        sheet = self.book.add_worksheet(candidate)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)  # printed, no column is cut off
        return sheet

    def cover(self, report: Report) -> None:
        """Write the title and what stands below it."""
        sheet = self.sheet("report")
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 100)
        sheet.write_string(0, 0, report.title.plain, self.title)
        row = 1
        if report.synthetic:
            sheet.write_string(row, 0, SYNTHETIC, self.mark)
            row += 1
        for name, text in report.facts:
            sheet.write_string(row, 0, name, self.wrap)
            sheet.write_string(row, 1, text.plain, self.wrap)
            row += 1

    def tables(self, name: str, tables: list[ReportTable]) -> None:
        """Write tables of one kind under one heading, with what each belongs to in front."""
        sheet = self.sheet(name)
        context = [key for key, _ in tables[0].context]
        headings = [*context, *_headings(tables[0].columns)]
        widths = [len(heading) for heading in headings]
        for i, heading in enumerate(headings):
            sheet.write_string(0, i, heading, self.bold)
        row = 1
        for table in tables:
            for cells in table.rows:
                values = [Cell(_text(value)) for _, value in table.context]
                written = [*values, *_expanded(cells, table.columns)]
                for i, cell in enumerate(written):
                    self._write(sheet, row, i, cell)
                    widths[i] = max(widths[i], min(len(cell.printed), _WIDEST))
                row += 1
        for i, width in enumerate(widths):
            sheet.set_column(i, i, min(max(width, 6) + 2, _WIDEST))
        sheet.freeze_panes(1, 0)

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell.value is not None:
            printed = cell.text.plain
            sheet.write_number(row, column, float(printed), self._digits(printed))
        elif cell.text:
            sheet.write_string(row, column, cell.text.plain, self.wrap)

    def _digits(self, printed: str) -> Any:
        """Return the format that shows a number with the digits printed elsewhere."""
        if "e" in printed:
            mantissa = printed.partition("e")[0]
            places = len(mantissa.partition(".")[2])
            code = f"0{'.' + '0' * places if places else ''}E+00"
        else:
            places = len(printed.partition(".")[2])
            code = f"0.{'0' * places}" if places else "0"
        if code not in self.formats:
            self.formats[code] = self.book.add_format({"num_format": code, "valign": "top"})
        return self.formats[code]

    def texts(self, report: Report) -> None:
        """Write all running text: methods, remarks, references, recipe."""
        sheet = self.sheet("text")
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 120)
        row = 0
        for section in report.sections:
            for block in section.blocks:
                if isinstance(block, Paragraph):
                    lines = [block.text.plain]
                elif isinstance(block, Verbatim):
                    lines = block.text.splitlines()
                else:
                    continue
                for line in lines:
                    sheet.write_string(row, 0, section.title.plain, self.wrap)
                    sheet.write_string(row, 1, line[:32_000], self.wrap)
                    row += 1
        for number, work in enumerate(report.references, 1):
            sheet.write_string(row, 0, f"reference {number}", self.wrap)
            sheet.write_string(row, 1, work.plain, self.wrap)
            row += 1

    def curves(self, curves: Curves) -> None:
        """Write data and fitted curves of one region, with a chart of them."""
        sheet = self.sheet(curves.name)
        for i, (heading, values) in enumerate(curves.columns):
            sheet.write_string(0, i, heading, self.bold)
            for row, value in enumerate(values, 1):
                if value is not None:
                    sheet.write_number(row, i, value)
        sheet.set_column(0, len(curves.columns), 16)
        sheet.freeze_panes(1, 1)
        sheet.insert_chart(1, len(curves.columns) + 1, self._chart(sheet.get_name(), curves))

    def _chart(self, sheet: str, curves: Curves) -> Any:
        chart = self.book.add_chart({"type": "scatter", "subtype": "straight"})
        last = len(curves.columns[0][1])
        for i, (heading, _) in enumerate(curves.columns):
            if i < 2 or heading.startswith("residual"):
                continue
            points = heading.startswith("intensity")
            marker = (
                {"type": "circle", "size": 3, "fill": {"none": True}}
                if points
                else {"type": "none"}
            )
            chart.add_series(
                {
                    "name": [sheet, 0, i],
                    "categories": [sheet, 1, 0, last, 0],
                    "values": [sheet, 1, i, last, i],
                    "marker": marker,
                    "line": {"none": True} if points else {"width": 1.25},
                }
            )
        energies = [v for v in curves.columns[0][1] if v is not None]
        chart.set_x_axis(
            {
                "name": curves.columns[0][0],
                "reverse": curves.reversed_axis,
                "min": min(energies),
                "max": max(energies),
                "major_gridlines": {"visible": False},
                "num_format": "0",
            }
        )
        crossing = {"crossing": "max"} if curves.reversed_axis else {}
        chart.set_y_axis(
            {"name": curves.columns[2][0], "major_gridlines": {"visible": False}, **crossing}
        )
        chart.set_size({"width": 720, "height": 420})
        chart.set_legend({"position": "bottom"})
        return chart


def _text(value: str) -> Any:
    from .document import plain

    return plain(value)


def _headings(columns: tuple[Column, ...]) -> list[str]:
    """Return headings, with a column of its own for errors and remarks of measured numbers."""
    headings = []
    for column in columns:
        name, slash, unit = column.title.plain.partition(" / ")
        headings.append(column.title.plain)
        if column.errors:
            headings += [f"{name} error{slash}{unit}", f"{name} remark"]
    return headings


def _expanded(cells: tuple[Cell, ...], columns: tuple[Column, ...]) -> Iterator[Cell]:
    for cell, column in zip(cells, columns, strict=True):
        yield cell
        if column.errors:
            error = cell.error
            yield Cell(_text(error), float(error)) if error is not None else Cell(_text(""))
            yield Cell(_text(cell.remark))
