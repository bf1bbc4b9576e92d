"""From a recipe to a model, and from a model to a recipe that gives the same numbers.

A doublet in a recipe is one entry and its ``area`` is that of both lines together; in
the model it is two components and a `Doublet`. Classes (``share``) and links become
exact links. What is left out in a recipe takes the default of the line shape's or
background's table; a parameter with bounds is free unless it says otherwise, a bare
number is free or fixed as is usual for that parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite

import numpy as np

from ..core_levels import core_level
from ..curves.lineshapes import lineshape
from ..curves.spec import ParameterSpec
from ..errors import ModelError
from ..fitting import FitOptions, Weights
from ..fitting.problem import compile_problem
from ..model import (
    BACKGROUND,
    REGION,
    Background,
    Component,
    Doublet,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_doublet,
    canonical_path,
    share,
    share_shift,
    split_path,
    sum_of_paths,
    unlock,
)
from ..spectrum import Axis, Calibration, Spectrum
from ..uncertainty.areas import area_path
from .formats import DEFAULT_FORMATS, Format
from .library import link_factors, prior_factors
from .schema import (
    AT_SAMPLE,
    SCHEMA,
    BackgroundEntry,
    CalibrationEntry,
    ComponentEntry,
    FitEntry,
    LinkEntry,
    ParameterEntry,
    PriorEntry,
    RatioEntry,
    Recipe,
    RegionEntry,
    ReportEntry,
    UnlockEntry,
)

SHIFT_SPEC = ParameterSpec("shift", "x", 0.0, free=False)
_SHARED_SHIFT_NOTE = "one charge shift for all regions"


def model_from_recipe(recipe: Recipe) -> Model:
    """Return the model that a recipe describes; of a recipe for several samples that of one.

    Raises
    ------
    ModelError
        If it contradicts itself: an unknown parameter, two ties for one parameter, a
        class whose later members have values of their own.
    """
    recipe = of_one_sample(recipe)
    regions = tuple(_region(entry) for entry in recipe.region)
    links = (
        *_class_links(recipe),
        *_departure_links(recipe, regions),
        *(_link(entry, recipe) for entry in recipe.link),
    )
    model = Model(regions, links, recipe.title)
    _check_targets(model)
    model = _with_priors(model, recipe)
    if recipe.share_shift:
        first = recipe.region[0].shift
        model = share_shift(model, free=first is None or first.free is not False)
    return model


def of_one_sample(recipe: Recipe) -> Recipe:
    """Return what a recipe says of a single sample: without links between samples."""
    if recipe.samples is None:
        return recipe
    links = tuple(link for link in recipe.link if not is_between_samples(link))
    return recipe.model_copy(update={"samples": None, "link": links})


def is_between_samples(link: LinkEntry) -> bool:
    """Return whether a link names a sample, as in "S 2p @ pristine/PS4/fwhm"."""
    return any(AT_SAMPLE in split_path(path)[0] for path in (link.parameter, *link.sources))


def check_recipe(recipe: Recipe) -> None:
    """Compile the model of a recipe on no data at all, and look up its ratios' labels.

    Raises
    ------
    ModelError
        For an unknown path or label, a link cycle, two priors on one sum, or bounds that
        contradict each other.
    """
    model = model_from_recipe(recipe)
    # A static background needs data; what it is has been checked when it was made.
    blank = tuple(
        replace(r, background=Background("none")) if r.background.mode == "static" else r
        for r in model.regions
    )
    compile_problem(replace(model, regions=blank), {r.name: _blank_spectrum(r) for r in blank})
    for ratio in recipe.ratio:
        for label in (*ratio.numerator, *ratio.denominator):
            area_path(model, component_path(recipe, label))


def component_path(recipe: Recipe, label: str) -> str:
    """Return ``region/id`` for a label or ``region/label`` of a recipe.

    A label that stands in several regions, or in none, is returned as it is, for
    `spectra_core.uncertainty.areas.area_path` to say so.
    """
    found = [
        f"{region.name}/{entry.name}"
        for region in recipe.region
        for entry in region.component
        if label in (entry.name, entry.label)
        or label in (f"{region.name}/{entry.name}", f"{region.name}/{entry.label}")
    ]
    return found[0] if len(found) == 1 else label


def fit_options_from_recipe(recipe: Recipe, *, seed: int | None = None) -> FitOptions:
    """Return the fit options of a recipe, with another seed if one is given."""
    entry = recipe.fit
    return FitOptions(
        weights=None if entry.weights == "auto" else Weights(entry.weights),
        method=entry.method,
        starts=entry.starts,
        spread=entry.spread,
        seed=entry.seed if seed is None else seed,
    )


def counting_alone(recipe: Recipe) -> Recipe:
    """Return a recipe whose ratios have the error of the counts alone."""
    ratios = tuple(ratio.model_copy(update={"uncertainty": "counting"}) for ratio in recipe.ratio)
    return recipe.model_copy(update={"ratio": ratios})


def calibration_from_recipe(recipe: Recipe) -> Calibration | None:
    """Return the calibration that a recipe states; None if it has none, or has it measured."""
    entry = recipe.calibration
    if entry is None or entry.is_measured:
        return None
    if entry.shift is not None:
        return Calibration(
            entry.shift,
            entry.reference,
            uncertainty=entry.uncertainty,
            scale=entry.scale,
            bend=entry.bend,
        )
    assert entry.assigned is not None and entry.measured is not None
    return Calibration(
        entry.assigned - entry.measured,
        entry.reference,
        entry.assigned,
        entry.measured,
        entry.uncertainty,
    )


# ---------------------------------------------------------------------------------
# Recipe to model


def _blank_spectrum(region: Region) -> Spectrum:
    x = np.linspace(*region.window, 64)
    return Spectrum(x, np.ones(x.size), Axis.BINDING_ENERGY)


def _region(entry: RegionEntry) -> Region:
    region = Region(
        entry.name, entry.window, _background(entry.background, entry.name), match=entry.match
    )
    if entry.shift is not None:
        region = replace(region, shift=_parameter(entry.shift, SHIFT_SPEC))
    followers = _followers(entry)
    for component in entry.component:
        own = tuple(
            u for u in component.unlock if followers.get((component.name, u.parameter)) is None
        )
        region = _with_entry(region, component.model_copy(update={"unlock": own}))
    return region


def _followers(region: RegionEntry) -> dict[tuple[str, str], str]:
    """Return, by component and parameter, the first of its class for all that come later."""
    first: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], str] = {}
    for component in region.component:
        for entry in component.unlock:
            if entry.share is None:
                continue
            leader = first.setdefault((entry.parameter, entry.share), component.name)
            if leader == component.name:
                continue
            if not entry.is_bare:
                raise ModelError(
                    f'only the first member of the class "{entry.share}" ({leader}) can have a'
                    " value, bounds and a prior.",
                    hint="Write parameter, share and reason here, and nothing else.",
                    where=f"{region.name}/{component.name}/{entry.parameter}",
                )
            found[component.name, entry.parameter] = leader
    return found


def _departure_links(recipe: Recipe, regions: Sequence[Region]) -> Iterator[Link]:
    """Yield what lets doublets depart from a constraint by as much as the first of a class."""
    for entry, region in zip(recipe.region, regions, strict=True):
        for (name, parameter), leader in _followers(entry).items():
            own, first = region.doublet(name), region.doublet(leader)
            apart = own.splitting - first.splitting if parameter == "center" else 0.0
            terms = (
                Term(1.0, f"{region.name}/{own.major}/{parameter}"),
                Term(1.0, f"{region.name}/{first.minor}/{parameter}"),
                Term(-1.0, f"{region.name}/{first.major}/{parameter}"),
            )
            note = f"departs from its constraint as {leader} does"
            yield Link(f"{region.name}/{own.minor}/{parameter}", terms, apart, note)


def _background(entry: BackgroundEntry, where: str) -> Background:
    try:
        background = Background(entry.type, entry.mode, entry.options)
        return replace(
            background,
            parameters=_parameters(entry.parameters, background.specs, f"{entry.type} background"),
        )
    except ModelError as error:
        raise error.at(where) from None


def _with_entry(region: Region, entry: ComponentEntry) -> Region:
    specs = lineshape(entry.lineshape).parameters + region.background.component_specs
    where = f"{region.name}/{entry.name}"
    parameters = _parameters(entry.parameters, specs, where)
    if entry.is_doublet:
        return _with_doublet(region, entry, parameters)
    component = Component(
        entry.name,
        entry.lineshape,
        parameters,
        entry.label,
        entry.species,
        entry.line,
        entry.enabled,
    )
    return replace(region, components=(*region.components, component))


def _with_doublet(
    region: Region, entry: ComponentEntry, parameters: Mapping[str, Parameter]
) -> Region:
    region = add_doublet(
        region,
        entry.name,
        entry.line,
        entry.lineshape,
        splitting=entry.splitting,
        ratio=entry.ratio,
        label=entry.label,
        species=entry.species,
        **parameters,
    )
    doublet = region.doublets[-1]
    if entry.splitting not in (None, core_level(entry.line).splitting_ev):
        changed = replace(doublet, source="given in the recipe")
        region = replace(region, doublets=(*region.doublets[:-1], changed))
    for item in entry.unlock:
        region = unlock(region, entry.name, item.parameter, item.reason)
        region = _with_minor_parameter(region, doublet, item)
    if not entry.enabled:
        off = (doublet.major, doublet.minor)
        components = tuple(
            replace(c, enabled=False) if c.id in off else c for c in region.components
        )
        region = replace(region, components=components)
    return region


def _with_minor_parameter(region: Region, doublet: Doublet, entry: UnlockEntry) -> Region:
    """Return `region` with the unlocked parameter of the minor line as the entry says.

    Without a value it starts from where the constraint would hold it.
    """
    minor = region.component(doublet.minor)
    spec = next(s for s in region.specs_of(minor) if s.name == entry.parameter)
    own = ParameterEntry(value=entry.value, min=entry.min, max=entry.max, free=entry.free)
    parameter = _parameter(own, replace(spec, free=True))
    tied = region.component(doublet.major).parameters.get(entry.parameter)
    if parameter.value is None and tied is not None and tied.value is not None:
        times = doublet.ratio if entry.parameter in ("area", "height") else 1.0
        offset = doublet.splitting if entry.parameter == "center" else 0.0
        parameter = replace(parameter, value=times * tied.value + offset)
    changed = replace(minor, parameters=dict(minor.parameters) | {entry.parameter: parameter})
    return replace(
        region, components=tuple(changed if c.id == minor.id else c for c in region.components)
    )


def _parameters(
    entries: Mapping[str, ParameterEntry], specs: Sequence[ParameterSpec], where: str
) -> dict[str, Parameter]:
    by_name = {spec.name: spec for spec in specs}
    unknown = [name for name in entries if name not in by_name]
    if unknown:
        raise ModelError(
            f'there is no parameter "{unknown[0]}".',
            hint=f"Known: {', '.join(by_name) or 'none'}.",
            where=where,
        )
    return {name: _parameter(entry, by_name[name]) for name, entry in entries.items()}


def _parameter(entry: ParameterEntry, spec: ParameterSpec) -> Parameter:
    free = _is_free(entry, spec)
    value = spec.default if entry.value is None and not free else entry.value
    low = -inf if entry.min is None else entry.min
    high = inf if entry.max is None else entry.max
    return Parameter(value, low, high, free)


def _is_free(entry: ParameterEntry, spec: ParameterSpec) -> bool:
    """Return whether the fit varies a parameter: bounds and priors are for a free one."""
    if entry.free is not None:
        return entry.free
    known = (entry.min, entry.max, entry.prior)
    return spec.free or any(number is not None for number in known)


def _class_links(recipe: Recipe) -> Iterable[Link]:
    """Yield the links of every class; the first member in the file is the master."""
    members: dict[tuple[str, str], list[str]] = {}
    for region in recipe.region:
        for component in region.component:
            for name, entry in component.parameters.items():
                if entry.share is None:
                    continue
                paths = members.setdefault((name, entry.share), [])
                path = f"{region.name}/{component.name}/{name}"
                if paths and entry != ParameterEntry(share=entry.share):
                    raise ModelError(
                        f'only the first member of the class "{entry.share}" ({paths[0]}) can'
                        " have a value and bounds.",
                        hint=f'Write {name} = {{ share = "{entry.share}" }} here.',
                        where=path,
                    )
                paths.append(path)
    for (name, label), paths in members.items():
        yield from share(paths, note=f"one {name} for the class {label}")


def _link(entry: LinkEntry, recipe: Recipe) -> Link:
    factors, note = link_factors(entry, recipe)
    terms = tuple(
        Term(times, _path(source, recipe))
        for times, source in zip(factors, entry.sources, strict=True)
    )
    return Link(_path(entry.parameter, recipe), terms, entry.offset, note)


def _with_priors(model: Model, recipe: Recipe) -> Model:
    """Return the model with what the recipe knows beforehand."""
    priors = (*_parameter_priors(model, recipe), *(_prior(e, recipe) for e in recipe.prior))
    before: dict[frozenset[tuple[str, float]], Prior] = {}
    for prior in priors:
        key = sum_of_paths(model, prior)
        if key in before:
            raise ModelError(
                "this is known twice.",
                hint=f"Keep one of: {before[key].formula}; {prior.formula}.",
                where=prior.subject,
            )
        before[key] = prior
    return replace(model, priors=priors)


def _parameter_priors(model: Model, recipe: Recipe) -> Iterator[Prior]:
    """Yield the priors that stand beside a parameter's value."""
    for region in recipe.region:
        if region.shift is not None:
            yield from _beside(region.shift, f"{region.name}/{REGION}/shift")
        for name, entry in region.background.parameters.items():
            yield from _beside(entry, f"{region.name}/{BACKGROUND}/{name}")
        for component in region.component:
            for name, entry in component.parameters.items():
                yield from _beside(entry, f"{region.name}/{component.name}/{name}")
            for unlocked in component.unlock:
                if unlocked.prior is not None:
                    yield _constraint(model.region(region.name), component.name, unlocked)


