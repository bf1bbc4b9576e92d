"""PHI (AugerScan, MultiPak) ASCII: one heading line of statements per region.

``Element Bi 4f; Region 1 of 6; ... Time Per Step 50; Sweeps 8; ...`` is followed by
binding energies and counts. "Time Per Step" is in milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Axis, Meta, Spectrum
from .assemble import Columns, assemble, noted
from .keys import Keys
from .options import ReadOptions
from .text_table import Dialect, check_announced, decode, read_tables, to_lines

FORMAT = "PHI text"
_REGION = re.compile(r"^Element ([^;]*); Region (\d+) of \d+;(.*)$")


def matches(head: bytes, path: Path) -> bool:
    """Return whether one of the first lines is the heading of a PHI region."""
    return any(_REGION.match(line) for line in to_lines(decode(head[:4000]))[:8])


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum per region and depth cycle.

    Raises
    ------
    ReadError
        If no region has data, or a number is missing.
    """
    tables = read_tables(path, replace(options, delimiter=options.delimiter or "tab"))
    spectra: list[Spectrum] = []
    for block in tables.blocks:
        heading = next((m for line in block.header if (m := _REGION.match(line.strip()))), None)
        if heading is None:
            check_announced(block, begun=bool(spectra))
            continue
        bad = np.flatnonzero(~np.isfinite(block.values[:, :2]).all(axis=1))
        if bad.size:
            where = f"row {block.row_numbers[bad[0]]}"
            raise ReadError("a number is missing.", hint="Correct this row.", where=where)
        columns = Columns(
            block.values[:, 0], block.values[:, 1], "counts", row_numbers=block.row_numbers
        )
        file_says = replace(options, axis=None, y_unit=None)
        meta = _meta(heading, tables.dialect, path)
        spectra.append(assemble(columns, Axis.BINDING_ENERGY, meta, file_says))
    if not spectra:
        raise ReadError("no region of the PHI file holds data: it seems cut off.")
    return spectra


def _meta(heading: re.Match[str], dialect: Dialect, path: Path) -> Meta:
    rest = heading[3]
    keys = Keys(_statements(rest), dialect)
    time_ms = keys.number("Time Per Step")
    anode = re.search(r"Anode (\w+)", rest)
    cycle = keys.number("Depth Cycle")
    meta = Meta(
        sample=path.stem,
        region=heading[1].strip(),
        technique="XPS" if "XPS" in rest else "",
        excitation_energy_ev=keys.number("Photon Energy", "energy"),
        dwell_s=None if time_ms is None else time_ms / 1000.0,
        scans=keys.number("Sweeps"),
        extra={"anode": anode[1] if anode else "", "depth_cycle": int(cycle or 1)},
    )
    return noted(meta, **keys.notes)


_NUMBERS = ("Time Per Step", "Depth Cycle", "Photon Energy", "Sweeps")


def _statements(text: str) -> dict[str, str]:
    """Return the texts right of the keys that are numbers, up to the next semicolon."""
    found = {key: re.search(rf"{key} ([^;]*)", text) for key in _NUMBERS}
    return {key: match[1].strip() for key, match in found.items() if match}
