"""A table over every file of a folder of measured data: reader, spectra, points, check.

``python benchmarks/formats_table.py [FOLDER]`` (``../shared/data``). What a file is held
against: another export of the same measurement, the text beside it, the numbers of its own
header, the drawing beside it, or another parser. The difference is the largest one, relative
to the largest intensity. It ends with 1 if a difference is larger than is allowed.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from spectra_core.errors import PartialRead, SpectraError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis, Spectrum, on_binding_energy

LISTED = ReadOptions(allow_unknown_axis=True)
ALLOWED = 3e-5

PAIRS = {
    "6x6.spc": "6x6.wdf",
    "Ag_0001Ag__001.ibw": "Ag_0001.txt",
    "Ag_0002Ag__002.ibw": "Ag_0002.txt",
    "Ag_0001.txt": "Ag_0001Ag__001.ibw",
    "Ag_0002.txt": "Ag_0002Ag__002.ibw",
    "BN-BS-1 SURVEY.spe": "BN-BS-1 SURVEY.txt",
    "BN-BS-1 multiplex.spe": "BN-BS-1 multiplex.txt",
    "BN-BS-1 SURVEY.txt": "BN-BS-1 SURVEY.spe",
    "BN-BS-1 multiplex.txt": "BN-BS-1 multiplex.spe",
    "102.1.control.spe": "102.1.control.vms",
    "109.1.control.spe": "109.1.control.vms",
    "104.1.ITOSA3ci_1.pro": "104.1.itosa3ci_1.vms",
    "102.1.control.vms": "102.1.control.spe",
    "109.1.control.vms": "109.1.control.spe",
    "104.1.itosa3ci_1.vms": "104.1.ITOSA3ci_1.pro",
    "regular.vms": "irregular.vms",
    "irregular.vms": "regular.vms",
    "rod_file_1000679.rod": "rod_ref.nxs",
    "MgFe2O4_small.xy": "specs_xy_ref.nxs",
    "SnO2_10nm.spe": "phi_spe_ref.nxs",
    "Pt4f.json": "Pt4f.xlsx",
}
"""Files of the same measurement."""


def against_another(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare with another file of the same measurement."""
    other = path.with_name(PAIRS[path.name])
    others = [on_binding_energy(s) for s in read(other, options=LISTED)]
    return other.name, max(min(_off(on_binding_energy(s), o) for o in others) for s in spectra)


def _off(one: Spectrum, other: Spectrum) -> float:
    """Return the largest difference of two spectra where both have an axis; inf if none."""
    inside = (one.x >= other.x[0] - 1e-6) & (one.x <= other.x[-1] + 1e-6)
    if one.axis is not other.axis or inside.mean() < 0.95:
        return float("inf")
    a, b = (s.counts if s.counts is not None else s.y for s in (one, other))
    if one.y_unit == other.y_unit:
        a, b = one.y, other.y
    return float(np.max(np.abs(a - np.interp(one.x, other.x, b))[inside]) / np.max(np.abs(a)))


