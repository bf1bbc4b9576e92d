"""SPECS .xy: comment lines ``# Key: value``, then two or more columns.

A region's lines hold until the next region replaces them; every "Cycle, Curve,
Scan" has a block of numbers. External channels (a thermometer) are blocks of their
own and become experimental variables of the spectrum before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, kept, noted
from .keys import Keys
from .options import ReadOptions
from .text_table import (
    Block,
    Dialect,
    check_announced,
    decode,
    read_tables,
    without_comment_sign,
)

FORMAT = "SPECS xy"
_KEY = re.compile(r"^([^:]+?):\s*(.*)$")
_PLACE = re.compile(r"(Cycle|Curve|Scan|Channel): (\d+)")
_EXTERNAL = re.compile(r"^External Channel Data Cycle: (\d+), (.+)$")
_UNIT = re.compile(r"^(.*?)\s*\[([^]]*)\]")
_COUNT_RATES = {"counts per second": "counts/s", "counts": "counts"}
_SETTINGS = {
    "Group",
    "Region",
    "Spectrum ID",
    "Analyzer Lens",
    "Analyzer Slit",
    "Scan Mode",
    "Bias Voltage",
    "Detector Voltage",
    "Source",
    "OrdinateRange",
}


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line says ``Created by: SpecsLab``."""
    first = decode(head[:400]).lstrip().split("\n", 1)[0]
    return bool(re.match(r"\W*Created by:\s+Specs", first))


@dataclass
class _State:
    """What the comment lines so far say."""

    values: dict[str, str] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    external: str = ""
    energy_axis: Axis | None = None
    y_unit: str | None = None
    separate_scans: bool = False

    def take(self, line: str) -> None:
        """Take one comment line."""
        text = without_comment_sign(line)
        if match := _EXTERNAL.match(text):
            self.external = match[2]
        elif places := _PLACE.findall(text):
            self.place = {key: int(number) for key, number in places}
            self.external = ""
        elif text.startswith("values in "):
            self._take_axis(text)
        elif match := _KEY.match(text):
            self._take_value(match[1].strip(), match[2].strip())

    def _take_value(self, key: str, value: str) -> None:
        self.values[key] = value
        if key == "Energy Axis":
            self._take_axis(value)
        elif key == "Kinetic Energy Axis":
            self._take_axis("kinetic" if value == "yes" else "binding")
        elif key == "Count Rate":
            self.y_unit = _COUNT_RATES.get(value.casefold())
        elif key == "Counts Per Second":
            self.y_unit = "counts/s" if value == "yes" else "counts"
        elif key == "Separate Scan Data":
            self.separate_scans = value == "yes"
        elif key == "ColumnLabels":
            self.labels = value.split()

    def _take_axis(self, text: str) -> None:
        kinetic = "kinetic" in text.casefold()
        self.energy_axis = Axis.KINETIC_ENERGY if kinetic else Axis.BINDING_ENERGY


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum per region, cycle, curve and scan of the file.

    Raises
    ------
    ReadError
        If there is no block of numbers, or a row of one is damaged.
    """
    state = _State()
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    tables = read_tables(path, options)
    for block in tables.blocks:
        if not any(line.strip() for line in block.header):
            check_announced(block, begun=bool(spectra))
        for line in block.header:
            state.take(line)
        if state.external and spectra:
            spectra[-1] = _with_variable(spectra[-1], state.external, block.values[:, 1])
            continue
        try:
            spectra.append(_spectrum(state, block, tables.dialect, path, options))
        except SpectraError as error:
            problems.append(ReadError(error.message, hint=error.hint, where=error.where))
    if not spectra and not problems:
        raise ReadError("the SPECS file holds no data below its heading: it seems cut off.")
    return kept(spectra, problems)


def _with_variable(spectrum: Spectrum, label: str, values: Array) -> Spectrum:
    match = _UNIT.match(label)
    name, unit = (match[1], match[2]) if match else (label, "")
    variables = dict(spectrum.meta.variables) | {name: (float(np.mean(values)), unit)}
    return replace(spectrum, meta=replace(spectrum.meta, variables=variables))


def _spectrum(
    state: _State, block: Block, dialect: Dialect, path: Path, options: ReadOptions
) -> Spectrum:
    if state.labels and "energy" not in state.labels[0].casefold():
        mode = state.values.get("Scan Mode", "")
        raise ReadError(
            f"region {state.values.get('Region', '')!r} has the columns {' '.join(state.labels)}"
            f"{f' (scan mode {mode})' if mode else ''}: intensities at fixed energies are no"
            " spectrum.",
            hint="Export a region that was scanned in energy.",
            where=f"row {block.row_numbers[0]}",
        )
    if not np.isfinite(block.values).all():
        row = int(block.row_numbers[np.flatnonzero(~np.isfinite(block.values).all(axis=1))[0]])
        raise ReadError("a number is missing.", where=f"row {row}")
    announced = state.values.get("Values/Curve", "")
    if announced.isdecimal() and announced.isascii() and int(announced) != len(block.row_numbers):
        raise ReadError(
            f"region {state.values.get('Region', '')} announces {announced} points but holds"
            f" {len(block.row_numbers)}.",
            hint="The file seems cut off; export it again.",
        )
    by_label = dict(zip(state.labels[2:], block.values.T[2:], strict=False))
    columns = Columns(
        x=block.values[:, 0],
        y=block.values[:, 1],
        y_unit=state.y_unit,
        transmission=by_label.get("transmission"),
        sigma=by_label.get("error") if "error" in by_label else by_label.get("errorbar"),
        row_numbers=block.row_numbers,
    )
    file_says = options if state.energy_axis is None else replace(options, axis=None)
    return assemble(columns, state.energy_axis, _meta(state, dialect, path), file_says)


def _meta(state: _State, dialect: Dialect, path: Path) -> Meta:
    values = state.values
    keys = Keys(values, dialect)
    extra: dict[str, Any] = {key: values[key] for key in sorted(_SETTINGS) if values.get(key)}
    extra |= {key.casefold(): number for key, number in state.place.items()}
    meta = Meta(
        sample=values.get("Group") or path.stem,
        region=values.get("Region", ""),
        technique=values.get("Analysis Method", ""),
        excitation_energy_ev=keys.number("Excitation Energy", "energy"),
        pass_energy_ev=keys.number("Pass Energy", "energy"),
        work_function_ev=keys.number("Eff. Workfunction", "energy", positive=False),
        dwell_s=keys.number("Dwell Time", "time"),
        scans=1.0 if state.separate_scans else keys.number("Number of Scans"),
        instrument=values.get("Analyzer", ""),
        date=_date(values.get("Acquisition Date", "")),
        comment=values.get("Comment", ""),
        extra=extra,
    )
    return noted(meta, **keys.notes)


def _date(text: str) -> str:
    """Return a SPECS date (month first) in ISO 8601, or as written if it is no date."""
    try:
        date = datetime.strptime(text.removesuffix(" UTC"), "%m/%d/%y %H:%M:%S")
    except ValueError:
        return text
    return date.isoformat() + ("Z" if text.endswith("UTC") else "")