def _beside(entry: ParameterEntry, path: str) -> Iterator[Prior]:
    if entry.prior is not None and entry.value is not None:
        yield Prior((Term(1.0, path),), entry.value, entry.prior, source=entry.source)


def _constraint(region: Region, name: str, entry: UnlockEntry) -> Prior:
    """Return a constraint of a doublet that holds to a standard deviation only."""
    doublet = region.doublet(name)
    minor, major = (
        f"{region.name}/{line}/{entry.parameter}" for line in (doublet.minor, doublet.major)
    )
    if entry.parameter in ("area", "height"):
        ratio = (Term(1.0, minor), Term(-doublet.ratio, major))
        return Prior(ratio, relative=entry.prior, source=entry.source)
    apart = doublet.splitting if entry.parameter == "center" else 0.0
    terms = (Term(1.0, minor), Term(-1.0, major))
    return Prior(terms, apart, entry.prior, source=entry.source)


def _prior(entry: PriorEntry, recipe: Recipe) -> Prior:
    factors, source = prior_factors(entry, recipe)
    minus = (
        Term(-times, _path(path, recipe))
        for times, path in zip(factors, entry.sources, strict=True)
    )
    return Prior(
        (Term(1.0, _path(entry.of, recipe)), *minus),
        entry.value,
        entry.sd,
        entry.relative,
        entry.group or "",
        source,
        _path(entry.relative_to, recipe) if entry.relative_to else "",
    )


