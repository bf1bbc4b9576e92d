"""A report as a PDF: two pages that answer and prove, then an appendix of as many as it takes.

Each of the first pages is one page: what stands on it is made smaller rather than broken.
The appendix has bookmarks, and tables that break between rows.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .document import (
    SYNTHETIC,
    Beside,
    Block,
    Cell,
    Column,
    Figure,
    Paragraph,
    Picture,
    Report,
    ReportTable,
    Role,
    Section,
    Sheet,
    Style,
    Text,
    TextRun,
    Verbatim,
    plain,
)
from .layout import column_needs, column_widths
from .pdf_letters import BOLD, ITALIC, MONO, REGULAR, Letters, letters
from .references import doi_links
from .template import PageStyle, Template

MM = 72.0 / 25.4
_PADDING = 2.5
_SHORT = 18  # rows of a table that is not broken across pages
_HEAD = 12.0  # points above the frame for the running title
_SMALL = 7.0
# Lower and higher than reportlab's own would touch the next line.
_TAGS: Mapping[Style, tuple[str, str]] = {
    "": ("", ""),
    "sub": ('<sub rise="17%" size="75%">', "</sub>"),
    "sup": ('<super rise="33%" size="75%">', "</super>"),
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "big": ('<font size="12"><b>', "</b></font>"),
    "break": ("<br/>", ""),
}
_LEADS = {"note": "Note. ", "warning": "Warning. ", "alarm": "Alarm. "}


def render_pdf(report: Report, template: Template) -> bytes:
    """Return a report as the bytes of a PDF file."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    setting = _Setting(template.style, letters())
    width, height = setting.page_size
    margin = template.style.margin * MM
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=setting.page_size,
        title=setting.plain_text(report.title.plain),
        author="",
        creator=report.program,
        subject="report of a spectral fit",
        lang=report.language,
        invariant=1,
    )
    inside = {f"{side}Padding": 0 for side in ("left", "right", "top", "bottom")}
    frames = {
        "first": Frame(margin, margin + 4, width - 2 * margin, height - 2 * margin - 4, **inside),
        "page": Frame(margin, margin + 4, setting.width, setting.height, **inside),
    }
    around = partial(_page_frame, report=report, setting=setting)
    document.addPageTemplates(
        [PageTemplate(name, [frame], onPage=around) for name, frame in frames.items()]
    )
    document.build(_story(report, setting), canvasmaker=_counting_canvas(len(report.front)))
    return buffer.getvalue()


