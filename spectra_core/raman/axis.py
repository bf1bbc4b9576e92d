"""The Raman axis, set right by lines whose shifts are known.

The lines of a standard (silicon, polystyrene, calcite, cyclohexane, a neon or argon lamp) are
found in a spectrum of it, each by a small fit, and what must be added to the recorded axis is a
constant, a line or a parabola through known minus found, weighted by both uncertainties. A lamp
has wavelengths, not shifts: those depend on the wavelength of the laser, which is rarely known
to 0.03 nm (0.5 cm-1 at 785 nm). So beside a standard with shifts the laser's own offset is
one more unknown, and a lamp then tells only how the axis is bent.

References
----------
.. [1] ASTM E1840, Standard guide for Raman shift standards for spectrometer calibration.
.. [2] A. Kramida et al., NIST Atomic Spectra Database, doi:10.18434/T4W30F: lamp lines in air.
.. [3] K. P. Birch, M. J. Downs, Metrologia 30, 155 (1993), doi:10.1088/0026-1394/30/3/004:
   refractive index of air.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, sqrt

import numpy as np

from ..errors import DataError, SpectraError, did_you_mean
from ..fitting import FitOptions, Weights, fit
from ..library import load_library
from ..library.records import Standard
from ..model import Background, Model, Parameter, Region, add_component, make_component
from ..spectrum import Array, Axis, Calibration, Spectrum

DEGREES = {0: "an offset", 1: "a line", 2: "a parabola"}
SEARCHED = 40.0  # cm-1; an axis that is further off is told where to look by the user
_LEAST_PROMINENCE = 6.0  # of a peak, in noise
_POINTS = 5  # beside a maximum, at least, that its position is fitted to
_UNSURE = 0.03  # of a step: no position is known better than this part of it
_WIDE = 1.6  # of the median width of a standard's lines
_OUTLYING = 4.0  # robust standard deviations
_LAMP_PPM_AIR = 2.7e-4  # refractive index of air minus one is near this at all of these lines


@dataclass(frozen=True)
class FoundLine:
    """One line of a standard as it was found.

    Attributes
    ----------
    material : str
    expected : float
        Known shift, cm-1.
    found : float
        On the recorded axis, cm-1.
    uncertainty : float
        Of expected minus found, one standard deviation, cm-1.
    width : float
        FWHM, cm-1.
    residual : float
        What is left of it after the calibration, cm-1.
    used : bool
        False for a line that lies far from where the others put it, or is much wider than the
        others of its standard: two in one.
    """

    material: str
    expected: float
    found: float
    uncertainty: float
    width: float
    residual: float = 0.0
    used: bool = True


@dataclass(frozen=True, eq=False)
class AxisCalibration:
    """What standards say of an axis.

    Attributes
    ----------
    calibration : Calibration
        For `spectra_core.calibrate`, reversible; its uncertainty is that in the middle of
        the lines.
    lines : tuple of FoundLine
        Ascending.
    degree : int
        Of the polynomial.
    covariance : ndarray, shape (degree + 1, degree + 1)
        Of its coefficients, in powers of the recorded shift.
    laser_offset : float or None
        Wavenumber of the laser minus that of its stated wavelength, cm-1, where lamp lines stand
        beside lines of a standard with shifts.
    """

    calibration: Calibration
    lines: tuple[FoundLine, ...]
    degree: int
    covariance: Array
    laser_offset: float | None = None

    @property
    def residual(self) -> float:
        """Root mean square of the residuals of the lines used, cm-1."""
        return float(np.sqrt(np.mean([line.residual**2 for line in self._used])))

    @property
    def span(self) -> tuple[float, float]:
        """First and last of the lines used, on the recorded axis, cm-1."""
        return self._used[0].found, self._used[-1].found

    @property
    def _used(self) -> tuple[FoundLine, ...]:
        return tuple(line for line in self.lines if line.used)

    def uncertainty_at(self, x: Array | float) -> Array:
        """Return the standard uncertainty of the calibrated axis at recorded shifts, cm-1."""
        powers = np.vander(np.atleast_1d(x), self.degree + 1, increasing=True)
        return np.sqrt(np.einsum("ni,ij,nj->n", powers, self.covariance, powers))

    @property
    def message(self) -> str:
        """What was done, in a few sentences."""
        low, high = self.span
        lines, used = len(self.lines), len(self._used)
        count = f"{used} line{'s' if used > 1 else ''}"
        left = f" ({lines - used} left out as far off or two in one)" if lines > used else ""
        text = (
            f"{self.calibration.reference}: {DEGREES[self.degree]} through {count}{left}"
            f" from {low:.0f} to {high:.0f} cm-1; {self.residual:.2f} cm-1 left (root mean"
            f" square), standard uncertainty {self.calibration.uncertainty:.2f} cm-1."
        )
        if self.laser_offset is not None:
            text += f" The laser lies {self.laser_offset:+.2f} cm-1 from its stated wavelength."
        elif any(line.material in _LAMPS for line in self.lines):
            text += (
                " Lamp lines alone: the offset of the axis is that of the stated laser wavelength."
            )
        if self.degree == 0 and used == 1:
            text += " One line gives an offset alone: further away the axis may be off by more."
        return text


_LAMPS = ("neon", "argon")


def standards() -> dict[str, tuple[Standard, ...]]:
    """Return the Raman standards of the library, by material."""
    found: dict[str, list[Standard]] = {}
    for row in load_library().standards.values():
        if row.technique == "Raman":
            found.setdefault(row.material, []).append(row)
    return {material: tuple(rows) for material, rows in found.items()}


def calibrate_axis(
    spectra: Mapping[str, Spectrum],
    *,
    degree: int | None = None,
    laser_nm: float | None = None,
) -> AxisCalibration:
    """Find the lines of standards, and what must be added to the recorded axis.

    Parameters
    ----------
    spectra : mapping of str to Spectrum
        Spectra of standards by material (a key of `standards`), measured as the samples were.
        Their own calibration is left aside.
    degree : int or None
        0 an offset, 1 a line, 2 a parabola; None: the one that the lines support (AICc).
    laser_nm : float or None
        Wavelength of the laser in air, for lamps; None: as the file says.

    Returns
    -------
    found : AxisCalibration

    Raises
    ------
    DataError
        If a material is unknown, an axis is no Raman shift, the laser of a lamp is not known,
        or no line is found.
    """
    if not spectra:
        raise DataError("no standard was given.", hint=f"Known: {', '.join(standards())}.")
    lines = []
    for material, spectrum in spectra.items():
        found = _lines_of(material, spectrum, laser_nm)
        if not found:
            raise DataError(f"no line of {material} was found.", where=spectrum.label)
        lines += found
    lines.sort(key=lambda line: line.found)
    return _best_polynomial(lines, degree, ", ".join(spectra))


# ---------------------------------------------------------------------------------
# Lines


def _lines_of(material: str, spectrum: Spectrum, laser_nm: float | None) -> list[FoundLine]:
    known = standards()
    if material not in known:
        raise DataError(
            f"there is no Raman standard {material!r}.", hint=did_you_mean(material, known)
        )
    if spectrum.axis is not Axis.RAMAN_SHIFT:
        raise DataError(
            f"its axis is {spectrum.axis.value}, not a Raman shift.", where=spectrum.label
        )
    expected, sure = _expected(material, known[material], spectrum, laser_nm)
    x, y = spectrum.x_recorded, spectrum.y
    inside = (expected > x[0] + SEARCHED / 4) & (expected < x[-1] - SEARCHED / 4)
    expected, sure = expected[inside], sure[inside]
    places, heights = _peaks(x, y)
    if not places.size or not expected.size:
        return []
    offset = _offset(expected, places, heights)
    return [
        FoundLine(material, float(line), place, sqrt(error**2 + known_to**2), width)
        for line, known_to in zip(expected, sure, strict=True)
        if (seen := _located(spectrum, line - offset, expected - offset, places)) is not None
        for place, error, width in [seen]
    ]


def _expected(
    material: str, rows: Sequence[Standard], spectrum: Spectrum, laser_nm: float | None
) -> tuple[Array, Array]:
    """Return the shifts of a standard and their standard uncertainties, cm-1."""
    if material not in _LAMPS:
        best = _one_each(rows)
        return (
            np.array([row.value for row in best]),
            np.array([row.uncertainty or 0.3 for row in best]),
        )
    laser = laser_nm or spectrum.meta.laser_nm
    if not laser:
        raise DataError(
            f"the lines of a {material} lamp need the wavelength of the laser, which is not"
            " recorded.",
            hint="Give it, e.g. --laser 785.",
            where=spectrum.label,
        )
    wavelengths = np.array([row.value for row in rows])
    shifts = (1e7 / laser - 1e7 / wavelengths) / (1.0 + _LAMP_PPM_AIR)
    return shifts, np.full(shifts.size, 0.02)


def _one_each(rows: Sequence[Standard]) -> list[Standard]:
    """Return the best known row of each line: some have several sources."""
    kept: list[Standard] = []

    def rank(row: Standard) -> tuple[bool, str, float]:
        return "assigned" not in row.use, row.status, row.uncertainty or inf

    for row in sorted(rows, key=rank):
        if all(abs(row.value - other.value) > 2.0 for other in kept):
            kept.append(row)
    return sorted(kept, key=lambda row: row.value)


def _peaks(x: Array, y: Array) -> tuple[Array, Array]:
    """Return places and prominences of the peaks of a spectrum."""
    from scipy.signal import find_peaks  # here: it takes a second to be imported

    bend = y[:-2] - 2.0 * y[1:-1] + y[2:]
    noise = float(np.median(np.abs(bend))) / 0.6745 / sqrt(6.0)
    places, found = find_peaks(y, prominence=max(_LEAST_PROMINENCE * noise, 1e-12))
    return x[places], found["prominences"]


def _offset(expected: Array, places: Array, heights: Array) -> float:
    """Return expected minus recorded as most lines say: the strongest count for most."""
    tried = np.arange(-SEARCHED, SEARCHED + 0.25, 0.5)
    weights = np.sqrt(heights / heights.max())
    apart = expected[:, None, None] - tried[None, None, :] - places[None, :, None]
    votes = (weights[None, :, None] * np.exp(-0.5 * (apart / 3.0) ** 2)).max(axis=1).sum(axis=0)
    return float(tried[np.argmax(votes - 1e-3 * np.abs(tried))])


def _located(
    spectrum: Spectrum, at: float, all_lines: Array, places: Array
) -> tuple[float, float, float] | None:
    """Return place, its error and width of the peak that one line alone can be; None if unsure."""
    x = spectrum.x_recorded
    step = float(np.diff(x)[max(int(np.searchsorted(x, at)) - 1, 0)])
    peak = float(places[np.argmin(np.abs(places - at))])
    apart = np.sort(np.abs(all_lines - peak))
    mine = abs(peak - at) <= min(max(6.0, 1.5 * step), float(apart[0]) + 1e-9)
    if not mine or (apart.size > 1 and apart[1] < 2.0 * step):
        return None  # not there, another's, or two that no fit tells apart
    try:
        return _top(spectrum, peak, max(_POINTS * step, 12.0), step)
    except SpectraError:
        return None


def _top(
    spectrum: Spectrum, at: float, half: float, step: float
) -> tuple[float, float, float] | None:
    """Return place, its error and width of a peak; None where it is not three errors high."""
    window = (at - half, at + half)
    line = make_component(
        "line",
        "pseudo_voigt",
        center=Parameter(at, at - 2.0 * step, at + 2.0 * step),
        fwhm=Parameter(max(2.0 * step, 5.0), 0.5 * step, 2.0 * half),
        area=Parameter(None, 0.0),
        mix=Parameter(0.5, free=False),
    )
    region = add_component(Region("line", window, Background("linear", "active")), line)
    bare = replace(spectrum, calibration=Calibration())
    result = fit(bare, Model((region,)), options=FitOptions(weights=Weights.UNIT, starts=3))
    place, error = result.value("line/line/center"), result.stderr("line/line/center")
    area, area_error = result.value("line/line/area"), result.stderr("line/line/area")
    if error is None or area_error is None or area < 3.0 * area_error:
        return None
    return place, max(error, _UNSURE * step), result.value("line/line/fwhm")


# ---------------------------------------------------------------------------------
# The polynomial


@dataclass(frozen=True, eq=False)
class _Solved:
    coefficients: Array
    covariance: Array
    residual: Array
    aicc: float


def _best_polynomial(
    lines: Sequence[FoundLine], degree: int | None, reference: str
) -> AxisCalibration:
    if degree is not None and degree not in DEGREES:
        raise DataError(f"the degree is {degree!r}.", hint="Give 0, 1 or 2.")
    clear = np.array([_is_one(line, lines) for line in lines], dtype=bool)
    used = clear
    for _ in range(3):
        solved, chosen = _chosen(lines, used, degree)
        rest = _robust_residual(lines, clear, chosen)
        spread = 1.4826 * float(np.median(np.abs(rest[clear])))
        kept = clear & (np.abs(rest) <= _OUTLYING * max(spread, 0.2))
        if (kept == used).all() or kept.sum() < chosen + 2:
            break
        used = kept
    return _calibration(lines, used, solved, chosen, reference)


def _robust_residual(lines: Sequence[FoundLine], used: np.ndarray, degree: int) -> Array:
    """Return residuals of a fit that lines far off hardly pull: weights of a Cauchy law."""
    pulled, rest = list(lines), np.zeros(len(lines))
    for _ in range(20):
        rest = _solve(pulled, used, degree).residual
        scale = 2.0 * max(1.4826 * float(np.median(np.abs(rest[used]))), 0.2)
        pulled = [
            replace(line, uncertainty=line.uncertainty * sqrt(1.0 + (r / scale) ** 2))
            for line, r in zip(lines, rest, strict=True)
        ]
    return rest


def _is_one(line: FoundLine, lines: Sequence[FoundLine]) -> bool:
    """Return whether a line is no wider than its standard's lines are."""
    widths = [other.width for other in lines if other.material == line.material]
    return len(widths) < 5 or line.width <= _WIDE * float(np.median(widths))


