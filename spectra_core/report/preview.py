"""A report as simple HTML with pictures beside it, for a window that shows rich text.

The same document as every other format, with the same printed digits; only headings,
paragraphs, tables and pictures, no style sheet and no script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape

from ..errors import Cancelled
from .document import (
    SYNTHETIC,
    Beside,
    Block,
    Cell,
    Figure,
    Paragraph,
    Picture,
    Report,
    ReportTable,
    Section,
    Text,
    TextRun,
    Verbatim,
)

_DPI = 220  # sharp on a high-density screen at the width it is shown at
_WIDTH = 560.0  # of figures, in pixels of the screen
_PER_MM = 3.4  # pixels of a picture that has its own size
_RED = "#C03A2B"
_COLUMNS = 3  # of a table that has room beside another one


@dataclass(frozen=True)
class Preview:
    """What a rich-text view shows.

    Attributes
    ----------
    html : str
        Pictures are named ``figure:key``.
    pictures : dict of str to bytes
        PNG by that name.
    """

    html: str
    pictures: dict[str, bytes]


def render_preview(report: Report, *, should_stop: Callable[[], bool] | None = None) -> Preview:
    """Return a report as a preview.

    Parameters
    ----------
    report : Report
    should_stop : callable or None
        Asked before each picture.

    Raises
    ------
    Cancelled
        If it was asked to stop.
    """
    from ..results.figures import figure_bytes

    parts = [f"<h1>{_text(report.title)}</h1>"]
    if not report.front:
        parts += [f"<p><b>{escape(SYNTHETIC)}</b></p>"] if report.synthetic else []
        facts = "<br>".join(f"{escape(name)}: {_text(text)}" for name, text in report.facts)
        parts.append(f"<p>{facts}</p>")
    for sheet in report.front:
        if sheet is not report.front[0]:
            parts.append(f"<hr><h2>{_text(sheet.title)}</h2>")
        parts += [_block(block) for block in sheet.blocks]
    parts += ["<hr><h1>Appendix</h1>"] if report.front else []
    for section in report.sections:
        parts += _section(section)
    if report.references:
        works = "".join(f"<li>{_text(work)}</li>" for work in report.references)
        parts.append(f"<h2>References</h2><ol>{works}</ol>")
    blocks = [
        *(b for s in report.front for b in s.blocks),
        *(b for s in report.sections for b in s.blocks),
    ]
    pictures = {}
    for drawn in _drawings(blocks):
        if should_stop is not None and should_stop():
            raise Cancelled("the preview was not finished.")
        pictures[f"figure:{drawn.key}"] = figure_bytes(drawn.drawing, "png", dpi=_DPI)
    return Preview("\n".join(parts), pictures)


def _drawings(blocks: Iterable[Block]) -> Iterator[Figure | Picture]:
    """Yield everything that is drawn, at any depth."""
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Beside):
            for column in block.columns:
                yield from _drawings(column)
        elif isinstance(block, ReportTable):
            heads = [column.picture for column in block.columns]
            fields = [cell.picture for row in block.rows for cell in row]
            yield from (picture for picture in (*heads, *fields) if picture is not None)


def _section(section: Section) -> Iterator[str]:
    level = section.level + 1
    anchor = f'<a name="{escape(section.key, quote=True)}"></a>'
    yield f"<h{level}>{anchor}{_text(section.title)}</h{level}>"
    for block in section.blocks:
        yield _block(block)


def _block(block: Block, width: float = _WIDTH) -> str:
    if isinstance(block, Paragraph):
        return _paragraph(block)
    if isinstance(block, Verbatim):
        return f"<pre>{escape(block.text)}</pre>"
    if isinstance(block, Figure):
        wide = width if block.caption else min(width, _PER_MM * _width_mm(block))
        caption = f"<br><i>{_text(block.caption)}</i>" if block.caption else ""
        return f"<p>{_image(block.key, wide)}{caption}</p>"
    if isinstance(block, Beside) and _is_wide(block):
        return "".join(_block(inner, width) for column in block.columns for inner in column)
    if isinstance(block, Beside):
        share = 1.0 / sum(block.shares)
        fields = "".join(
            f'<td width="{100 * own * share:.0f}%">'
            + "".join(_block(inner, width * own * share - 10) for inner in column)
            + "</td>"
            for own, column in zip(block.shares, block.columns, strict=True)
        )
        return f'<table width="100%" cellspacing="0"><tr>{fields}</tr></table>'
    return _table(block)


def _is_wide(block: Beside) -> bool:
    """Return whether columns hold tables too wide to stand beside one another on a screen."""
    tables = (b for column in block.columns for b in column if isinstance(b, ReportTable))
    return any(len(table.columns) > _COLUMNS for table in tables)


def _paragraph(block: Paragraph) -> str:
    shown = _text(block.text)
    if block.role == "heading":
        return f"<h3>{shown}</h3>"
    if block.role == "lead":
        return f'<p style="font-size: large">{shown}</p>'
    if block.role == "box":
        return f'<p style="color: {_RED}">{shown}</p>'
    return f"<p>{shown if block.role in ('body', 'verdict') else f'<i>{shown}</i>'}</p>"


def _width_mm(figure: Figure) -> float:
    return 25.4 * float(figure.drawing.get_size_inches()[0])


def _image(key: str, width: float) -> str:
    return f'<img src="{escape(f"figure:{key}", quote=True)}" width="{width:.0f}">'


def _table(table: ReportTable) -> str:
    title = f"<p><b>{_text(table.title)}</b></p>" if table.title else ""
    sides = ["right" if column.numeric else "left" for column in table.columns]
    heads = "".join(
        f'<th align="{side}">{_drawn(column.picture) or _text(column.title)}</th>'
        for side, column in zip(sides, table.columns, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td align="{side}">{_cell(cell)}</td>' for side, cell in zip(sides, row, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    padding = 2 if table.look == "dense" else 4
    head = f'<table cellpadding="{padding}" cellspacing="0">'
    return f"{title}{head}<tr>{heads}</tr>{rows}</table>"


def _drawn(picture: Picture | None) -> str:
    return "" if picture is None else _image(picture.key, _PER_MM * picture.width_mm)


def _cell(cell: Cell) -> str:
    if cell.picture is not None:
        return _drawn(cell.picture)
    shown = _text(cell.text)
    if cell.error is not None:
        shown += f" ± {escape(cell.error)}"
    if cell.remark:
        shown += f" {escape(cell.remark)}"
    return f'<a href="#{escape(cell.link, quote=True)}">{shown}</a>' if cell.link else shown


def _text(text: Text) -> str:
    return "".join(map(_run, text.runs))


_MARKS = {"sub": "sub", "sup": "sup", "bold": "b", "big": "b", "italic": "i"}


def _run(run: TextRun) -> str:
    if run.style == "break":
        return "<br>"
    mark = _MARKS.get(run.style)
    shown = escape(run.text) if mark is None else f"<{mark}>{escape(run.text)}</{mark}>"
    return f'<font color="{run.colour}">{shown}</font>' if run.colour else shown
