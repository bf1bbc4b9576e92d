"""How much an area ratio depends on choices that the data leave open.

Counting statistics know nothing of the person at the desk. Another one would have set the
window half an eV wider, taken a static Shirley background, let the widths free, or seen
three species instead of two. Each such choice is one *variant*: the model with that one
thing changed, fitted again. Only variants that describe the data acceptably count:

- a background is acceptable while reduced chi-square stays below that of the fit times
  1 + 3 sqrt(2 / degrees of freedom), three standard deviations of reduced chi-square
  (BIC cannot compare windows: the data differ);
- a model is acceptable while its BIC is less than 10 above that of the fit.

A variant belongs to a *choice* (window, background, splitting, widths, components, line
shape). The spread of a choice is the standard deviation of ln R over the fit itself and
the accepted variants of that choice; choices are independent, so their spreads add in
quadrature. (One standard deviation over all variants would shrink with each variant that
changes nothing.) Every variant is listed with its ratio, accepted or not.

References
----------
.. [1] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995): a difference in BIC
   of more than 10 is very strong evidence. doi:10.1080/01621459.1995.10476572
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, log, sqrt
from statistics import stdev

import numpy as np

from .core_levels import core_level
from .errors import Cancelled, SpectraError
from .fit import FitResult, Status, fit
from .fit.compile import canonical_path
from .lineshapes import LINESHAPES, lineshape
from .model import (
    Background,
    Component,
    Doublet,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_links,
    get_parameter,
    replace_region,
    set_enabled,
    set_parameter,
    split_path,
)
from .spectrum import points_in_window
from .uncertainty import AreaRatio, ShouldStop, quantity_value, refit_options, spectra_of

EDGE_EV = 0.5
DELTA_BIC = 10.0
CHI_SQUARE_SIGMAS = 3.0
_WIDTHS = ("fwhm", "fwhm_gauss", "fwhm_lorentz")
_ENERGY_BACKGROUNDS = (
    ("shirley", "active"), ("shirley", "static"), ("shirley_slope", "active"),
    ("linear", "active"), ("linear", "static"),
)  # fmt: skip
_RAMAN_BACKGROUNDS = (("constant", "active"), ("linear", "active"), ("polynomial", "active"))
# Shapes of one family: area, center, fwhm and mix mean the same in all of them.
_SYMMETRIC = ("voigt", "gl_sum", "gl_product", "gaussian")
_ANOTHER_FAMILY = ("voigt",)


@dataclass(frozen=True)
class Variant:
    """One other choice, and what became of the ratio.

    Attributes
    ----------
    kind : str
        ``"background"`` or ``"model"``: the row of the budget.
    choice : str
        What was chosen otherwise: window, background, splitting, widths, components,
        line shape.
    name : str
        The variant in words.
    ratio : float or None
        None if it could not be fitted or the ratio has no value.
    reduced_chi_square, delta_bic : float or None
        Of this fit; BIC minus that of the base fit, None where the data differ.
    accepted : bool
    reason : str
        Why it was not accepted; empty if it was.
    """

    kind: str
    choice: str
    name: str
    ratio: float | None
    reduced_chi_square: float | None
    delta_bic: float | None
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Spread:
    """Spread over one kind of choices.

    Attributes
    ----------
    relative : float
        Standard deviation of ln R, all choices in quadrature; 0 if nothing was accepted.
    choices : mapping of str to float
        Standard deviation of ln R of each choice.
    variants : tuple of Variant
        Accepted or not.
    """

    relative: float
    choices: Mapping[str, float]
    variants: tuple[Variant, ...]

    @property
    def preferred(self) -> Variant | None:
        """The variant that BIC prefers to the fit itself by more than 10, if there is one."""
        better = [v for v in self.variants if v.delta_bic is not None and v.delta_bic < -DELTA_BIC]
        return min(better, key=lambda v: v.delta_bic or 0.0, default=None)


@dataclass(frozen=True)
class _Candidate:
    """A changed model that is to be fitted, and the areas of the ratio in it."""

    choice: str
    name: str
    model: Model
    quantity: AreaRatio
    same_data: bool = True
    starts: int = 1
    obstacle: str = ""


def background_spread(
    result: FitResult, quantity: AreaRatio, *, should_stop: ShouldStop | None = None
) -> Spread:
    """Return how much a ratio depends on the window and on the kind of background.

    Parameters
    ----------
    result : FitResult
    quantity : AreaRatio
        The regions of its areas are varied, one at a time.
    should_stop : callable or None

    Returns
    -------
    spread : Spread
        Window edges moved by 0.5 eV outwards and inwards, one at a time; Shirley, linear
        and slope backgrounds, active and static.
    """
    candidates = [
        candidate
        for name in _regions_of(quantity)
        for make in (_windows, _backgrounds)
        for candidate in make(result, name, quantity)
    ]
    limit = result.statistics.reduced_chi_square * _chi_square_factor(result)

    def judge(refit: FitResult, delta_bic: float | None) -> str:
        found = refit.statistics.reduced_chi_square
        if found <= limit:
            return ""
        return f"reduced chi-square {found:.3g} is above {limit:.3g}"

    return _spread("background", result, quantity, candidates, judge, should_stop)


def model_spread(
    result: FitResult, quantity: AreaRatio, *, should_stop: ShouldStop | None = None
) -> Spread:
    """Return how much a ratio depends on the model of the lines.

    Parameters
    ----------
    result : FitResult
    quantity : AreaRatio
    should_stop : callable or None

    Returns
    -------
    spread : Spread
        Splittings at both ends of what the core level's sources allow; widths shared or
        free; one component fewer; one component more, which is a component of the ratio
        described by two lines of one width that count together; other line shapes.
    """
    makers = (_splittings, _widths, _fewer, _more, _line_shapes)
    candidates = [
        candidate
        for name in _regions_of(quantity)
        for make in makers
        for candidate in make(result, name, quantity)
    ]

    def judge(refit: FitResult, delta_bic: float | None) -> str:
        if delta_bic is not None and delta_bic < DELTA_BIC:
            return ""
        return f"BIC forbids it ({delta_bic:+.1f})"

    return _spread("model", result, quantity, candidates, judge, should_stop)


# ---------------------------------------------------------------------------------
# Fitting the variants

Judge = Callable[[FitResult, float | None], str]


def _spread(
    kind: str, result: FitResult, quantity: AreaRatio, candidates: Sequence[_Candidate],
    judge: Judge, should_stop: ShouldStop | None,
) -> Spread:  # fmt: skip
    variants = tuple(_fitted(kind, result, c, judge, should_stop) for c in candidates)
    base = quantity_value(result, quantity)
    choices: dict[str, float] = {}
    for choice in dict.fromkeys(v.choice for v in variants):
        ratios = [v.ratio for v in variants if v.choice == choice and v.accepted]
        logs = [log(ratio) for ratio in (base, *ratios) if ratio]
        choices[choice] = stdev(logs) if len(logs) > 1 else 0.0
    return Spread(sqrt(sum(s * s for s in choices.values())), choices, variants)


def _fitted(
    kind: str, result: FitResult, candidate: _Candidate, judge: Judge,
    should_stop: ShouldStop | None,
) -> Variant:  # fmt: skip
    c = candidate
    if c.obstacle:
        return Variant(kind, c.choice, c.name, None, None, None, False, c.obstacle)
    options = refit_options(result, starts=c.starts)
    try:
        refit = fit(spectra_of(result), c.model, options=options, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError as error:
        return Variant(kind, c.choice, c.name, None, None, None, False, str(error))
    except (ArithmeticError, ValueError) as error:
        reason = f"the fit broke down numerically: {error}"
        return Variant(kind, c.choice, c.name, None, None, None, False, reason)
    ratio = quantity_value(refit, c.quantity)
    delta_bic = refit.statistics.bic - result.statistics.bic if c.same_data else None
    reason = judge(refit, delta_bic)
    if refit.status is Status.NOT_CONVERGED:
        reason = f"it did not converge: {refit.message}"
    if not (isfinite(ratio) and ratio > 0):
        ratio, reason = 0.0, reason or "the ratio has no logarithm"
    found = refit.statistics.reduced_chi_square
    return Variant(kind, c.choice, c.name, ratio or None, found, delta_bic, not reason, reason)


def _chi_square_factor(result: FitResult) -> float:
    freedom = max(result.statistics.n_points - result.statistics.n_free, 1)
    return 1.0 + CHI_SQUARE_SIGMAS * sqrt(2.0 / freedom)


def _regions_of(quantity: AreaRatio) -> list[str]:
    paths = (*quantity.numerator, *quantity.denominator)
    return list(dict.fromkeys(split_path(path)[0] for path in paths))


def _in(result: FitResult, region: str, text: str) -> str:
    return f"{region}: {text}" if len(result.regions) > 1 else text


# ---------------------------------------------------------------------------------
# Windows and backgrounds


def _windows(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    region = result.model.region(name)
    fitted = result.region(name)
    unit = fitted.spectrum.axis.unit
    low, high = region.window
    # Half an eV has no meaning on a Raman axis: there, a twentieth of the window.
    step = EDGE_EV if fitted.spectrum.axis.is_energy else 0.05 * (high - low)
    for edge, sign in ((0, -1), (0, +1), (1, -1), (1, +1)):
        moved = [low, high]
        moved[edge] += sign * step
        text = f"{('low', 'high')[edge]} end moved to {moved[edge]:.2f} {unit}"
        model = replace_region(result.model, replace(region, window=(moved[0], moved[1])))
        obstacle = _window_obstacle(result, region, (moved[0], moved[1]))
        yield _Candidate(
            "window", _in(result, name, text), model, quantity, False, obstacle=obstacle
        )


def _window_obstacle(result: FitResult, region: Region, window: tuple[float, float]) -> str:
    spectrum = result.region(region.name).spectrum
    slack = 0.5 * spectrum.step
    if window[0] < spectrum.x[0] - slack or window[1] > spectrum.x[-1] + slack:
        return "the data end before"
    if window[0] >= window[1]:
        return "the window would be empty"
    points_in_window(spectrum, window)
    for head in _heads(region):
        summary = result.summary(region.name, head.major)
        if not window[0] + summary.fwhm < summary.maximum_at < window[1] - summary.fwhm:
            return f"it would cut into {head.name}"
    return ""


def _backgrounds(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    region = result.model.region(name)
    now = (region.background.type, region.background.mode)
    is_energy = result.region(name).spectrum.axis.is_energy
    rows = _ENERGY_BACKGROUNDS if is_energy else _RAMAN_BACKGROUNDS
    kind = region.background.kind
    others = [(now[0], mode) for mode in kind.modes if now[0] != "none"]
    for type_, mode in dict.fromkeys((*others, *rows)):
        if (type_, mode) != now:
            model = _with_background(result.model, region, type_, mode)
            text = _in(result, name, f"{type_} background, {mode}")
            yield _Candidate("background", text, model, quantity)


def _with_background(model: Model, region: Region, type_: str, mode: str) -> Model:
    """Return the model with another background; what belonged to the old one goes."""
    options = dict(region.background.options) if type_ == region.background.type else {}
    if mode == "active" and "endpoint_points" in options:
        options.pop("endpoint_points")
    background = Background(type_, mode, options)  # type: ignore[arg-type]
    bare = replace(region, background=background, components=(), doublets=())
    components = tuple(
        replace(c, parameters={n: p for n, p in c.parameters.items() if n in names})
        for c in region.components
        for names in [{spec.name for spec in bare.specs_of(c)}]
    )
    doublets = tuple(
        replace(d, unlocked=tuple(u for u in d.unlocked if u.parameter in names))
        for d in region.doublets
        for names in [{spec.name for spec in bare.specs_of(region.component(d.major))}]
    )
    changed = replace(region, background=background, components=components, doublets=doublets)
    gone = _background_paths(region) - _background_paths(changed)
    links = tuple(
        link
        for link in model.links
        if not gone & {canonical_path(model, p) for p in _paths_of(link)}
    )
    return replace(replace_region(model, changed), links=links)


def _background_paths(region: Region) -> set[str]:
    own = {f"{region.name}/background/{spec.name}" for spec in region.background.specs}
    steps = region.background.component_specs
    return own | {f"{region.name}/{c.id}/{s.name}" for c in region.components for s in steps}


def _paths_of(link: Link) -> list[str]:
    return [link.target, *(term.source for term in link.terms)]


# ---------------------------------------------------------------------------------
# Splittings


def _splittings(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    region = result.model.region(name)
    for line in dict.fromkeys(doublet.line for doublet in region.doublets):
        for splitting in _allowed_splittings(region, line):
            doublets = tuple(
                replace(d, splitting=splitting) if d.line == line else d for d in region.doublets
            )
            model = replace_region(result.model, replace(region, doublets=doublets))
            text = _in(result, name, f"{line} splitting {splitting:.2f} eV")
            yield _Candidate("splitting", text, model, quantity)


def _allowed_splittings(region: Region, line: str) -> list[float]:
    """Return the ends of the core level's range, and its own value if the model's differs."""
    try:
        level = core_level(line)
    except SpectraError:  # a line that is not in the table: nothing is known of its range
        return []
    values = list(level.splitting_range_ev or ())
    used = {d.splitting for d in region.doublets if d.line == line}
    if level.splitting_ev is not None:
        values.append(level.splitting_ev)
    return [value for value in sorted(set(values)) if used != {value}]


# ---------------------------------------------------------------------------------
# Heads: what a person counts as one component (a single line, or a whole doublet)


@dataclass(frozen=True)
class _Head:
    name: str
    line: str
    major: str
    doublet: Doublet | None

    @property
    def parts(self) -> tuple[str, ...]:
        """Ids of its lines."""
        return (self.doublet.major, self.doublet.minor) if self.doublet else (self.major,)


def _heads(region: Region) -> list[_Head]:
    heads = []
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if not component.enabled or (doublet and doublet.minor == component.id):
            continue
        if doublet:
            heads.append(_Head(doublet.id, doublet.line, component.id, doublet))
        else:
            line = component.line or region.name
            heads.append(_Head(component.id, line, component.id, None))
    return heads


def _widths_of(region: Region, head: _Head) -> list[str]:
    shape = lineshape(region.component(head.major).lineshape)
    return [
        f"{region.name}/{head.major}/{s.name}" for s in shape.parameters if s.name in _WIDTHS
    ]


def _widths(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    """Yield the model with its shared widths free, and with its free widths shared."""
    model, region = result.model, result.model.region(name)
    links = {canonical_path(model, link.target): link for link in model.links}
    widths = [path for head in _heads(region) for path in _widths_of(region, head)]
    shared = [path for path in widths if path in links]
    if shared:
        text = _in(result, name, "every component with its own width")
        yield _Candidate("widths", text, _with_free_widths(model, shared, links), quantity)
    for line in dict.fromkeys(head.line for head in _heads(region)):
        yield from _shared_widths(result, region, line, links, quantity)


def _with_free_widths(model: Model, shared: Sequence[str], links: Mapping[str, Link]) -> Model:
    for path in shared:
        source = get_parameter(model, links[path].terms[0].source) if links[path].terms else None
        if source is not None:
            own = get_parameter(model, path)
            given = Parameter(own.value, source.min, source.max, source.free)
            model = _put(model, path, given)
    kept = tuple(link for link in model.links if canonical_path(model, link.target) not in shared)
    return replace(model, links=kept)


def _shared_widths(
    result: FitResult, region: Region, line: str, links: Mapping[str, Link], quantity: AreaRatio
) -> Iterator[_Candidate]:
    heads = [head for head in _heads(region) if head.line == line]
    groups: dict[str, list[str]] = {}
    for head in heads:
        for path in _widths_of(region, head):
            if path not in links and get_parameter(result.model, path).free:
                groups.setdefault(split_path(path)[2], []).append(path)
    new = [
        Link(path, (Term(1.0, first),), note="one width for all components")
        for first, *others in groups.values()
        for path in others
    ]
    if new:
        widened = result.model
        for first, *others in groups.values():
            members = [get_parameter(widened, path) for path in (first, *others)]
            low, high = min(m.min for m in members), max(m.max for m in members)
            for path in (first, *others):
                widened = _put(widened, path, replace(get_parameter(widened, path), min=low, max=high))
        text = _in(result, region.name, f"one width for all {line} components")
        yield _Candidate("widths", text, add_links(widened, new), quantity)


def _put(model: Model, path: str, parameter: Parameter) -> Model:
    return set_parameter(
        model, path, value=parameter.value, min=parameter.min, max=parameter.max,
        free=parameter.free,
    )  # fmt: skip


# ---------------------------------------------------------------------------------
# One component fewer, one more


def _fewer(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    region = result.model.region(name)
    for head in _heads(region):
        left = _without(result, region, head, quantity)
        if left is None or len(_heads(region)) < 2:
            continue
        model = set_enabled(result.model, name, head.name, False)
        text = _in(result, name, f"without {head.name}")
        yield _Candidate("components", text, model, left)


def _without(
    result: FitResult, region: Region, head: _Head, quantity: AreaRatio
) -> AreaRatio | None:
    """Return the ratio without the areas of one head; None if a side would be empty."""
    sides = []
    for side in (quantity.numerator, quantity.denominator):
        kept = tuple(p for p in side if not _belongs(result, p, region, head))
        sides.append(kept)
    return AreaRatio(sides[0], sides[1]) if all(sides) else None


def _belongs(result: FitResult, path: str, region: Region, head: _Head) -> bool:
    name, owner, _ = split_path(path)
    return name == region.name and owner in (head.name, *head.parts)


def _more(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    """Yield the model with each component of the ratio described by two instead of one."""
    region = result.model.region(name)
    for head in _heads(region):
        sides = [
            any(_belongs(result, p, region, head) for p in side)
            for side in (quantity.numerator, quantity.denominator)
        ]
        if not any(sides):
            continue
        text = _in(result, name, f"{head.name} as two components of one width")
        if _is_tied(result.model, region, head):
            reason = "its area or position is tied to another component"
            yield _Candidate("components", text, result.model, quantity, obstacle=reason)
            continue
        model, twin = _with_twin(result, region, head)
        area = f"{name}/{twin}/area"
        above = (*quantity.numerator, area) if sides[0] else quantity.numerator
        below = (*quantity.denominator, area) if sides[1] else quantity.denominator
        yield _Candidate("components", text, model, AreaRatio(above, below), starts=3)


def _is_tied(model: Model, region: Region, head: _Head) -> bool:
    tied = {
        canonical_path(model, path)
        for link in model.links
        for path in _paths_of(link)
        if split_path(path)[2] in ("area", "center")
    }
    own = {f"{region.name}/{part}/{n}" for part in head.parts for n in ("area", "center")}
    return bool(tied & own)


def _with_twin(result: FitResult, region: Region, head: _Head) -> tuple[Model, str]:
    """Return the model with one more component beside `head`, and what it is called.

    Both stay nearer to each other than to the neighbours, so that the pair describes what
    one component described; everything but area and centre is common to both.
    """
    low, high = _territory(result, region, head)
    center = result.value(f"{region.name}/{head.major}/center")
    offset = 0.3 * result.summary(region.name, head.major).fwhm
    twin = f"{head.name} (second)"
    ids = {part: f"{part} (second)" for part in head.parts}
    twins = [replace(region.component(p), id=ids[p], label=ids[p]) for p in head.parts]
    first = [_placed(c, low, high, center - offset) if c.id == head.major else c
             for c in region.components]  # fmt: skip
    second = [
        _placed(c, low, high, center + offset) if c.id == ids[head.major] else c for c in twins
    ]
    doublets = region.doublets
    if head.doublet:
        copy = replace(
            head.doublet, id=twin, major=ids[head.doublet.major], minor=ids[head.doublet.minor]
        )
        doublets = (*doublets, copy)
    changed = replace(region, components=(*first, *second), doublets=doublets)
    model = replace_region(result.model, changed)
    names = [s.name for s in changed.specs_of(changed.component(head.major))]
    links = [
        Link(f"{region.name}/{ids[head.major]}/{n}", (Term(1.0, f"{region.name}/{head.major}/{n}"),))
        for n in names
        if n not in ("area", "center")
    ]
    return add_links(model, links), (twin if head.doublet else ids[head.major])


def _territory(result: FitResult, region: Region, head: _Head) -> tuple[float, float]:
    center = result.value(f"{region.name}/{head.major}/center")
    others = [
        result.value(f"{region.name}/{other.major}/center")
        for other in _heads(region)
        if other.major != head.major
    ]
    reach = 1.5 * result.summary(region.name, head.major).fwhm
    left = max((c for c in others if c < center), default=-inf)
    right = min((c for c in others if c > center), default=inf)
    return max(center - reach, (center + left) / 2), min(center + reach, (center + right) / 2)


def _placed(component: Component, low: float, high: float, center: float) -> Component:
    """Return a component that starts at `center` with its area to be estimated."""
    area = component.parameters.get("area", Parameter(min=0.0))
    place = Parameter(float(np.clip(center, low, high)), low, high)
    changed = {"center": place, "area": replace(area, value=None, free=True)}
    return replace(component, parameters=dict(component.parameters) | changed)


# ---------------------------------------------------------------------------------
# Line shapes


def _line_shapes(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[_Candidate]:
    region = result.model.region(name)
    used = {region.component(part).lineshape for head in _heads(region) for part in head.parts}
    if len(used) != 1:
        return
    (now,) = used
    others = _SYMMETRIC if now in _SYMMETRIC else _ANOTHER_FAMILY
    if not LINESHAPES[now].finite_area or now not in (*_SYMMETRIC, "pseudo_voigt"):
        return
    for shape in others:
        if shape != now:
            model = _with_line_shape(result.model, region, shape)
            text = _in(result, name, f"line shape {shape}")
            yield _Candidate("line shape", text, model, quantity)
    yield from _mixes(result, region, now, quantity)


def _with_line_shape(model: Model, region: Region, shape: str) -> Model:
    names = {spec.name for spec in lineshape(shape).parameters}
    names |= {spec.name for spec in region.background.component_specs}
    components = tuple(
        replace(
            c, lineshape=shape, parameters={n: p for n, p in c.parameters.items() if n in names}
        )
        for c in region.components
    )
    doublets = tuple(
        replace(d, unlocked=tuple(u for u in d.unlocked if u.parameter in names))
        for d in region.doublets
    )
    own = {f"{region.name}/{c.id}/" for c in region.components}
    changed = replace_region(model, replace(region, components=components, doublets=doublets))
    links = tuple(
        link
        for link in model.links
        if not any(
            split_path(canonical_path(model, p))[2] not in names
            for p in _paths_of(link)
            if any(canonical_path(model, p).startswith(start) for start in own)
        )
    )
    return replace(changed, links=links)


def _mixes(
    result: FitResult, region: Region, shape: str, quantity: AreaRatio
) -> Iterator[_Candidate]:
    """Yield the model with another fixed Gauss-Lorentz mix, where it is fixed."""
    heads = _heads(region)
    paths = [f"{region.name}/{head.major}/mix" for head in heads]
    if "mix" not in [spec.name for spec in lineshape(shape).parameters]:
        return
    fixed = [p for p in paths if p not in result.problem.links
             and p not in result.problem.free_paths]  # fmt: skip
    if not fixed:
        return
    for mix in (0.1, 0.3, 0.5):
        if all(abs(result.value(path) - mix) > 0.05 for path in fixed):
            model = result.model
            for path in fixed:
                model = _put(model, path, Parameter(mix, 0.0, 1.0, free=False))
            text = _in(result, region.name, f"Gauss-Lorentz mix {mix:g}")
            yield _Candidate("line shape", text, model, quantity)
