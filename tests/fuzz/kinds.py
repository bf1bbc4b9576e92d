"""Whole files of every format that Doublet reads, made here from synthetic spectra."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import openpyxl
from vendor_files import VENDOR_KINDS

from spectra_core.model import Background, Model, Region, add_doublet
from spectra_core.project.file import save_project
from spectra_core.project.project import Project, add_analysis, add_spectra
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum
from spectra_core.writers import write

X = np.round(np.arange(170.0, 157.95, -0.2), 2)
HV = 1486.61


def spectra() -> list[Spectrum]:
    """Return two synthetic spectra with counts."""
    rng = np.random.default_rng(1)
    found = []
    for region, height in (("S 2p", 900.0), ("P 2p", 300.0)):
        counts = rng.poisson(300.0 + height * np.exp(-((X - 161.5) ** 2))).astype(float)
        meta = Meta(
            sample="synthetic",
            region=region,
            technique="XPS",
            excitation_energy_ev=HV,
            dwell_s=0.1,
            scans=4.0,
        )
        found.append(make_spectrum(X, counts / 0.4, Axis.BINDING_ENERGY, counts=counts, meta=meta))
    return found


def _written(suffix: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"whole{suffix}"
        write(path, spectra())
        return path.read_bytes()


def _rows(*columns: object, between: str = "\t") -> str:
    arrays = [np.asarray(column, dtype=float) for column in columns]
    return "\n".join(between.join(f"{v:.3f}" for v in row) for row in zip(*arrays, strict=True))


def _y() -> np.ndarray:
    return np.round(spectra()[0].y[::-1], 3)


def _text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _columns() -> bytes:
    return _text("S 2p", "Dwell time: 0.1", "Binding Energy (eV)\tCounts", _rows(X, _y()))


def _csv() -> bytes:
    rows = [f'"{x:.2f}","{y:,.1f}"' for x, y in zip(X, _y(), strict=True)]
    return _text('"Binding Energy (eV)","Counts, all scans"', *rows)


def _casaxps() -> bytes:
    background = np.full(X.size, 700.0)
    line = 2000.0 * np.exp(-((X - 161.5) ** 2))
    return _text(
        "Name\t\tS2p3\t",
        "Position\t\t161.50\t",
        "FWHM\t\t1.20\t",
        "Area\t\t2000.00\t",
        "Lineshape\t\tGL(30)\t",
        "",
        "B.E.\tCycle 0:synthetic:S 2p:CPS\tS 2p:S2p3\tBackground\tEnvelope",
        _rows(X, _y(), background + line, background, background + line),
    )


def _specs() -> bytes:
    return _text(
        "# Created by:             SpecsLab Prodigy, Version 4",
        "#   Energy Axis:          Binding Energy",
        "#   Count Rate:           Counts per Second",
        "# Group:                  synthetic",
        "# Region:                 S2p",
        f"# Values/Curve:           {X.size}",
        "# Dwell Time:             0.1",
        "# Excitation Energy:      1486.61",
        "# Number of Scans:        4",
        "# ColumnLabels: energy counts/s",
        "# Cycle: 0, Curve: 0",
        _rows(X, _y(), between="  "),
    )


def _labspec() -> bytes:
    head = ("#Acq. time (s)=\t1", "#AxisType[2]=\tTime", "#AxisUnit[1]=\t1/cm", "#AxisUnit[2]=\ts")
    axis = "\t".join(["", *(f"{x:g}" for x in X[::-1])])
    rows = ["\t".join([f"{i}", *(f"{y:.2f}" for y in _y() + i)]) for i in range(4)]
    return _text(*head, axis, *rows)


def _scienta() -> bytes:
    return _text(
        "[Info]",
        "Number of Regions=1",
        "[Region 1]",
        "Dimension 1 name=Binding Energy [eV]",
        f"Dimension 1 size={X.size}",
        f"Dimension 1 scale={' '.join(f'{x:g}' for x in X)}",
        "[Info 1]",
        "Region Name=S 2p",
        "Number of Sweeps=4",
        "Time per Spectrum Channel=0.4",
        "[Data 1]",
        _rows(X, _y(), between="  "),
    )


def _phi() -> bytes:
    head = "Element S 2p; Region 1 of 1; Depth Cycle 1 of 1; Time Per Step 100; Sweeps 4;"
    return _text(f"{head} Analyser Mode FAT; Photon Energy 1486.6 XPS", _rows(X, _y()))


def _lg4x() -> bytes:
    """Return a fit whose curves go through the spectrum: the reader looks whether they do."""
    background = np.full(X.size, 700.0)
    lines = [height * np.exp(-((X - at) ** 2)) for height, at in ((2000.0, 161.5), (1000.0, 162.7))]
    total = background + lines[0] + lines[1]
    columns = (X, total, X, total - 700.0, total - 700.0, background, 0 * X, total, 0 * X)
    return _text(
        "#No of rows lightened (2D detector)1(if not using 2D detector, value is 1 and can be"
        " ignored!)",
        "raw_x,raw_y,corrected x,data-bg,sum_components,bg,bg_static (not used),sum_fit,residual,"
        "bg_poly_,C_1,S 2p1/2",
        _rows(*columns, background, *lines, between=","),
    )


def _jasco() -> bytes:
    head = ("TITLE\tsynthetic", "DATA TYPE\tRAMAN SPECTRUM", "XUNITS\tRaman Shift [cm-1]")
    y = _y()
    said = (f"MAXY\t{y.max():.3f}", f"MINY\t{y.min():.3f}", f"NPOINTS\t{X.size}")
    return _text(*head, *said, "XYDATA", _rows(X[::-1], y), "", "Exposure\t1 sec")


def _witec() -> bytes:
    head = ("//Exported ASCII-File", "[Header]", "GraphName = synthetic", "[Data]")
    return _text(*head, "rel. 1/cm\tCCD cts", _rows(X[::-1], _y()))


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Binding Energy (eV)", "Counts"])
    for row in zip(X.tolist(), _y().tolist(), strict=True):
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _project() -> bytes:
    region = Region("S 2p", (158.5, 169.5), Background("constant"))
    region = add_doublet(region, "PS4", "S 2p", "voigt", center=161.5, fwhm=1.2, area=3000.0)
    project = add_spectra(Project(id="0" * 32), spectra())
    project = add_analysis(project, Model((region,)), next(iter(project.spectra)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "whole.doublet"
        save_project(project, path)
        return path.read_bytes()


def _unsealed() -> bytes:
    """Return an HDF5 file of ours without the checksum behind it, as others may copy it."""
    return _written(".h5").partition(b"\nDoublet sha256 ")[0]


def _foreign_nexus() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for number, spectrum in enumerate(spectra()):
            entry = file.create_group(f"entry{number}")
            entry.attrs["NX_class"] = "NXentry"
            entry["title"] = spectrum.meta.region
            data = entry.create_group("data")
            data.attrs.update(NX_class="NXdata", signal="data", axes=["energy"])
            data.create_dataset("data", data=spectrum.y, compression="gzip")
            data.create_dataset("energy", data=spectrum.x)
            data["energy"].attrs.update(units="eV", type="binding")
    return buffer.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "vamas": lambda: _written(".vms"),
    "own csv": lambda: _written(".csv"),
    "own hdf5": lambda: _written(".h5"),
    "own nexus": lambda: _written(".nxs"),
    "project": _project,
    "hdf5": _unsealed,
    "nexus": _foreign_nexus,
    "workbook": _workbook,
    "text": _columns,
    "quoted csv": _csv,
    "casaxps": _casaxps,
    "specs": _specs,
    "labspec": _labspec,
    "scienta": _scienta,
    "phi": _phi,
    "lg4x": _lg4x,
    "jasco": _jasco,
    "witec": _witec,
    **VENDOR_KINDS,
}
"""Name of each kind and a function that makes a whole file of it."""

SEALED = ("own csv", "own hdf5", "own nexus", "project")
"""Kinds with a checksum: no mutation may change a number in silence."""

ROWS = ("text", "quoted csv", "casaxps", "specs", "scienta", "phi", "lg4x", "jasco", "witec")
"""Kinds with one row of text for each point."""
