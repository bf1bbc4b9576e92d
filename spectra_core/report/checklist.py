"""The checklist of what a report of a fit has to state, filled or "not recorded".

It follows the kind of list that ISO 19830 asks for: identity, instrument, charge correction,
range, background, components, fit, plots, quantification, series, data. Each item is one row
with a function that finds it in a fit; what the files and the fit do not know can be entered
by the user. An item that differs between regions is printed with their names.

References
----------
.. [1] ISO 19830:2015, Minimum reporting requirements for peak fitting in X-ray photoelectron
   spectroscopy.
.. [2] G. H. Major et al., J. Vac. Sci. Technol. A 38, 061204 (2020).
   doi:10.1116/6.0000685
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..curves.lineshapes import lineshape
from ..fitting import FitResult, RegionFit
from ..model import Region
from ..referee.residuals import start_agreement
from ..results.document import program_versions
from ..results.scales import LEAST, scales_of
from ..runs.records import FitRecord, Run
from ..series.fits import SERIES
from ..spectrum import Meta
from ..uncertainty.spread import Variant
from .definitions import shape_words
from .document import Cell, Column, ReportTable, clean_text, number, plain, words
from .methods import DRAWN
from .provenance import own_reference, sensitivity_tables, shift_words, works_of_tables
from .typography import with_formulas
from .wording import WEIGHTS_WORDS, prior_in_words, settings

_OF_CASAXPS = "not specified"  # what CasaXPS writes for what it does not know
NOT_RECORDED = "not recorded"
SHOWN_GROUPS = 6
ENTRY_LENGTH = 1000


@dataclass(frozen=True, eq=False)
class Seen:
    """What an item's function looks at: one region of one fit, and the run."""

    run: Run
    record: FitRecord
    fit: RegionFit

    @property
    def result(self) -> FitResult:
        """The fit."""
        return self.record.result

    @property
    def region(self) -> Region:
        """The region's model, fitted."""
        return self.result.model.region(self.fit.name)

    @property
    def meta(self) -> Meta:
        """What the file recorded."""
        return self.fit.spectrum.meta


@dataclass(frozen=True)
class Item:
    """One row of the checklist: stable id, group, title, and where the answer comes from."""

    id: str
    group: str
    title: str
    find: Callable[[Seen], str | None]


def _number(value: float | None, unit: str = "") -> str | None:
    return None if value is None else f"{value:g} {unit}".strip()


def _said(meta: Meta, *names: str) -> str | None:
    """Return what the file says under one of these names, in its extras or its comment."""
    wanted = {name.casefold() for name in names}
    for key, value in meta.extra.items():
        if key.casefold() in wanted and str(value).strip():
            return str(value)
    for line in f"{meta.comment}\n{meta.extra.get('file_comment', '')}".splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip().casefold() in wanted and value.strip():
            return value.strip()
    return None


def _position(meta: Meta) -> str | None:
    places = [
        f"{name.removeprefix('Position')} = {value:g} {unit}".strip()
        for name, (value, unit) in meta.variables.items()
        if re.fullmatch(r"Position[XYZ]", name)
    ]
    return ", ".join(places) or None


def _source(seen: Seen) -> str | None:
    label, energy = _said(seen.meta, "source_label"), seen.meta.excitation_energy_ev
    if seen.meta.laser_nm:
        return f"laser, {seen.meta.laser_nm:g} nm"
    return ", ".join(filter(None, (label, _number(energy, "eV")))) or None


def _monochromator(seen: Seen) -> str | None:
    text = f"{_said(seen.meta, 'source_label')} {_said(seen.meta, 'Mode')}".casefold()
    return "yes" if "mono" in text else None


def _calibration(seen: Seen) -> str | None:
    calibration, unit = seen.fit.spectrum.calibration, seen.fit.spectrum.axis.unit
    own = own_reference(seen.record, seen.fit)
    if not calibration.reference and calibration.assigned is None:
        return own
    parts = [calibration.reference or "reference not named"]
    for name in ("assigned", "measured"):
        value = getattr(calibration, name)
        parts.append(f"{name} {f'{value:g} {unit}' if value is not None else NOT_RECORDED}")
    return ", ".join(parts) + (f"; within the fit {own}" if own else "")


def _shift(seen: Seen) -> str:
    calibration, unit = seen.fit.spectrum.calibration, seen.fit.spectrum.axis.unit
    scales = scales_of(seen.fit.spectrum, seen.result, seen.fit.name)
    parts = []
    if calibration.shift or calibration.is_stretched:
        known = calibration.uncertainty
        error = f"{known:g} {unit}" if known is not None else NOT_RECORDED
        parts.append(f"{calibration.formula(unit)}, standard uncertainty {error}")
    if abs(scales.shift) >= LEAST or own_reference(seen.record, seen.fit):
        parts.append(f"lines shifted by {shift_words(scales)} in the fit ({scales.formula})")
    return "; ".join(parts) or f"none applied, uncertainty {NOT_RECORDED}"


