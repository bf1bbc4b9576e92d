"""What a report is made of, before it is HTML, a PDF, a Word document or a workbook.

A `Report` holds sections; a section holds paragraphs, tables, figures and verbatim text.
Text is a sequence of `TextRun`s, each plain, subscript, superscript, bold or italic, so that
chemistry is set alike everywhere; `plain` is the same as the user wrote it. A number is
a `Cell` with the printed digits and the value they stand for: renderers print the digits.

All text of a report passes `clean_text` here, once. Control characters, which no document
format can hold, are gone after it, and a name of ten thousand letters is cut with an
ellipsis. Escaping is the business of each renderer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..results.table import rounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Style = Literal["", "sub", "sup", "bold", "italic", "big", "quiet", "break"]
Role = Literal[
    "body", "note", "small", "warning", "alarm", "lead", "about", "heading", "verdict", "box"
]

SYNTHETIC = "SYNTHETIC DATA: simulated, not measured."
LONGEST = 160  # characters of a name or label
LONGEST_SENTENCE = 2000
_LONGEST_NUMBER = 1e7  # below it no power of ten is printed
ELLIPSIS = "…"
# Marks that turn the direction of what follows: a name must not rearrange the sentence.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(text: str, *, longest: int = LONGEST, keep_lines: bool = False) -> str:
    """Return a text that any format can hold, on one line, of bounded length.

    Parameters
    ----------
    text : str
    longest : int
        More characters are cut, with an ellipsis.
    keep_lines : bool
        Keep line ends and runs of blanks (verbatim text).
    """
    kept = "".join(c for c in text if _can_be_shown(c))
    whole = kept if keep_lines else " ".join(kept.split())
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + ELLIPSIS


def _can_be_shown(character: str) -> bool:
    if character in "\n\t ":
        return True
    if character in _TURNING or ord(character) & 0xFFFE == 0xFFFE:
        return False
    return unicodedata.category(character) not in ("Cc", "Cs")


@dataclass(frozen=True)
class TextRun:
    """A piece of text in one style; the colour is that of a species, ``#rrggbb``.

    ``"big"`` is the number a page is about, ``"quiet"`` what stands beside, ``"break"`` the end
    of a line within a cell.
    """

    text: str
    style: Style = ""
    colour: str = ""


@dataclass(frozen=True)
class Text:
    """Text with styles, and the same as plain text.

    Attributes
    ----------
    runs : tuple of TextRun
    plain : str
        What is copied, searched and put into workbooks: ``"PS4(3-)"``.
    """

    runs: tuple[TextRun, ...]
    plain: str

    @property
    def longest_word(self) -> int:
        """Letters of the longest word, which a column must hold or break."""
        return max(map(len, self.plain.split()), default=0)

    def __add__(self, other: Text) -> Text:
        return Text(self.runs + other.runs, self.plain + other.plain)

    def __bool__(self) -> bool:
        return bool(self.plain)


def plain(text: str, *, style: Style = "", longest: int = LONGEST) -> Text:
    """Return cleaned text in one style."""
    shown = clean_text(text, longest=longest)
    return Text((TextRun(shown, style),) if shown else (), shown)


def unbroken(text: str, style: Style = "") -> Text:
    """Return short text that no line end breaks."""
    shown = clean_text(text)
    return Text((TextRun(shown.replace(" ", "\u00a0"), style),), shown)


def sentence(*parts: str | Text) -> Text:
    """Return running text from words and set text, one after the other; blanks stay."""
    texts = [part if isinstance(part, Text) else _piece(part) for part in parts]
    return joined(texts)


def _piece(words: str) -> Text:
    kept = " ".join(f"|{''.join(c for c in words if _can_be_shown(c))}|".split())[1:-1]
    shown = kept if len(kept) <= LONGEST_SENTENCE else kept[: LONGEST_SENTENCE - 1] + ELLIPSIS
    return Text((TextRun(shown),) if shown else (), shown)


def styled(text: Text, style: Style = "", colour: str = "") -> Text:
    """Return text whose plain pieces have another style, and all of it a colour."""
    runs = (TextRun(run.text, run.style or style, colour) for run in text.runs)
    return Text(tuple(runs), text.plain)


GAP = "\u00a0\u00a0"
"""Between a letter and the name it stands for."""
LINE_END = Text((TextRun("\n", "break"),), " ")


def joined(parts: list[Text], separator: str = "") -> Text:
    """Return texts one after the other."""
    between = Text((TextRun(separator),), separator)
    whole = Text((), "")
    for i, part in enumerate(parts):
        whole = whole + between + part if i and separator else whole + part
    return whole


@dataclass(frozen=True, eq=False)
class Picture:
    """A small drawing in a field of a table, drawn when a renderer asks for it.

    Attributes
    ----------
    key : str
        Unique in the report.
    width_mm, height_mm : float
        Of the drawing.
    draw : callable
        Returns the matplotlib figure.
    """

    key: str
    width_mm: float
    height_mm: float
    draw: Callable[[], Drawing]

    @cached_property
    def drawing(self) -> Drawing:
        """The matplotlib figure, drawn once for all formats."""
        return self.draw()


@dataclass(frozen=True)
class Cell:
    """One field of a table.

    Attributes
    ----------
    text : Text
        As printed; a measured number without its error.
    value : float or None
        The number that the digits of `text` stand for; None for text.
    error : str or None
        Printed digits of its standard error.
    remark : str
        Words behind a number: why it has no error.
    link : str
        Key of the section it leads to.
    picture : Picture or None
        Drawn in place of the text, which says the same.
    """

    text: Text
    value: float | None = None
    error: str | None = None
    remark: str = ""
    link: str = ""
    picture: Picture | None = None

    @property
    def printed(self) -> str:
        """Number, error and remark as one text."""
        shown = self.text.plain if self.error is None else f"{self.text.plain} ± {self.error}"
        return f"{shown} {self.remark}" if self.remark else shown


EMPTY = Cell(Text((), ""))


def words(text: str | Text, *, link: str = "") -> Cell:
    """Return a cell of text."""
    return Cell(text if isinstance(text, Text) else plain(text), link=link)


def measured(value: float | None, stderr: float | None, *, remark: str = "") -> Cell:
    """Return a cell of a number with its error, rounded by the program's rule."""
    if value is None:
        return Cell(plain(remark or "-"))
    text, error = rounded(value, stderr)
    return Cell(plain(text), value, error, remark)


