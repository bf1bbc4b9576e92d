"""A report as a Word document, with real headings, tables and sub- and superscripts.

The first pages are laid out with tables without borders. Word breaks lines by its own rules, so
their figures are a little smaller than on a page of the PDF.
"""

from __future__ import annotations

import io
from datetime import datetime
from functools import partial
from typing import Any

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
    Sheet,
    Text,
    Verbatim,
)
from .layout import column_needs, column_widths
from .references import doi_links
from .template import PageStyle, Template

FONT, MONO = "Arial", "Consolas"
PICTURE_DPI = 200  # of the drawing, which is set smaller: 220 on paper
_LETTER_EM = 0.62  # width of a letter over the size of the font, on the safe side
_CELL_MARGIN_MM = 1.0
_LEADS = {"note": "Note. ", "warning": "Warning. ", "alarm": "Alarm. "}
_FRONT_MARGIN_MM = 14.0  # above and below: word processors set lines a little wider than we do
_A4_MM, _LETTER_MM = (210.0, 297.0), (215.9, 279.4)
_NO_DATE = datetime(2000, 1, 1)  # the same report is the same file
_FRONT = 0.8  # of the size that figures of the first pages have in the PDF
_GUTTER_MM = 3.0
_DENSE_SIZES = (6.4, 6.0, 5.6, 5.2)  # points: letters of a table of the first pages
_DIGIT_EM = 0.56
_SMALLER = 0.9  # of the size that pictures in tables have in the PDF
_LONG_TITLE = 55


def render_docx(report: Report, template: Template) -> bytes:
    """Return a report as the bytes of a Word document."""
    from docx import Document

    document = Document()
    writer = _Writer(document, template.style)
    writer.set_up(report)
    for sheet in report.front:
        writer.sheet(sheet, first=sheet is report.front[0])
    if report.front:
        writer.chapter("Appendix")
    for section in report.sections:
        writer.section(section)
    if report.references:
        writer.references(report)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


# Letters of a role beside those of running text, in points.
_SIZES = {
    "small": -2.2,
    "note": -1.0,
    "about": -1.6,
    "lead": 2.0,
    "heading": -0.2,
    "verdict": -1.6,
    "box": -1.2,
}


