"""What is fitted: components, doublets, backgrounds, regions, and the links between them.

A `Model` is a value. Every parameter has a path ``region/owner/parameter`` such as
``"S 2p/PS4 2p3/2/area"``; the owner is a component, a doublet, ``background`` or
``region``. A `Link` is data, not text to evaluate: ``target = offset + sum(times *
source)``. Doublets, shared widths, stoichiometry and one charge shift for several
regions are all links, so one mechanism keeps all of them exact
(see `spectra_core.fit.compile`).

Energies are in the unit of the spectrum's axis and on its calibrated scale; areas
are whole integrals. A parameter whose value is None is estimated from the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import inf, isfinite
from types import MappingProxyType
from typing import Any, Literal

from .background_kind import BackgroundKind, complete_options
from .backgrounds import background_kind
from .core_levels import core_level
from .errors import ModelError
from .lineshapes import lineshape
from .parameter_spec import ParameterSpec

BACKGROUND = "background"
REGION = "region"
_RESERVED = (BACKGROUND, REGION)


@dataclass(frozen=True)
class Parameter:
    """One number of a model: start value, bounds, and whether a fit may vary it.

    Attributes
    ----------
    value : float or None
        None: estimated from the data when the fit starts (areas, levels, steps).
    min, max : float
        Bounds, in the unit of the value.
    free : bool
        False: held at `value`.
    """

    value: float | None = None
    min: float = -inf
    max: float = inf
    free: bool = True

    def __post_init__(self) -> None:
        for name in ("value", "min", "max"):
            number = getattr(self, name)
            if number is not None and number != number:
                raise ModelError(f"a parameter's {name} is not a number (NaN).")
        if self.min > self.max:
            raise ModelError(
                f"a parameter's lower bound {self.min:g} is above its upper bound {self.max:g}."
            )
        if self.value is not None and not isfinite(self.value):
            raise ModelError(f"a parameter's value is {self.value}.", hint="Give a finite number.")


@dataclass(frozen=True)
class Component:
    """One line of a spectrum.

    Attributes
    ----------
    id : str
        Unique in its region; part of every path.
    lineshape : str
        Name of a row of `spectra_core.lineshapes.LINESHAPES`.
    parameters : mapping of str to Parameter
        By the line shape's parameter names, and ``step`` under a background with a
        step for each component. Names left out take the shape's own default.
    label, species : str
        What the person calls it, and the species it is assigned to.
    line : str
        Core-level line, e.g. ``"S 2p3/2"``; empty if not stated.
    enabled : bool
        A disabled component stays in the model but is not evaluated.
    """

    id: str
    lineshape: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    label: str = ""
    species: str = ""
    line: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        _check_name(self.id, "component")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        if not self.label:
            object.__setattr__(self, "label", self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (Component, _plain_fields(self))


@dataclass(frozen=True)
class Unlock:
    """A doublet constraint that a person took off, and why; reports print it."""

    parameter: str
    reason: str


@dataclass(frozen=True)
class Doublet:
    """Two components that are one object: splitting, area ratio and width are fixed.

    Attributes
    ----------
    id : str
        Unique in its region; ``region/id/area`` is the area of both lines together,
        ``region/id/center`` and the shape parameters are those of the major line.
    line : str
        Core level, e.g. ``"S 2p"``.
    major, minor : str
        Ids of the j = l + 1/2 and the j = l - 1/2 component; the major one has the
        larger area and the lower binding energy.
    splitting : float
        Binding energy of the minor line minus that of the major line, eV.
    ratio : float
        Area of the minor line over that of the major line; (2j+1) ratio.
    source : str
        Where the splitting comes from.
    unlocked : tuple of Unlock
        Minor-line parameters that are *not* tied, each with its reason.
    """

    id: str
    line: str
    major: str
    minor: str
    splitting: float
    ratio: float
    source: str = ""
    unlocked: tuple[Unlock, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self.id, "doublet")
        if not (isfinite(self.splitting) and self.splitting >= 0):
            raise ModelError(
                f"the splitting is {self.splitting:g} eV.",
                hint="Give a positive number: the j = l - 1/2 line lies at higher binding energy.",
                where=self.id,
            )
        if not (isfinite(self.ratio) and self.ratio > 0):
            raise ModelError(
                f"the area ratio is {self.ratio:g}.", hint="Give a positive number.", where=self.id
            )

    @property
    def unlocked_parameters(self) -> frozenset[str]:
        """Names of the minor line's parameters that are not tied."""
        return frozenset(unlock.parameter for unlock in self.unlocked)