def _ends(seen: Seen) -> str:
    points = seen.region.background.options.get("endpoint_points")
    info = seen.fit.background_info
    if seen.region.background.mode == "active" or points is None:
        return "the ends are not fixed: the background is fitted with the lines"
    used = [str(info[key]) for key in ("low_points", "high_points") if key in info]
    return f"mean of {points} channels at each end" + (
        f" (used: {' and '.join(used)})" if used else ""
    )


def _background(seen: Seen) -> str:
    background = seen.region.background
    chosen = settings(background)
    mode = "fitted with the lines" if background.mode == "active" else "computed before the fit"
    return f"{background.kind.title}, {mode}" + (f" ({chosen})" if chosen else "")


def _iterations(seen: Seen) -> str | None:
    count = seen.fit.background_info.get("iterations")
    if count is not None:
        return str(count)
    return "does not apply" if seen.region.background.mode == "active" else None


def _shapes(seen: Seen) -> str:
    names = dict.fromkeys(c.lineshape for c in seen.region.components if c.enabled)
    return "; ".join(shape_words(name) for name in names)


def _species(seen: Seen) -> str | None:
    pairs = dict.fromkeys(
        f"{component.label}: {component.species}"
        for component in seen.region.components
        if component.enabled and component.species
    )
    return "; ".join(pairs) or None


def _at_bound(seen: Seen) -> str:
    paths = [
        path
        for path in seen.result.paths
        if path.startswith(f"{seen.fit.name}/") and seen.result.estimate(path).at_bound
    ]
    return ", ".join(paths) or "none"


def _method(seen: Seen) -> str:
    result = seen.result
    if result.method == SERIES:
        return f"Levenberg-Marquardt, bounded, over all levels at once; {result.status.value}"
    name = "Levenberg-Marquardt, bounded" if result.method == "lm" else result.method
    part, starts = start_agreement(result)
    reached = f", {round(part * starts)} of them ended in the best" if starts > 1 else ""
    return (
        f"{name}; {len(result.starts)} starting point(s){reached}; {result.status.value}:"
        f" {result.message}"
    )


def _freedom(seen: Seen) -> str:
    statistics = seen.fit.statistics
    left = statistics.n_points - statistics.n_free
    return f"N = {statistics.n_points}, k = {statistics.n_free}, {left} degrees of freedom"


def _quality(seen: Seen) -> str:
    s = seen.fit.statistics
    noise = "unknown" if s.residual_std is None else _digits(s.residual_std, 3)
    return (
        f"chi-square {_digits(s.chi_square, 4)}, reduced {_digits(s.reduced_chi_square, 3)},"
        f" residual STD {noise}, Abbe {_digits(s.abbe, 3)}, runs p {_digits(s.runs_p, 2)}"
    )


def _digits(value: float, digits: int) -> str:
    """Return a number as the tables of the report print it."""
    return number(value, digits).text.plain


def _alternatives(seen: Seen) -> str | None:
    tried = dict.fromkeys(
        f"{variant.name}: {_delta(variant)}{'' if variant.accepted else ', does not count'}"
        for ratio in seen.record.ratios
        for variant in ratio.variants
        if variant.choice != DRAWN
    )
    return "; ".join(tried) or None


def _delta(variant: Variant) -> str:
    """Return what an alternative changes in BIC, or in chi-square where the data differ."""
    if variant.delta_bic is not None:
        return f"ΔBIC {variant.delta_bic:+.3g}"
    if variant.reduced_chi_square is not None:
        return f"reduced chi-square {variant.reduced_chi_square:.3g}"
    return variant.reason or "not fitted"


def _correlated(seen: Seen) -> str:
    prefix = f"{seen.fit.name}/"
    pairs = [
        f"{a} with {b}: {value:.3f}"
        for a, b, value in seen.result.correlations()
        if a.startswith(prefix) or b.startswith(prefix)
    ]
    return "; ".join(pairs) or "none of 0.9 or more"


def _area_kind(seen: Seen) -> str:
    shapes = [lineshape(c.lineshape) for c in seen.region.components if c.enabled]
    units = sorted(
        {
            seen.result.unit(path)
            for path in seen.result.paths
            if path.startswith(f"{seen.fit.name}/") and path.endswith("/area")
        }
    )
    finite = "integral of the line over all energies"
    infinite = "" if all(shape.finite_area for shape in shapes) else "; some shapes have none"
    return f"{finite}, in {', '.join(units) or 'no unit'}{infinite}"


