"""Our model as the lines CasaXPS keeps in a VAMAS comment, so that it opens as a fit there.

The counterpart of `casaxps`: regions, components, bounds, ties and the energy shift are
written the way CasaXPS stores them, with digits enough that reading them back gives the
same model. Energies become kinetic energies on the calibrated scale (photon energy minus
binding energy), areas counts/s eV, widths CasaXPS's own (see `casaxps_shapes`), and a tie
the place of the other component in the list with a ratio or an offset.

CasaXPS can express less than a `Model`. Its backgrounds are computed from the data, not
fitted; its shape parameters are numbers in a text, some of them whole; a tie has one source
in the same block; every value has two bounds. Where ours says more, the nearest is written
and a note says so. A sensitivity factor of 1 and a mass of 1 stand for "not known".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, isinf, log, pi, sqrt
from pathlib import Path

from ..core_levels import core_level
from ..curves.lineshapes import lineshape
from ..errors import ModelError
from ..foreign.casaxps import casaxps_model
from ..foreign.casaxps_comment import FREE, CasaNote
from ..foreign.casaxps_shapes import from_casaxps, to_casaxps
from ..foreign.presence import has_casaxps_fit
from ..model import (
    REGION,
    Background,
    Component,
    Doublet,
    Model,
    Parameter,
    Region,
    all_links,
    canonical_path,
    get_parameter,
    split_path,
    total_to_major,
)
from ..readers.vamas_blocks import clean
from ..results.entries import doublet_label
from ..runs.records import FitRecord, Run
from ..spectrum import Axis, Calibration, Spectrum, to_axis
from ..writers.vamas import write_vamas

__all__ = ["CasaText", "casaxps_text", "fitted_spectra", "with_casaxps_fit", "write_fits_vamas"]

HEAD = "Casa Info Follows"
_TOP_AREA = 1e9  # counts/s eV; stands in where an area has no upper bound
_TOP_WIDTH = 50.0  # eV; the same for a width
_SHIFT_TOLERANCE = 1e-6  # eV, between a shift and its reference energies
_AGREES = 1e-6  # relative; a stored value that its link gives to this is kept as stored


@dataclass(frozen=True)
class CasaText:
    """The lines of a block comment that hold a fit, and what they could not hold.

    Attributes
    ----------
    lines : tuple of str
        From "Casa Info Follows" to the last ``CASA comp`` line.
    notes : tuple of CasaNote
        One for everything written differently; `CasaNote.line` names the component.
    """

    lines: tuple[str, ...]
    notes: tuple[CasaNote, ...]


def casaxps_text(
    spectrum: Spectrum,
    model: Model,
    *,
    regions: Sequence[str] | None = None,
    factors: Mapping[str, float] | None = None,
) -> CasaText:
    """Return a model as CasaXPS writes a fit into the comment of its VAMAS block.

    Parameters
    ----------
    spectrum : Spectrum
        What the model is for: its photon energy, calibration and intensity unit count.
    model : Model
        On the calibrated binding energy scale, every value given (as after a fit).
    regions : sequence of str, optional
        Names of the regions that belong to this spectrum; all by default.
    factors : mapping of str to float, optional
        Relative sensitivity factors by ``region/component id``; 1 where there is none.

    Returns
    -------
    text : CasaText

    Raises
    ------
    ModelError
        If the photon energy is not recorded, the axis is no electron energy, or a value
        of the model is not known.

    Notes
    -----
    `spectra_core.foreign.casaxps.casaxps_model` reads the lines back to the same model wherever
    no note says otherwise.
    """
    try:
        return _text(spectrum, model, regions, factors or {})
    except ModelError as error:
        raise error.at(spectrum.label or "CasaXPS comment") from None


def with_casaxps_fit(
    spectrum: Spectrum,
    model: Model,
    *,
    regions: Sequence[str] | None = None,
    factors: Mapping[str, float] | None = None,
) -> tuple[Spectrum, tuple[CasaNote, ...]]:
    """Return `spectrum` with the model in its comment, in place of a fit that was there.

    Parameters
    ----------
    spectrum, model, regions, factors
        As `casaxps_text`.

    Returns
    -------
    spectrum : Spectrum
        On the binding energy axis; `spectra_core.writers.vamas.write_vamas` writes it.
    notes : tuple of CasaNote

    Raises
    ------
    ModelError
        As `casaxps_text`.
    """
    text = casaxps_text(spectrum, model, regions=regions, factors=factors)
    shown = to_axis(spectrum, Axis.BINDING_ENERGY)
    rest, dropped = _without_fit(shown.meta.comment.split("\n") if shown.meta.comment else [])
    comment = "\n".join([*text.lines, *rest])
    return replace(shown, meta=replace(shown.meta, comment=comment)), (*dropped, *text.notes)


def write_fits_vamas(run: Run, path: Path) -> tuple[CasaNote, ...]:
    """Write every fitted spectrum of a run to one VAMAS file, the fits as CasaXPS keeps them.

    Parameters
    ----------
    run : Run
    path : Path

    Returns
    -------
    notes : tuple of CasaNote
        With sample and region in front of each message, and one on the sensitivity factors.

    Raises
    ------
    WriteError
        If there is nothing to write, or the file cannot be written.

    Notes
    -----
    One block for each spectrum of each fit. A spectrum that is not XPS, or without photon
    energy, is written without its model, and a note says so.
    """
    spectra: list[Spectrum] = []
    notes: list[CasaNote] = []
    for record in run.fits:
        factors, source = _sensitivity_factors(record)
        notes += [CasaNote("sensitivity", f"{record.sample}: {source}")]
        for spectrum, names in fitted_spectra(record):
            try:
                written, own = with_casaxps_fit(
                    spectrum, record.result.model, regions=names, factors=factors
                )
            except ModelError as error:
                written, own = spectrum, (CasaNote("no_model", f"Without its model: {error}"),)
            spectra.append(written)
            label = f"{record.sample} / {', '.join(names)}"
            notes += [replace(note, message=f"{label}: {note.message}") for note in own]
    write_vamas(Path(path), spectra)
    return tuple(dict.fromkeys(notes))


def fitted_spectra(record: FitRecord) -> list[tuple[Spectrum, list[str]]]:
    """Return the spectra of a fit, each with the names of the regions cut from it."""
    found: dict[tuple[object, ...], tuple[Spectrum, list[str]]] = {}
    for fit in record.result.regions:
        source = fit.spectrum.source
        key = (source.file, source.index, fit.spectrum.x.tobytes(), fit.spectrum.y.tobytes())
        found.setdefault(key, (fit.spectrum, []))[1].append(fit.name)
    return list(found.values())


def _sensitivity_factors(record: FitRecord) -> tuple[dict[str, float], str]:
    """Return sensitivity factors from the table that the recipe's links name, and the source."""
    tables = {link.sensitivity_table for link in record.recipe.link if link.sensitivity}
    stored = _stored_factors(record)
    if stored:
        return stored, "The sensitivity factors (RSF) are those that came with the spectrum."
    if len(tables) != 1:
        return {}, "The sensitivity factors (RSF) are written as 1: the recipe names no table."
    from ..library import DEFAULT_SENSITIVITY, load_library

    library, table = load_library(), tables.pop() or DEFAULT_SENSITIVITY
    factors: dict[str, float] = {}
    for region in record.result.model.regions:
        for component in region.components:
            doublet = region.doublet_of(component.id)
            level = doublet.line if doublet else component.line
            try:
                factor = library.sensitivity(table, level)
            except ModelError:
                continue
            factors[f"{region.name}/{component.id}"] = float(factor.value)
    source = f"The sensitivity factors (RSF) are those of the table {table}, 1 where it has none."
    return factors, source


