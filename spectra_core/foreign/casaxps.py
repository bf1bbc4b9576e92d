"""A colleague's CasaXPS fit, read out of a VAMAS block comment.

CasaXPS writes its processing, regions and components as lines of the block comment.
Three conventions decide whether the curves come out right. Energies are *kinetic*, on
the scale after its own energy calibrations (``Calib`` lines, which add up). A link
names a component by its place in the list, counted from 0: areas and widths are tied
by a ratio, positions by an offset in kinetic energy; -1 is "free". And an area is the
whole integral in counts/s eV, while a width is CasaXPS's own (see `casaxps_shapes`).

`casaxps_model` turns these lines into a `Model` on the calibrated binding energy scale.
What our model cannot hold is left out and said in a note, with the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isclose

from ..core_levels import CoreLevel, core_level, level_in, without_levels
from ..errors import ModelError
from ..model import (
    BACKGROUND,
    REGION,
    Background,
    Component,
    Doublet,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    Unlock,
)
from ..spectrum import Calibration, Spectrum
from .casaxps_comment import (
    FREE,
    CasaComponent,
    CasaNote,
    CasaRegion,
    CasaValue,
    parse_component,
    parse_region,
    read_calibration,
)
from .casaxps_shapes import casaxps_note, from_casaxps

__all__ = [
    "CasaComponent",
    "CasaFit",
    "CasaNote",
    "CasaRegion",
    "CasaValue",
    "casaxps_model",
]

_RATIO_TOLERANCE = 0.05  # relative; people round 2/3 to 0.67 and 3/4 to 0.75
_LINK_TOLERANCE = 1e-3  # relative (eV for positions) between a stored and a linked value
_UNTIED = "not tied in the CasaXPS fit"


@dataclass(frozen=True)
class CasaFit:
    """A CasaXPS fit as our model, and what it was read from.

    Attributes
    ----------
    model : Model
        On the calibrated binding energy scale; draw it on
        ``calibrate(spectrum, calibration)``.
    calibration : Calibration
        All understood ``Calib`` lines together; zero if there are none.
    notes : tuple of CasaNote
    regions, components : tuple of CasaRegion, tuple of CasaComponent
        As stored, with sensitivity factors and tags that a model has no place for.
    """

    model: Model
    calibration: Calibration
    notes: tuple[CasaNote, ...]
    regions: tuple[CasaRegion, ...]
    components: tuple[CasaComponent, ...]


def casaxps_model(spectrum: Spectrum) -> CasaFit:
    """Return the CasaXPS fit in the comment of `spectrum`.

    Parameters
    ----------
    spectrum : Spectrum
        Of a VAMAS file that CasaXPS saved; the photon energy must be recorded.

    Returns
    -------
    fit : CasaFit

    Raises
    ------
    ModelError
        If the comment holds no fit, a line of it is damaged, or the photon energy is
        not recorded.

    Notes
    -----
    Areas are in counts/s eV whatever the unit of the spectrum.
    """
    try:
        return _model_of(spectrum)
    except ModelError as error:
        raise error.at(spectrum.label or "CasaXPS fit") from None


def _model_of(spectrum: Spectrum) -> CasaFit:
    lines = spectrum.meta.comment.split("\n")
    regions = tuple(parse_region(line) for line in lines if line.startswith("CASA region"))
    components = tuple(parse_component(line) for line in lines if line.startswith("CASA comp"))
    _check_found(regions, components)
    photon_energy = spectrum.meta.excitation_energy_ev
    if photon_energy is None:
        raise ModelError(
            "the CasaXPS fit is in kinetic energies, and the photon energy is not recorded.",
            hint="Give it, e.g. --photon-energy 1486.6.",
        )
    calibration, notes = read_calibration(lines)
    draft = _Draft(photon_energy, components, list(notes))
    draft.notes += _unit_notes(spectrum)
    model = _assembled(draft, regions, match=_pattern(spectrum.meta.region))
    model = replace(model, title=spectrum.label)
    return CasaFit(model, calibration, tuple(draft.notes), regions, components)


def _check_found(regions: Sequence[CasaRegion], components: Sequence[CasaComponent]) -> None:
    if not regions or not components:
        raise ModelError(
            f"the block comment holds no CasaXPS fit ({len(regions)} regions,"
            f" {len(components)} components).",
            hint="Save the fit in CasaXPS first, or fit with a recipe.",
        )


def _unit_notes(spectrum: Spectrum) -> list[CasaNote]:
    if spectrum.y_unit == "counts/s":
        return []
    return [
        CasaNote(
            "unit",
            f"The areas are in counts/s eV but the spectrum is in {spectrum.y_unit}.",
        )
    ]


def _pattern(name: str) -> str:
    """Return a shell-style pattern that only `name` matches."""
    return re.sub(r"([*?\[])", r"[\1]", name)


# --------------------------------------------------------------------------------------
# backgrounds


def _common(region: CasaRegion) -> dict[str, float | int | str | bool]:
    """Return the end-point settings; the start in kinetic energy is the high-BE end."""
    offsets = (region.start_offset, region.end_offset)
    high, low = offsets if region.start <= region.end else offsets[::-1]
    points = 2 * (max(region.average_width, 0) // 2) + 1
    return {"endpoint_points": points, "high_offset": high, "low_offset": low}


def _shirley(region: CasaRegion) -> Background:
    return Background("shirley", "static", _common(region) | {"definition": "casaxps"})


def _linear(region: CasaRegion) -> Background:
    return Background("linear", "static", _common(region))


def _universal(region: CasaRegion) -> Background:
    b, c, _, gap = region.parameters
    own = {"b": b, "c": abs(c), "gap": gap, "fit_end": True, "definition": "casaxps"}
    return Background("tougaard_u2", "static", _common(region) | own)


def _plasmon(region: CasaRegion) -> Background:
    b, c, d, gap = region.parameters
    own = {"b": b, "c": c, "d": d, "gap": gap, "fit_end": False, "definition": "casaxps"}
    return Background("tougaard_u3", "static", _common(region) | own)


_BACKGROUNDS: Mapping[str, Callable[[CasaRegion], Background]] = {
    "shirley": _shirley,
    "linear": _linear,
    "u 2 tougaard": _universal,
    "u 3 tougaard": _plasmon,
}


def _background(region: CasaRegion, notes: list[CasaNote]) -> Background:
    make = _BACKGROUNDS.get(" ".join(region.background.casefold().split()))
    if make is None:
        known = ", ".join(_BACKGROUNDS)
        notes.append(
            CasaNote(
                "background",
                f"The background '{region.background}' is not known (known: {known}); a"
                " straight line between the region's ends stands in for it.",
                region.line,
            )
        )
        return _linear(region)
    notes += _end_notes(region)
    return make(region)


def _end_notes(region: CasaRegion) -> list[CasaNote]:
    notes = []
    if region.average_width != 2:
        n_points = _common(region)["endpoint_points"]
        message = (
            f"The averaging width {region.average_width} is read as {n_points} channels at"
            " each end; only the width 2 (3 channels) was checked against CasaXPS."
        )
        notes.append(CasaNote("averaging", message, region.line))
    if region.start_offset or region.end_offset:
        message = (
            f"The background's end offsets ({region.start_offset:g} and"
            f" {region.end_offset:g} %) follow the vendor's description, unchecked."
        )
        notes.append(CasaNote("offset", message, region.line))
    return notes


# --------------------------------------------------------------------------------------
# components


@dataclass
class _Draft:
    """What is known while the model is put together, by component index."""

    photon_energy: float
    components: tuple[CasaComponent, ...]
    notes: list[CasaNote]
    shapes: dict[int, tuple[str, dict[str, float]]] = field(default_factory=dict)
    regions: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    broken: set[tuple[int, str]] = field(default_factory=set)

    def path(self, index: int, name: str) -> str:
        return f"{self.regions[index]}/{self.ids[index]}/{name}"

    def width_ratio(self, index: int) -> float:
        """Return the stored width over our true FWHM."""
        return self.components[index].width.value / self.shapes[index][1]["fwhm"]

    def tied_to(self, index: int, name: str) -> int:
        """Return the index that ``"area"``, ``"width"`` or ``"position"`` is tied to, or -1.

        A tie to a component that is not there, to itself, round in a circle, or by a
        factor that no width or area can have, is none (see `_broken_ties`).
        """
        value: CasaValue = getattr(self.components[index], name)
        return FREE if (index, name) in self.broken else value.link


def _assembled(draft: _Draft, regions: Sequence[CasaRegion], *, match: str) -> Model:
    _convert_shapes(draft)
    _break_ties(draft)
    windows = _named_windows(regions, draft.photon_energy)
    _place(draft, windows)
    pairs = _doublet_pairs(draft)
    _name_components(draft, pairs)
    built = []
    for (name, window), region in zip(windows.items(), regions, strict=True):
        members = [i for i in draft.shapes if draft.regions[i] == name]
        components = tuple(_component(draft, i, pairs) for i in members)
        doublets = tuple(_doublet(draft, i, k) for i, k in pairs.items() if i in members)
        background = _background(region, draft.notes)
        built.append(Region(name, window, background, components, doublets, match=match))
    return Model(tuple(built), tuple(_links(draft, pairs)))


def _convert_shapes(draft: _Draft) -> None:
    for index, casa in enumerate(draft.components):
        try:
            draft.shapes[index] = from_casaxps(
                casa.shape,
                width=casa.width.value,
                position=draft.photon_energy - casa.position.value,
                area=casa.area.value,
            )
        except ModelError as error:
            message = f"The component '{casa.name}' is left out: {error}"
            draft.notes.append(CasaNote("shape", message, casa.line))
            continue
        draft.notes += _component_notes(casa)
    if not draft.shapes:
        raise ModelError(
            "no component of the CasaXPS fit has a line shape that is known here.",
            hint=str(draft.notes[-1].message),
        )


def _component_notes(casa: CasaComponent) -> list[CasaNote]:
    notes = []
    uncertain = casaxps_note(casa.shape)
    if uncertain:
        notes.append(CasaNote("shape", uncertain, casa.line))
    if casa.constraint.strip():
        message = f"The constraint '{casa.constraint}' of '{casa.name}' is not understood."
        notes.append(CasaNote("constraint", message, casa.line))
    return notes


def _named_windows(
    regions: Sequence[CasaRegion], photon_energy: float
) -> dict[str, tuple[float, float]]:
    """Return the binding energy window of every region by its unique name."""
    windows: dict[str, tuple[float, float]] = {}
    for region in regions:
        name = _unused(region.name.replace("/", "-") or "region 1", windows)
        low, high = sorted(photon_energy - edge for edge in (region.start, region.end))
        windows[name] = (low, high)
    return windows


def _unused(name: str, taken: Iterable[str]) -> str:
    names, number = {*taken, BACKGROUND, REGION}, 2
    if name not in names:
        return name
    while f"{name} ({number})" in names:
        number += 1
    return f"{name} ({number})"


def _place(draft: _Draft, windows: Mapping[str, tuple[float, float]]) -> None:
    """Give every component the region its position lies in, else the nearest one."""
    for index, (_, values) in draft.shapes.items():
        center = values["center"]
        distance = {
            name: max(low - center, center - high, 0.0) for name, (low, high) in windows.items()
        }
        nearest = min(distance, key=lambda name: distance[name])
        draft.regions[index] = nearest
        if distance[nearest] > 0.0:
            casa = draft.components[index]
            message = (
                f"The component '{casa.name}' at {center:.2f} eV lies outside every region and"
                f" is put into '{nearest}'."
            )
            draft.notes.append(CasaNote("outside", message, casa.line))


# --------------------------------------------------------------------------------------
# doublets


def _doublet_pairs(draft: _Draft) -> dict[int, int]:
    """Return minor line by major line: pairs tied as a spin-orbit doublet is."""
    pairs: dict[int, int] = {}
    for minor in draft.shapes:
        major = _major_of(draft, minor)
        if major != FREE and major not in pairs and major not in pairs.values():
            pairs[major] = minor
    return pairs


def _major_of(draft: _Draft, minor: int) -> int:
    casa = draft.components[minor]
    major = draft.tied_to(minor, "area")
    if major == FREE or draft.tied_to(minor, "position") != major:
        return FREE
    same_place = draft.regions[minor] == draft.regions[major]
    same_shape = casa.shape == draft.components[major].shape
    higher = -casa.position.factor > 0.0
    fits = same_place and same_shape and higher and _is_degeneracy_ratio(draft, minor, major)
    return major if fits else FREE


def _is_degeneracy_ratio(draft: _Draft, minor: int, major: int) -> bool:
    """Return whether the area ratio is (2j + 1) over (2j + 1) of the level, where it is known."""
    level = _level_of(draft, major)
    if level is None and _is_single(draft, major):
        return False
    expected = [level.area_ratio] if level else [1 / 2, 2 / 3, 3 / 4]
    ratio = draft.components[minor].area.factor
    return any(isclose(ratio, value, rel_tol=_RATIO_TOLERANCE) for value in expected)


def _level_of(draft: _Draft, index: int) -> CoreLevel | None:
    """Return the p, d or f level that the component's name, tag or region names."""
    level = _named_level(draft, index)
    return level if level is not None and level.is_doublet else None


