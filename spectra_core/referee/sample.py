"""Lint rules about the sample: energy reference, positions, other levels, overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import hypot, sqrt

import numpy as np
from scipy.special import ndtri

from ..calibration import KINDS, is_level
from ..core_levels import core_level, level_in
from ..model import REGION, canonical_path
from ..spectrum import Array, Axis, Spectrum, on_binding_energy
from .context import Context, Expected, Interference, Note, Owner
from .hump import HumpTest
from .lines import SENSIBLE_FWHM_EV, is_detected, smallest_area
from .residuals import noise_check, residual_structure
from .rigidity import Level, Rigidity, Separations, known_positions, rigidity_test

# Energy losses and lines that stand in the window of another level; a library may add more.
OVERLAPS: tuple[Interference, ...] = (
    Interference(
        "S 2p",
        165.5,
        170.5,
        "the plasmon loss of Si 2s (about 17 eV above 150.5 eV)",
        ("Si 2p",),
        broad=True,
        advice="Measure the bare wafer, or the Si 2p and Si 2s region.",
    ),
    Interference("S 2p", 156.0, 166.0, "Bi 4f", ("Bi 4d",), advice="Use S 2s, or fit Bi 4f too."),
    Interference("S 2p", 160.0, 168.0, "Se 3p", ("Se 3d",), advice="Use S 2s, or fit Se 3p too."),
    Interference(
        "P 2p",
        131.0,
        137.0,
        "the second plasmon loss of Si 2p (about 35 eV above 99.4 eV)",
        ("Si 2p",),
        broad=True,
        advice="Measure the bare wafer, or the Si 2p region.",
    ),
    Interference(
        "P 2p", 120.0, 127.0, "Ge 3p", ("Ge 3d",), advice="Fit Ge 3p with Ge 3d as a guide."
    ),
    Interference("Li 1s", 53.0, 57.0, "Fe 3p", ("Fe 2p",), advice="Fit Fe 3p in the same region."),
    Interference("Li 1s", 53.0, 57.5, "Se 3d", ("Se 3p",), advice="Fit Se 3d in the same region."),
    Interference("Li 1s", 57.5, 62.0, "Co 3p", ("Co 2p",), advice="Fit Co 3p in the same region."),
)


FAR_RATE = 0.01  # of samples with right names in which one line may be called far
_NEAR = 2.0  # eV
_CONTRAST = 0.08  # of the level beside it; a line of a survey stands out by more


# ---------------------------------------------------------------------------------
# Energy reference


def reference_missing(context: Context) -> Iterator[Note]:
    """Find species assigned on an energy scale that nothing was referenced to."""
    for region in context.xps_regions:
        calibration = context.calibration_of(region)
        internal = context.result.estimate(f"{region.name}/{REGION}/shift")
        if calibration.reference or calibration.shift or internal.free or internal.link:
            continue
        if any(owner.component.species for owner in context.owners_in(region.name)):
            yield Note(
                region.name,
                "species are assigned, but no charge reference is stated for this energy scale.",
            )


def reference_after_sputtering(context: Context) -> Iterator[Note]:
    """Find adventitious carbon used as the reference of a surface that was sputtered clean."""
    for region in context.xps_regions:
        calibration, time = context.calibration_of(region), region.spectrum.meta.etch_time_s
        energy = calibration.assigned
        if not time or level_in(calibration.reference) != "C 1s" or energy is None:
            continue
        if abs(energy - KINDS["adventitious"].assigned_ev) <= 0.25 + 1e-9:
            yield Note(
                region.name,
                f"after {time:g} s of sputtering the scale is referenced to C 1s at {energy:.1f}"
                " eV, but adventitious carbon is gone then; what is left is another carbon.",
            )


def carbon_kind(context: Context) -> Iterator[Note]:
    """Find a C 1s reference that was not, or was wrongly, told from the other kind of carbon."""
    line = context.reference
    if line is None or line.kind not in KINDS or line.method != "fit":
        return
    if "not told apart" in line.evidence:
        yield Note("C 1s", line.message)
    elif abs(line.assigned_ev - KINDS[line.kind].assigned_ev) > 0.25 - 1e-9:
        yield Note(
            "C 1s",
            f"the C 1s reference looks like {line.kind} ({line.evidence}), but it is given"
            f" {line.assigned_ev:.1f} eV.",
        )


# ---------------------------------------------------------------------------------
# Positions


def position_far(context: Context) -> Iterator[Note]:
    """Find a species at a position that no reference value has."""
    test = sample_rigidity(context)
    if test is not None and test.verdict == "rigid":
        return  # one shift of the scale explains all of them
    assigned = _assigned(context)
    if not assigned:
        return
    held = held_line(context, [owner for owner, _ in assigned])
    levels = [level for _, level in assigned]
    expected, known = known_positions(levels, known_separations(context), held)
    allowed = ndtri(1.0 - 0.5 * FAR_RATE / len(assigned))
    for i, (owner, level) in enumerate(assigned):
        gap = owner.position - float(expected[i])
        # what the fit itself does not know is not held against the assignment
        error = owner.result.stderr(owner.path("center")) or 0.0
        sd = sqrt(float(known[i, i]))
        if abs(gap) > allowed * hypot(sd, error):
            row = context.expected_of(owner)
            yield Note(
                owner.where,
                f"{level.species} is expected at {float(expected[i]):.1f} +/- {sd:.1f} eV"
                f"{_status(row)} and stands at {owner.position:.1f} eV ({gap:+.1f})."
                f"{_near(context, owner)}",
            )


def _status(known: Expected | None) -> str:
    return " (unconfirmed)" if known is not None and known.status == "unconfirmed" else ""


def _expected(context: Context, owner: Owner) -> Expected | None:
    if not owner.component.species or not owner.fitted.spectrum.axis.is_energy:
        return None
    return context.expected_of(owner)


def _near(context: Context, owner: Owner) -> str:
    rows = [e for e in context.expected if e.level == owner.level]
    rows = [e for e in rows if abs(e.center - owner.position) <= e.tolerance]
    rows.sort(key=lambda e: abs(e.center - owner.position))
    listed = ", ".join(f"{e.species} ({e.center:.1f}{_status(e)})" for e in rows[:4])
    return f" Near it: {listed}." if rows else " No reference value lies near it."


def _assigned(context: Context) -> list[tuple[Owner, Level]]:
    """Return the assigned lines that are there, each with where it is expected."""
    found = []
    for owner in context.owners:
        known = _expected(context, owner)
        if known is not None and is_detected(owner):
            found.append((owner, level_of(known, owner.position)))
    return found


def level_of(known: Expected, position: float) -> Level:
    """Return a line at a position as the rigidity test takes it."""
    return Level(
        known.level,
        known.species,
        position,
        known.center,
        known.tolerance,
        known.spread,
        known.entry,
    )


def sample_rigidity(context: Context) -> Rigidity | None:
    """Return the rigidity test of all assigned lines of a fit; None without a library."""
    assigned = _assigned(context)
    if not assigned:
        return None
    covariance = context.result.covariance_of([owner.path("center") for owner, _ in assigned])
    # a centre that is held, or that the data do not determine, is as good as printed
    covariance = np.nan_to_num(covariance) + 1e-6 * np.eye(len(assigned))
    return rigidity_test(
        [level for _, level in assigned],
        separations=known_separations(context),
        covariance=covariance,
        held=held_line(context, [owner for owner, _ in assigned]),
    )


def held_line(context: Context, owners: Sequence[Owner]) -> int | None:
    """Return which line makes the scale: it is held, and a shift is fitted; None if none does."""
    shifts = (f"{region.name}/{REGION}/shift" for region in context.regions)
    if not any(context.result.estimate(path).free for path in shifts):
        return None
    held = [i for i, owner in enumerate(owners) if not _moves(owner)]
    return held[0] if held else None


def known_separations(context: Context) -> Separations:
    """Return the library's separations, and what the model's priors say where they know less.

    A prior on two centres is one; a prior on one centre is the distance from a line that is held
    where the fit makes its own scale. A prior that the data contradict is for `tension`.
    """
    found = dict(context.separations)
    assigned = _assigned(context)
    places = {owner.path("center"): (owner, level.entry) for owner, level in assigned}
    held = held_line(context, [owner for owner, _ in assigned])
    for prior in context.result.model.priors:
        if prior.sd is None or prior.group != "energies":
            continue
        paths = [canonical_path(context.result.model, term.source) for term in prior.terms]
        if not all(path in places for path in paths):
            continue
        entries, value = [places[path][1] for path in paths], prior.value
        if len(paths) == 1 and held is not None:
            anchor, level = assigned[held]
            entries.append(level.entry)
            value -= anchor.position
        elif len(paths) != 2 or [term.times for term in prior.terms] != [1.0, -1.0]:
            continue
        if len(entries) != 2 or not all(entries):
            continue
        a, b = entries
        sd = max(prior.sd, *(row[1] for key in ((a, b), (b, a)) if (row := found.get(key))), 0.0)
        found.pop((b, a), None)
        found[a, b] = value, sd
    return found


def _moves(owner: Owner) -> bool:
    estimate = owner.result.estimate(owner.path("center"))
    return estimate.free or estimate.link is not None


def not_rigid(context: Context) -> Iterator[Note]:
    """Find offsets that a charge shift cannot explain."""
    test = sample_rigidity(context)
    if test is not None and test.verdict == "non-rigid":
        yield Note("", test.message)


def rigid_shift(context: Context) -> Iterator[Note]:
    """Find all levels off by one amount."""
    test = sample_rigidity(context)
    if test is not None and test.verdict == "rigid":
        yield Note("", test.message)


def levels_in_tension(context: Context) -> Iterator[Note]:
    """Find a tie between levels, or what was known before the fit, that the data contradict."""
    for tension in context.tensions:
        if tension.significant:
            yield Note(tension.where, tension.message)


# ---------------------------------------------------------------------------------
# Overlaps


def no_line(context: Context) -> Iterator[Note]:
    """Find a broad hump that was fitted with core lines: nothing of the element is shown."""
    for region_name, overlaps, test in _suspected(context):
        if not test.lines_needed:
            level = overlaps[0].level if overlaps else _level_of(context, region_name)
            few = noise_check(context.fitted[region_name]).verdict == "sparse"
            yield Note(
                region_name,
                f"no line of {level} is needed: one hump at {test.center:.1f} eV, {test.fwhm:.1f}"
                f" eV wide, describes the window as well (BIC {test.bic_hump:.0f} against"
                f" {min(test.bic_lines, test.bic_both):.0f} with lines). No {level.split()[0]} is"
                f" shown to be there.{_named(overlaps, test.center)}",
                "Measure longer: so few counts do not tell a line from a hump." if few else "",
                "warning" if few else None,
            )


def hump_under_lines(context: Context) -> Iterator[Note]:
    """Find a broad structure under the lines that their areas swallow."""
    for region_name, overlaps, test in _suspected(context):
        if test.lines_needed and test.hump_needed and not _a_line_explains(context, test):
            change = ""
            if test.area_change is not None:
                change = f", and the areas change by {100 * test.area_change:+.0f} %"
            yield Note(
                region_name,
                f"a hump at {test.under_center:.1f} eV, {test.under_fwhm:.1f} eV wide, under the"
                f" lines lowers BIC by {test.bic_lines - test.bic_both:.0f}{change}."
                f"{_named(overlaps, test.under_center or 0.0)}",
            )


def overlap_present(context: Context) -> Iterator[Note]:
    """Find a component where another element, which the sample shows, has a line."""
    for owner in context.owners:
        for overlap in context.overlaps:
            if overlap.level != owner.level or not overlap.low <= owner.center <= overlap.high:
                continue
            shown = [level for level in overlap.shown_by if sample_shows(context.spectra, level)]
            if shown:
                yield Note(
                    owner.where,
                    f"{owner.name} at {owner.center:.1f} eV stands where {overlap.name} may fall"
                    f" ({overlap.low:.0f} to {overlap.high:.0f} eV), and the sample shows"
                    f" {' and '.join(shown)}.",
                    overlap.advice,
                )


def _level_of(context: Context, region_name: str) -> str:
    return next((o.level for o in context.owners_in(region_name) if o.level), region_name)


def _a_line_explains(context: Context, test: HumpTest) -> bool:
    """Return whether one more line describes the data better than a hump."""
    return context.comparison.preferred.delta_bic < test.bic_both - test.bic_lines


def _named(overlaps: Sequence[Interference], center: float) -> str:
    near = [o for o in overlaps if o.low - 1.0 <= center <= o.high + 1.0]
    return f" There falls {near[0].name}. {near[0].advice}" if near else ""


def _suspected(context: Context) -> Iterator[tuple[str, tuple[Interference, ...], HumpTest]]:
    for region in context.xps_regions:
        owners = [o for o in context.owners_in(region.name) if not o.is_loss]
        if not owners or not _hump_suspected(context, region.name, owners):
            continue
        test = context.hump(region.name)
        level = _level_of(context, region.name)
        broad = tuple(o for o in context.overlaps if o.level == level and o.broad)
        if test is not None and (broad or not test.lines_needed):
            yield region.name, broad, test


def _hump_suspected(context: Context, region_name: str, owners: Sequence[Owner]) -> bool:
    """Return whether widths, areas or residuals suggest that there are no such lines."""
    wide = any(o.width > SENSIBLE_FWHM_EV.get(o.level, (0.0, 2.5))[1] for o in owners)
    bound = any(
        context.result.estimate(o.path(name)).at_bound for o in owners for name in o.width_names
    )
    hidden = any(o.has_area and o.area < (smallest_area(o) or 0.0) for o in owners)
    structure = residual_structure(context.fitted[region_name]).present
    return wide or bound or hidden or structure


@dataclass(frozen=True, eq=False)
class _Sample:
    """The spectra of a sample, equal to themselves only: all fits of a sample share them."""

    spectra: tuple[Spectrum, ...]

    def __hash__(self) -> int:
        return id(self.spectra)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sample) and other.spectra is self.spectra


def sample_shows(spectra: tuple[Spectrum, ...], level: str) -> bool:
    """Tell whether one of a sample's spectra shows a line of a level."""
    return may_show(spectra, level) and _sample_shows(_Sample(spectra), level)