@dataclass(frozen=True)
class Background:
    """Background of a region: a row of `BACKGROUNDS` with its settings.

    Attributes
    ----------
    type : str
        Name of the row, e.g. ``"shirley"``.
    mode : {"active", "static"} or None
        Fitted with the peaks, or computed from the data beforehand; None takes the
        row's first mode.
    options : mapping
        Fixed settings of the row, e.g. ``{"endpoint_points": 3}``.
    parameters : mapping of str to Parameter
        Fitted parameters (active mode); names left out are estimated from the data.
    """

    type: str = "shirley"
    mode: Literal["active", "static"] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = background_kind(self.type)
        if self.mode is None:
            object.__setattr__(self, "mode", kind.modes[0])
        elif self.mode not in kind.modes:
            raise ModelError(
                f'the background "{self.type}" cannot be "{self.mode}".',
                hint=f"Possible: {', '.join(kind.modes)}.",
            )
        object.__setattr__(self, "options", MappingProxyType(complete_options(kind, self.options)))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        known = [spec.name for spec in self.specs]
        for name in self.parameters:
            if name not in known:
                raise _unknown("background parameter", name, known, f"{self.type} background")

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (Background, _plain_fields(self))

    @property
    def kind(self) -> BackgroundKind:
        """The table row."""
        return background_kind(self.type)

    @property
    def specs(self) -> tuple[ParameterSpec, ...]:
        """Fitted region-level parameters; none for a static background."""
        return () if self.mode == "static" else tuple(self.kind.parameters(self.options))

    @property
    def component_specs(self) -> tuple[ParameterSpec, ...]:
        """Parameters that every component gets from this background."""
        return () if self.mode == "static" else self.kind.component_parameters