class _Writer:
    """Puts the pieces of a report into one document."""

    def __init__(self, document: Any, style: PageStyle) -> None:
        self.document, self.style = document, style
        page = _A4_MM if style.page == "A4" else _LETTER_MM
        self.page_mm, self.width_mm = page, page[0] - 2 * style.margin
        self.into: Any = document  # or the cell that is being written

    def set_up(self, report: Report) -> None:
        """Set page, styles, running foot, title and the facts below it."""
        from docx.shared import Mm

        section = self.document.sections[0]
        section.page_width, section.page_height = (Mm(side) for side in self.page_mm)
        high = min(self.style.margin, _FRONT_MARGIN_MM) if report.front else self.style.margin
        for side in ("left_margin", "right_margin"):
            setattr(section, side, Mm(self.style.margin))
        section.top_margin, section.bottom_margin = Mm(high), Mm(high)
        section.footer_distance = Mm(0.5 * high)
        self._set_styles()
        self._set_facts(report)
        self._foot(section, report)
        long = self.style.heading + 1 if len(report.title.plain) > _LONG_TITLE else None
        self._runs(self.document.add_paragraph(style="Title"), report.title, size=long)
        if report.front:
            return
        if report.synthetic:
            self._coloured(self.document.add_paragraph(), SYNTHETIC, self.style.alarm, bold=True)
        for name, text in report.facts:
            paragraph = self.document.add_paragraph()
            self._coloured(paragraph, f"{name}  ", self.style.quiet)
            self._runs(paragraph, text)

    def _set_styles(self) -> None:
        from docx.shared import Pt

        styles, style = self.document.styles, self.style
        looks = {
            "Normal": (style.text, style.ink, False),
            "Title": (style.heading + 5, style.ink, True),
            "Heading 1": (style.heading, style.accent, True),
            "Heading 2": (style.heading - 2, style.accent, True),
            "Caption": (style.text - 1, style.quiet, False),
        }
        for name, (size, colour, bold) in looks.items():
            font = styles[name].font
            font.name, font.size, font.bold, font.italic = FONT, Pt(size), bold, False
            font.color.rgb = _rgb(colour)
            _set_every_script(styles[name])
            space = styles[name].paragraph_format
            space.space_after = Pt(0.5 * size)
            if name.startswith("Heading"):
                space.space_before = Pt(1.1 * size)

    def _set_facts(self, report: Report) -> None:
        facts = self.document.core_properties
        facts.title, facts.author = report.title.plain[:250], report.program
        facts.comments, facts.last_modified_by = "", report.program
        facts.created = facts.modified = _NO_DATE

    def _foot(self, section: Any, report: Report) -> None:
        paragraph = section.footer.paragraphs[0]
        parts = (report.program, self.style.footer)
        self._coloured(paragraph, f"{', '.join(filter(None, parts))}   ", self.style.quiet)
        if report.synthetic:
            self._coloured(paragraph, f"{SYNTHETIC}   ", self.style.alarm)
        self._coloured(paragraph, "page ", self.style.quiet)
        _add_page_number(paragraph)

    # pieces

    def sheet(self, sheet: Sheet, *, first: bool) -> None:
        """Write one of the first pages, on a page of its own."""
        if not first:
            heading = self.chapter("")
            self._runs(heading, sheet.title, size=self.style.text + 1)
            heading.paragraph_format.space_before = 0
        for block in sheet.blocks:
            self.block(block)

    def chapter(self, title: str) -> Any:
        """Begin a new page with a heading."""
        heading = self.document.add_paragraph(title, style="Heading 1")
        heading.paragraph_format.page_break_before = True
        return heading

    def section(self, section: Section) -> None:
        """Write a heading and its blocks."""
        heading = self.document.add_paragraph(style=f"Heading {section.level}")
        self._runs(heading, section.title)
        for block in section.blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        """Write one block."""
        if isinstance(block, ReportTable):
            self.table(block)
        elif isinstance(block, Figure):
            self.figure(block)
        elif isinstance(block, Verbatim):
            self.verbatim(block)
        elif isinstance(block, Beside):
            self.beside(block)
        else:
            self.paragraph(block)

    def beside(self, block: Beside) -> None:
        """Write blocks in columns, in a table without borders."""
        from docx.shared import Mm

        outside, room = self.into, self.width_mm
        grid = outside.add_table(1, len(block.columns))
        grid.autofit = False
        wide = [room * share / sum(block.shares) for share in block.shares]
        for cell, column, own in zip(grid._cells, block.columns, wide, strict=True):
            cell.width = Mm(own)
            self.into, self.width_mm = cell, own - _GUTTER_MM
            spare = cell.paragraphs[0]
            for inner in column:
                self.block(inner)
            if column and len(cell.paragraphs) > 1:
                spare._p.getparent().remove(spare._p)
        self.into, self.width_mm = outside, room
        self._thin()

    def _thin(self) -> None:
        """Write the paragraph that has to stand behind a table, as low as can be."""
        from docx.shared import Pt

        # A cell has that paragraph already.
        inside = self.into is not self.document
        paragraph = self.into.paragraphs[-1] if inside else self.into.add_paragraph()
        space = paragraph.paragraph_format
        space.space_after, space.line_spacing = Pt(0), Pt(2)

    def paragraph(self, block: Paragraph) -> None:
        """Write running text with the word that says how serious it is."""
        from docx.shared import Pt

        paragraph = self.into.add_paragraph()
        size = self.style.text + _SIZES.get(block.role, 0.0)
        if block.role in _SIZES:
            space = paragraph.paragraph_format
            space.space_before = Pt(4 if block.role == "heading" else 0)
            space.space_after = Pt(2 if block.role != "lead" else 5)
            space.keep_with_next = block.role == "heading"
        if block.role == "box":
            _box(paragraph, self.style.alarm)
        colours = {"alarm": self.style.alarm, "warning": "#8A5A00"}
        lead = _LEADS.get(block.role)
        if lead:
            self._coloured(paragraph, lead, colours.get(block.role, self.style.quiet), bold=True)
        small = block.role in ("small", "note", "about")
        colour = self.style.quiet if small else None
        self._runs(paragraph, block.text, size=size, colour=colour)

    def figure(self, block: Figure) -> None:
        """Write a picture with its caption and its description for screen readers."""
        from docx.shared import Mm

        from ..results.figures import figure_bytes

        picture = io.BytesIO(figure_bytes(block.drawing, "png", dpi=PICTURE_DPI))
        paragraph = self.into.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        wide = min(self.style.figure, self.width_mm)
        if not block.caption:
            own = 25.4 * float(block.drawing.get_size_inches()[0])
            wide = _FRONT * min(own, self.width_mm)
            paragraph.paragraph_format.space_after = Mm(0)
        shape = paragraph.add_run().add_picture(picture, width=Mm(wide))
        shape._inline.docPr.set("descr", block.description)
        if block.caption:
            self._runs(self.into.add_paragraph(style="Caption"), block.caption)

    def _picture(self, cell: Any, picture: Picture, words: str) -> None:
        """Draw a small picture in a field of a table."""
        from docx.shared import Mm, Pt

        from ..results.figures import figure_bytes

        paragraph = cell.paragraphs[0]
        space = paragraph.paragraph_format
        space.space_after, space.line_spacing = Pt(0), 1.0
        drawn = io.BytesIO(figure_bytes(picture.drawing, "png", dpi=2 * PICTURE_DPI))
        shape = paragraph.add_run().add_picture(drawn, width=Mm(_SMALLER * picture.width_mm))
        shape._inline.docPr.set("descr", words)

    def verbatim(self, block: Verbatim) -> None:
        """Write text as it stands, line by line."""
        from docx.shared import Pt

        for line in block.text.splitlines():
            paragraph = self.document.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(line)
            run.font.name, run.font.size = MONO, Pt(7)

    def references(self, report: Report) -> None:
        """Write the works cited."""
        self.document.add_paragraph("References", style="Heading 1")
        for number, work in enumerate(report.references, 1):
            paragraph = self.document.add_paragraph(f"{number}.  ")
            for text, address in doi_links(work.plain):
                if address:
                    _add_link(paragraph, text, address, self.style.accent)
                else:
                    paragraph.add_run(text)

    # tables

    def table(self, block: ReportTable) -> None:
        """Write a table with rules above, below and under the heading."""
        from docx.shared import Pt

        dense = block.look == "dense"
        size = self._dense_size(block) if dense else self.style.table
        if block.title:
            title = self.into.add_paragraph()
            title.paragraph_format.keep_with_next = True
            title.paragraph_format.space_before = Pt(6)
            title.paragraph_format.space_after = Pt(2)
            self._runs(title, block.title, bold=True)
        grid = self.into.add_table(1 + len(block.rows), len(block.columns))
        grid.autofit = False
        # All cells at once: asking a row or column for its cells walks the whole table.
        cells, across = grid._cells, len(block.columns)
        rows = [cells[i : i + across] for i in range(0, len(cells), across)]
        self._set_widths(grid, rows, block, size)
        for cell, column in zip(rows[0], block.columns, strict=True):
            head = Cell(column.title, picture=column.picture)
            self._fill(cell, head, numeric=column.numeric, bold=not dense, size=size)
        for row, contents in zip(rows[1:], block.rows, strict=True):
            for cell, content, column in zip(row, contents, block.columns, strict=True):
                self._fill(cell, content, numeric=column.numeric, size=size)
        _repeat_heading(grid)
        _rule_table(grid, rows[0], between=not dense)
        if dense:
            self._thin()
        else:
            self.into.add_paragraph().paragraph_format.space_after = Pt(2)

    def _dense_size(self, block: ReportTable) -> float:
        """Return the size of letters at which no number of a narrow table is broken."""
        for size in _DENSE_SIZES:
            measure = partial(_letters_mm, letter_mm=_DIGIT_EM * size * 25.4 / 72.0, bolder=1.08)
            needs = column_needs(block, measure, 2 * _CELL_MARGIN_MM, per_mm=_SMALLER)
            if sum(needs) <= self.width_mm:
                return size
        return _DENSE_SIZES[-1]

    def _set_widths(self, grid: Any, rows: list[Any], block: ReportTable, size: float) -> None:
        from docx.shared import Mm

        em = _DIGIT_EM if block.look == "dense" else _LETTER_EM
        letter_mm = em * size * 25.4 / 72.0
        widths = column_widths(
            block,
            self.width_mm,
            partial(_letters_mm, letter_mm=letter_mm, bolder=1.25),
            2 * _CELL_MARGIN_MM,
            per_mm=_SMALLER,
        )
        for i, millimetres in enumerate(widths):
            width = Mm(millimetres)
            grid.columns[i].width = width
            for row in rows:
                row[i].width = width

    def _fill(
        self, cell: Any, content: Cell, *, numeric: bool, size: float, bold: bool = False
    ) -> None:
        from docx.enum.table import WD_ALIGN_VERTICAL
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        if size in _DENSE_SIZES:
            cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
        if content.picture is not None:
            self._picture(cell, content.picture, content.text.plain)
            return
        paragraph = cell.paragraphs[0]
        space = paragraph.paragraph_format
        space.space_before = Pt(1 if size in _DENSE_SIZES else 0)
        space.space_after = Pt(0.5 if size in _DENSE_SIZES else 1)
        if numeric:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self._runs(paragraph, content.text, size=size, bold=bold)
        if content.error is not None:
            error = paragraph.add_run(f"\u00a0±\u00a0{content.error}")
            error.font.size = Pt(size)
        if content.remark:
            gap = "\u00a0" if len(content.remark) == 1 else " "
            self._coloured(paragraph, f"{gap}{content.remark}", self.style.quiet, size=size)

    # text

    def _runs(
        self,
        paragraph: Any,
        text: Text,
        *,
        size: float | None = None,
        bold: bool = False,
        colour: str | None = None,
    ) -> None:
        from docx.shared import Pt

        for run in text.runs:
            written = paragraph.add_run("" if run.style == "break" else run.text)
            if run.style == "break":
                written.add_break()
            small = min(size or self.style.text, self.style.text - 1.6)
            own = {"big": 11.0, "quiet": small}.get(run.style, size)
            if own is not None:
                written.font.size = Pt(own)
            tone = run.colour or (self.style.quiet if run.style == "quiet" else colour)
            if tone is not None:
                written.font.color.rgb = _rgb(tone)
            attribute = {"sub": "subscript", "sup": "superscript", "italic": "italic"}
            if run.style in attribute:  # sub- and superscript share a switch: touch one only
                setattr(written.font, attribute[run.style], True)
            if bold or run.style in ("bold", "big"):
                written.font.bold = True

    def _coloured(
        self,
        paragraph: Any,
        text: str,
        colour: str,
        *,
        bold: bool = False,
        size: float | None = None,
    ) -> None:
        from docx.shared import Pt

        run = paragraph.add_run(text)
        run.font.color.rgb = _rgb(colour)
        run.font.bold = bold or None
        if size is not None:
            run.font.size = Pt(size)


