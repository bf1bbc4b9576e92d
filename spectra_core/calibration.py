"""The energy scale: where the reference line is, what it is worth, and what moves with it.

An insulator charges, so its binding energies are only known relative to some line of the
same sample that is given an energy. Three errors enter that shift: where the reference
was found, what its true energy is, and which line it is at all. The last one is the
largest: carbon black (sp2, near 284.5 eV, asymmetric, with a pi-pi* shake-up) is easily
taken for adventitious carbon (284.8 eV). The shift's uncertainty moves all centres of a
sample together; separations between lines do not carry it. That is also why separations
tell a charge shift from a wrong assignment (`spectra_core.referee.rigidity`).

References
----------
.. [1] ISO 19318, Reporting of methods used for charge control and charge correction.
.. [2] IUPAC Gold Book, adventitious carbon referencing: C 1s 284.6 to 285.2 eV; the
   assignment does not give the true charging potential.
.. [3] G. Greczynski, L. Hultman, Prog. Mater. Sci. 107, 100591 (2020).
   doi:10.1016/j.pmatsci.2019.100591
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import Literal

import numpy as np

from .core_levels import CoreLevel, core_level, level_of
from .errors import DataError, ModelError
from .fitting import FitResult, fit
from .model import (
    REGION,
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
    resolve_component,
    split_path,
)
from .spectrum import (
    Array,
    Axis,
    Calibration,
    Spectrum,
    calibrate,
    points_in_window,
    sample_key,
    to_axis,
)

Method = Literal["fit", "pick"]
_DETECTED = 3.0  # standard errors


@dataclass(frozen=True)
class ReferenceKind:
    """What a C 1s reference can be.

    Attributes
    ----------
    name : str
    assigned_ev : float
        Energy it is given unless the user says otherwise.
    uncertainty_ev : float
        Standard uncertainty of that energy.
    source : str
    """

    name: str
    assigned_ev: float
    uncertainty_ev: float
    source: str


KINDS: Mapping[str, ReferenceKind] = {
    kind.name: kind
    for kind in (
        ReferenceKind(
            "adventitious",
            284.8,
            0.6 / sqrt(12.0),
            "IUPAC: 284.6 to 285.2 eV, taken as a rectangular distribution",
        ),
        ReferenceKind(
            "carbon black", 284.5, 0.14, "graphite in NIST SRD 20: 21 records, mean 284.46, sd 0.14"
        ),
    )
}


@dataclass(frozen=True, eq=False)
class ReferenceLine:
    """A reference line as found, and the calibration that follows from it.

    Attributes
    ----------
    calibration : Calibration
        Shift with u^2 = u_found^2 + u_assigned^2.
    method : {"fit", "pick"}
    kind : str
        ``"adventitious"``, ``"carbon black"``, or ``"line"`` for any other reference.
    found_ev, found_uncertainty_ev : float
        On the recorded binding energy scale: the maximum of the line.
    assigned_ev, assigned_uncertainty_ev : float
    evidence : str
        How the kind was told apart, or who said so.
    other_shift_ev : float or None
        What the shift would be if a C 1s reference were of the other kind.
    result : FitResult or None
        The fit; None if the line was picked.
    """

    calibration: Calibration
    method: Method
    kind: str
    found_ev: float
    found_uncertainty_ev: float
    assigned_ev: float
    assigned_uncertainty_ev: float
    evidence: str
    other_shift_ev: float | None = None
    result: FitResult | None = None

    @property
    def message(self) -> str:
        """One paragraph for a report: what was found, assumed, and what it changes."""
        text = (
            f"{self.calibration.reference} found at {self.found_ev:.2f} eV"
            f" (u {self.found_uncertainty_ev:.2f}, {self.method}) and given"
            f" {self.assigned_ev:.2f} eV (u {self.assigned_uncertainty_ev:.2f}): shift"
            f" {self.calibration.shift:+.2f} eV, u {self.calibration.uncertainty:.2f}."
            f" {self.evidence}"
        )
        if self.other_shift_ev is None:
            return text
        other = next(name for name in KINDS if name != self.kind)
        change = self.other_shift_ev - self.calibration.shift
        return f"{text} Taken as {_named(other)} the shift would be {change:+.2f} eV different."


def reference_shift(
    spectrum: Spectrum,
    *,
    reference: str = "C 1s",
    method: Method = "fit",
    kind: str | None = None,
    assigned: float | None = None,
    assigned_uncertainty: float | None = None,
    window: tuple[float, float] | None = None,
) -> Calibration:
    """Return the calibration that a reference line gives; see `measure_reference`."""
    return measure_reference(
        spectrum,
        reference=reference,
        method=method,
        kind=kind,
        assigned=assigned,
        assigned_uncertainty=assigned_uncertainty,
        window=window,
    ).calibration


def measure_reference(
    spectrum: Spectrum,
    *,
    reference: str = "C 1s",
    method: Method = "fit",
    kind: str | None = None,
    assigned: float | None = None,
    assigned_uncertainty: float | None = None,
    window: tuple[float, float] | None = None,
) -> ReferenceLine:
    """Find the reference line of a spectrum and the shift that follows.

    Parameters
    ----------
    spectrum : Spectrum
        Holds the line; any calibration it has already is left out of account.
    reference : str
        Core level, ``"C 1s"``, or another one such as ``"Au 4f7/2"``.
    method : {"fit", "pick"}
        A small model of the line, or the vertex of a parabola through its top.
    kind : {"adventitious", "carbon black"} or None
        Of a C 1s reference; None: told apart by the fit, and said in `evidence`.
    assigned : float or None
        Energy in eV that the line is given; None only for C 1s, where the kind has one.
    assigned_uncertainty : float or None
        Standard uncertainty of that energy, eV; None: the kind's, zero for a line that
        the user gave an energy.
    window : tuple of two floats or None
        Where to look, eV on the recorded binding energy scale; None: within 10 eV of
        the level's nominal energy.

    Returns
    -------
    line : ReferenceLine

    Raises
    ------
    ModelError
        If the kind is unknown, or a line other than C 1s has no assigned energy.
    DataError
        If the spectrum does not hold the line.
    """
    level = core_level(reference)
    is_carbon = level.name == "C 1s"
    _check_kind(kind, is_carbon=is_carbon, assigned=assigned, reference=reference)
    raw = _uncorrected(spectrum)
    inside = window or (level.nominal_ev - 10.0, level.nominal_ev + 10.0)
    picked, picked_u = _pick(raw, inside, reference)
    if method == "pick":
        chosen = kind or ("adventitious" if is_carbon else "line")
        evidence = "The kind of carbon was not examined (picked)." if kind is None else ""
        evidence = evidence if is_carbon and kind is None else _said(chosen)
        found = _Found(chosen, picked, picked_u, evidence, None)
    elif is_carbon:
        found = _fit_carbon(raw, picked, kind)
    else:
        found = _fit_line(raw, picked, level)
    return _reference_line(reference, method, found, assigned, assigned_uncertainty)


def _check_kind(
    kind: str | None, *, is_carbon: bool, assigned: float | None, reference: str
) -> None:
    if kind is not None and (kind not in KINDS or not is_carbon):
        raise ModelError(
            f'the reference kind "{kind}" is not one of {reference}.',
            hint=f"For C 1s: {', '.join(KINDS)}; leave it out for any other line.",
        )
    if not is_carbon and assigned is None:
        raise ModelError(
            f"the reference {reference} has no assigned energy.",
            hint="Give the energy in eV that this line is to have, as assigned = ... .",
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """Where a line was found on the recorded scale, and what was taken as what."""

    kind: str
    position: float
    uncertainty: float
    evidence: str
    result: FitResult | None
    other_position: float | None = None


def _reference_line(
    reference: str,
    method: Method,
    found: _Found,
    assigned: float | None,
    assigned_uncertainty: float | None,
) -> ReferenceLine:
    kind = KINDS.get(found.kind)
    energy = assigned if assigned is not None else kind.assigned_ev if kind else inf
    u_assigned = assigned_uncertainty
    if u_assigned is None:
        u_assigned = kind.uncertainty_ev if kind else 0.0
    calibration = Calibration(
        energy - found.position,
        f"{reference} ({found.kind})" if kind else reference,
        energy,
        found.position,
        sqrt(found.uncertainty**2 + u_assigned**2),
    )
    other = None
    if kind and assigned is None:
        place = found.position if found.other_position is None else found.other_position
        other = next(k for k in KINDS.values() if k is not kind).assigned_ev - place
    return ReferenceLine(
        calibration,
        method,
        found.kind,
        found.position,
        found.uncertainty,
        energy,
        u_assigned,
        found.evidence,
        other,
        found.result,
    )


def _said(kind: str) -> str:
    return f"Taken as {_named(kind)}, as asked." if kind in KINDS else ""


def _named(kind: str) -> str:
    return "adventitious carbon" if kind == "adventitious" else kind


def _uncorrected(spectrum: Spectrum) -> Spectrum:
    raw = calibrate(spectrum, Calibration())
    return to_axis(raw, Axis.BINDING_ENERGY) if raw.axis is Axis.KINETIC_ENERGY else raw


# ---------------------------------------------------------------------------------
# Picking


def _pick(spectrum: Spectrum, window: tuple[float, float], reference: str) -> tuple[float, float]:
    """Return the vertex of a parabola through the top of the highest line, and its u."""
    inside = points_in_window(spectrum, window)
    x, y = spectrum.x[inside], spectrum.y[inside]
    smooth = np.convolve(y, np.ones(5) / 5.0, mode="valid") if y.size >= 9 else y
    top = int(np.argmax(smooth)) + (y.size - smooth.size) // 2
    rise = smooth.max() - np.percentile(smooth, 10)
    noise = np.std(np.diff(y)) / sqrt(2.0)
    if rise <= 0 or (y.size >= 9 and rise < 2.0 * noise) or top in (0, y.size - 1):
        raise DataError(
            f"no {reference} line stands out between {x[0]:.1f} and {x[-1]:.1f} eV.",
            hint="Check the window, or give the shift.",
            where=spectrum.label,
        )
    upper, u_upper = _vertex(x, y, top, rise, 0.75)
    lower, _ = _vertex(x, y, top, rise, 0.55)
    # An overlapped or asymmetric line moves with the height it is cut at.
    return upper, sqrt(u_upper**2 + (upper - lower) ** 2 + spectrum.step**2 / 12.0)


def _vertex(x: Array, y: Array, top: int, rise: float, part: float) -> tuple[float, float]:
    smooth = np.convolve(np.pad(y, 2, mode="edge"), np.ones(5) / 5.0, mode="valid")
    limit = smooth[top] - (1.0 - part) * rise
    low = top
    while low > 0 and smooth[low - 1] >= limit:
        low -= 1
    high = top
    while high < y.size - 1 and smooth[high + 1] >= limit:
        high += 1
    low, high = max(0, min(low, top - 2)), min(y.size, max(high, top + 2) + 1)
    here, values = x[low:high] - x[top], y[low:high]
    if here.size < 5:
        return float(x[top]), float(x[1] - x[0])
    coefficients, covariance = np.polyfit(here, values, 2, cov=True)
    a, b, _ = coefficients
    if a >= 0:
        return float(x[top]), float(x[high - 1] - x[low]) / sqrt(12.0)
    gradient = np.array([b / (2 * a * a), -1.0 / (2 * a), 0.0])
    return float(x[top] - b / (2 * a)), float(sqrt(gradient @ covariance @ gradient))


# ---------------------------------------------------------------------------------
# Fitting

_MAIN = "main"
_SHAKE_UP = "pi-pi*"
_OXIDISED = (("C-O", 1.5, 1.1, 1.9), ("O-C=O", 4.0, 3.4, 4.6))


def _fit_carbon(spectrum: Spectrum, near: float, kind: str | None) -> _Found:
    """Fit C 1s as adventitious and as sp2 carbon; take the kind asked for, or the better."""
    window = (max(near - 3.5, spectrum.x[0]), min(near + 9.0, spectrum.x[-1]))
    fits = {
        "adventitious": fit(spectrum, Model((_adventitious(window, near),))),
        "carbon black": fit(spectrum, Model((_carbon_black(window, near),))),
    }
    places = {name: _maximum(result) for name, result in fits.items()}
    gain = fits["adventitious"].statistics.bic - fits["carbon black"].statistics.bic
    chosen = kind or ("carbon black" if gain > 10.0 else "adventitious")
    evidence = _said(kind) if kind else _carbon_evidence(fits, chosen, gain)
    other = next(name for name in KINDS if name != chosen)
    return _Found(chosen, *places[chosen], evidence, fits[chosen], places[other][0])


def _carbon_evidence(fits: Mapping[str, FitResult], chosen: str, gain: float) -> str:
    sp2 = fits["carbon black"]
    width = fits["adventitious"].value(f"C 1s/{_MAIN}/fwhm")
    shake_up = _share(sp2, _SHAKE_UP)
    facts = (
        f"main line {width:.2f} eV wide as a symmetric one; {shake_up}; BIC prefers"
        f" {'the asymmetric' if gain > 0 else 'the symmetric'} model by {abs(gain):.0f}"
    )
    if abs(gain) <= 10.0:
        return f"Assumed {_named(chosen)}, not told apart: {facts}."
    return f"Taken as {_named(chosen)}: {facts}."


def _share(result: FitResult, component: str) -> str:
    area, error = result.value(f"C 1s/{component}/area"), result.stderr(f"C 1s/{component}/area")
    if error is None or area < _DETECTED * error:
        return "no pi-pi* shake-up above three standard errors"
    main = result.value(f"C 1s/{_MAIN}/area")
    return f"a pi-pi* shake-up of {100 * area / main:.1f} % of the main line"


def _maximum(result: FitResult) -> tuple[float, float]:
    error = result.stderr(f"C 1s/{_MAIN}/center")
    position = result.summary("C 1s", _MAIN).maximum_at
    return position, 0.1 if error is None else error


def _empty(window: tuple[float, float]) -> Region:
    return Region("C 1s", window, Background("shirley", "active"))


def _adventitious(window: tuple[float, float], near: float) -> Region:
    main = make_component(
        _MAIN,
        "voigt",
        area=Parameter(None, 0.0),
        mix=Parameter(0.2, free=False),
        center=Parameter(near, near - 1.0, near + 1.0),
        fwhm=Parameter(1.2, 0.5, 2.5),
        line="C 1s",
    )
    return _with_oxidised(add_component(_empty(window), main), near)


def _carbon_black(window: tuple[float, float], near: float) -> Region:
    main = make_component(
        _MAIN,
        "la",
        area=Parameter(None, 0.0),
        alpha=Parameter(1.2, 0.75, 2.2),
        beta=Parameter(2.2, free=False),
        gauss=Parameter(0.5, free=False),
        center=Parameter(near, near - 1.0, near + 1.0),
        fwhm=Parameter(0.9, 0.3, 2.0),
        line="C 1s",
    )
    region = _with_oxidised(add_component(_empty(window), main), near)
    low_end = near + 5.6
    shake_up = make_component(
        _SHAKE_UP,
        "gaussian",
        area=Parameter(None, 0.0),
        fwhm=Parameter(2.5, free=False),
        center=Parameter(low_end + 0.6, low_end, low_end + 1.4),
        line="C 1s",
    )
    return add_component(region, shake_up)


def _with_oxidised(region: Region, near: float) -> Region:
    for name, offset, low, high in _OXIDISED:
        region = add_component(
            region,
            make_component(
                name,
                "voigt",
                area=Parameter(None, 0.0),
                mix=Parameter(0.2, free=False),
                center=Parameter(near + offset, near + low, near + high),
                fwhm=Parameter(1.4, free=False),
                line="C 1s",
            ),
        )
    return region


def _fit_line(spectrum: Spectrum, near: float, level: CoreLevel) -> _Found:
    """Fit any other reference: one line, or the doublet where its partner is in reach."""
    splitting = level.splitting_ev if level.is_doublet else None
    reach = 4.0 + (splitting or 0.0)
    window = (max(near - reach, spectrum.x[0]), min(near + reach, spectrum.x[-1]))
    line = make_component(
        _MAIN,
        area=Parameter(None, 0.0),
        center=Parameter(near, near - 1.0, near + 1.0),
        fwhm=Parameter(1.0, 0.3, 3.0),
        mix=Parameter(0.3, 0.0, 1.0),
    )
    region = Region(level.name, window, Background("shirley", "active"))
    minor = level.line is not None and level.is_doublet and level.line == level.lines[1]
    if splitting is None or minor or near + splitting + 1.0 > window[1]:
        region, owner = add_component(region, line), _MAIN
    else:
        region = add_doublet(
            region,
            _MAIN,
            level.name,
            area=line.parameters["area"],
            center=line.parameters["center"],
            fwhm=line.parameters["fwhm"],
            mix=line.parameters["mix"],
        )
        owner = resolve_component(region, _MAIN)
    result = fit(spectrum, Model((region,)))
    error = result.stderr(f"{level.name}/{owner}/center")
    place = result.summary(level.name, owner).maximum_at
    return _Found("line", place, 0.1 if error is None else error, "", result)


# ---------------------------------------------------------------------------------
# Samples


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Spectra on the referenced scale, and the reference of each sample.

    Attributes
    ----------
    spectra : tuple of Spectrum
        In the order given.
    references : tuple of (str, ReferenceLine)
        Sample name, and the line; one for each reference spectrum that was used.
    missing : tuple of str
        Samples without a reference spectrum; their spectra are unchanged.
    """

    spectra: tuple[Spectrum, ...]
    references: tuple[tuple[str, ReferenceLine], ...]
    missing: tuple[str, ...]