def _is_single(draft: _Draft, index: int) -> bool:
    """Return whether the names name an s level, whose lines come alone however they are tied."""
    level = _named_level(draft, index)
    return level is not None and not level.is_doublet


def _named_level(draft: _Draft, index: int) -> CoreLevel | None:
    casa = draft.components[index]
    names = (level_in(text) for text in (casa.name, casa.tag, draft.regions[index]))
    return next((core_level(name) for name in names if name), None)


def _name_components(draft: _Draft, pairs: Mapping[int, int]) -> None:
    minors = {minor: major for major, minor in pairs.items()}
    for region in dict.fromkeys(draft.regions.values()):
        taken: set[str] = set()
        for index in (i for i in draft.shapes if draft.regions[i] == region):
            if index not in minors:
                _name_line(draft, index, pairs.get(index), taken)


def _name_line(draft: _Draft, index: int, minor: int | None, taken: set[str]) -> None:
    """Give a single line, or both lines of a doublet, ids that are not taken yet."""
    name = draft.components[index].name
    level = _level_of(draft, index)
    if minor is None:
        draft.ids[index] = _unused(name or "component", taken)
        taken.add(draft.ids[index])
        return
    rest = " ".join(without_levels(name).split()) if level else name
    base = rest or name or "doublet"
    parts = level.lines if level else ("major", "minor")
    base = _unused(base, {line.removesuffix(f" {parts[0]}") for line in taken} | taken)
    for line, part in zip((index, minor), parts, strict=True):
        draft.ids[line] = _unused(f"{base} {part}", taken)
        taken.add(draft.ids[line])
    taken.add(base)