def _counting_canvas(front: int) -> type:
    """Return a canvas that writes "1 of 2, appendix A1-A9": the last number is known at the end."""
    from reportlab.pdfgen.canvas import Canvas

    class Counting(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 # reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for page in self._pages:
                self.__dict__.update(page)
                self.setFont(REGULAR, _SMALL)
                text = page_label(self._pageNumber, front, len(self._pages))
                self.drawRightString(self._right, self._foot, text)
                super().showPage()
            super().save()

    return Counting


def page_label(page: int, front: int, total: int) -> str:
    """Return what stands at the foot of a page; the appendix has numbers of its own."""
    behind = total - front
    if page > front:
        return f"A{page - front} of A{behind}"
    if behind <= 0:
        return f"{page} of {front}"
    last = f"A1–A{behind}" if behind > 1 else "A1"
    return f"{page} of {front} · appendix {last}"


@dataclass(frozen=True, eq=False)
class _Setting:
    """Styles of a document, and its letters."""

    style: PageStyle
    letters: Letters

    @property
    def page_size(self) -> tuple[float, float]:
        """Width and height in points."""
        return (595.28, 841.89) if self.style.page == "A4" else (612.0, 792.0)

    @property
    def width(self) -> float:
        """Of the text, in points."""
        return self.page_size[0] - 2 * self.style.margin * MM

    @property
    def height(self) -> float:
        """Of the text below the running title, in points."""
        return self.page_size[1] - 2 * self.style.margin * MM - 4 - _HEAD

    def plain_text(self, text: str, face: str = REGULAR) -> str:
        """Return a text with the code points of characters that the letters lack."""
        return "".join(piece for _, piece in self.letters.pieces(text, face))

    def markup(self, text: Text, *, bold: bool = False) -> str:
        """Return styled text as reportlab's markup, escaped."""
        return "".join(self._run(run, bold=bold) for run in text.runs)

    def _run(self, run: TextRun, *, bold: bool) -> str:
        if run.style == "break":
            return "<br/>"
        face = ITALIC if run.style == "italic" else REGULAR
        face = BOLD if bold or run.style in ("bold", "big") else face
        inside = self.escaped(run.text, face)
        before, after = _TAGS.get(run.style, ("", ""))
        whole = f"{before}{inside}{after}"
        if run.style == "quiet":
            size = f"{self.style.text - 1.6:g}"
            return f'<font color="{self.style.quiet}" size="{size}">{whole}</font>'
        return f'<font color="{run.colour}">{whole}</font>' if run.colour else whole

    def escaped(self, text: str, face: str = REGULAR) -> str:
        """Return plain text as markup, what a face lacks in another one."""
        return "".join(
            escape(piece) if own == face else f'<font name="{own}">{escape(piece)}</font>'
            for own, piece in self.letters.pieces(text, face)
        )

    def paragraph_style(self, name: str, **changes: Any) -> Any:
        """Return a paragraph style of this document."""
        from reportlab.lib.styles import ParagraphStyle

        size = changes.pop("size", self.style.text)
        values = {
            "fontName": REGULAR,
            "fontSize": size,
            "leading": 1.3 * size,
            "spaceAfter": 0.5 * size,
            "textColor": self.style.ink,
            "splitLongWords": 1,
            "embeddedHyphenation": 0,
        } | changes
        return ParagraphStyle(name, **values)


def _page_frame(canvas: Any, document: Any, *, report: Report, setting: _Setting) -> None:
    """Draw what stands on every page: titles above, program and synthetic mark below."""
    width, height = setting.page_size
    margin = setting.style.margin * MM
    canvas._right, canvas._foot = width - margin, margin - 9
    canvas.saveState()
    canvas.setFillColor(setting.style.quiet)
    draw = setting.letters.draw
    if document.page > 1:
        sheets = [sheet.title.plain for sheet in report.front]
        right = sheets[document.page - 1] if document.page <= len(sheets) else "Appendix"
        top = height - margin
        draw(canvas, (margin, top), _cut(report.title.plain, 90), REGULAR, _SMALL)
        canvas.setFont(REGULAR, _SMALL)
        canvas.drawRightString(width - margin, top, right)
        _line(canvas, (margin, width - margin), top - 5, setting)
    foot = ", ".join(filter(None, (report.program, setting.style.footer)))
    draw(canvas, (margin, margin - 9), _cut(foot, 60), REGULAR, _SMALL)
    _line(canvas, (margin, width - margin), margin, setting)
    if report.synthetic:
        canvas.setFont(BOLD, _SMALL)
        canvas.setFillColor(setting.style.ink)
        canvas.drawCentredString(width / 2, margin - 9, SYNTHETIC.partition(":")[0])
    canvas.restoreState()


def _line(canvas: Any, ends: tuple[float, float], y: float, setting: _Setting) -> None:
    canvas.setStrokeColor(setting.style.quiet)
    canvas.setLineWidth(0.5)
    canvas.line(ends[0], y, ends[1], y)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# ---------------------------------------------------------------------------------
# The story


def _story(report: Report, setting: _Setting) -> list[Any]:
    story = _sheets(report, setting)
    waiting: list[Any] = []
    if not report.front:
        story += [*_title(report, setting), *_facts(report, setting)]
    else:
        waiting.append(_heading("appendix", plain("Appendix"), 1, setting))
    for section in report.sections:
        heading = _heading(section.key, section.title, section.level, setting)
        if section.blocks:
            story += _section(section, [*waiting, heading], setting)
            waiting = []
        else:  # a heading alone goes with the next one
            waiting.append(heading)
    if report.references:
        story += _references(report, setting)
    return story


def _sheets(report: Report, setting: _Setting) -> list[Any]:
    """Return the first pages: each one page, in smaller letters where it would be more."""
    from reportlab.platypus import NextPageTemplate, PageBreak

    story: list[Any] = []
    for i, sheet in enumerate(report.front):
        height = setting.height + (_HEAD if i == 0 else 0.0)
        story += [_fitted(report, sheet, setting, height, first=i == 0)]
        story += [NextPageTemplate("page"), PageBreak()]
    return story


def _fitted(report: Report, sheet: Sheet, setting: _Setting, height: float, *, first: bool) -> Any:
    """Return a sheet as one piece of a page: laid out wider and drawn smaller until it fits."""
    from reportlab.platypus import KeepInFrame

    from .pdf_figure import Scaled

    for factor in _FACTORS:
        wide = setting.width / factor
        pieces = _title(report, setting) if first else []
        pieces += [piece for block in sheet.blocks for piece in _piece(block, setting, wide)]
        if _height(pieces, wide) <= height / factor:
            break
    inside = KeepInFrame(wide, height / factor, pieces, mode="shrink")
    return Scaled(inside, factor, (setting.width, height))


def _height(pieces: Sequence[Any], width: float) -> float:
    """Return how high pieces are, one below the other."""
    total, after = 0.0, 0.0
    for piece in pieces:
        total += max(after, float(piece.getSpaceBefore())) + float(piece.wrap(width, 1e6)[1])
        after = float(piece.getSpaceAfter())
    return total


_FACTORS = (1.0, 0.97, 0.94, 0.91, 0.88, 0.84, 0.8, 0.76, 0.72)


def _title(report: Report, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words

    long = len(report.title.plain) > 62
    size = setting.style.heading + (2 if long else 5)
    style = setting.paragraph_style(
        "title", size=size, fontName=BOLD, spaceAfter=3, leading=1.2 * size
    )
    return [Words(setting.markup(report.title, bold=True), style)]


def _facts(report: Report, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words

    fact = setting.paragraph_style("fact", spaceAfter=2)
    return [
        Words(
            f'<font color="{setting.style.quiet}">{escape(name)}</font>  {setting.markup(text)}',
            fact,
        )
        for name, text in report.facts
    ]


def _section(section: Section, headings: list[Any], setting: _Setting) -> list[Any]:
    from reportlab.platypus import CondPageBreak, KeepTogether

    pieces = [_piece(block, setting, setting.width) for block in section.blocks]
    rest: list[Any] = []
    for block, piece in zip(section.blocks[1:], pieces[1:], strict=True):
        short = isinstance(block, ReportTable) and len(block.rows) <= _SHORT
        rest += [KeepTogether(piece)] if short or isinstance(block, Figure) else piece
    if isinstance(section.blocks[0], Figure | Paragraph):
        return [CondPageBreak(130), KeepTogether([*headings, *pieces[0]]), *rest]
    # A long table may break, but not right behind the heading.
    return [CondPageBreak(90 * len(headings)), *headings, *pieces[0], *rest]


def _heading(key: str, text: Text, level: int, setting: _Setting) -> Any:
    from reportlab.platypus import Paragraph as Words

    size = setting.style.heading - (2 if level == 2 else 0)
    style = setting.paragraph_style(
        f"heading{level}",
        size=size,
        fontName=BOLD,
        textColor=setting.style.accent,
        spaceBefore=1.1 * size,
    )

    class Heading(Words):  # type: ignore[misc]
        def draw(self) -> None:
            self.canv.bookmarkHorizontal(key, 0, self.height + 4)
            shown = setting.plain_text(text.plain)
            self.canv.addOutlineEntry(shown, key, level - 1, closed=level == 1)
            super().draw()

    return Heading(setting.markup(text, bold=True), style)


def _piece(block: Block, setting: _Setting, width: float) -> list[Any]:
    if isinstance(block, ReportTable):
        return _table(block, setting, width)
    if isinstance(block, Figure):
        return _figure(block, setting, width)
    if isinstance(block, Verbatim):
        return _verbatim(block, setting)
    if isinstance(block, Beside):
        return _beside(block, setting, width)
    return [_paragraph(block, setting)]


_GUTTER = 9.0


def _beside(block: Beside, setting: _Setting, width: float) -> list[Any]:
    """Return columns, one beside the other, with a gutter between."""
    from reportlab.platypus import Table as Grid

    room = width - _GUTTER * (len(block.columns) - 1)
    wide = [room * share / sum(block.shares) for share in block.shares]
    cells: list[Any] = []
    widths: list[float] = []
    for i, (column, own) in enumerate(zip(block.columns, wide, strict=True)):
        if i:
            cells.append("")
            widths.append(_GUTTER)
        cells.append([piece for part in column for piece in _piece(part, setting, own)] or "")
        widths.append(own)
    grid = Grid([cells], colWidths=widths)
    sides = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *((s, (0, 0), (-1, -1), 0) for s in sides),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.0),
        ]
    )
    grid.hAlign = "LEFT"
    return [grid]