def _path(text: str, recipe: Recipe) -> str:
    """Return a path with a component's label replaced by its id."""
    region_name, owner, name = split_path(text)
    for region in recipe.region:
        if region.name == region_name and owner not in {c.name for c in region.component}:
            ids = [c.name for c in region.component if c.label == owner]
            owner = ids[0] if len(ids) == 1 else owner
    return f"{region_name}/{owner}/{name}"


def _check_targets(model: Model) -> None:
    targets = [canonical_path(model, link.target) for link in model.links]
    twice = [target for target in targets if targets.count(target) > 1]
    if twice:
        raise ModelError(
            "this parameter is tied twice, by links or a class.",
            hint="Keep one of them.",
            where=twice[0],
        )


# ---------------------------------------------------------------------------------
# Model to recipe


def recipe_from_model(
    model: Model,
    *,
    title: str | None = None,
    calibration: Calibration | None = None,
    fit_options: FitOptions | None = None,
    ratios: Sequence[RatioEntry] = (),
    formats: Sequence[Format] = DEFAULT_FORMATS,
) -> Recipe:
    """Return a recipe that describes a model: the same fit on the same data.

    Parameters
    ----------
    model : Model
        Start values or fitted values; both are written with every digit.
    title : str or None
        None: that of the model.
    calibration : Calibration or None
        None, or one without a shift: the recipe does not touch the energy scale.
    fit_options : FitOptions or None
    ratios : sequence of RatioEntry
    formats : sequence of str

    Notes
    -----
    A doublet whose lines a recipe cannot name or bound as one object is written as two
    components with the links that tie them.
    """
    model = _without_special_doublets(model)
    shared = _shares_shift(model)
    kept = [link for link in _last_links(model) if not (shared and _is_shift_link(link))]
    return Recipe(
        schema_=SCHEMA,
        title=model.title if title is None else title,
        calibration=calibration_entry(calibration),
        share_shift=shared,
        region=tuple(_region_entry(region) for region in model.regions),
        link=tuple(_link_entry(link) for link in kept),
        prior=tuple(_prior_entry(prior) for prior in model.priors),
        ratio=tuple(ratios),
        fit=_fit_entry(fit_options or FitOptions()),
        report=ReportEntry(formats=tuple(formats)),
    )


