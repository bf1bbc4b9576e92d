"""A report as simple HTML with pictures beside it, for a window that shows rich text.

The same document as every other format, with the same printed digits; only headings,
paragraphs, tables and pictures, no style sheet and no script.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from .build import SYNTHETIC
from .document import Block, Cell, Figure, Paragraph, Report, ReportTable, Section, Text, Verbatim

_DPI = 220  # sharp on a high-density screen at the width it is shown at


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


def render_preview(report: Report) -> Preview:
    """Return a report as a preview."""
    from ..results.figures import figure_bytes

    parts = [f"<h1>{_text(report.title)}</h1>"]
    if report.synthetic:
        parts.append(f"<p><b>{escape(SYNTHETIC)}</b></p>")
    facts = "<br>".join(f"{escape(name)}: {_text(text)}" for name, text in report.facts)
    parts.append(f"<p>{facts}</p>")
    for section in report.sections:
        parts += _section(section)
    if report.references:
        works = "".join(f"<li>{_text(work)}</li>" for work in report.references)
        parts.append(f"<h2>References</h2><ol>{works}</ol>")
    figures = [b for section in report.sections for b in section.blocks if isinstance(b, Figure)]
    pictures = {f"figure:{f.key}": figure_bytes(f.drawing, "png", dpi=_DPI) for f in figures}
    return Preview("\n".join(parts), pictures)


def _section(section: Section) -> Iterator[str]:
    level = section.level + 1
    anchor = f'<a name="{escape(section.key, quote=True)}"></a>'
    yield f"<h{level}>{anchor}{_text(section.title)}</h{level}>"
    for block in section.blocks:
        yield _block(block)


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        shown = _text(block.text)
        return f"<p>{shown if block.role == 'body' else f'<i>{shown}</i>'}</p>"
    if isinstance(block, Verbatim):
        return f"<pre>{escape(block.text)}</pre>"
    if isinstance(block, Figure):
        name = escape(f"figure:{block.key}", quote=True)
        return f'<p><img src="{name}" width="560"><br><i>{_text(block.caption)}</i></p>'
    return _table(block)


def _table(table: ReportTable) -> str:
    title = f"<p><b>{_text(table.title)}</b></p>" if table.title else ""
    sides = ["right" if column.numeric else "left" for column in table.columns]
    heads = "".join(
        f'<th align="{side}">{_text(column.title)}</th>'
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
    return f'{title}<table cellpadding="4" cellspacing="0"><tr>{heads}</tr>{rows}</table>'


def _cell(cell: Cell) -> str:
    shown = _text(cell.text)
    if cell.error is not None:
        shown += f" ± {escape(cell.error)}"
    if cell.remark:
        shown += f" {escape(cell.remark)}"
    return f'<a href="#{escape(cell.link, quote=True)}">{shown}</a>' if cell.link else shown


def _text(text: Text) -> str:
    return "".join(
        f"<{run.style}>{escape(run.text)}</{run.style}>"
        if run.style in ("sub", "sup")
        else f"<i>{escape(run.text)}</i>"
        if run.style
        else escape(run.text)
        for run in text.runs
    )