def calibrate_samples(
    spectra: Iterable[Spectrum],
    *,
    reference: str = "C 1s",
    per: Literal["sample", "spectrum"] = "sample",
    method: Method = "fit",
    kind: str | None = None,
    assigned: float | None = None,
    assigned_uncertainty: float | None = None,
) -> Calibrated:
    """Return spectra corrected by the reference line of their own sample.

    Parameters
    ----------
    spectra : iterable of Spectrum
        Those of a sample are known by its file and name; the reference spectrum is among them.
    reference, method, kind, assigned, assigned_uncertainty
        As in `measure_reference`.
    per : {"sample", "spectrum"}
        One shift for the whole sample (of its first reference spectrum), or the k-th
        reference spectrum for the k-th spectrum of every region (etch levels).

    Returns
    -------
    calibrated : Calibrated
    """
    members = tuple(spectra)
    references: list[tuple[str, ReferenceLine]] = []
    shifts: dict[tuple[str, str], list[Calibration]] = {}
    for spectrum in members:
        known = shifts.setdefault(sample_key(spectrum), [])
        if is_level(spectrum, reference) and not (known and per == "sample"):
            line = measure_reference(
                spectrum,
                reference=reference,
                method=method,
                kind=kind,
                assigned=assigned,
                assigned_uncertainty=assigned_uncertainty,
            )
            references.append((spectrum.meta.sample, line))
            known.append(line.calibration)
    missing = tuple(sample for (_, sample), known in shifts.items() if not known)
    return Calibrated(_shifted(members, shifts), tuple(references), missing)