def _stored_factors(record: FitRecord) -> dict[str, float]:
    """Return the factors of the CasaXPS fit that came with a fit's spectra, where ids agree."""
    factors: dict[str, float] = {}
    for spectrum, _ in fitted_spectra(record):
        if not has_casaxps_fit(spectrum):
            continue
        stored = casaxps_model(spectrum)
        hv = spectrum.meta.excitation_energy_ev or 0.0
        for region in stored.model.regions:
            for component in region.components:
                center = component.parameters["center"].value
                same = [c for c in stored.components if hv - c.position.value == center]
                if same:
                    factors[f"{region.name}/{component.id}"] = same[0].rsf
    return factors


# --------------------------------------------------------------------------------------
# the whole block


@dataclass
class _Draft:
    """What is known while the lines are put together."""

    photon_energy: float
    per_second: float
    model: Model
    links: Mapping[str, _Tie]
    factors: Mapping[str, float]
    notes: list[CasaNote] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, _Shape] = field(default_factory=dict)

    def note(self, code: str, message: str, where: str) -> None:
        self.notes.append(CasaNote(code, message, where))


@dataclass(frozen=True)
class _Shape:
    """A shape text with its stored width over the true FWHM, and area over integral."""

    text: str
    width_ratio: float
    area_ratio: float