def _paragraph(block: Paragraph, setting: _Setting) -> Any:
    from reportlab.platypus import Paragraph as Words

    style = setting.style
    colour = style.alarm if block.role == "alarm" else "#8A5A00"
    lead = f"<b>{_LEADS[block.role]}</b>" if block.role in _LEADS else ""
    if block.role in ("warning", "alarm"):
        lead = f'<font color="{colour}">{lead}</font>'
    looks = _looks(style).get(block.role, {})
    bold = looks.get("fontName") == BOLD
    return Words(
        lead + setting.markup(block.text, bold=bold), setting.paragraph_style(block.role, **looks)
    )


def _looks(style: PageStyle) -> Mapping[Role, dict[str, Any]]:
    """Return how paragraphs of each role differ from running text."""
    small: dict[str, Any] = {
        "size": style.text - 1.6,
        "textColor": style.quiet,
        "spaceBefore": 2,
        "spaceAfter": 3,
    }
    shaded: dict[str, Any] = {
        "borderPadding": 3,
        "backColor": style.shade,
        "spaceAfter": 9,
        "size": style.text - 0.5,
        "leftIndent": 3,
        "rightIndent": 3,
    }
    own = style.text - 1.2
    red = {"borderColor": style.alarm, "borderWidth": 0.8, "backColor": "#FBEEF0"}
    inset = {"borderPadding": 3, "leftIndent": 3, "rightIndent": 3, "spaceBefore": 3}
    return {
        "small": small,
        "note": small,
        "warning": shaded,
        "alarm": shaded,
        "about": small | {"spaceAfter": 7},
        "lead": {"size": style.text + 2.6, "spaceAfter": 6, "leading": 1.36 * (style.text + 2.6)},
        "heading": {"size": style.text + 0.6, "spaceBefore": 4, "spaceAfter": 1.5},
        "verdict": {"size": own, "spaceAfter": 2},
        "box": {"size": own, "spaceAfter": 6} | red | inset,
    }


