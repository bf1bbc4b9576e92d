"""Columns of numbers in a text file: .txt, .csv, .dat, .asc, from anywhere.

This is the last reader to be asked. It takes what no named format claims, finds
delimiter, decimal sign, headings and blocks, and asks for what it cannot know.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core_levels import level_in, levels_in, without_levels
from ..errors import ReadError, SpectraError
from ..spectrum import Meta, Spectrum
from .assemble import kept
from .axis_words import is_unit
from .columns import Table, spectra_of_table
from .foreign import looks_like
from .keys import find_keys, unread_note
from .options import ReadOptions
from .text_table import (
    HEAD_BYTES,
    Block,
    Dialect,
    TextTables,
    decode,
    find_tables,
    read_tables,
    split_heading,
    to_lines,
    without_comment_sign,
)

FORMAT = "text columns"

_TEXT_KEYS = ("sample", "region", "technique", "instrument", "date", "comment")
_OTHER_KEY = re.compile(r"^([A-Za-z][\w .()/-]{0,40}?)\s*[:=]\s*(\S.*)$")


def matches(head: bytes, path: Path) -> bool:
    """Return whether `head` holds two rows of two numbers and no known other format."""
    if looks_like(head).words:
        return False
    lines = to_lines(decode(head))
    if len(head) >= HEAD_BYTES:
        del lines[-1]
    try:
        tables = find_tables(lines, ReadOptions())
    except ReadError:
        return True
    n_rows = [len(block.row_numbers) for block in tables.blocks]
    n_lines = sum(bool(line.strip()) for line in lines)
    return max(n_rows, default=0) > 1 or (bool(n_rows) and sum(n_rows) > 0.2 * n_lines)


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a text file.

    Raises
    ------
    ReadError
        If there are no rows of numbers, a cell is missing or text, the axis turns
        back, or it is not known what the axis is (the message names the option).
    PartialRead
        If some blocks of the file could be read and others not.
    """
    tables = read_tables(path, options)
    blocks = [block for block in tables.blocks if len(block.row_numbers) > 1]
    if not blocks:
        found = sum(len(block.row_numbers) for block in tables.blocks)
        raise ReadError(
            f"rows of two or more numbers: {found} found; a spectrum needs at least two points.",
            hint="Give --delimiter and --decimal if the file has them otherwise.",
        )
    skipped = [int(b.row_numbers[0]) for b in tables.blocks if len(b.row_numbers) == 1]
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    headers = _inherited_headers(blocks, tables)
    for number, (block, header) in enumerate(zip(blocks, headers, strict=True), start=1):
        meta = _meta(path, header, tables, number if len(blocks) > 1 else None)
        if skipped:
            meta = _noted(meta, skipped_rows=", ".join(map(str, skipped)))
        try:
            spectra += spectra_of_table(table_of_block(tables, block, header), meta, options)
        except SpectraError as error:
            problems.append(ReadError(error.message, hint=error.hint, where=error.where))
    return kept(spectra, problems)


def _inherited_headers(blocks: list[Block], tables: TextTables) -> list[tuple[str, ...]]:
    """Return the header of each block; what it leaves out holds from the block before.

    A block without any header has all of the earlier one; a block with a title only
    has the column headings of the earlier one.
    """
    headers: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    for block in blocks:
        own = tuple(line for line in block.header if line.strip(" \t,;"))
        if n_lines := _n_heading_lines(own, block, tables.dialect):
            headings = own[-n_lines:]
        elif own and _n_heading_lines(headings, block, tables.dialect):
            own = own + headings
        before = own or before
        headers.append(before)
    return headers


def table_of_block(tables: TextTables, block: Block, header: tuple[str, ...]) -> Table:
    """Return a block of a text file with its headings told apart from its title."""
    names, units, title = _headings(header, block, tables)
    return Table(names, units, block.values, block.row_numbers, "\n".join(title), tables.cell_text)


def _headings(
    header: tuple[str, ...], block: Block, tables: TextTables
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    lines = [line for line in header if line.strip(" \t,;")]
    n_lines = _n_heading_lines(tuple(lines), block, tables.dialect)
    cut = [split_heading(line, block, tables.dialect) or [] for line in lines[-n_lines:]]
    names = units = ("",) * block.values.shape[1]
    if n_lines and _all_units(cut[-1]):
        units = tuple(cut.pop())
    if n_lines and cut:
        names = tuple(cut[0])
    title = [*lines[: len(lines) - n_lines], *_loose(names)]
    return names, units, [without_comment_sign(line) for line in title]


def _n_heading_lines(lines: tuple[str, ...], block: Block, dialect: Dialect) -> int:
    """Return how many of the last lines head columns: names, and units below them."""
    last = [split_heading(line, block, dialect) for line in lines[-2:][::-1]]
    if not last or last[0] is None or _is_title(lines[-1]):
        return 0
    two = _all_units(last[0]) and len(last) == 2 and last[1] is not None
    return 2 if two else 1


def _all_units(cells: list[str]) -> bool:
    return any(cells) and all(is_unit(cell) for cell in cells if cell)


_BESIDE_A_LEVEL = re.compile(r"(?i)([\W\d_]|xps|scans?|region|spectr(um|a))*")


def _is_title(line: str) -> bool:
    """Return whether a line is a title such as ``O 1s Scan``, which looks like headings."""
    text = without_comment_sign(line)
    alone = len(levels_in(text)) == 1
    return alone and _BESIDE_A_LEVEL.fullmatch(without_levels(text)) is not None


def _loose(names: tuple[str, ...]) -> list[str]:
    """Return headings that are statements rather than names, as ``PE: 20.0 eV``."""
    return [name for name in names if re.search(r"[:=]\s*[\d.]+", name)]


def _meta(path: Path, header: tuple[str, ...], tables: TextTables, number: int | None) -> Meta:
    lines = [without_comment_sign(line) for line in (*header, *tables.footer)]
    values = header_values(lines, tables.dialect)
    extra: dict[str, Any] = values.pop("extra")
    if number is not None:
        extra["block"] = number
    title = lines[0] if lines else ""
    region = level_in(title) or level_in(path.stem)
    defaults = {"sample": path.stem, "region": region}
    return Meta(**(defaults | values), extra=extra)


def header_values(lines: list[str], dialect: Dialect) -> dict[str, Any]:
    """Return fields of `Meta` found in heading lines; what is left goes to ``extra``."""
    found, unread = find_keys(lines, dialect)
    values: dict[str, Any] = dict(found)
    extra: dict[str, Any] = {}
    for line in lines:
        if match := _OTHER_KEY.match(line):
            key, value = match[1].strip(), match[2].strip()
            target = values if key.casefold() in _TEXT_KEYS else extra
            target[key.casefold() if target is values else key] = value
    return values | {"extra": extra | unread_note(unread)}


def _noted(meta: Meta, **notes: Any) -> Meta:
    return replace(meta, extra=dict(meta.extra) | notes)