def calibration_entry(calibration: Calibration | None) -> CalibrationEntry | None:
    """Return a calibration as a recipe writes it; None where it does nothing."""
    if calibration is None or calibration == Calibration():
        return None
    c = calibration
    if c.assigned is not None and c.measured is not None and c.shift == c.assigned - c.measured:
        return CalibrationEntry(
            reference=c.reference,
            assigned=c.assigned,
            measured=c.measured,
            uncertainty=c.uncertainty,
        )
    return CalibrationEntry(
        shift=c.shift,
        reference=c.reference,
        uncertainty=c.uncertainty,
        scale=c.scale,
        bend=c.bend,
    )


def _fit_entry(options: FitOptions) -> FitEntry:
    return FitEntry(
        weights="auto" if options.weights is None else options.weights.value,
        method=options.method,
        starts=options.starts,
        spread=options.spread,
        seed=options.seed,
    )


def _region_entry(region: Region) -> RegionEntry:
    doublets = {d.major: d for d in region.doublets}
    minors = {d.minor for d in region.doublets}
    entries = tuple(
        _doublet_entry(region, doublets[c.id]) if c.id in doublets else _component_entry(region, c)
        for c in region.components
        if c.id not in minors
    )
    shift = _entry(region.shift, SHIFT_SPEC)
    return RegionEntry(
        name=region.name,
        match=region.match,
        window=region.window,
        background=_background_entry(region.background),
        shift=None if shift == ParameterEntry(value=0.0) else shift,
        component=entries,
    )