def _figure(block: Figure, setting: _Setting, width: float) -> list[Any]:
    from reportlab.platypus import Paragraph as Words

    from .pdf_figure import FigureFlowable

    if not block.caption:  # drawn at its own size
        inches = block.drawing.get_size_inches()
        return [FigureFlowable(block.drawing, min(72.0 * inches[0], width), setting.letters)]
    drawing = FigureFlowable(block.drawing, min(setting.style.figure * MM, width), setting.letters)
    caption = setting.paragraph_style(
        "caption", size=setting.style.text - 1, textColor=setting.style.quiet, spaceAfter=8
    )
    return [drawing, Words(setting.markup(block.caption), caption)]


def _verbatim(block: Verbatim, setting: _Setting) -> list[Any]:
    from reportlab.platypus import XPreformatted

    size = 6.5
    style = setting.paragraph_style(
        "code", size=size, fontName=MONO, backColor=setting.style.shade, borderPadding=4
    )
    letters = int((setting.width - 8) / (0.602 * size))
    lines = [piece for line in block.text.splitlines() for piece in _wrapped(line, letters)]
    # In pieces, so that the shaded block can break across pages.
    return [
        XPreformatted(setting.escaped("\n".join(lines[i : i + 60]), MONO), style)
        for i in range(0, len(lines), 60)
    ]


