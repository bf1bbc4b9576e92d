"""WITec ASCII export: ``[Header]`` with ``Key = value``, then ``[Data]`` in columns.

The abscissa is what the exporting user chose: nanometres, or relative wavenumbers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import ReadError
from ..spectrum import Meta, Spectrum
from .columns import spectra_of_table
from .keys import Keys
from .options import ReadOptions
from .text import table_of_block
from .text_table import check_announced, decode, read_tables, to_lines

FORMAT = "WITec text"


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins with ``//Exported ASCII-File``."""
    return to_lines(decode(head[:400]).lstrip())[0].strip() == "//Exported ASCII-File"


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a WITec export, one per ordinate column.

    Raises
    ------
    ReadError
        If there are no numbers below the heading.
    """
    tables = read_tables(path, options)
    if not tables.blocks:
        raise ReadError("the WITec file holds no numbers below [Data]: it seems cut off.")
    below = [i for i, block in enumerate(tables.blocks) if "[Data]" in block.header]
    first = next(iter(below), 0)
    for more in tables.blocks[first + 1 :]:
        check_announced(more)
    block = tables.blocks[first]
    header = [line for earlier in tables.blocks[: first + 1] for line in earlier.header]
    values = _values(header)
    meta = Meta(
        sample=values.get("GraphName") or path.stem,
        technique="Raman",
        variables=_positions(Keys(values, tables.dialect)),
        extra={key: values[key] for key in ("FileName", "DataUnit") if key in values},
    )
    below_data = tuple(header[header.index("[Data]") + 1 :]) if "[Data]" in header else ()
    table = table_of_block(tables, block, below_data)
    return spectra_of_table(table, meta, replace(options, axis=None))


def _values(header: list[str]) -> dict[str, str]:
    pairs = (line.partition(" = ") for line in header)
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _positions(keys: Keys) -> dict[str, tuple[float, str]]:
    unit = keys.text("PositionUnit")
    names = ("PositionX", "PositionY", "PositionZ")
    numbers = {name: keys.number(name, positive=False) for name in names}
    return {name: (number, unit) for name, number in numbers.items() if number is not None}