@dataclass(frozen=True)
class _Tie:
    """A link with canonical paths: source path and factor of every term, and the offset."""

    terms: Mapping[str, float]
    offset: float


def _text(
    spectrum: Spectrum,
    model: Model,
    names: Sequence[str] | None,
    factors: Mapping[str, float],
) -> CasaText:
    regions = [model.region(name) for name in names] if names is not None else list(model.regions)
    draft = _Draft(_photon_energy(spectrum), 1.0, model, _ties(model), factors)
    draft.per_second = _counts_per_area(spectrum, draft)
    members = [(region, c) for region in regions for c in region.components]
    for region, component in members:
        _take_shape(draft, region, component)
    shown = [(r, c) for r, c in members if f"{r.name}/{c.id}" in draft.shapes]
    draft.index = {f"{r.name}/{c.id}": i for i, (r, c) in enumerate(shown)}
    processing = _processing(spectrum.calibration)
    lines = [HEAD, str(len(processing)), *processing, "0", str(len(regions))]
    lines += [_region_line(draft, region) for region in regions]
    lines += [str(len(shown))]
    lines += [_component_line(draft, region, component) for region, component in shown]
    return CasaText(tuple(lines), tuple(draft.notes))


def _photon_energy(spectrum: Spectrum) -> float:
    if not spectrum.axis.is_energy:
        raise ModelError(f"CasaXPS has no place for a fit on a {spectrum.axis.value} axis.")
    photon_energy = spectrum.meta.excitation_energy_ev
    if photon_energy is None:
        raise ModelError(
            "CasaXPS keeps a fit in kinetic energies, and the photon energy is not recorded.",
            hint="Give it, e.g. --photon-energy 1486.6.",
        )
    return photon_energy


def _counts_per_area(spectrum: Spectrum, draft: _Draft) -> float:
    """Return what an area must be divided by to be in counts/s eV."""
    if spectrum.y_unit == "counts/s":
        return 1.0
    seconds = spectrum.meta.acquisition_time_s
    if spectrum.y_unit == "counts" and seconds:
        return seconds
    message = (
        f"The areas are in {spectrum.y_unit} eV, because dwell time and scans are not recorded;"
        " CasaXPS takes them for counts/s eV."
    )
    draft.note("unit", message, "")
    return 1.0


def _processing(calibration: Calibration) -> list[str]:
    if not calibration.shift:
        return []
    measured, assigned = calibration.measured, calibration.assigned
    known = measured is not None and assigned is not None
    if not known or abs(assigned - measured - calibration.shift) > _SHIFT_TOLERANCE:  # type: ignore[operator]
        measured, assigned = 0.0, calibration.shift
    return [f"Calib M = {_number(measured or 0.0)} A = {_number(assigned or 0.0)} BE ADD"]


def _number(value: float) -> str:
    """Return 15 digits: more than any spectrum has, less than show binary noise."""
    return f"{value:.15g}"


def _name(text: str, otherwise: str) -> str:
    """Return a text that cannot end the brackets ``(*...*)`` it stands in."""
    plain = " ".join(clean(text).replace("(*", "( *").replace("*)", "* )").split())
    return plain or otherwise


def _without_fit(lines: list[str]) -> tuple[list[str], tuple[CasaNote, ...]]:
    """Return a comment's lines without the fit CasaXPS kept there, and what is lost by it."""
    if HEAD not in lines:
        return lines, ()
    start = lines.index(HEAD)
    stop, processing = _counted(lines, start + 1)
    for prefix in ("annot", "CASA region", "CASA comp"):
        stop, _ = _counted(lines, stop, prefix)
    lost = [line for line in processing if not line.startswith("Calib")]
    sentence = "This processing step of CasaXPS is not in the new comment."
    return lines[:start] + lines[stop:], tuple(CasaNote("processing", sentence, x) for x in lost)


def _counted(lines: list[str], at: int, prefix: str = "") -> tuple[int, list[str]]:
    """Return where a counted list of lines ends, and the lines; annotations end in a blank."""
    if at >= len(lines) or not lines[at].strip().isdigit():
        return at, []
    number, at = int(lines[at]), at + 1
    found: list[str] = []
    while len(found) < number and at < len(lines) and lines[at].startswith(prefix):
        found.append(lines[at])
        at += 1
        if prefix == "annot" and at < len(lines) and not lines[at].strip():
            at += 1
    return at, found