def _background_entry(background: Background) -> BackgroundEntry:
    specs = {spec.name: spec for spec in background.specs}
    options = {
        option.name: background.options[option.name]
        for option in background.kind.options
        if background.mode in option.modes and option.name not in specs
    }
    parameters = dict(background.parameters)
    for option in background.kind.options:
        if option.name in specs and option.name not in parameters:
            parameters[option.name] = Parameter(
                background.options[option.name], free=specs[option.name].free
            )
    return BackgroundEntry(
        type=background.type,
        mode=background.mode,
        options=options,
        parameters=_entries(parameters, specs),
    )


def _component_entry(region: Region, component: Component) -> ComponentEntry:
    specs = {spec.name: spec for spec in region.specs_of(component)}
    return ComponentEntry(
        label=component.label,
        id=None if component.id == component.label else component.id,
        line=component.line,
        doublet=None if not component.line or _is_single_line(component.line) else False,
        species=component.species,
        lineshape=component.lineshape,
        enabled=component.enabled,
        parameters=_entries(component.parameters, specs),
    )


def _is_single_line(line: str) -> bool:
    try:
        level = core_level(line)
    except ModelError:
        return False
    return level.line is not None or not level.is_doublet


def _doublet_entry(region: Region, doublet: Doublet) -> ComponentEntry:
    major, minor = region.component(doublet.major), region.component(doublet.minor)
    specs = {spec.name: spec for spec in region.specs_of(major)}
    label = _doublet_label(major)
    parameters = dict(major.parameters)
    if "area" in parameters:
        parameters["area"] = _times(parameters["area"], 1.0 + doublet.ratio)
    unlocks = tuple(_unlock_entry(u.parameter, u.reason, minor, specs) for u in doublet.unlocked)
    return ComponentEntry(
        label=label,
        id=None if doublet.id == label else doublet.id,
        line=doublet.line,
        species=major.species,
        lineshape=major.lineshape,
        enabled=major.enabled,
        splitting=doublet.splitting,
        ratio=doublet.ratio,
        unlock=unlocks,
        parameters=_entries(parameters, specs),
    )