def _wrapped(line: str, letters: int) -> list[str]:
    if len(line) <= letters:
        return [line]
    return [line[:letters], *_wrapped(f"    {line[letters:]}", letters)]


def _references(report: Report, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words

    style = setting.paragraph_style(
        "work", size=setting.style.text - 1, leftIndent=18, firstLineIndent=-18
    )
    story = [_heading("references", plain("References"), 1, setting)]
    for i, work in enumerate(report.references, 1):
        parts = [
            f'<a href={quoteattr(address)} color="{setting.style.accent}">'
            f"{setting.escaped(text)}</a>"
            if address
            else setting.escaped(text)
            for text, address in doi_links(work.plain)
        ]
        story.append(Words(f"{i}.  {''.join(parts)}", style))
    return story


# ---------------------------------------------------------------------------------
# Tables


def _table(block: ReportTable, setting: _Setting, width: float) -> list[Any]:
    from reportlab.platypus import Paragraph as Words
    from reportlab.platypus import Spacer
    from reportlab.platypus import Table as Grid

    dense = block.look == "dense"
    padding = 1.6 if dense else _PADDING
    size = _table_size(block, setting, width, padding)
    measure = partial(_width, setting=setting, size=size)
    widths = column_widths(block, width, measure, 2 * padding + 0.5)
    looks = _cell_styles(setting, size)
    head = [
        _drawn(column.picture, setting)
        or Words(
            setting.markup(column.title, bold=not dense), looks[column.numeric, not dense, False]
        )
        for column in block.columns
    ]
    body = [
        [
            _drawn(content.picture, setting)
            or Words(_cell(content, setting), looks[column.numeric, False, _is_big(content)])
            for content, column in zip(row, block.columns, strict=True)
        ]
        for row in block.rows
    ]
    if dense:
        grid = Grid([head, *body], colWidths=widths)
        grid.hAlign = "LEFT"
        grid.setStyle(_dense_rules(block, setting.style, padding))
        return [grid, Spacer(0, 3)]
    style = setting.paragraph_style(
        "table", size=setting.style.text - 0.5, fontName=BOLD, spaceAfter=0
    )
    # The title is a row of the table, so that it stands on every page the table is on.
    title = [Words(setting.markup(block.title, bold=True), style), *[""] * (len(head) - 1)]
    grid = Grid([title, head, *body], colWidths=widths, repeatRows=2, splitInRow=0)
    grid.hAlign = "LEFT"
    grid.setStyle(_rules(setting.style))
    return [Spacer(0, 4), grid, Spacer(0, 8)]


def _table_size(block: ReportTable, setting: _Setting, width: float, padding: float) -> float:
    """Return the size of a table's letters: smaller ones in a narrow table of the first pages."""
    size = setting.style.table - 0.2
    if block.look != "dense":
        return setting.style.table
    for factor in _SMALLER:
        measure = partial(_width, setting=setting, size=factor * size)
        if sum(column_needs(block, measure, 2 * padding + 0.5)) <= width:
            return factor * size
    return _SMALLER[-1] * size


_SMALLER = (1.0, 0.95, 0.9, 0.85, 0.8)


def _cell_styles(setting: _Setting, size: float) -> dict[tuple[bool, bool, bool], Any]:
    """Return the styles of numbers, headings and large numbers."""
    return {
        (numeric, bold, big): setting.paragraph_style(
            f"cell{numeric}{bold}{big}",
            size=size,
            alignment=2 if numeric else 0,
            spaceAfter=0,
            leading=14.0 if big else 1.22 * size,
            fontName=BOLD if bold else REGULAR,
        )
        for numeric in (False, True)
        for bold in (False, True)
        for big in (False, True)
    }


def _is_big(content: Cell) -> bool:
    return any(run.style == "big" for run in content.text.runs)


def _drawn(picture: Picture | None, setting: _Setting) -> Any:
    """Return a picture as a piece of a page; None without one."""
    from .pdf_figure import FigureFlowable

    if picture is None:
        return None
    return FigureFlowable(picture.drawing, picture.width_mm * MM, setting.letters)


def _width(text: str, bold: bool, *, setting: _Setting, size: float) -> float:
    return setting.letters.width(text, BOLD if bold else REGULAR, size)


def _has_picture(column: Column, cells: Sequence[Cell]) -> bool:
    return column.picture is not None or any(cell.picture is not None for cell in cells)


def _dense_rules(block: ReportTable, style: PageStyle, padding: float) -> Sequence[tuple[Any, ...]]:
    """Return the lines of a table of the first pages: few, so that the numbers are seen."""
    drawn = [
        i for i, c in enumerate(block.columns) if _has_picture(c, [row[i] for row in block.rows])
    ]
    scale = [i for i, row in enumerate(block.rows, 1) if not row[0].text and _is_scale(row)]
    last = min(scale, default=len(block.rows) + 1) - 1
    tight = 0.0 if drawn else 1.1
    return [
        ("VALIGN", (0, 1), (-1, -1), "MIDDLE" if drawn else "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("TEXTCOLOR", (0, 0), (-1, 0), style.quiet),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, style.ink),
        ("LINEBELOW", (0, last), (-1, last), 0.8, style.ink),
        *(("LINEABOVE", (0, i + 1), (-1, i + 1), 0.4, "#B0B0B0") for i in block.rules),
        ("LEFTPADDING", (0, 0), (-1, -1), padding),
        ("RIGHTPADDING", (0, 0), (-1, -1), padding),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), tight),
        ("BOTTOMPADDING", (0, 0), (-1, -1), tight),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 1.5),
    ]