def _sensitivity(seen: Seen) -> str | None:
    tables = sensitivity_tables(seen.record.recipe)
    works = "; ".join(works_of_tables(tables))
    return f"{', '.join(tables)} ({works})" if tables else None


def _constants(seen: Seen) -> str:
    """Return what was known before the fit, and how it is in the fit."""
    known = seen.result.priors
    if not known:
        return "none: links, fixed values and bounds alone"
    return "; ".join(
        f"{prior_in_words(one.prior)}, fitted {one.fitted:.6g} ({one.pull:+.1f} standard"
        f" deviations)"
        for one in known
    )


def _ratios(seen: Seen) -> str:
    number = len(seen.record.ratios)
    return f"{number}, in the table of ratios" if number else "none were asked for"


def _levels(seen: Seen) -> str:
    record = seen.record
    if record.levels == 1:
        return "a single spectrum"
    together = "fitted by itself with the same model"
    if record.result.method == SERIES:
        return (
            f"{record.levels} levels, fitted as one problem: areas, backgrounds and charge shift"
            " of each level, the rest as the section on the series says"
        )
    return f"{record.levels} levels, each {together}"


def _failed(seen: Seen) -> str:
    return f"{len(seen.run.failures)}, listed in this report" if seen.run.failures else "none"


ITEMS: tuple[Item, ...] = (
    Item(
        "file",
        "Identity",
        "Data file and checksum",
        lambda s: (
            f"{s.record.file.replace(chr(92), '/').rpartition('/')[2]}, SHA-256"
            f" {s.fit.spectrum.source.sha256[:12]}… (whole below)"
        ),
    ),
    Item("sample", "Identity", "Sample", lambda s: clean_text(s.record.sample, longest=80) or None),
    Item("state", "Identity", "State of the sample, preparation, transfer", lambda s: None),
    Item("position", "Identity", "Position on the sample", lambda s: _position(s.meta)),
    Item("operator", "Identity", "Operator", lambda s: _said(s.meta, "operator")),
    Item("date", "Identity", "Date of the measurement", lambda s: s.meta.date or None),
    Item("program", "Identity", "Program", lambda s: f"Doublet {program_versions()['version']}"),
    Item("instrument", "Instrument", "Make and model", lambda s: s.meta.instrument or None),
    Item("source", "Instrument", "Source and photon energy", _source),
    Item("monochromator", "Instrument", "Monochromator", _monochromator),
    Item(
        "power",
        "Instrument",
        "Anode or laser power",
        lambda s: (
            _said(s.meta, "X-ray Power", "laser_power")
            or _number(s.meta.extra.get("source_strength"), "W")
        ),
    ),
    Item("spot", "Instrument", "Analysed area", lambda s: _said(s.meta, "spot_size", "Spot Size")),
    Item(
        "geometry",
        "Instrument",
        "Angles between source, sample and analyser",
        lambda s: _said(s.meta, "SourceAnalyserAngle", "source_analyser_angle"),
    ),
    Item(
        "pass_energy", "Instrument", "Pass energy", lambda s: _number(s.meta.pass_energy_ev, "eV")
    ),
    Item(
        "step",
        "Instrument",
        "Step",
        lambda s: f"{s.fit.spectrum.step:.3g} {s.fit.spectrum.axis.unit}",
    ),
    Item(
        "dwell",
        "Instrument",
        "Dwell time per channel and scan",
        lambda s: _number(s.meta.dwell_s, "s"),
    ),
    Item("scans", "Instrument", "Scans added up", lambda s: _number(s.meta.scans)),
    Item("scale", "Instrument", "Calibration of the energy scale: lines, date", lambda s: None),
    Item("resolution", "Instrument", "Resolution, e.g. FWHM of Ag 3d5/2", lambda s: None),
    Item(
        "transmission",
        "Instrument",
        "Transmission function",
        lambda s: (
            None if s.fit.spectrum.transmission is None else "recorded with the data, not applied"
        ),
    ),
    Item(
        "neutraliser",
        "Charge",
        "Charge neutraliser",
        lambda s: _said(s.meta, "Charge Neutraliser", "Charge Neutralizer", "neutraliser"),
    ),
    Item("reference", "Charge", "Reference, assigned and measured energy", _calibration),
    Item("shift", "Charge", "Shift applied, and its uncertainty", _shift),
    Item(
        "window",
        "Range",
        "Energy range fitted, number of points",
        lambda s: (
            f"{s.region.window[0]:g} to {s.region.window[1]:g} {s.fit.spectrum.axis.unit},"
            f" {s.fit.x.size} points"
        ),
    ),
    Item(
        "preprocessing",
        "Range",
        "Processing before the fit",
        lambda s: "none by Doublet: raw data, not smoothed; before that: not recorded",
    ),
    Item("background", "Background", "Type and settings", _background),
    Item("ends", "Background", "Averaging at the ends", _ends),
    Item("iterations", "Background", "Iterations", _iterations),
    Item("lineshape", "Components", "Line shapes, with formula", _shapes),
    Item("species", "Components", "Assignment", _species),
    Item(
        "components",
        "Components",
        "Position, width, area, errors, start values, constraints",
        lambda s: "in the tables of each region",
    ),
    Item("bounds", "Components", "Parameters on a bound", _at_bound),
    Item(
        "objective",
        "Fit",
        "What was minimised",
        lambda s: (
            "sum of squared residuals over their standard deviation,"
            f" {WEIGHTS_WORDS[s.fit.weights]} weights"
        ),
    ),
    Item("method", "Fit", "Optimiser, starting points, convergence", _method),
    Item("freedom", "Fit", "Points, free parameters, degrees of freedom", _freedom),
    Item("quality", "Fit", "Goodness of fit", _quality),
    Item("priors", "Fit", "What was known before, as measurements", _constants),
    Item("alternatives", "Fit", "Other backgrounds and models that were fitted", _alternatives),
    Item("correlations", "Fit", "Correlated parameters", _correlated),
    Item(
        "plot",
        "Plots",
        "Data, envelope, background, components, normalised residuals",
        lambda s: "all in the figure of each region",
    ),
    Item("area", "Quantification", "Definition of area", _area_kind),
    Item("sensitivity", "Quantification", "Sensitivity factors", _sensitivity),
    Item("attenuation", "Quantification", "Attenuation lengths", lambda s: None),
    Item("ratios", "Quantification", "Area ratios with covariance", _ratios),
    Item("levels", "Series", "Levels and what they share", _levels),
    Item("failed", "Series", "Spectra that could not be fitted", _failed),
    Item(
        "sputtering",
        "Series",
        "Sputter ion, energy, angle, raster, rate and its calibration",
        lambda s: "sputter time recorded; the rest not recorded" if s.meta.etch_time_s else None,
    ),
    Item("archive", "Data", "Raw data and model archived", lambda s: None),
)