def _doublet(draft: _Draft, major: int, minor: int) -> Doublet:
    casa = draft.components[minor]
    level = _level_of(draft, major)
    tied = draft.tied_to(minor, "width") == major and isclose(casa.width.factor, 1.0)
    parts = level.lines if level else ("major", "minor")
    return Doublet(
        draft.ids[major].removesuffix(parts[0]).strip(),
        level.name if level else draft.regions[major],
        draft.ids[major],
        draft.ids[minor],
        splitting=-casa.position.factor,
        ratio=casa.area.factor,
        source="CasaXPS fit",
        unlocked=() if tied else (Unlock("fwhm", _UNTIED),),
    )


# --------------------------------------------------------------------------------------
# parameters and links


def _component(draft: _Draft, index: int, pairs: Mapping[int, int]) -> Component:
    casa = draft.components[index]
    shape, values = draft.shapes[index]
    parameters = {name: Parameter(value, free=False) for name, value in values.items()}
    ratio = draft.width_ratio(index)
    width = (casa.width.low / ratio, casa.width.high / ratio)
    ends = sorted(draft.photon_energy - e for e in (casa.position.low, casa.position.high))
    bounds = {
        "area": ("area", (casa.area.low, casa.area.high)),
        "fwhm": ("width", width),
        "center": ("position", (ends[0], ends[1])),
    }
    for name, (stored, limits) in bounds.items():
        parameters[name] = _parameter(draft, index, values[name], stored, limits)
    return Component(draft.ids[index], shape, parameters, line=_line(draft, index, pairs))


