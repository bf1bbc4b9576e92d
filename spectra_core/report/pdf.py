"""A report as a PDF: pages with a running title, bookmarks, tables that break between rows.

The letters are DejaVu Sans, which matplotlib brings, embedded; a character it does not have
is printed as its code point, so that nothing is lost and nothing is a blank box.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .build import SYNTHETIC
from .document import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Report,
    ReportTable,
    Section,
    Style,
    Text,
    Verbatim,
    plain,
)
from .layout import column_widths
from .references import doi_links
from .template import PageStyle, Template

MM = 72.0 / 25.4
FONT = "DejaVuSans"
MONO = "DejaVuSansMono"
_PADDING = 2.5
_SHORT = 18  # rows of a table that is not broken across pages
_FACES = {
    FONT: "DejaVuSans.ttf",
    f"{FONT}-Bold": "DejaVuSans-Bold.ttf",
    f"{FONT}-Oblique": "DejaVuSans-Oblique.ttf",
    f"{FONT}-BoldOblique": "DejaVuSans-BoldOblique.ttf",
    MONO: "DejaVuSansMono.ttf",
}
# Lower and higher than reportlab's own would touch the next line.
_TAGS: Mapping[Style, tuple[str, str]] = {
    "": ("", ""),
    "sub": ('<sub rise="17%" size="75%">', "</sub>"),
    "sup": ('<super rise="33%" size="75%">', "</super>"),
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
}
_LEADS = {"note": "Note. ", "warning": "Warning. ", "alarm": "Alarm. "}


def render_pdf(report: Report, template: Template) -> bytes:
    """Return a report as the bytes of a PDF file."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    known = _register_fonts()
    setting = _Setting(template.style, known)
    size = setting.page_size
    margin = template.style.margin * MM
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=size,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin + 10,
        bottomMargin=margin + 10,
        title=setting.shown(report.title.plain),
        author="",
        creator=report.program,
        subject="report of a spectral fit",
        lang=report.language,
        invariant=1,
    )
    frame = Frame(
        margin,
        margin + 10,
        size[0] - 2 * margin,
        size[1] - 2 * margin - 20,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    around = partial(_page_frame, report=report, setting=setting)
    document.addPageTemplates([PageTemplate("page", [frame], onPage=around)])
    document.build(_story(report, setting), canvasmaker=_counting_canvas())
    return buffer.getvalue()


def _register_fonts() -> frozenset[int]:
    """Register the fonts with reportlab, once; return the code points they hold."""
    from matplotlib import get_data_path
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(get_data_path()) / "fonts" / "ttf"
    registered = pdfmetrics.getRegisteredFontNames()
    for name, file in _FACES.items():
        if name not in registered:
            pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    bold, oblique = f"{FONT}-Bold", f"{FONT}-Oblique"
    pdfmetrics.registerFontFamily(
        FONT, normal=FONT, bold=bold, italic=oblique, boldItalic=f"{FONT}-BoldOblique"
    )
    faces = [frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FACES]
    return frozenset.intersection(*faces)


def _counting_canvas() -> type:
    """Return a canvas that writes "page 2 of 9": the last number is known at the end."""
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
                self.setFont(FONT, 7)
                text = f"page {self._pageNumber} of {len(self._pages)}"
                self.drawRightString(self._right, self._foot, text)
                super().showPage()
            super().save()

    return Counting


@dataclass(frozen=True, eq=False)
class _Setting:
    """Styles of a document, and which characters its letters have."""

    style: PageStyle
    known: frozenset[int]

    @property
    def page_size(self) -> tuple[float, float]:
        """Width and height in points."""
        return (595.28, 841.89) if self.style.page == "A4" else (612.0, 792.0)

    @property
    def width(self) -> float:
        """Of the text, in points."""
        return self.page_size[0] - 2 * self.style.margin * MM

    def shown(self, text: str) -> str:
        """Return a text with the code points of characters that the letters lack."""
        return "".join(
            c if ord(c) in self.known or c in "\n\t" else f"[U+{ord(c):04X}]" for c in text
        )

    def markup(self, text: Text) -> str:
        """Return styled text as reportlab's markup, escaped."""
        parts = []
        for run in text.runs:
            inside = escape(self.shown(run.text))
            before, after = _TAGS[run.style]
            parts.append(f"{before}{inside}{after}")
        return "".join(parts)

    def paragraph_style(self, name: str, **changes: Any) -> Any:
        """Return a paragraph style of this document."""
        from reportlab.lib.styles import ParagraphStyle

        size = changes.pop("size", self.style.text)
        values = {
            "fontName": FONT,
            "fontSize": size,
            "leading": 1.32 * size,
            "spaceAfter": 0.5 * size,
            "textColor": self.style.ink,
            "splitLongWords": 1,
            "embeddedHyphenation": 0,
        } | changes
        return ParagraphStyle(name, **values)


def _page_frame(canvas: Any, document: Any, *, report: Report, setting: _Setting) -> None:
    """Draw what stands on every page: title above, program and synthetic mark below."""
    width, height = setting.page_size
    margin = setting.style.margin * MM
    canvas._right, canvas._foot = width - margin, margin - 4
    canvas.saveState()
    canvas.setFont(FONT, 7)
    canvas.setFillColor(setting.style.quiet)
    if document.page > 1:
        canvas.drawString(margin, height - margin, _cut(setting.shown(report.title.plain), 110))
    foot = ", ".join(filter(None, (report.program, setting.shown(setting.style.footer))))
    canvas.drawString(margin, margin - 4, _cut(foot, 60))
    canvas.setStrokeColor(setting.style.quiet)
    canvas.setLineWidth(0.4)
    canvas.line(margin, margin + 5, width - margin, margin + 5)
    if report.synthetic:
        canvas.setFillColor(setting.style.alarm)
        canvas.drawCentredString(width / 2, margin - 4, SYNTHETIC)
    canvas.restoreState()


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# ---------------------------------------------------------------------------------
# The story


def _story(report: Report, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words
    from reportlab.platypus import Spacer

    style = setting.style
    title = setting.paragraph_style("title", size=style.heading + 5, fontName=f"{FONT}-Bold")
    story: list[Any] = [Words(setting.markup(report.title), title)]
    if report.synthetic:
        mark = setting.paragraph_style(
            "mark",
            textColor=style.alarm,
            fontName=f"{FONT}-Bold",
            borderColor=style.alarm,
            borderWidth=1,
            borderPadding=4,
            spaceBefore=6,
            spaceAfter=10,
        )
        story.append(Words(SYNTHETIC, mark))
    fact = setting.paragraph_style("fact", spaceAfter=2)
    story += [
        Words(f'<font color="{style.quiet}">{escape(name)}</font>  {setting.markup(text)}', fact)
        for name, text in report.facts
    ]
    story.append(Spacer(0, 6))
    waiting: list[Any] = []
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


def _section(section: Section, headings: list[Any], setting: _Setting) -> list[Any]:
    from reportlab.platypus import CondPageBreak, KeepTogether

    pieces = [_piece(block, setting) for block in section.blocks]
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
        fontName=f"{FONT}-Bold",
        textColor=setting.style.accent,
        spaceBefore=1.1 * size,
    )

    class Heading(Words):  # type: ignore[misc]
        def draw(self) -> None:
            self.canv.bookmarkHorizontal(key, 0, self.height + 4)
            self.canv.addOutlineEntry(setting.shown(text.plain), key, level - 1, closed=level == 1)
            super().draw()

    return Heading(setting.markup(text), style)


def _piece(block: Block, setting: _Setting) -> list[Any]:
    if isinstance(block, ReportTable):
        return _table(block, setting)
    if isinstance(block, Figure):
        return _figure(block, setting)
    if isinstance(block, Verbatim):
        return _verbatim(block, setting)
    return [_paragraph(block, setting)]


def _paragraph(block: Paragraph, setting: _Setting) -> Any:
    from reportlab.platypus import Paragraph as Words

    style = setting.style
    quiet = block.role in ("small", "note")
    changes: dict[str, Any] = {"size": style.text - 1} if quiet else {}
    if quiet:
        changes["textColor"] = style.quiet
    if block.role in ("warning", "alarm"):
        colour = style.alarm if block.role == "alarm" else "#8A5A00"
        changes |= {
            "borderPadding": 3,
            "backColor": style.shade,
            "spaceAfter": 9,
            "size": style.text - 0.5,
            "leftIndent": 3,
            "rightIndent": 3,
        }
        lead = f'<font color="{colour}"><b>{_LEADS[block.role]}</b></font>'
    else:
        lead = f"<b>{_LEADS[block.role]}</b>" if block.role in _LEADS else ""
    return Words(lead + setting.markup(block.text), setting.paragraph_style(block.role, **changes))


def _figure(block: Figure, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words

    from .pdf_figure import FigureFlowable

    width = min(setting.style.figure * MM, setting.width)
    drawing = FigureFlowable(block.drawing, width, FONT)
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
        XPreformatted(escape(setting.shown("\n".join(lines[i : i + 60]))), style)
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
            f"{escape(setting.shown(text))}</a>"
            if address
            else escape(setting.shown(text))
            for text, address in doi_links(work.plain)
        ]
        story.append(Words(f"{i}.  {''.join(parts)}", style))
    return story


# ---------------------------------------------------------------------------------
# Tables


def _table(block: ReportTable, setting: _Setting) -> list[Any]:
    from reportlab.platypus import Paragraph as Words
    from reportlab.platypus import Spacer
    from reportlab.platypus import Table as Grid

    size = setting.style.table
    widths = column_widths(block, setting.width, partial(_width, size=size), 2 * _PADDING + 0.5)
    styles = {
        (numeric, bold): setting.paragraph_style(
            f"cell{numeric}{bold}",
            size=size,
            alignment=2 if numeric else 0,
            spaceAfter=0,
            fontName=f"{FONT}-Bold" if bold else FONT,
        )
        for numeric in (False, True)
        for bold in (False, True)
    }
    head = [Words(setting.markup(c.title), styles[c.numeric, True]) for c in block.columns]
    body = [
        [
            Words(_cell(content, setting), styles[column.numeric, False])
            for content, column in zip(row, block.columns, strict=True)
        ]
        for row in block.rows
    ]
    style = setting.paragraph_style(
        "table", size=setting.style.text - 0.5, fontName=f"{FONT}-Bold", spaceAfter=0
    )
    # The title is a row of the table, so that it stands on every page the table is on.
    title = [Words(setting.markup(block.title), style), *[""] * (len(head) - 1)]
    grid = Grid([title, head, *body], colWidths=widths, repeatRows=2, splitInRow=0)
    grid.hAlign = "LEFT"
    grid.setStyle(_rules(setting.style))
    return [Spacer(0, 4), grid, Spacer(0, 8)]


def _width(text: str, bold: bool, *, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, f"{FONT}-Bold" if bold else FONT, size))


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
        remark = escape(setting.shown(content.remark))
        text += f' <font color="{setting.style.quiet}">{remark}</font>'
    if content.link:
        colour = setting.style.accent
        return f'<a href="#{content.link}" color="{colour}">{text}</a>'
    return text