def _shifted(
    spectra: Sequence[Spectrum], shifts: Mapping[tuple[str, str], Sequence[Calibration]]
) -> tuple[Spectrum, ...]:
    seen: dict[tuple[str, str, str], int] = {}
    moved = []
    for spectrum in spectra:
        known = shifts[sample_key(spectrum)]
        key = (*sample_key(spectrum), spectrum.meta.region or spectrum.meta.transition)
        level = seen[key] = seen.get(key, -1) + 1
        moved.append(calibrate(spectrum, known[min(level, len(known) - 1)]) if known else spectrum)
    return tuple(moved)


def is_level(spectrum: Spectrum, reference: str) -> bool:
    """Return whether a spectrum is of the reference's core level, by its names."""
    return level_of(spectrum) == core_level(reference).name


# ---------------------------------------------------------------------------------
# What the uncertainty of the shift moves


@dataclass(frozen=True)
class CenterUncertainty:
    """A centre and the rows of its uncertainty, eV.

    Attributes
    ----------
    value : float
        On the calibrated scale.
    fit : float or None
        Standard error of the fit.
    reference : float or None
        Standard uncertainty of the charge reference; None if it is not known.
    """

    value: float
    fit: float | None
    reference: float | None

    @property
    def total(self) -> float | None:
        """Both in quadrature; None if either is not known."""
        if self.fit is None or self.reference is None:
            return None
        return sqrt(self.fit**2 + self.reference**2)