@dataclass(frozen=True)
class Region:
    """A window of one spectrum with its background and components.

    Attributes
    ----------
    name : str
        Unique in the model; first part of every path. No ``/``.
    window : tuple of two floats
        Low and high end on the calibrated axis.
    background : Background
    components : tuple of Component
    doublets : tuple of Doublet
    shift : Parameter
        Added to every centre of the region; ``region name/region/shift``. Fixed at
        zero unless a model frees it, e.g. as one charge shift for several regions.
    match : str
        Shell-style pattern of the spectra it is for, e.g. ``"S 2p*"``.
    """

    name: str
    window: tuple[float, float]
    background: Background = field(default_factory=Background)
    components: tuple[Component, ...] = ()
    doublets: tuple[Doublet, ...] = ()
    shift: Parameter = field(default_factory=lambda: Parameter(0.0, free=False))
    match: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name, "region")
        if "/" in self.name:
            raise ModelError(f'the region name "{self.name}" contains "/".', hint="Leave it out.")
        low, high = sorted(float(edge) for edge in self.window)
        if not (isfinite(low) and isfinite(high) and low < high):
            raise ModelError(f"the window {low:g} to {high:g} is empty.", where=self.name)
        object.__setattr__(self, "window", (low, high))
        for what, names in (
            ("component", [c.id for c in self.components]),
            ("doublet", [d.id for d in self.doublets]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ModelError(
                    f"two {what}s are called {', '.join(sorted(twice))}.", where=self.name
                )
        for component in self.components:
            _check_component(component, self)
        for doublet in self.doublets:
            _check_doublet(doublet, self)

    def component(self, name: str) -> Component:
        """Return the component with this id, or ModelError with a suggestion."""
        for component in self.components:
            if component.id == name:
                return component
        raise _unknown("component", name, [c.id for c in self.components], self.name)

    def doublet(self, name: str) -> Doublet:
        """Return the doublet with this id, or ModelError with a suggestion."""
        for doublet in self.doublets:
            if doublet.id == name:
                return doublet
        raise _unknown("doublet", name, [d.id for d in self.doublets], self.name)

    def doublet_of(self, component_id: str) -> Doublet | None:
        """Return the doublet that a component belongs to, if any."""
        for doublet in self.doublets:
            if component_id in (doublet.major, doublet.minor):
                return doublet
        return None

    def specs_of(self, component: Component) -> tuple[ParameterSpec, ...]:
        """Parameters of a component here: its shape's, then the background's."""
        return lineshape(component.lineshape).parameters + self.background.component_specs


@dataclass(frozen=True)
class Term:
    """One summand of a link: `times` x the parameter at path `source`."""

    times: float
    source: str


@dataclass(frozen=True)
class Link:
    """An exact tie: ``target = offset + sum(term.times * term.source)``.

    Attributes
    ----------
    target : str
        Path of the dependent parameter; it stops being free.
    terms : tuple of Term
    offset : float
    note : str
        Why, for the report, e.g. ``"one width for the class sulfide"``.
    """

    target: str
    terms: tuple[Term, ...]
    offset: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        if not all(isfinite(n) for n in (self.offset, *(t.times for t in self.terms))):
            raise ModelError("a link's factor or offset is not finite.", where=self.target)

    @property
    def formula(self) -> str:
        """The link in words, e.g. ``0.5 * S 2p/PS4 2p3/2/area``."""
        parts = [
            t.source if t.times == 1 else f"{_short(t.times)} * {t.source}" for t in self.terms
        ]
        if self.offset or not parts:
            parts.append(_short(self.offset))
        return " + ".join(parts).replace("+ -", "- ")


@dataclass(frozen=True)
class Model:
    """One or many regions that are fitted together, and the links between them."""

    regions: tuple[Region, ...]
    links: tuple[Link, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        names = [region.name for region in self.regions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(f"two regions are called {', '.join(twice)}.")

    def region(self, name: str) -> Region:
        """Return the region with this name, or ModelError with a suggestion."""
        for region in self.regions:
            if region.name == name:
                return region
        raise _unknown("region", name, [r.name for r in self.regions], "the model")


# ---------------------------------------------------------------------------------
# Making components and doublets


def make_component(
    component_id: str,
    shape: str = "voigt",
    *,
    label: str = "",
    species: str = "",
    line: str = "",
    **parameters: Parameter | float,
) -> Component:
    """Return a component; parameters may be plain numbers.

    Parameters
    ----------
    component_id : str
        Unique in its region.
    shape : str
        Line shape.
    label, species, line : str
        See `Component`.
    **parameters : Parameter or float
        By the line shape's names.
    """
    values = {name: _as_parameter(value) for name, value in parameters.items()}
    return Component(component_id, shape, values, label, species, line)


def add_component(region: Region, component: Component) -> Region:
    """Return `region` with one more component."""
    return replace(region, components=(*region.components, component))


def add_doublet(
    region: Region,
    doublet_id: str,
    line: str,
    shape: str = "voigt",
    *,
    splitting: float | None = None,
    ratio: float | None = None,
    label: str = "",
    species: str = "",
    **parameters: Parameter | float,
) -> Region:
    """Return `region` with a spin-orbit doublet as one object.

    Parameters
    ----------
    region : Region
    doublet_id : str
        Its lines are called e.g. ``"PS4 2p3/2"`` and ``"PS4 2p1/2"``.
    line : str
        Core level such as ``"S 2p"``: brings the splitting and the 2j+1 area ratio.
    shape : str
        Line shape of both lines.
    splitting, ratio : float or None
        In place of the core level's (eV; minor over major area).
    label, species : str
    **parameters : Parameter or float
        Of the major line, by the shape's names; ``area`` is that of *both lines
        together*.

    Raises
    ------
    ModelError
        If the level is unknown or has no splitting (an s level).
    """
    level = core_level(line)
    if splitting is None:
        splitting = level.require_splitting()
    name = f"{level.element} {level.level}"
    ratio = level.area_ratio if ratio is None else ratio
    major_line, minor_line = level.lines
    major_id, minor_id = f"{doublet_id} {major_line}", f"{doublet_id} {minor_line}"
    values = {key: _as_parameter(value) for key, value in parameters.items()}
    if "area" in values:
        values["area"] = _scaled(values["area"], 1.0 / (1.0 + ratio))
    components = tuple(
        Component(
            component_id,
            shape,
            values if component_id == major_id else {},
            label=f"{label or doublet_id} {part}",
            species=species,
            line=f"{level.element} {part}",
        )
        for component_id, part in ((major_id, major_line), (minor_id, minor_line))
    )
    doublet = Doublet(
        doublet_id, name, major_id, minor_id, splitting, ratio, level.splitting_source
    )
    return replace(
        region,
        components=region.components + components,
        doublets=(*region.doublets, doublet),
    )


def unlock(region: Region, doublet_id: str, parameter: str, reason: str) -> Region:
    """Return `region` with one constraint of a doublet taken off.

    Parameters
    ----------
    region : Region
    doublet_id : str
    parameter : str
        Parameter of the minor line that is to be fitted by itself (``"area"``,
        ``"center"``, ``"fwhm"`` ...).
    reason : str
        Why; every report prints it.

    Raises
    ------
    ModelError
        If the reason is empty or the parameter is not one of the line's.
    """
    if not reason.strip():
        raise ModelError(
            f'the "{parameter}" of a doublet is unlocked without a reason.',
            hint="Write why: the report prints it.",
            where=f"{region.name}/{doublet_id}",
        )
    doublet = region.doublet(doublet_id)
    minor = region.component(doublet.minor)
    known = [spec.name for spec in region.specs_of(minor)]
    if parameter not in known:
        raise _unknown("parameter", parameter, known, f"{region.name}/{doublet.minor}")
    changed = replace(doublet, unlocked=(*doublet.unlocked, Unlock(parameter, reason.strip())))
    doublets = tuple(changed if d.id == doublet_id else d for d in region.doublets)
    return replace(region, doublets=doublets)


# ---------------------------------------------------------------------------------
# Reading and changing a model


def replace_region(model: Model, region: Region) -> Model:
    """Return `model` with the region of the same name replaced."""
    model.region(region.name)
    regions = tuple(region if r.name == region.name else r for r in model.regions)
    return replace(model, regions=regions)


def set_parameter(model: Model, path: str, **changes: Any) -> Model:
    """Return `model` with fields of the parameter at `path` changed.

    Parameters
    ----------
    model : Model
    path : str
        ``region/owner/parameter``.
    **changes
        Fields of `Parameter`: value, min, max, free.
    """
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    changed = replace(get_parameter(model, path), **changes)
    changed = _scaled(changed, total_to_major(region, owner, name))
    return replace_region(model, _with_parameter(region, owner, name, changed))


def get_parameter(model: Model, path: str) -> Parameter:
    """Return the parameter at `path`, the shape's default where none was given."""
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    if owner == REGION:
        if name != "shift":
            raise _unknown("region parameter", name, ["shift"], region_name)
        return region.shift
    if owner == BACKGROUND:
        return _given_or_default(region.background.parameters, region.background.specs, name, path)
    component = region.component(resolve_component(region, owner))
    found = _given_or_default(component.parameters, region.specs_of(component), name, path)
    return _scaled(found, 1.0 / total_to_major(region, owner, name))


def set_enabled(model: Model, region_name: str, component_id: str, enabled: bool) -> Model:
    """Return `model` with one component, or both lines of a doublet, switched on or off."""
    region = model.region(region_name)
    doublets = {d.id: (d.major, d.minor) for d in region.doublets}
    ids = doublets.get(component_id) or (region.component(component_id).id,)
    components = tuple(replace(c, enabled=enabled) if c.id in ids else c for c in region.components)
    return replace_region(model, replace(region, components=components))


def add_links(model: Model, links: Iterable[Link]) -> Model:
    """Return `model` with more links; a second link for one target replaces the first."""
    new = {link.target: link for link in links}
    kept = tuple(link for link in model.links if link.target not in new)
    return replace(model, links=kept + tuple(new.values()))


def share(paths: Iterable[str], *, note: str = "") -> tuple[Link, ...]:
    """Return the links that make all `paths` equal to the first of them."""
    first, *others = paths
    return tuple(Link(path, (Term(1.0, first),), note=note) for path in others)


def share_shift(model: Model, *, free: bool = True) -> Model:
    """Return `model` with one charge shift for all its regions, fitted by default."""
    first = replace(model.regions[0], shift=replace(model.regions[0].shift, free=free))
    paths = [f"{region.name}/{REGION}/shift" for region in model.regions]
    changed = replace_region(model, first)
    return add_links(changed, share(paths, note="one charge shift for all regions"))


def split_path(path: str) -> tuple[str, str, str]:
    """Return (region, owner, parameter) of a path; owners may contain ``/``."""
    region, _, rest = path.partition("/")
    owner, slash, parameter = rest.rpartition("/")
    if not (region and owner and parameter and slash):
        raise ModelError(
            f'"{path}" is not a parameter path.',
            hint='Write region/component/parameter, e.g. "S 2p/PS4/area".',
        )
    return region.strip(), owner.strip(), parameter.strip()


def resolve_component(region: Region, owner: str) -> str:
    """Return the component id that an owner name means; a doublet's is its major line.

    Raises
    ------
    ModelError
        If there is no such component, doublet or label, or the label is not unique.
    """
    ids = {c.id: c.id for c in region.components} | {d.id: d.major for d in region.doublets}
    if owner in ids:
        return ids[owner]
    labelled = [c.id for c in region.components if c.label == owner]
    if len(labelled) == 1:
        return labelled[0]
    if labelled:
        raise ModelError(
            f'the label "{owner}" belongs to {len(labelled)} components.',
            hint=f"Use an id: {', '.join(labelled)}.",
            where=region.name,
        )
    raise _unknown("component", owner, [*ids, *_RESERVED], region.name)


def total_to_major(region: Region, owner: str, name: str) -> float:
    """Return the major line's part of a doublet's total; 1 for all but a doublet's area."""
    if name != "area" or owner in {c.id for c in region.components}:
        return 1.0
    ratios = [d.ratio for d in region.doublets if d.id == owner]
    return 1.0 / (1.0 + ratios[0]) if ratios else 1.0


def all_links(model: Model, orientation: Mapping[str, int]) -> Iterator[Link]:
    """Yield every link of the model: the doublets' own, then the model's.

    Parameters
    ----------
    model : Model
    orientation : mapping of str to int
        Axis orientation of each region: on a kinetic energy axis (-1) the minor line
        of a doublet lies lower by the splitting.
    """
    for region in model.regions:
        for doublet in region.doublets:
            yield from _doublet_links(region, doublet, orientation[region.name])
    yield from model.links


def _doublet_links(region: Region, doublet: Doublet, orientation: int) -> Iterator[Link]:
    offsets = {"center": orientation * doublet.splitting}
    factors = {"area": doublet.ratio, "height": doublet.ratio}
    for spec in region.specs_of(region.component(doublet.minor)):
        if spec.name in doublet.unlocked_parameters:
            continue
        target = f"{region.name}/{doublet.minor}/{spec.name}"
        source = f"{region.name}/{doublet.major}/{spec.name}"
        term = Term(factors.get(spec.name, 1.0), source)
        note = f"{doublet.line} doublet {doublet.id}"
        yield Link(target, (term,), offsets.get(spec.name, 0.0), note)


def _with_parameter(region: Region, owner: str, name: str, value: Parameter) -> Region:
    if owner == REGION:
        return replace(region, shift=value)
    if owner == BACKGROUND:
        parameters = dict(region.background.parameters) | {name: value}
        return replace(region, background=replace(region.background, parameters=parameters))
    component_id = resolve_component(region, owner)
    components = tuple(
        replace(c, parameters=dict(c.parameters) | {name: value}) if c.id == component_id else c
        for c in region.components
    )
    return replace(region, components=components)


def _given_or_default(
    given: Mapping[str, Parameter], specs: tuple[ParameterSpec, ...], name: str, path: str
) -> Parameter:
    if name in given:
        return given[name]
    for spec in specs:
        if spec.name == name:
            return Parameter(spec.default, spec.min, spec.max, spec.free)
    raise _unknown("parameter", name, [spec.name for spec in specs], path.rpartition("/")[0])


def _check_component(component: Component, region: Region) -> None:
    known = [spec.name for spec in region.specs_of(component)]
    for name in component.parameters:
        if name not in known:
            raise _unknown("parameter", name, known, f"{region.name}/{component.id}")


def _check_doublet(doublet: Doublet, region: Region) -> None:
    shapes = {region.component(name).lineshape for name in (doublet.major, doublet.minor)}
    if doublet.major == doublet.minor or len(shapes) > 1:
        raise ModelError(
            f"a doublet needs two components of one line shape, found {', '.join(sorted(shapes))}.",
            where=f"{region.name}/{doublet.id}",
        )


def _check_name(name: str, what: str) -> None:
    if not name.strip() or name != name.strip() or name in _RESERVED:
        raise ModelError(
            f'"{name}" cannot be the name of a {what}.',
            hint=f"Use a name without outer spaces that is none of: {', '.join(_RESERVED)}.",
        )


def _unknown(what: str, name: str, known: list[str], where: str) -> ModelError:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f'Did you mean "{close[0]}"?' if close else f"Known: {', '.join(known) or 'none'}."
    return ModelError(f'there is no {what} "{name}".', hint=hint, where=where)


def _as_parameter(value: Parameter | float) -> Parameter:
    return value if isinstance(value, Parameter) else Parameter(float(value))


def _scaled(parameter: Parameter, times: float) -> Parameter:
    if times == 1.0:
        return parameter
    value = None if parameter.value is None else parameter.value * times
    return replace(parameter, value=value, min=parameter.min * times, max=parameter.max * times)


def _short(number: float) -> str:
    return f"{number:.12g}"


def _plain_fields(value: Any) -> dict[str, Any]:
    fields = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in fields.items()}


def _make(kind: type, values: dict[str, Any]) -> Any:
    return kind(**values)