def _unlock_entry(
    name: str, reason: str, minor: Component, specs: Mapping[str, ParameterSpec]
) -> UnlockEntry:
    if name not in minor.parameters:
        return UnlockEntry(parameter=name, reason=reason)
    entry = _entry(minor.parameters[name], replace(specs[name], free=True))
    return UnlockEntry(
        parameter=name,
        reason=reason,
        value=entry.value,
        min=entry.min,
        max=entry.max,
        free=entry.free,
    )


def _entries(
    parameters: Mapping[str, Parameter], specs: Mapping[str, ParameterSpec]
) -> dict[str, ParameterEntry]:
    entries = {name: _entry(value, specs[name]) for name, value in parameters.items()}
    # An empty entry says "estimate this", which goes without saying where no default is known.
    return {
        name: entry
        for name, entry in entries.items()
        if entry != ParameterEntry() or specs[name].default is not None
    }


def _entry(parameter: Parameter, spec: ParameterSpec) -> ParameterEntry:
    """Return a parameter as a recipe writes it; bounds that the formula has anyway are left out."""
    low = parameter.min if isfinite(parameter.min) and parameter.min != spec.low else None
    high = parameter.max if isfinite(parameter.max) and parameter.max < spec.max else None
    usual = spec.free or low is not None or high is not None
    free = None if parameter.free == usual else parameter.free
    return ParameterEntry(value=parameter.value, min=low, max=high, free=free)


def _times(parameter: Parameter, factor: float) -> Parameter:
    value = None if parameter.value is None else parameter.value * factor
    low, high = parameter.min * factor, parameter.max * factor
    return replace(parameter, value=value, min=low, max=high)


def _link_entry(link: Link) -> LinkEntry:
    sources = tuple(term.source for term in link.terms)
    factors = tuple(term.times for term in link.terms)
    single = len(sources) == 1
    return LinkEntry(
        parameter=link.target,
        equals=sources[0] if single else sources,
        times=factors[0] if single else factors,
        offset=link.offset,
        note=link.note,
    )


def _prior_entry(prior: Prior) -> PriorEntry:
    """Return a prior with its first term alone on the left; nothing else changes."""
    first, *others = prior.terms
    factors = tuple(-term.times / first.times for term in others)
    paths = tuple(term.source for term in others)
    usual = replace(prior, group="").group
    return PriorEntry(
        of=first.source,
        minus=paths[0] if len(paths) == 1 else paths,
        times=factors[0] if len(factors) == 1 else factors or 1.0,
        value=prior.value / first.times,
        sd=None if prior.sd is None else prior.sd / abs(first.times),
        relative=prior.relative,
        relative_to=prior.relative_to,
        group=None if prior.group == usual else prior.group,
        source=prior.source,
    )


def _last_links(model: Model) -> list[Link]:
    """Return the links that count: a later link for one target replaces an earlier one."""
    by_target = {canonical_path(model, link.target): link for link in model.links}
    return list(by_target.values())


def _shares_shift(model: Model) -> bool:
    wanted = set(share_shift(replace(model, links=())).links)
    first = model.regions[0].shift
    return bool(wanted) and wanted <= set(model.links) and first.free


def _is_shift_link(link: Link) -> bool:
    return link.note == _SHARED_SHIFT_NOTE and link.target.endswith(f"/{REGION}/shift")


# ---------------------------------------------------------------------------------
# Doublets that a recipe cannot say as one object


def _doublet_label(major: Component) -> str:
    part = major.line.rpartition(" ")[2]
    return major.label.removesuffix(f" {part}") if part else major.label


def _is_ordinary(region: Region, doublet: Doublet) -> bool:
    """Return whether `add_doublet` and `unlock` make these two components."""
    major, minor = region.component(doublet.major), region.component(doublet.minor)
    label = _doublet_label(major)
    bare = replace(region, components=(), doublets=())
    try:
        made = add_doublet(
            bare,
            doublet.id,
            doublet.line,
            major.lineshape,
            splitting=doublet.splitting,
            ratio=doublet.ratio,
            label=label,
            species=major.species,
        )
    except ModelError:
        return False
    lines = zip(made.components, (major, minor), strict=True)
    alike = all(
        (a.id, a.label, a.line, a.species) == (b.id, b.label, b.line, b.species) for a, b in lines
    )
    ids = [c.id for c in region.components]
    first = ids.index(doublet.major)
    adjacent = ids[first : first + 2] == [doublet.major, doublet.minor]
    return (
        alike
        and adjacent
        and doublet.id not in ids
        and major.enabled == minor.enabled
        and not _bounds_beside_the_tie(region, doublet, minor)
    )