# --------------------------------------------------------------------------------------
# regions and backgrounds


def _region_line(draft: _Draft, region: Region) -> str:
    name, numbers, sentence = _background(region.background)
    if sentence:
        draft.note("background", sentence, region.name)
    options = region.background.options
    low, high = region.window
    ends = (options.get("high_offset", 0.0), options.get("low_offset", 0.0))
    width = int(options.get("endpoint_points", 3)) - 1
    factor = _region_factor(draft, region)
    limits = [draft.photon_energy - high, draft.photon_energy - low]
    texts = [_number(n) for n in (*limits, factor, width, *ends, *numbers)]
    label = _name(region.name, "region")
    tag = _name(_tag(region), label)
    return f"CASA region (*{label}*) (*{name}*) {' '.join(texts)} (*{tag}*) 1 0 {_number(factor)}"


def _region_factor(draft: _Draft, region: Region) -> float:
    found = {draft.factors.get(f"{region.name}/{c.id}", 1.0) for c in region.components}
    return found.pop() if len(found) == 1 else 1.0


def _tag(region: Region) -> str:
    """Return the level of the region's first doublet, else the region's name."""
    return next((doublet.line for doublet in region.doublets), region.name)


_Four = tuple[float, float, float, float]
_NONE: _Four = (0.0, 0.0, 0.0, 0.0)
_Written = tuple[str, _Four, str]


def _background(background: Background) -> _Written:
    """Return CasaXPS's name, its four parameters, and what is different; else empty."""
    name, numbers, exact = _BACKGROUNDS.get(background.type, _line)(background)
    if background.mode == "static" and exact:
        return name, numbers, ""
    why = (
        "is fitted here; CasaXPS computes it" if background.mode == "active" else "is not the same"
    )
    sentence = (
        f"The background '{background.type}' ({background.mode}) {why}: '{name}' is written,"
        " the nearest there is, so areas will differ."
    )
    return name, numbers, sentence


_Row = tuple[str, _Four, bool]


def _line(background: Background) -> _Row:
    return "Linear", _NONE, background.type == "linear"


def _shirley(background: Background) -> _Row:
    return "Shirley", _NONE, background.options.get("definition") == "casaxps"


def _universal(background: Background) -> _Row:
    options = background.options
    numbers = (_setting(background, "b"), -_setting(background, "c"), 0.0, float(options["gap"]))
    return "U 2 Tougaard", numbers, options["definition"] == "casaxps" and options["fit_end"]


def _plasmon(background: Background) -> _Row:
    options = background.options
    b, c, d = (_setting(background, name) for name in "bcd")
    exact = options["definition"] == "casaxps" and not options["fit_end"]
    return "U 3 Tougaard", (b, c, d, float(options["gap"])), exact


def _setting(background: Background, name: str) -> float:
    """Return a kernel constant: the fitted value in active mode, else the option."""
    parameter = background.parameters.get(name)
    value = parameter.value if parameter is not None else None
    return float(background.options[name] if value is None else value)


_BACKGROUNDS: Mapping[str, Callable[[Background], _Row]] = {
    "shirley": _shirley,
    "shirley_components": _shirley,
    "shirley_slope": _shirley,
    "tougaard_u2": _universal,
    "tougaard_u3": _plasmon,
}


# --------------------------------------------------------------------------------------
# shapes


_Nearest = tuple[str, dict[str, float], str]


def _voigt(shape: dict[str, float]) -> _Nearest:
    """Return LA with both exponents 1: a Lorentzian with a Gaussian over it."""
    own = {"alpha": 1.0, "beta": 1.0, "gauss": 1.0 - shape["mix"]}
    return "la", own, "is CasaXPS's LA with the exponent 1"


def _pseudo_voigt(shape: dict[str, float]) -> _Nearest:
    """Return SGL, whose share is of the height, not of the area."""
    lorentzian = shape["mix"] * 2.0 / pi
    gaussian = (1.0 - shape["mix"]) * 2.0 * sqrt(log(2.0) / pi)
    return "gl_sum", {"mix": lorentzian / (lorentzian + gaussian)}, "is the same curve as SGL"


_TRANSLATED: Mapping[str, Callable[[dict[str, float]], _Nearest]] = {
    "voigt": _voigt,
    "pseudo_voigt": _pseudo_voigt,
}


