"""From a library entry to a component or a doublet with bounds.

A consensus entry brings its label, species, core level, line shape, the position with its
tolerance as bounds, and the width's bounds of its level. What it cannot bring, because the
sources contradict each other, has to be given. A species whose position is unconfirmed carries
that word in its name, so that every table and figure shows it.
"""

from __future__ import annotations

from typing import Any

from ..curves.lineshapes import lineshape
from ..errors import ModelError
from ..model import Background, Component, Parameter, Region, add_component, add_doublet
from .library import PeakLibrary, load_library
from .records import RAMAN, UNCONFIRMED, Entry

_RAMAN_MARGIN = 2.0
"""Bounds of a Raman width: the typical range, wider by this factor on either side."""


def component_fields(
    entry: Entry, *, library: PeakLibrary | None = None, shape: str | None = None
) -> dict[str, Any]:
    """Return the fields of a component that an entry gives, as a recipe writes them.

    Parameters
    ----------
    entry : Entry
    library : PeakLibrary or None
        For the width of the level; None: `load_library`.
    shape : str or None
        Another line shape than the entry's; parameters that it lacks are left out.

    Returns
    -------
    fields : dict
        label, species, line, lineshape, center (absent where the sources contradict each
        other) and fwhm (absent where nothing is known).
    """
    library = library or load_library()
    shape = shape or entry.lineshape
    fields: dict[str, Any] = {
        "label": entry.label,
        "species": _species(entry),
        "lineshape": shape,
    }
    if entry.level != RAMAN:
        fields["line"] = entry.level
    known = {spec.name for spec in lineshape(shape).parameters}
    if entry.center is not None and entry.tolerance is not None and "center" in known:
        fields["center"] = _around(entry.center, entry.tolerance)
    bounds = _width_bounds(entry, library)
    if bounds is not None and "fwhm" in known:
        fields["fwhm"] = {"min": bounds[0], "max": bounds[1]}
    return fields


def species_of(level: str, *, library: PeakLibrary | None = None) -> tuple[str, ...]:
    """Return the species that the library knows of a level, as components carry them."""
    entries = (library or load_library()).entries.values()
    return tuple(dict.fromkeys(_species(e) for e in entries if e.level == level))


def _species(entry: Entry) -> str:
    return entry.species if entry.is_confirmed else f"{entry.species} (position {UNCONFIRMED})"


def _around(center: float, tolerance: float) -> dict[str, float]:
    low, high = round(center - tolerance, 6), round(center + tolerance, 6)
    return {"value": center, "min": low, "max": high}


def _width_bounds(entry: Entry, library: PeakLibrary) -> tuple[float, float] | None:
    if entry.level == RAMAN:
        if entry.fwhm is None:
            return None
        return entry.fwhm[0] / _RAMAN_MARGIN, entry.fwhm[1] * _RAMAN_MARGIN
    width = library.width(entry.level)
    return None if width is None else width.bounds


def require_position(entry: Entry) -> None:
    """Raise ModelError if the sources of an entry contradict each other about its position."""
    if entry.center is None:
        raise ModelError(
            f"the sources of {entry.id} contradict each other ({entry.position}).",
            hint="Give `center` yourself, with the reason in mind.",
        )


def add_entry(
    region: Region,
    entry: Entry,
    *,
    name: str | None = None,
    library: PeakLibrary | None = None,
    **parameters: Parameter | float,
) -> Region:
    """Return `region` with the component or doublet of a library entry.

    Parameters
    ----------
    region : Region
    entry : Entry
    name : str or None
        Id of the component or doublet; None: the entry's label.
    library : PeakLibrary or None
    **parameters : Parameter or float
        In place of what the entry brings, by the line shape's names.

    Raises
    ------
    ModelError
        If the entry has no single position and no `center` is given.
    """
    if "center" not in parameters:
        require_position(entry)
    fields = component_fields(entry, library=library)
    names = [key for key in ("center", "fwhm") if key in fields]
    values: dict[str, Any] = {key: _parameter(fields[key]) for key in names}
    values |= {key: _as_parameter(value) for key, value in parameters.items()}
    label, species, shape = fields["label"], fields["species"], fields["lineshape"]
    if entry.level != RAMAN and not entry.level.endswith("s"):
        return add_doublet(
            region, name or label, entry.level, shape, label=label, species=species, **values
        )
    line = fields.get("line", "")
    return add_component(region, Component(name or label, shape, values, label, species, line))


def components(entry: Entry, *, library: PeakLibrary | None = None) -> tuple[Component, ...]:
    """Return the one or two components of an entry, as they would stand in a region of their own.

    The two lines of a doublet are tied by the region that holds them: use `add_entry` to fit.
    """
    center = entry.center if entry.center is not None else 0.0
    blank = Region("library", (center - 1.0, center + 1.0), Background("none"))
    return add_entry(blank, entry, library=library).components


def _parameter(fields: dict[str, float]) -> Parameter:
    return Parameter(fields.get("value"), fields["min"], fields["max"])


def _as_parameter(value: Parameter | float) -> Parameter:
    return value if isinstance(value, Parameter) else Parameter(float(value))