def _bounds_beside_the_tie(region: Region, doublet: Doublet, minor: Component) -> bool:
    """Return whether a tied parameter of the minor line has bounds of its own."""
    specs = {spec.name: spec for spec in region.specs_of(minor)}
    return any(
        _entry(parameter, specs[name]).min is not None
        or _entry(parameter, specs[name]).max is not None
        for name, parameter in minor.parameters.items()
        if name not in doublet.unlocked_parameters
    )


def _without_special_doublets(model: Model) -> Model:
    for region in model.regions:
        for doublet in region.doublets:
            if not _is_ordinary(region, doublet):
                model = _with_links_for(model, region.name, doublet)
    return model


def _with_links_for(model: Model, region_name: str, doublet: Doublet) -> Model:
    """Return the model with one doublet written out as links between its components."""
    region = model.region(region_name)
    ties = []
    for spec in region.specs_of(region.component(doublet.minor)):
        if spec.name not in doublet.unlocked_parameters:
            times = doublet.ratio if spec.name in ("area", "height") else 1.0
            offset = doublet.splitting if spec.name == "center" else 0.0
            source = Term(times, f"{region_name}/{doublet.major}/{spec.name}")
            note = f"{doublet.line} doublet {doublet.id}"
            target = f"{region_name}/{doublet.minor}/{spec.name}"
            ties.append(Link(target, (source,), offset, note))
    links = tuple(_on_lines(link, region_name, doublet) for link in model.links)
    priors = tuple(_prior_on_lines(prior, region_name, doublet) for prior in model.priors)
    left = tuple(d for d in region.doublets if d.id != doublet.id)
    regions = tuple(
        replace(r, doublets=left) if r.name == region_name else r for r in model.regions
    )
    return replace(model, regions=regions, links=(*ties, *links), priors=priors)


def _on_lines(link: Link, region_name: str, doublet: Doublet) -> Link:
    """Return a link with the doublet's name replaced by those of its lines."""
    prefix = f"{region_name}/{doublet.id}/"
    terms = _terms_on_lines(link.terms, region_name, doublet)
    if not link.target.startswith(prefix):
        return replace(link, terms=terms)
    name = link.target.removeprefix(prefix)
    part = 1.0 / (1.0 + doublet.ratio) if name == "area" else 1.0
    scaled = tuple(Term(t.times * part, t.source) for t in terms)
    target = f"{region_name}/{doublet.major}/{name}"
    return Link(target, scaled, link.offset * part, link.note)


def _prior_on_lines(prior: Prior, region_name: str, doublet: Doublet) -> Prior:
    """Return a prior with the doublet's name replaced by those of its lines."""
    if "area" not in doublet.unlocked_parameters:
        total, whole = f"{region_name}/{doublet.id}/area", 1.0 + doublet.ratio
        major = f"{region_name}/{doublet.major}/area"
        terms = tuple(Term(t.times * whole, major) if t.source == total else t for t in prior.terms)
        prior = replace(prior, terms=terms)
    elif prior.relative is not None and prior.terms[0].source.startswith(
        f"{region_name}/{doublet.id}/"
    ):
        raise ModelError(
            "a recipe cannot name the two lines of this doublet as one, and so not what a part"
            " of them is.",
            hint="Give the prior a standard deviation, sd, in place of relative.",
            where=prior.subject,
        )
    return replace(prior, terms=_terms_on_lines(prior.terms, region_name, doublet))


def _terms_on_lines(own: Iterable[Term], region_name: str, doublet: Doublet) -> tuple[Term, ...]:
    """Return a sum with the doublet's name replaced by those of its lines."""
    prefix = f"{region_name}/{doublet.id}/"
    terms: list[Term] = []
    for term in own:
        if not term.source.startswith(prefix):
            terms.append(term)
            continue
        name = term.source.removeprefix(prefix)
        lines = (doublet.major, doublet.minor) if name == "area" else (doublet.major,)
        terms += [Term(term.times, f"{region_name}/{line}/{name}") for line in lines]
    return tuple(terms)