def _parameter(
    draft: _Draft, index: int, value: float, name: str, limits: tuple[float, float]
) -> Parameter:
    """Return a free parameter with its bounds; a linked one has none, equal ones fix it."""
    casa = draft.components[index]
    stored: CasaValue = getattr(casa, name)
    if stored.link != FREE:  # a linked value's bounds say nothing, also where its tie is broken
        return Parameter(value)
    if stored.low == stored.high:
        return Parameter(value, free=False)
    low, high = min(limits), max(limits)
    slack = 1e-6 * max(abs(value), high - low)
    if not low - slack <= value <= high + slack:
        message = (
            f"{stored.value:g} of '{casa.name}' lies outside its own bounds {stored.low:g} to"
            f" {stored.high:g}, which are widened to hold it."
        )
        draft.notes.append(CasaNote("bounds", message, casa.line))
    return Parameter(value, min(low, value), max(high, value))


def _line(draft: _Draft, index: int, pairs: Mapping[int, int]) -> str:
    """Return the line that a member of a doublet, or an s level, is; else nothing."""
    members = dict.fromkeys(pairs, 0) | dict.fromkeys(pairs.values(), 1)
    level = _level_of(draft, index)
    if level and index in members:
        return f"{level.element} {level.lines[members[index]]}"
    named = level_in(draft.components[index].name)
    return named if named.endswith("s") else ""


