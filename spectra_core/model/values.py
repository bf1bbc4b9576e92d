"""What is fitted: components, doublets, backgrounds, regions, and the links between them.

A `Model` is a value. Every parameter has a path ``region/owner/parameter`` such as
``"S 2p/PS4 2p3/2/area"``; the owner is a component, a doublet, ``background`` or
``region``. A `Link` is data, not text to evaluate: ``target = offset + sum(times *
source)``. Doublets, shared widths, stoichiometry and one charge shift for several
regions are all links, so one mechanism keeps all of them exact
(see `spectra_core.fitting.problem`). A `Prior` is the same kind of data for what is
known, but not exactly: it counts in a fit as one more measurement.

Energies are in the unit of the spectrum's axis and on its calibrated scale; areas
are whole integrals. A parameter whose value is None is estimated from the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite
from numbers import Real
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from ..curves.background_kind import BackgroundKind, complete_options
from ..curves.backgrounds import background_kind
from ..curves.lineshapes import lineshape
from ..curves.spec import ParameterSpec
from ..errors import ModelError, did_you_mean
from ..shown import Reported, Tabular

_Value = TypeVar("_Value")

BACKGROUND = "background"
REGION = "region"
RESERVED = (BACKGROUND, REGION)
_NUMBERS = (float, int, Real)  # the first two are found at once


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
            if number is None and name == "value":
                continue
            if not isinstance(number, _NUMBERS):
                raise ModelError(
                    f"a parameter's {name} is {number!r}, not a number.",
                    hint="Write Parameter(value, min, max), or min= and max= by name.",
                )
            if number != number:
                raise ModelError(f"a parameter's {name} is not a number (NaN).")
        if self.min > self.max:
            raise ModelError(
                f"a parameter's lower bound {self.min:g} is above its upper bound {self.max:g}."
            )
        if self.value is not None and not isfinite(self.value):
            raise ModelError(f"a parameter's value is {self.value}.", hint="Give a finite number.")


Number = Parameter | float | tuple[float, float, float]
"""What stands for a parameter: a number alone is its start value, three are (value, min, max)."""


def as_parameter(meant: Number | None, name: str) -> Parameter:
    """Return the parameter that is meant by a number or by ``(value, min, max)``.

    Raises
    ------
    ModelError
        If it is neither, or the value does not lie between the other two.
    """
    if isinstance(meant, Parameter):
        return meant
    if isinstance(meant, tuple | list):
        if len(meant) != 3:
            raise ModelError(
                f"the {name} is given by {len(meant)} numbers, {meant!r}.",
                hint=f"Write {name}=(value, min, max), or Parameter(min=..., max=...) where the"
                " value is to be estimated.",
            )
        made = Parameter(*meant)
        if made.value is not None and not made.min <= made.value <= made.max:
            raise ModelError(
                f"the {name} starts at {made.value:g}, outside its bounds {made.min:g} to"
                f" {made.max:g}.",
                hint="The order is (value, min, max).",
            )
        return made
    if meant is None or isinstance(meant, _NUMBERS):
        return Parameter(None if meant is None else float(meant))
    raise ModelError(
        f"the {name} is {meant!r}.", hint="Give a number, (value, min, max) or a Parameter."
    )


def as_parameters(values: Mapping[str, Number]) -> Mapping[str, Parameter]:
    """Return a read-only mapping with every value made a parameter."""
    return MappingProxyType({name: as_parameter(value, name) for name, value in values.items()})


@dataclass(frozen=True)
class Component:
    """One line of a spectrum.

    Attributes
    ----------
    id : str
        Unique in its region; part of every path.
    lineshape : str
        Name of a row of `spectra_core.curves.lineshapes.LINESHAPES`.
    parameters : mapping of str to Parameter
        By the line shape's parameter names, and ``step`` under a background with a
        step for each component. Names left out take the shape's own default.
    label, species : str
        What the user calls it, and the species it is assigned to.
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
        check_name(self.id, "component")
        object.__setattr__(self, "parameters", as_parameters(self.parameters))
        if not self.label:
            object.__setattr__(self, "label", self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (Component, _plain_fields(self))


@dataclass(frozen=True)
class Unlock:
    """A doublet constraint that a user took off, and why; reports print it."""

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
        check_name(self.id, "doublet")
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

    @cached_property
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
        object.__setattr__(self, "parameters", as_parameters(self.parameters))
        known = [spec.name for spec in self.specs]
        for name in self.parameters:
            if name not in known:
                raise unknown("background parameter", name, known, f"{self.type} background")

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


@dataclass(frozen=True, repr=False)
class Region(Reported):
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
        check_name(self.name, "region")
        if "/" in self.name:
            raise ModelError(f'the region name "{self.name}" contains "/".', hint="Leave it out.")
        low, high = _window(self.window, self.name)
        if not (isfinite(low) and isfinite(high) and low < high):
            raise ModelError(f"the window {low:g} to {high:g} is empty.", where=self.name)
        object.__setattr__(self, "window", (low, high))
        if isinstance(self.background, str):
            object.__setattr__(self, "background", Background(self.background))
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

    @cached_property
    def by_id(self) -> Mapping[str, Component]:
        """The components by their ids."""
        return {component.id: component for component in self.components}

    @cached_property
    def _specs(self) -> Mapping[str, tuple[ParameterSpec, ...]]:
        """Parameters of a component of each line shape that there is."""
        more, shapes = self.background.component_specs, {c.lineshape for c in self.components}
        return {name: lineshape(name).parameters + more for name in shapes}

    def component(self, name: str) -> Component:
        """Return the component with this id, or ModelError with a suggestion."""
        found = self.by_id.get(name)
        if found is not None:
            return found
        raise unknown("component", name, [c.id for c in self.components], self.name)

    def doublet(self, name: str) -> Doublet:
        """Return the doublet with this id, or ModelError with a suggestion."""
        for doublet in self.doublets:
            if doublet.id == name:
                return doublet
        raise unknown("doublet", name, [d.id for d in self.doublets], self.name)

    def doublet_of(self, component_id: str) -> Doublet | None:
        """Return the doublet that a component belongs to, if any."""
        for doublet in self.doublets:
            if component_id in (doublet.major, doublet.minor):
                return doublet
        return None

    def specs_of(self, component: Component) -> tuple[ParameterSpec, ...]:
        """Parameters of a component here: its shape's, then the background's."""
        known = self._specs.get(component.lineshape)
        if known is not None:
            return known
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


GROUPS = ("energies", "ties", "shape", "background", "reference")
"""What a prior is about: the rows of an error budget."""


@dataclass(frozen=True)
class Prior:
    """What is known before a fit: ``sum(term.times * term.source) = value +/- sd``.

    It counts in the fit as one more measurement. Bounds say what is impossible, priors what
    is usual.

    Attributes
    ----------
    terms : tuple of Term
        A path alone stands for one term; a doublet's ``area`` is that of both lines.
    value : float
    sd : float or None
        Standard deviation, in the unit of the value.
    relative : float or None
        In place of `sd`: a part of what the other terms say of the first, so that
        ``A - 0.25 B = 0`` with 0.1 means A = 0.25 B to 10 %. It follows the fit as the
        weights of the data do.
    relative_to : str
        Path of what `relative` is a part of, in place of the other terms: a slope of
        0 +/- 0.05 of the level, for each eV.
    group : str
        One of `GROUPS`; left out, it follows from the first term.
    source : str
        Where it comes from; the report prints it.
    """

    terms: tuple[Term, ...]
    value: float = 0.0
    sd: float | None = None
    relative: float | None = None
    group: str = ""
    source: str = ""
    relative_to: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.terms, str):
            object.__setattr__(self, "terms", (Term(1.0, self.terms),))
        object.__setattr__(self, "terms", _all_of(Term, self.terms, "terms"))
        if not self.terms:
            raise ModelError("a prior has no term.", hint="Name the parameter that is known.")
        where = self.terms[0].source
        if not all(isfinite(t.times) and t.times != 0 for t in self.terms):
            raise ModelError("a prior's factor is zero or not finite.", where=where)
        if not isfinite(self.value):
            raise ModelError(f"a prior's value is {self.value}.", where=where)
        self._check_width(where)
        if not self.group:
            object.__setattr__(self, "group", _group_of(where))
        elif self.group not in GROUPS:
            raise unknown("group of priors", self.group, list(GROUPS), where)

    def _check_width(self, where: str) -> None:
        if (self.sd is None) == (self.relative is None):
            raise ModelError(
                "a prior has no standard deviation, or two.",
                hint="Give sd, or relative as a part of what it is tied to.",
                where=where,
            )
        width = self.relative if self.sd is None else self.sd
        if not (isinstance(width, _NUMBERS) and isfinite(width) and width > 0):
            raise ModelError(
                f"the standard deviation of a prior is {width!r}.",
                hint="Give a positive number; what is known exactly is a Link or a fixed value.",
                where=where,
            )
        if self.relative_to and self.relative is None:
            raise ModelError(
                "a standard deviation in its own unit is a part of nothing.",
                hint="Give relative in place of sd, or leave relative_to out.",
                where=where,
            )
        alone = len(self.terms) == 1 and self.value == 0 and not self.relative_to
        if self.relative is not None and alone:
            raise ModelError(
                "a part of nothing is no standard deviation.",
                hint="Give sd, or a value that is not zero.",
                where=where,
            )

    @property
    def subject(self) -> str:
        """What is known, in words: the sum of the terms."""
        parts = [
            t.source if t.times == 1 else f"{_short(t.times)} * {t.source}" for t in self.terms
        ]
        return " + ".join(parts).replace("+ -1 * ", "- ").replace("+ -", "- ")

    @property
    def formula(self) -> str:
        """The prior in words, e.g. ``S 2p/PS4/center = 161.7 +/- 0.1``."""
        of = f" of {self.relative_to}" if self.relative_to else ""
        width = f"{_short(100 * (self.relative or 0.0))} %{of}"
        return (
            f"{self.subject} = {_short(self.value)} +/-"
            f" {width if self.sd is None else _short(self.sd)}"
        )