def _is_scale(row: Sequence[Cell]) -> bool:
    """Return whether a row only carries the scales of the pictures above it."""
    return any(cell.picture is not None for cell in row) and not any(
        cell.text and cell.picture is None for cell in row
    )


def _rules(style: PageStyle) -> Sequence[tuple[Any, ...]]:
    return [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("SPAN", (0, 0), (-1, 0)),
        ("VALIGN", (0, 1), (-1, 1), "BOTTOM"),
        ("LINEABOVE", (0, 1), (-1, 1), 0.9, style.ink),
        ("LINEBELOW", (0, 1), (-1, 1), 0.5, style.ink),
        ("LINEBELOW", (0, 2), (-1, -1), 0.25, "#D8D8D8"),
        ("LINEBELOW", (0, -1), (-1, -1), 0.9, style.ink),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("LEFTPADDING", (0, 0), (-1, 0), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.0),
    ]


def _cell(content: Cell, setting: _Setting) -> str:
    text = setting.markup(content.text)
    if content.error is not None:
        text += f"\u00a0±\u00a0{escape(content.error)}"
    if content.remark:
        remark = setting.escaped(content.remark)
        gap = "\u00a0" if len(content.remark) == 1 else " "
        text += f'{gap}<font color="{setting.style.quiet}">{remark}</font>'
    if content.link:
        colour = setting.style.accent
        return f'<a href="#{content.link}" color="{colour}">{text}</a>'
    return text