def number(value: float | None, digits: int = 4) -> Cell:
    """Return a cell of a number that has no error, to `digits` significant digits.

    A last digit that is zero is printed: it is known too.
    """
    if value is None:
        return Cell(plain("-"))
    shown = f"{value:#.{digits}g}".removesuffix(".")
    if "e+" in shown and abs(value) < _LONGEST_NUMBER:
        shown = f"{float(shown):.0f}"
    return Cell(plain(shown), value)


def as_chosen(value: float) -> Cell:
    """Return a cell of a number that the user chose, without zeros that were not typed."""
    return Cell(plain(f"{value:.6g}"), value)


def count(value: int) -> Cell:
    """Return a cell of a whole number."""
    return Cell(plain(str(value)), float(value))


@dataclass(frozen=True)
class Column:
    """Heading of a column.

    Attributes
    ----------
    title : Text
        With the unit where all rows share it.
    width : float
        Relative to the other columns.
    numeric : bool
        Whether it holds numbers: aligned right, and numbers in a workbook.
    errors : bool
        Whether they have errors, which get a column of their own in a workbook.
    picture : Picture or None
        Drawn in place of the title, which says the same.
    """

    title: Text
    width: float = 1.0
    numeric: bool = False
    errors: bool = False
    picture: Picture | None = None


@dataclass(frozen=True)
class ReportTable:
    """A table.

    Attributes
    ----------
    title : Text
    columns : tuple of Column
    rows : tuple of tuple of Cell
    sheet : str
        Tables of one sheet and one heading stand together in a workbook.
    context : tuple of (str, str)
        What the rows belong to (sample, region): the section says it on paper, the
        first columns say it in a workbook.
    look : {"", "dense"}
        ``"dense"``: of the first pages, without a title and without rules between rows.
    rules : tuple of int
        Rows of a dense table above which there is a thin rule.
    """

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sheet: str
    context: tuple[tuple[str, str], ...] = ()
    look: Literal["", "dense"] = ""
    rules: tuple[int, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """Running text; `role` says how loudly it speaks."""

    text: Text
    role: Role = "body"


@dataclass(frozen=True)
class Verbatim:
    """Text whose lines and blanks matter: a recipe."""

    text: str


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, drawn when a renderer asks for it.

    Attributes
    ----------
    key : str
        Unique in the report.
    caption, description : Text
        Below the figure; in place of it, for those who cannot see it.
    draw : callable
        Returns the matplotlib figure.
    """

    key: str
    caption: Text
    description: str
    draw: Callable[[], Drawing]

    @cached_property
    def drawing(self) -> Drawing:
        """The matplotlib figure, drawn once for all formats."""
        return self.draw()


@dataclass(frozen=True)
class Beside:
    """Blocks in columns, one beside the other; `shares` of the width."""

    columns: tuple[tuple[Block, ...], ...]
    shares: tuple[float, ...]


Block = Paragraph | ReportTable | Figure | Verbatim | Beside


@dataclass(frozen=True)
class Sheet:
    """One of the first pages: what stands on it is laid out to fit on one page.

    Attributes
    ----------
    key : str
        Unique in the report.
    title : Text
        Of the sheet; the first one has that of the report.
    blocks : tuple of Block
    """

    key: str
    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    Attributes
    ----------
    key : str
        Unique in the report; links lead to it.
    title : Text
    blocks : tuple of Block
    level : int
        1 or 2.
    """

    key: str
    title: Text
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True)
class Curves:
    """Data and fitted curves of one region, for workbooks: columns of numbers.

    Attributes
    ----------
    name : str
        Sheet name before it is made safe.
    columns : tuple of (str, tuple of float or None)
        Heading with unit, and the numbers; None where not known.
    reversed_axis : bool
        Whether binding energy is the axis.
    """

    name: str
    columns: tuple[tuple[str, tuple[float | None, ...]], ...]
    reversed_axis: bool


@dataclass(frozen=True, eq=False)
class Report:
    """A whole report.

    Attributes
    ----------
    title : Text
    facts : tuple of (str, Text)
        What stands below the title: samples, program, date.
    synthetic : bool
        Whether any of the data are synthetic: said on every page.
    sections : tuple of Section
    references : tuple of Text
        Numbered from 1 in the order in which they are cited.
    curves : tuple of Curves
    all_digits : ReportTable or None
        Every parameter without rounding, for workbooks.
    program : str
    front : tuple of Sheet
        The first pages, which answer; the sections behind them are the appendix.
    """

    title: Text
    facts: tuple[tuple[str, Text], ...]
    synthetic: bool
    sections: tuple[Section, ...]
    references: tuple[Text, ...] = ()
    curves: tuple[Curves, ...] = ()
    all_digits: ReportTable | None = None
    program: str = ""
    language: str = field(default="en")
    front: tuple[Sheet, ...] = ()

    def tables(self) -> Iterator[ReportTable]:
        """Yield every table in order."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, ReportTable):
                    yield block