def against_text(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare an SPC file with the columns of the text beside it."""
    text = path.with_name(f"{path.name}.txt")
    blocks = [block for block in text.read_text().split("\n\n") if block.strip()]
    tables = [np.array([line.split() for line in b.splitlines() if line.strip()]) for b in blocks]
    columns = [y.astype(float) for table in tables for y in table.T[1:]]
    off = 0.0
    for spectrum, y in zip(spectra, columns, strict=True):
        ours = spectrum.y[::-1] if spectrum.descending else spectrum.y
        off = max(off, float(np.max(np.abs(ours - y)) / np.max(np.abs(y))))
    return text.name, off


def against_header(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare a JCAMP-DX file with the largest ordinate that its header tells."""
    records = spectra[0].meta.extra["metadata"]["records"]
    told = float(records.get("MAXY", "nan"))
    unit = abs(float(records.get("YFACTOR", "0"))) + 10.0 ** -len(records["MAXY"].partition(".")[2])
    off = max(abs(spectra[0].y.max() - told) - 1.01 * unit, 0.0) / abs(told)
    return "NPOINTS, FIRSTX, LASTX, MAXY, check values", off


def against_picture(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare an Avantage file with the axes of the drawing beside it."""
    picture = path.with_suffix(".xml").read_text(encoding="utf-8-sig")
    x = re.search(r'<AxisX [^>]*Maximum="(\S+)" Minimum="(\S+)"', picture)
    y = re.search(r'<AxisY [^>]*Title="Counts / s"[^>]*Maximum="(\S+)"', picture)
    (s,) = spectra
    off = max(abs(s.x[-1] - float(x[1])), abs(s.x[0] - float(x[2]))) / 1e3 if x else float("inf")
    if y and path.name != "U4f Scan.VGD":  # drawn from the points of a fit there
        off = max(off, abs(s.y.max() / float(y[1]) - 1.0))
    return "axes of the .xml beside it", off


def against_maker(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare a Renishaw file with what Renishaw's own package reads."""
    wdf: Any = import_module("wdf")
    off = 0.0
    with wdf.Wdf(str(path)) as theirs:
        for number, spectrum in enumerate(spectra):
            ours = spectrum.y[::-1] if spectrum.descending else spectrum.y
            off = max(off, float(np.max(np.abs(ours - np.array(theirs[number])))))
        if len(spectra) != theirs.hdr.ncollected:
            off = float("inf")
    return "renishaw-wdf", off


def against_itself(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float]:
    """Compare a SpecsLab file with the kinetic energies, steps and photons that it tells."""
    off = 0.0
    for spectrum in spectra:
        told = {
            k: float(v)
            for k, v in spectrum.meta.extra["metadata"]["region"].items()
            if k in ("kinetic_energy", "scan_delta", "excitation_energy")
        }
        first = told["excitation_energy"] - told["kinetic_energy"]
        off = max(off, abs(spectrum.x[-1] - first), abs(spectrum.step - told["scan_delta"]))
    return "its own energy, step and photons", off


CHECKS: dict[str, Callable[[Path, Sequence[Spectrum]], tuple[str, float]]] = {
    "Renishaw WDF": against_maker,
    "JCAMP-DX": against_header,
    "Avantage VGD": against_picture,
    "SPECS xml": against_itself,
}


def checked(path: Path, spectra: Sequence[Spectrum]) -> tuple[str, float | None]:
    """Return what a file is held against and the largest difference; None if there is nothing."""
    if path.name in PAIRS:
        return against_another(path, spectra)
    if path.with_name(f"{path.name}.txt").exists():
        return against_text(path, spectra)
    check = CHECKS.get(spectra[0].source.format)
    return check(path, spectra) if check else ("", None)


def row(path: Path, folder: Path) -> tuple[list[str], bool]:
    """Return the cells of a file, and whether it is as it should be."""
    name = path.relative_to(folder).as_posix()
    try:
        spectra = read(path, options=LISTED)
    except PartialRead as error:
        absent = all("not beside it" in problem.message for problem in error.problems)
        return [name, identify(path), str(len(error.spectra)), "", error.message, ""], absent
    except SpectraError as error:
        return [name, "-", "", "", f"{error.message} {error.hint}".strip(), ""], True
    sizes = sorted({len(spectrum) for spectrum in spectra})
    points = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    words, off = checked(path, spectra)
    note = "" if spectra[0].axis is not Axis.UNKNOWN else spectra[0].meta.extra.get("axis_note", "")
    cells = [name, spectra[0].source.format, str(len(spectra)), points, words or note]
    return [*cells, "" if off is None else f"{off:.1e}"], off is None or off <= ALLOWED


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().folder
    begun, cpu = time.perf_counter(), time.process_time()
    print("| file | reader | spectra | points | checked against, or why not read | difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    wrong = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        cells, right = row(path, folder)
        wrong += not right
        print(f"| {' | '.join(cells)} |")
    took = f"{time.perf_counter() - begun:.1f} s, {time.process_time() - cpu:.1f} s of this process"
    print(f"\n{wrong} files are not as they should be; {took}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