def may_show(spectra: Sequence[Spectrum], level: str) -> bool:
    """Tell whether one of some spectra reaches a level's energy; quickly."""
    if not level:
        return False
    nominal = core_level(level).nominal_ev
    return any(_may_show(spectrum, nominal) for spectrum in spectra)


def _may_show(spectrum: Spectrum, nominal: float) -> bool:
    """Return whether a spectrum reaches a binding energy, as far as that is plain to see."""
    if spectrum.axis is not Axis.BINDING_ENERGY:
        return True
    return bool(spectrum.x[0] - _NEAR <= nominal <= spectrum.x[-1] + _NEAR)


@lru_cache(maxsize=256)
def _sample_shows(sample: _Sample, level: str) -> bool:
    return any(_shows(spectrum, level) for spectrum in sample.spectra)


def _shows(spectrum: Spectrum, level: str) -> bool:
    """Return whether a spectrum shows a line near a level's nominal energy."""
    try:
        energies = _binding(spectrum)
    except ValueError:
        return False
    nominal = core_level(level).nominal_ev
    if not energies[0][0] - _NEAR <= nominal <= energies[0][-1] + _NEAR:
        return False
    if not is_level(spectrum, level) and np.ptp(energies[0]) < 200.0:
        return False
    return _line_near(*energies, nominal)


def _binding(spectrum: Spectrum) -> tuple[Array, Array]:
    spectrum = on_binding_energy(spectrum)
    if spectrum.axis is not Axis.BINDING_ENERGY:
        raise ValueError("not a binding energy axis")
    return spectrum.x, spectrum.y


def _line_near(x: Array, y: Array, nominal: float) -> bool:
    """Return whether a line, no broad loss structure, stands within 2 eV of an energy."""
    near = np.abs(x - nominal) <= _NEAR
    sides = (np.abs(x - nominal) > 3.0) & (np.abs(x - nominal) <= 7.0)
    if near.sum() < 3 or sides.sum() < 4:
        return False
    line = np.polyfit(x[sides], y[sides], 1)
    level = np.polyval(line, x[near])
    excess = float(np.mean(y[near] - level))
    noise = float(np.std(y[sides] - np.polyval(line, x[sides]))) / np.sqrt(near.sum())
    return excess > max(5.0 * noise, _CONTRAST * float(np.mean(level)))