def _links(draft: _Draft, pairs: Mapping[int, int]) -> list[Link]:
    """Return the ties that no doublet makes by itself."""
    majors = {minor: major for major, minor in pairs.items()}
    links = []
    for index in draft.shapes:
        for name, source, times, offset in _ties(draft, index):
            _check_tie(draft, index, name, source, times, offset)
            by_doublet = majors.get(index) == source and (name != "fwhm" or isclose(times, 1.0))
            if not by_doublet:
                terms = (Term(times, draft.path(source, name)),)
                links.append(Link(draft.path(index, name), terms, offset, "tied in CasaXPS"))
    return links


def _ties(draft: _Draft, index: int) -> list[tuple[str, int, float, float]]:
    """Return (parameter, source index, factor, offset) of every tie, in our parameters."""
    casa = draft.components[index]
    ties = []
    source = draft.tied_to(index, "area")
    if source != FREE:
        ties.append(("area", source, casa.area.factor, 0.0))
    source = draft.tied_to(index, "width")
    if source != FREE:
        change = draft.width_ratio(source) / draft.width_ratio(index)
        ties.append(("fwhm", source, casa.width.factor * change, 0.0))
    source = draft.tied_to(index, "position")
    if source != FREE:
        ties.append(("center", source, 1.0, -casa.position.factor))
    return ties


def _break_ties(draft: _Draft) -> None:
    """Find the ties that cannot hold, and say of each that the value is free.

    CasaXPS lets a component be tied to one that was deleted since, to itself, or round
    in a circle, and then keeps the stored value.
    """
    for name in ("area", "width", "position"):
        for index in draft.shapes:
            value: CasaValue = getattr(draft.components[index], name)
            if value.link == FREE:
                draft.broken.add((index, name))
            elif reason := _why_broken(draft, index, name, value):
                draft.broken.add((index, name))
                casa = draft.components[index]
                message = f"The {name} of '{casa.name}' is tied {reason}; it is free."
                draft.notes.append(CasaNote("link", message, casa.line))


def _why_broken(draft: _Draft, index: int, name: str, value: CasaValue) -> str:
    if value.link == index:
        return "to itself"
    if value.link not in draft.shapes:
        return f"to component {value.link}, which is not there"
    if name != "position" and not value.factor > 0.0:
        return f"by the factor {value.factor:g}"
    seen, at = {index}, value.link
    while at in draft.shapes and (at, name) not in draft.broken:
        if at in seen:
            return "in a circle"
        seen.add(at)
        at = getattr(draft.components[at], name).link
    return ""


def _check_tie(
    draft: _Draft, index: int, name: str, source: int, times: float, offset: float
) -> None:
    """Add a note where the stored value is not what its own link gives."""
    stored = draft.shapes[index][1][name]
    linked = times * draft.shapes[source][1][name] + offset
    allowed = _LINK_TOLERANCE * (1.0 if name == "center" else abs(stored))
    if abs(stored - linked) > allowed:
        casa = draft.components[index]
        message = (
            f"The {name} of '{casa.name}' is stored as {stored:.6g} but its link gives"
            f" {linked:.6g}; the link wins."
        )
        draft.notes.append(CasaNote("link", message, casa.line))