def _group_of(path: str) -> str:
    owner, name = path.split("/")[1:2], path.rpartition("/")[2]
    if owner == [REGION]:
        return "reference"
    if owner == [BACKGROUND]:
        return "background"
    return {"center": "energies", "area": "ties", "height": "ties"}.get(name, "shape")


@dataclass(frozen=True, repr=False)
class Model(Tabular):
    """One or many regions that are fitted together, and what ties them.

    Attributes
    ----------
    regions : tuple of Region
        A region alone is made a tuple of one.
    links : tuple of Link
        Exact ties.
    title : str
    priors : tuple of Prior
        What is known before the fit, each with its standard deviation.
    """

    regions: tuple[Region, ...]
    links: tuple[Link, ...] = ()
    title: str = ""
    priors: tuple[Prior, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", _all_of(Region, self.regions, "regions"))
        object.__setattr__(self, "links", _all_of(Link, self.links, "links"))
        object.__setattr__(self, "priors", _all_of(Prior, self.priors, "priors"))
        names = [region.name for region in self.regions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(f"two regions are called {', '.join(twice)}.")

    def region(self, name: str) -> Region:
        """Return the region with this name, or ModelError with a suggestion."""
        for region in self.regions:
            if region.name == name:
                return region
        raise unknown("region", name, [r.name for r in self.regions], "the model")


def _all_of(kind: type[_Value], items: object, what: str) -> tuple[_Value, ...]:
    """Return a tuple of values of one kind; a value alone stands for a tuple of one."""
    values = (items,) if isinstance(items, kind) else items
    if isinstance(values, tuple | list):
        wrong = [value for value in values if not isinstance(value, kind)]
        if not wrong:
            return tuple(values)
        items = wrong[0]
    raise ModelError(
        f"the {what} of a model hold a {type(items).__name__}.",
        hint=f"Give a {kind.__name__}, or a tuple of them.",
    )


def _window(value: Any, region: str) -> tuple[float, float]:
    """Return both ends in order, or say what a window is."""
    if not isinstance(value, str) and isinstance(value, Iterable):
        edges = list(value)
        if len(edges) == 2 and all(isinstance(edge, _NUMBERS) for edge in edges):
            return float(min(edges)), float(max(edges))
    raise ModelError(
        f"the window is {value!r}.",
        hint='Give its two ends in one pair: Region("S 2p", (158.0, 168.0)).',
        where=region,
    )


def _check_component(component: Component, region: Region) -> None:
    specs = region.specs_of(component)
    for name in component.parameters:
        if all(name != spec.name for spec in specs):
            known = [spec.name for spec in specs]
            raise unknown("parameter", name, known, f"{region.name}/{component.id}")


def _check_doublet(doublet: Doublet, region: Region) -> None:
    shapes = {region.component(name).lineshape for name in (doublet.major, doublet.minor)}
    if doublet.major == doublet.minor or len(shapes) > 1:
        raise ModelError(
            f"a doublet needs two components of one line shape, found {', '.join(sorted(shapes))}.",
            where=f"{region.name}/{doublet.id}",
        )


def check_name(name: str, what: str) -> None:
    """Raise where a name cannot be that of a region or component."""
    if not name.strip() or name != name.strip() or name in RESERVED:
        raise ModelError(
            f'"{name}" cannot be the name of a {what}.',
            hint=f"Use a name without outer spaces that is none of: {', '.join(RESERVED)}.",
        )


def unknown(what: str, name: str, known: list[str], where: str) -> ModelError:
    """Return the error for a name that is not there, with the nearest that is."""
    return ModelError(f'there is no {what} "{name}".', hint=did_you_mean(name, known), where=where)


def _short(number: float) -> str:
    return f"{number:.12g}"


def _plain_fields(value: Any) -> dict[str, Any]:
    fields = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in fields.items()}


def _make(kind: type, values: dict[str, Any]) -> Any:
    return kind(**values)