def _take_shape(draft: _Draft, region: Region, component: Component) -> None:
    """Note the shape text of a component, or why it is left out."""
    where = f"{region.name}/{component.id}"
    if not component.enabled:
        draft.note("disabled", f"'{component.label}' is switched off and left out.", where)
        return
    specs = lineshape(component.lineshape).parameters
    values = {spec.name: _value(draft, f"{where}/{spec.name}") for spec in specs}
    name, shape, replaced = component.lineshape, values, ""
    if name in _TRANSLATED:
        name, own, replaced = _TRANSLATED[name](values)
        shape = {k: values[k] for k in ("area", "center", "fwhm")} | own
    text, rounded = _shape_text(draft, name, shape, component, where)
    if not text:
        return
    _, unit = from_casaxps(text, width=1.0, position=0.0, area=1.0)
    draft.shapes[where] = _Shape(text, 1.0 / unit["fwhm"], 1.0 / unit["area"])
    free = [spec.name for spec in specs if _is_free_shape(draft, where, spec.name)]
    _note_shape(draft, component, where, replaced, rounded, free)


def _shape_text(
    draft: _Draft, name: str, shape: dict[str, float], component: Component, where: str
) -> tuple[str, bool]:
    """Return the text and whether it had to be rounded; an empty one if there is none."""
    try:
        return to_casaxps(name, shape)[0], False
    except ModelError:
        pass  # whole numbers are wanted: the nearest are taken, and a note says so
    try:
        return to_casaxps(name, shape, round_to_nearest=True)[0], True
    except ModelError as error:
        draft.note("shape", f"'{component.label}' is left out: {error}", where)
        return "", False


def _is_free_shape(draft: _Draft, where: str, name: str) -> bool:
    if name in ("area", "center", "fwhm", "height"):
        return False
    path = f"{where}/{name}"
    return path not in draft.links and get_parameter(draft.model, path).free


def _note_shape(
    draft: _Draft, component: Component, where: str, replaced: str, rounded: bool, free: list[str]
) -> None:
    text = draft.shapes[where].text
    parts = [f"the {component.lineshape} {replaced}"] if replaced else []
    parts += ["its indices are rounded to whole numbers"] if rounded else []
    parts += [f"{' and '.join(free)} was fitted here and is fixed there"] if free else []
    if parts:
        draft.note("shape", f"'{component.label}' is written as {text}: {'; '.join(parts)}.", where)


# --------------------------------------------------------------------------------------
# components


def _component_line(draft: _Draft, region: Region, component: Component) -> str:
    where = f"{region.name}/{component.id}"
    shape = draft.shapes[where]
    shift = _shift(draft, where)
    if shift:
        message = f"The region's fitted shift of {shift:g} eV is part of the position."
        draft.note("shift", message, where)
    hv, per_second = draft.photon_energy, draft.per_second
    area = _five(draft, where, "area", lambda v: v / per_second, (0.0, _TOP_AREA))
    width = _five(draft, where, "fwhm", lambda v: v * shape.width_ratio, (0.0, _TOP_WIDTH))
    ends = (hv - region.window[1], hv - region.window[0])
    place = _five(draft, where, "center", lambda v: hv - v - shift, ends)
    factor = _number(draft.factors.get(where, 1.0))
    tag = _name(_tag(region), "region")
    return (
        f"CASA comp (*{_shown_name(region, component)}*) (*{shape.text}*) Area {area}"
        f" MFWHM {width} Position {place} RSF {factor} MASS 1 INDEX -1 (*{tag}*) CONST (**)"
        f" UNCORRECTEDRSF {factor}"
    )


def _shown_name(region: Region, component: Component) -> str:
    """Return the label; both lines of a doublet are called by level and doublet."""
    doublet = region.doublet_of(component.id)
    if doublet is None:
        return _name(component.label, "component")
    label = doublet_label(region, doublet)
    return _name(f"{doublet.line} {label}" if _has_level(doublet) else label, "doublet")


def _has_level(doublet: Doublet) -> bool:
    try:
        return core_level(doublet.line).is_doublet
    except ModelError:
        return False


def _five(
    draft: _Draft,
    where: str,
    name: str,
    stored: Callable[[float], float],
    limits: tuple[float, float],
) -> str:
    """Return value, bounds, link index and factor of one parameter as CasaXPS stores them."""
    path = f"{where}/{name}"
    value = stored(_value(draft, path))
    if name == "area":  # the bounds and ratios of areas are read as they stand
        value *= draft.shapes[where].area_ratio
    parameter = get_parameter(draft.model, path)
    link, factor = _link(draft, path)
    if link == FREE and (not parameter.free or path in draft.links):
        low = high = value
    else:
        low, high = sorted(_bound(draft, path, parameter, stored, limits))
        low, high = min(low, value), max(high, value)
    return f"{_number(value)} {_number(low)} {_number(high)} {link} {_number(factor)}"


