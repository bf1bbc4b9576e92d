"""LG4X and LG4X-V2 ``_fit.csv``: a fit as curves, and the spectrum where the file has it.

There are three layouts. LG4X and the first LG4X-V2 write ``x,y,fit,bg`` and the components:
their ``y`` is the model before the fit, so that the measured spectrum is read from the file
beside it. LG4X-V2 then wrote ``x,raw_y,data-bg,sum_components,bg,pg,sum_fit`` and later
``raw_x,raw_y,corrected x,...``, with one column for each part of the background.
Components are without background. What is called a sum left out a background, or had it
twice, in some versions: a fit is taken over where one of the stored sums is that of the
stored components, and components and background together go through the spectrum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from ..core_levels import level_in
from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Calibration, Meta, Spectrum, crop
from . import text
from .assemble import Columns, assemble, noted
from .columns import unique
from .drawn_curves import check_through, exported
from .options import ReadOptions
from .text_table import Block, TextTables, decode, read_tables, to_lines

FORMAT = "LG4X csv"
_CURVES_ALONE = ["x", "y", "fit", "bg"]
_NUMBERED = re.compile(r"[a-z]+\d+")
_WITH_DATA = {"raw_y", "data-bg", "bg", "sum_fit"}
_SUMS_OF_COMPONENTS = ("sum_components", "sum_peaks")
_NO_COMPONENT = {
    *_WITH_DATA,
    *_SUMS_OF_COMPONENTS,
    *("x", "raw_x", "corrected x", "pg", "bg_static", "bg_static (not used)", "residual"),
}
_SAME = 1e-6
"""How far sums may be from each other, of the largest value: files may have been rounded."""
_VARIABLE = re.compile(r"^ {4}(\w+): +(\S.*)$")


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line but comments has the headings of LG4X."""
    lines = [line.strip() for line in to_lines(decode(head))]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return _is_heading([cell.strip(' "') for cell in first.split(",")])


def _is_heading(cells: list[str]) -> bool:
    if cells[:4] == _CURVES_ALONE:
        return len(cells) > 4 and all(_NUMBERED.fullmatch(cell) for cell in cells[4:])
    return cells[0] in ("x", "raw_x") and set(cells) >= _WITH_DATA


@dataclass(frozen=True, eq=False)
class _Fit:
    """The columns of a file by their headings, each of shape (N,), in the file's order."""

    columns: dict[str, Array]
    components: dict[str, Array]
    row_numbers: np.ndarray[tuple[int], np.dtype[np.int_]]

    @property
    def background(self) -> Array:
        return self.columns["bg"]

    @property
    def peaks(self) -> Array:
        """The sum of the components without background."""
        return sum(self.components.values(), np.zeros_like(self.background))