@dataclass(frozen=True)
class CenterSeparation:
    """Distance between two centres, eV: `value` is a minus b.

    Attributes
    ----------
    value : float
    stderr : float or None
        From the covariance; without the charge reference where both share it.
    shares_reference : bool
        Whether both spectra have one calibration, so that its uncertainty cancels.
    """

    value: float
    stderr: float | None
    shares_reference: bool


def center_uncertainty(
    result: FitResult, path: str, calibration: Calibration | None = None
) -> CenterUncertainty:
    """Return a centre with its fit and its reference uncertainty as separate rows.

    Parameters
    ----------
    result : FitResult
    path : str
        ``region/component`` or ``region/component/center``; a doublet's is its major line.
    calibration : Calibration or None
        None: that of the spectrum which was fitted.
    """
    weights = _center_weights(result, path)
    used = calibration or _calibration_of(result, path)
    return CenterUncertainty(
        float(weights @ result.values), _stderr(result, weights), used.uncertainty
    )


def separation(result: FitResult, a: str, b: str) -> CenterSeparation:
    """Return the distance of two centres, in which a common charge reference cancels.

    Parameters
    ----------
    result : FitResult
    a, b : str
        As `path` in `center_uncertainty`; they may stand in different regions.
    """
    weights = _center_weights(result, a) - _center_weights(result, b)
    stderr = _stderr(result, weights)
    first, second = _calibration_of(result, a), _calibration_of(result, b)
    shared = first == second
    if not shared and stderr is not None:
        # Each level was referenced by itself, so nothing cancels.
        parts = (first.uncertainty, second.uncertainty)
        known = [u for u in parts if u is not None]
        stderr = sqrt(stderr**2 + sum(u**2 for u in known)) if len(known) == 2 else None
    return CenterSeparation(float(weights @ result.values), stderr, shared)


def _center_weights(result: FitResult, path: str) -> Array:
    center = path if path.endswith("/center") else f"{path}/center"
    region_name, owner, _ = split_path(center)
    region = result.model.region(region_name)
    component = resolve_component(region, owner)
    weights = result.combination(f"{region_name}/{component}/center")
    return np.asarray(weights + result.combination(f"{region_name}/{REGION}/shift"))


def _calibration_of(result: FitResult, path: str) -> Calibration:
    return result.region(path.partition("/")[0]).spectrum.calibration


def _stderr(result: FitResult, weights: Array) -> float | None:
    used = np.flatnonzero(weights)
    if not used.size or result.at_bound[used].any():
        return None
    variance = float(weights[used] @ result.covariance[np.ix_(used, used)] @ weights[used])
    return sqrt(variance) if isfinite(variance) and variance > 0 else None