def _bound(
    draft: _Draft,
    path: str,
    parameter: Parameter,
    stored: Callable[[float], float],
    limits: tuple[float, float],
) -> tuple[float, float]:
    """Return both bounds as stored; `limits` stand in for what is not bounded."""
    where, _, name = path.rpartition("/")
    if path not in draft.links and (
        isinf(parameter.max) or (name == "center" and isinf(parameter.min))
    ):
        message = (
            f"The {name} lacks a bound, of which CasaXPS wants two: {limits[0]:g}, {limits[1]:g}."
        )
        draft.note("bounds", message, where)
    ends = sorted((stored(parameter.min), stored(parameter.max)))
    low = ends[0] if isfinite(ends[0]) else limits[0]
    high = ends[1] if isfinite(ends[1]) else limits[1]
    return min(low, high), max(low, high)


# --------------------------------------------------------------------------------------
# values and ties


def _value(draft: _Draft, path: str, depth: int = 0) -> float:
    """Return a parameter's value; that of a link where there is one."""
    own = get_parameter(draft.model, path).value
    tie = draft.links.get(path)
    if tie is not None:
        if depth > len(draft.links):
            raise ModelError("the links of the model go round in a circle.", where=path)
        terms = tie.terms.items()
        linked = sum((f * _value(draft, s, depth + 1) for s, f in terms), tie.offset)
        near = own is not None and abs(own - linked) <= _AGREES * max(1.0, abs(linked))
        return own if near and own is not None else linked
    if own is None:
        raise ModelError("the value is not known yet.", hint="Fit the model first.", where=path)
    return own


def _ties(model: Model) -> dict[str, _Tie]:
    """Return the links by canonical target; a term on a doublet's total is one on its major."""
    ties = {}
    for link in all_links(model, {region.name: 1 for region in model.regions}):
        part = _part(model, link.target)
        terms: dict[str, float] = {}
        for term in link.terms:
            for source, times in _expanded(model, term.source):
                terms[source] = terms.get(source, 0.0) + part * term.times * times
        ties[canonical_path(model, link.target)] = _Tie(terms, part * link.offset)
    return ties


def _part(model: Model, path: str) -> float:
    region, owner, name = split_path(path)
    return total_to_major(model.region(region), owner, name)


def _expanded(model: Model, path: str) -> list[tuple[str, float]]:
    region, owner, name = split_path(path)
    share = _part(model, path)
    if share == 1.0:
        return [(canonical_path(model, path), 1.0)]
    doublet = model.region(region).doublet(owner)
    if name in doublet.unlocked_parameters:
        return [(f"{region}/{line}/{name}", 1.0) for line in (doublet.major, doublet.minor)]
    return [(canonical_path(model, path), 1.0 / share)]


def _link(draft: _Draft, path: str) -> tuple[int, float]:
    """Return link index and ratio (offset in kinetic energy for a centre); -1 if free."""
    tie = draft.links.get(path)
    if tie is None:
        return FREE, 1.0
    where, _, name = path.rpartition("/")
    ((source, times),) = tie.terms.items() if len(tie.terms) == 1 else (("", 0.0),)
    owner, _, source_name = source.rpartition("/")
    plain = times == 1.0 if name == "center" else tie.offset == 0.0 and times > 0.0
    if (
        not plain
        or source_name != name
        or owner not in draft.index
        or (name == "center" and _shift(draft, where) != _shift(draft, owner))
    ):
        message = (
            f"The tie of the {name} has no counterpart in CasaXPS (one source in the same block"
            " with a ratio, or an offset of a position): it is held at its value."
        )
        draft.note("link", message, where)
        return FREE, 1.0
    if name == "center":
        return draft.index[owner], -tie.offset
    if name == "area":
        return draft.index[owner], times
    change = draft.shapes[where].width_ratio / draft.shapes[owner].width_ratio
    return draft.index[owner], times * change


def _shift(draft: _Draft, where: str) -> float:
    """Return the fitted shift of the region that a component stands in."""
    return _value(draft, f"{where.partition('/')[0]}/{REGION}/shift")