@np.errstate(over="ignore", invalid="ignore")
def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum, with the curves of its fit in ``columns`` where they belong to it.

    Raises
    ------
    ReadError
        If the table is damaged, or there is no measured spectrum in the file or beside it.
    """
    fit = _table(path, options)
    if "raw_y" not in fit.columns:
        return [_of_file_beside(fit, path, options)]
    return [_of_own_columns(fit, path, options)]


def _table(path: Path, options: ReadOptions) -> _Fit:
    tables = read_tables(path, options)
    blocks = [block for block in tables.blocks if len(block.row_numbers) > 1]
    if not blocks:
        raise ReadError("there are no rows of numbers below the headings.")
    if len(blocks) > 1:
        raise ReadError(
            f"the table breaks off above row {int(blocks[1].row_numbers[0])}.",
            hint="Export it again.",
        )
    (block,) = blocks
    cut = [tables.dialect.cells(line) for line in block.header]
    headings = next((cells for cells in cut if _is_heading(cells)), [])
    if len(headings) != block.values.shape[1]:
        raise ReadError(
            f"there are {len(headings)} headings above {block.values.shape[1]} columns.",
            hint="Export it again.",
        )
    names = unique(headings)
    columns = {name: _whole(tables, block, i) for i, name in enumerate(names)}
    no_component = {*_CURVES_ALONE} if "raw_y" not in columns else _NO_COMPONENT
    components = {
        name: columns[name]
        for name in names
        if name not in no_component and not ("raw_y" in columns and name.startswith("bg_"))
    }
    return _Fit(columns, components, block.row_numbers)


def _whole(tables: TextTables, block: Block, i: int) -> Array:
    """Return a column of the table in which no number is missing."""
    bad = np.flatnonzero(~np.isfinite(block.values[:, i]))
    if bad.size:
        row = int(block.row_numbers[bad[0]])
        raise ReadError(
            f"row {row}, column {i + 1} holds {tables.cell_text(row, i)!r} where a number belongs.",
            hint="Correct or remove this row in the file.",
        )
    return block.values[:, i]


def _of_own_columns(fit: _Fit, path: Path, options: ReadOptions) -> Spectrum:
    """Return the spectrum of a file that holds what was measured."""
    x, y = fit.columns.get("raw_x", fit.columns.get("x")), fit.columns["raw_y"]
    if x is None or not np.any(y):
        raise ReadError(
            "it is a simulation: every intensity is zero.", hint="Open a fit to a spectrum."
        )
    meta = _meta(path)
    columns: dict[str, Array] = {}
    try:
        _check_sums(fit)
        y, note = _measured(fit)
        columns, export = exported(fit.background, fit.components)
        meta = noted(meta, lg4x_export=export, intensity_note=note)
    except ReadError as error:
        meta = noted(meta, fit_note=f"the fit of LG4X is not taken over: {error.message}")
    axis = Axis.BINDING_ENERGY if x[0] > x[-1] else None
    if options.axis is None and axis is not None:
        told = "the scale falls, which LG4X shows as binding energies; --axis says otherwise"
        meta = noted(meta, axis_note=told)
    parts = Columns(x=x, y=y, others=columns, row_numbers=fit.row_numbers)
    spectrum = assemble(parts, axis, meta, options)
    return _calibrated(spectrum, x, fit.columns.get("corrected x", x))


def _calibrated(spectrum: Spectrum, x: Array, corrected: Array) -> Spectrum:
    """Return the spectrum with the shift of its energies that LG4X-V2 was told."""
    shifts = corrected - x
    shift = float(np.median(shifts))
    if np.ptp(shifts) > _SAME * max(1.0, float(np.max(np.abs(x)))):
        note = "the corrected energies are not those measured plus a shift; they are left out"
        return replace(spectrum, meta=noted(spectrum.meta, shift_note=note))
    if abs(shift) <= _SAME:
        return spectrum
    shift = round(shift * spectrum.axis.orientation, 9)
    return replace(spectrum, calibration=Calibration(shift, reference="as in LG4X"))


def _check_sums(fit: _Fit) -> None:
    """Raise a `ReadError` if none of the stored sums is that of the stored components."""
    columns, peaks = fit.columns, fit.peaks
    if not fit.components:
        raise ReadError("there is no component.")
    modelled = [values for name, values in columns.items() if re.match(r"bg_(?!static)", name)]
    sums = [("fit", peaks), ("fit", peaks + fit.background), ("sum_fit", peaks + fit.background)]
    sums += [(name, peaks) for name in _SUMS_OF_COMPONENTS]
    if "raw_x" in columns:  # one version left a background that is not fitted out of the sum
        sums.append(("sum_fit", sum(modelled, peaks)))
    left = {name: np.inf for name, _ in sums if name in columns}
    for name in left:
        scale = float(np.max(np.abs(columns[name]), initial=1e-300))
        away = [float(np.max(np.abs(columns[name] - one))) for key, one in sums if key == name]
        left[name] = min(away) / scale
    if not min(left.values()) <= _SAME:
        name = min(left, key=lambda key: left[key])
        raise ReadError(
            f"the sum of its components is not its column {name} (up to {left[name]:.2g} of the"
            " highest value apart)."
        )


def _measured(fit: _Fit) -> tuple[Array, str]:
    """Return the intensities that were fitted, and a note where the file has others.

    Some versions of the second layout took a background that is not fitted off ``raw_y``.

    Raises
    ------
    ReadError
        If the curves go through neither.
    """
    y, peaks, background = fit.columns["raw_y"], fit.peaks, fit.background
    if "pg" in fit.columns:
        lifted = y + (background - fit.columns["pg"])
        missed = [float(np.sum((one - background - peaks) ** 2)) for one in (y, lifted)]
        if missed[1] < missed[0]:
            check_through(peaks, lifted - background)
            return lifted, "raw_y had a background taken off already; it is added again"
    check_through(peaks, y - background)
    return y, ""


def _of_file_beside(fit: _Fit, path: Path, options: ReadOptions) -> Spectrum:
    """Return the spectrum that a file without measured intensities was fitted to."""
    stem = path.stem.removesuffix("_fit")
    beside = [path.with_name(f"{stem}{suffix}") for suffix in (".csv", ".txt")]
    source = next((one for one in beside if one != path and one.is_file()), None)
    if source is None:
        raise ReadError(
            "the file has a fit of LG4X without what was measured: its column y is the model"
            " before the fit.",
            hint=f"Put {' or '.join(one.name for one in beside)}, which was fitted, beside it.",
        )
    found = text.read(source, options)
    if len(found) != 1:
        raise ReadError(f"{source.name} has {len(found)} spectra where LG4X reads one.")
    spectrum, order = found[0], np.argsort(fit.columns["x"])
    x, background = fit.columns["x"][order], fit.background[order]
    told = {"file": source.name, "metadata": _report(path)}
    spectrum = replace(spectrum, meta=noted(spectrum.meta, **told))
    try:
        within = _SAME * float(np.ptp(x))
        fitted = crop(spectrum, (float(x[0]) - within, float(x[-1]) + within))
        if len(fitted) != x.size or np.max(np.abs(fitted.x - x)) > within:
            raise ReadError(f"its energies are not those of {source.name}.")
        _check_sums(fit)
        check_through(fit.peaks[order], fitted.y - background)
    except SpectraError as error:
        note = f"the fit of LG4X is not taken over: {error.message}"
        return replace(spectrum, meta=noted(spectrum.meta, fit_note=note))
    ordered = {name: values[order] for name, values in fit.components.items()}
    columns, export = exported(background, ordered)
    return replace(fitted, columns=columns, meta=noted(fitted.meta, lg4x_export=export))


def _meta(path: Path) -> Meta:
    sample = path.stem.removesuffix("_fit")
    meta = Meta(sample=sample, region=level_in(sample), technique="XPS")
    return noted(meta, metadata=_report(path))


def _report(path: Path) -> dict[str, Any]:
    """Return what the ``_fit.txt`` beside a file says of the fit; empty if there is none."""
    report = path.with_suffix(".txt")
    if not report.is_file():
        return {}
    lines = to_lines(decode(report.read_bytes()))
    if "[[Data file]]" not in lines or not lines[0].startswith("LG4X"):
        return {}
    named = [line for line in lines[lines.index("[[Data file]]") + 1 :] if line]
    start = lines.index("[[Variables]]") + 1 if "[[Variables]]" in lines else len(lines)
    found = takewhile(bool, (_VARIABLE.match(line) for line in lines[start:]))
    variables = {match[1]: match[2] for match in found if match}
    program = {"program": lines[0], "fitted file": named[0] if named else ""}
    return {"lg4x": program | ({"variables": variables} if variables else {})}