# ---------------------------------------------------------------------------------
# What python-docx has no words for


def _letters_mm(text: str, bold: bool, *, letter_mm: float, bolder: float) -> float:
    """Return about how wide a text is: Word's letters are not known here."""
    return len(text) * letter_mm * (bolder if bold else 1.0)


def _rgb(colour: str) -> Any:
    from docx.shared import RGBColor

    return RGBColor.from_string(colour.removeprefix("#").upper())


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element


def _set_every_script(style: Any) -> None:
    """Name the font for all scripts: themed fonts would win over it otherwise."""
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), FONT)


def _add_page_number(paragraph: Any) -> None:
    run = paragraph.add_run()._r
    run.append(_element("w:fldChar", fldCharType="begin"))
    code = _element("w:instrText")
    code.text = "PAGE"
    run.append(code)
    run.append(_element("w:fldChar", fldCharType="end"))


def _repeat_heading(grid: Any) -> None:
    """Repeat the first row on every page, and break no row."""
    for i, row in enumerate(grid._tbl.tr_lst):
        marks = row.get_or_add_trPr()
        marks.append(_element("w:cantSplit", val="true"))
        if i == 0:
            marks.append(_element("w:tblHeader", val="true"))


def _box(paragraph: Any, colour: str) -> None:
    """Draw a frame around a paragraph."""
    frame = _element("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        tone = colour.removeprefix("#")
        frame.append(_element(f"w:{side}", val="single", sz="6", space="3", color=tone))
    paragraph._p.get_or_add_pPr().append(frame)


def _rule_table(grid: Any, heading: list[Any], *, between: bool = True) -> None:
    borders = _element("w:tblBorders")
    lines = {"bottom": ("10", "1A1A1A")}
    if between:
        lines = {"top": ("10", "1A1A1A"), **lines, "insideH": ("2", "C8C8C8")}
    for side, (size, colour) in lines.items():
        borders.append(_element(f"w:{side}", val="single", sz=size, space="0", color=colour))
    grid._tbl.tblPr.append(borders)
    margins = _element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", w=str(round(_CELL_MARGIN_MM * 56.7)), type="dxa"))
    grid._tbl.tblPr.append(margins)
    for cell in heading:
        edges = _element("w:tcBorders")
        edges.append(_element("w:bottom", val="single", sz="6", space="0", color="1A1A1A"))
        cell._tc.get_or_add_tcPr().append(edges)


def _add_link(paragraph: Any, text: str, address: str, colour: str) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn

    link = _element("w:hyperlink")
    link.set(
        qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    )
    run = paragraph.add_run(text)
    run.font.color.rgb = _rgb(colour)
    link.append(run._r)
    paragraph._p.append(link)