def _chosen(
    lines: Sequence[FoundLine], used: np.ndarray, degree: int | None
) -> tuple[_Solved, int]:
    both = _has_both(lines, used)
    most = int(used.sum()) - 1 - both
    if most < 0 or (degree is not None and degree > most):
        raise DataError(
            f"{int(used.sum())} lines were found, too few for {DEGREES[degree or 0]}.",
            hint="Give more standards, or a lower degree.",
        )
    # Without being asked, a bend needs lines to spare that would show it wrong.
    tried = [degree] if degree is not None else [d for d in DEGREES if d == 0 or d <= most - 2]
    solved = {d: _solve(lines, used, d) for d in tried}
    best = min(solved, key=lambda d: solved[d].aicc)
    return solved[best], best


def _has_both(lines: Sequence[FoundLine], used: np.ndarray) -> bool:
    """Return whether lamp lines stand beside lines with shifts."""
    lamps = {line.material in _LAMPS for line, yes in zip(lines, used, strict=True) if yes}
    return len(lamps) == 2


def _solve(lines: Sequence[FoundLine], used: np.ndarray, degree: int) -> _Solved:
    found = np.array([line.found for line in lines])
    wanted = np.array([line.expected for line in lines]) - found
    columns = [found**k for k in range(degree + 1)]
    if _has_both(lines, used):  # the laser's offset moves all lamp lines
        columns.append(np.array([-1.0 if line.material in _LAMPS else 0.0 for line in lines]))
    design = np.stack(columns, axis=1)
    weights = 1.0 / np.array([line.uncertainty for line in lines])
    scale = np.abs(design).max(axis=0)
    a, b = (design / scale * weights[:, None])[used], (wanted * weights)[used]
    solution = np.linalg.lstsq(a, b, rcond=None)[0]
    rest = b - a @ solution
    n, k = int(used.sum()), design.shape[1]
    chi = float(rest @ rest)
    more = max(chi / (n - k), 1.0) if n > k else 1.0  # standards that agree less than stated
    covariance = more * np.linalg.inv(a.T @ a) / np.outer(scale, scale)
    spare = n - k - 1
    aicc = chi + 2.0 * k + (2.0 * k * (k + 1) / spare if spare > 0 else inf)
    return _Solved(
        solution / scale, covariance, wanted - design @ (solution / scale), aicc if n > 1 else 0.0
    )


def _calibration(
    lines: Sequence[FoundLine], used: np.ndarray, solved: _Solved, degree: int, reference: str
) -> AxisCalibration:
    named = tuple(
        replace(line, residual=float(rest), used=bool(yes))
        for line, rest, yes in zip(lines, solved.residual, used, strict=True)
    )
    terms = [float(c) for c in solved.coefficients[: degree + 1]] + [0.0, 0.0]
    size = degree + 1
    covariance = solved.covariance[:size, :size]
    made = AxisCalibration(
        Calibration(terms[0], reference, scale=terms[1], bend=terms[2]),
        named,
        degree,
        covariance,
        float(solved.coefficients[-1]) if solved.coefficients.size > size else None,
    )
    middle = 0.5 * sum(made.span)
    error = float(made.uncertainty_at(middle)[0])
    assert isfinite(error)
    return replace(made, calibration=replace(made.calibration, uncertainty=error))