def checklist(run: Run, entries: Mapping[str, str]) -> ReportTable:
    """Return the checklist of a run.

    Parameters
    ----------
    run : Run
    entries : mapping of str to str
        The user's own answers by the id of an item; they are marked as such. Others
        become items of their own at the end: nothing a user wrote is lost.
    """
    seen = [Seen(run, record, fit) for record in run.fits for fit in record.result.regions]
    rows = tuple(
        (words(plain(item.group, style="bold")), words(item.title), _answer(item, seen, entries))
        for item in (*ITEMS, *_own_items(entries))
    )
    columns = (Column(plain("group"), 1.3), Column(plain("item"), 2.6), Column(plain("stated"), 5))
    return ReportTable(plain("Checklist"), columns, rows, "checklist")


def _own_items(entries: Mapping[str, str]) -> Iterator[Item]:
    known = {item.id for item in ITEMS}
    for name in entries:
        if name not in known:
            yield Item(name, "Further", name, lambda seen: None)


def _answer(item: Item, seen: list[Seen], entries: Mapping[str, str]) -> Cell:
    entry = entries.get(item.id, "").strip()
    if entry:
        return words(plain(f"{entry} (entered by the user)", longest=ENTRY_LENGTH))
    found = [(_where(look), item.find(look)) for look in seen]
    text = "; ".join(_grouped(found)) or NOT_RECORDED
    if text == NOT_RECORDED:
        return words(plain(text, style="italic"))
    shown = plain(text, longest=ENTRY_LENGTH)
    return words(with_formulas(shown.plain) if item.id == "species" else shown)


def _where(seen: Seen) -> str:
    return f"{clean_text(seen.record.sample, longest=30)}, {clean_text(seen.fit.name, longest=20)}"


def _grouped(found: list[tuple[str, str | None]]) -> Iterator[str]:
    """Yield each different answer with where it holds, unless there is only one."""
    groups: dict[str, list[str]] = {}
    for where, answer in found:
        known = answer is not None and answer.strip().casefold() != _OF_CASAXPS
        shown = clean_text(answer, longest=400) if answer and known else NOT_RECORDED
        groups.setdefault(shown, []).append(where)
    if len(groups) == 1:
        yield from groups
        return
    for place, (answer, places) in enumerate(groups.items()):
        if place == SHOWN_GROUPS:
            yield f"{len(groups) - place} more, see the regions"
            return
        names = list(dict.fromkeys(places))
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        yield f"{answer} ({'; '.join(names[:2])}{more})"
