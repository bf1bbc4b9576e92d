"""A piece of work as one value: spectra, analyses with their results, ratios, notes.

A `Project` never changes. Every edit is a function that takes a project and returns a
new one; what was not touched, arrays above all, is shared with the old one, so a program
can keep thousands of earlier versions for undo. Spectra and analyses have ids (``s3``,
``a1``) that are given once and never used again.

A result belongs to the model and the spectra it came from. If either is changed the
result stays, marked as stale, until a new fit replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from uuid import uuid4

import numpy as np

from ..calibration import ReferenceLine
from ..errors import DataError, ModelError
from ..fitting import FitOptions, FitResult, FitWarning
from ..model import (
    Component,
    Link,
    Model,
    Prior,
    Region,
    add_priors,
    replace_region,
    split_path,
    with_paths,
)
from ..referee.context import Finding
from ..shown import Reported
from ..spectrum import (
    JOINED_BY_USER,
    Calibration,
    Spectrum,
    calibrate,
    on_binding_energy,
    sample_key,
)
from ..uncertainty.budget import Rows
from ..uncertainty.ratios import Ratio
from .stored import StoredResult, on_other_spectra, same_data, store
from .stored_map import StoredMap
from .stored_series import StoredSeries

T = TypeVar("T")
Value = str | int | float | bool

PROJECT = "project"
"""What a note is about that is about no spectrum and no analysis."""


class Records(Mapping[str, T], Generic[T]):
    """An immutable mapping by id; entries read from a file are made when asked for.

    Parameters
    ----------
    items : mapping of str to value or `Pending`
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, T | Pending[T]] = MappingProxyType({})) -> None:
        self._items: dict[str, T | Pending[T]] = dict(items)

    def __getitem__(self, key: str) -> T:
        item = self._items[key]
        return item.get() if isinstance(item, Pending) else item

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def put(self, changed: Mapping[str, T]) -> Records[T]:
        """Return a copy with some entries added or replaced."""
        return Records({**self._items, **changed})

    def without(self, key: str) -> Records[T]:
        """Return a copy without one entry."""
        return Records({k: v for k, v in self._items.items() if k != key})


class Pending(Generic[T]):
    """An entry that is made on first use and then kept, by all who share it."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None

    def get(self) -> T:
        """Return the entry."""
        if self._made is None:
            self._made = self._make()
        return self._made


@dataclass(frozen=True)
class RatioDefinition:
    """An area ratio to report of every analysis that has these components.

    Attributes
    ----------
    name : str
    numerator, denominator : tuple of str
        Labels or ids of components or doublets, or ``"region/label"``.
    uncertainty : Rows or None
        Rows of the error budget; None: that of the counts alone.
    """

    name: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    uncertainty: Rows | None = field(default_factory=Rows)


@dataclass(frozen=True, eq=False)
class Analysis:
    """A model on the spectra it is for, and what its fit gave.

    Attributes
    ----------
    label : str
        What the user calls it.
    model : Model
    spectra : mapping of str to str
        Spectrum id of each region of the model, by region name.
    options : FitOptions
        How it is, or will be, fitted.
    stored : StoredResult or None
        The last fit, see `result` and `is_stale`.
    ratios : tuple of Ratio
        Computed from that fit.
    warnings : tuple of FitWarning
        Of reading and selecting; those of the fit are with its result.
    findings : tuple of Finding
        What the lint said of that fit; the fit's own warnings are among them.
    references : tuple of ReferenceLine
        Charge references of its samples, where they were measured for it.
    """

    label: str
    model: Model
    spectra: Mapping[str, str]
    options: FitOptions = field(default_factory=FitOptions)
    stored: StoredResult | None = None
    ratios: tuple[Ratio, ...] = ()
    warnings: tuple[FitWarning, ...] = ()
    findings: tuple[Finding, ...] = ()
    references: tuple[ReferenceLine, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", MappingProxyType(dict(self.spectra)))

    @property
    def result(self) -> FitResult | None:
        """The last fit with its curves; None if there was none. It may be stale."""
        return None if self.stored is None else self.stored.result


@dataclass(frozen=True)
class Settings:
    """What a user set for the whole project.

    Attributes
    ----------
    title : str
    sample_order : tuple of str
        Order of the samples in tables and figures; others follow.
    values : mapping of str to str, int, float or bool
        Further settings by name.
    """

    title: str = ""
    sample_order: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))


@dataclass(frozen=True, eq=False, repr=False)
class Project(Reported):
    """Spectra, analyses, ratio definitions, notes, checklist entries and settings.

    Attributes
    ----------
    id : str
        Never changes; names the recovery file.
    spectra : Records of Spectrum
        By spectrum id.
    analyses : Records of Analysis
        By analysis id, in the user's order.
    ratios : tuple of RatioDefinition
    notes : mapping of str to str
        By what the note is about: a spectrum id, an analysis id, or `PROJECT`.
    checklist : mapping of str to str
        The user's own entries for the reporting checklist, by its items.
    settings : Settings
    last_id : int
        Number of the last id; ids are never used twice.
    series : tuple of StoredSeries
        Fits of whole series; one of whose spectra or recipe have changed is not shown.
    maps : Records of StoredMap
        Fits of maps by the id of their first spectrum; shown as it is of the spectra it is of.
    """

    id: str = field(default_factory=lambda: uuid4().hex)
    spectra: Records[Spectrum] = field(default_factory=Records)
    analyses: Records[Analysis] = field(default_factory=Records)
    ratios: tuple[RatioDefinition, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    checklist: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    last_id: int = 0
    series: tuple[StoredSeries, ...] = ()
    maps: Records[StoredMap] = field(default_factory=Records)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))
        object.__setattr__(self, "checklist", MappingProxyType(dict(self.checklist)))

    def spectrum(self, spectrum_id: str) -> Spectrum:
        """Return the spectrum with this id, or DataError."""
        if spectrum_id not in self.spectra:
            raise DataError(f'the project has no spectrum "{spectrum_id}".')
        return self.spectra[spectrum_id]

    def analysis(self, analysis_id: str) -> Analysis:
        """Return the analysis with this id, or DataError."""
        if analysis_id not in self.analyses:
            raise DataError(f'the project has no analysis "{analysis_id}".')
        return self.analyses[analysis_id]

    def spectra_of(self, analysis_id: str) -> dict[str, Spectrum]:
        """Return the spectra of an analysis by region name, as `fit` takes them."""
        chosen = self.analysis(analysis_id).spectra
        return {name: self.spectrum(spectrum_id) for name, spectrum_id in chosen.items()}


# ---------------------------------------------------------------------------------
# Results and their staleness


def is_stale(project: Project, analysis_id: str) -> bool:
    """Return whether model, options or spectra have changed since the fit.

    False where there is no result. A model that was given the fitted values is not
    another one: it draws the curves that the result shows.
    """
    analysis = project.analysis(analysis_id)
    stored = analysis.stored
    if stored is None:
        return False
    if stored.options != analysis.options or set(stored.spectra) != set(analysis.spectra):
        return True
    if any(
        not same_data(
            on_binding_energy(project.spectrum(i)), on_binding_energy(stored.spectra[name])
        )
        for name, i in analysis.spectra.items()
    ):
        return True
    return analysis.model != stored.model and analysis.model != stored.result.model


def set_result(
    project: Project,
    analysis_id: str,
    result: FitResult,
    *,
    options: FitOptions | None = None,
    ratios: Iterable[Ratio] = (),
    findings: Iterable[Finding] = (),
) -> Project:
    """Return `project` with the result of a fit of one analysis.

    Parameters
    ----------
    project : Project
    analysis_id : str
    result : FitResult
        If model or spectra changed since the fit was started, it is kept as stale.
    options : FitOptions or None
        What was given to the fit; None: those of the analysis.
    ratios : iterable of Ratio
        Computed from this result.
    findings : iterable of Finding
        What the lint says of this result.
    """
    analysis = project.analysis(analysis_id)
    own = {region.name: region.spectrum for region in result.regions}
    current = project.spectra_of(analysis_id)
    # As given where nothing changed meanwhile, so that nothing is kept twice.
    fitted_to = {
        name: current[name]
        if name in current and same_data(on_binding_energy(current[name]), spectrum)
        else spectrum
        for name, spectrum in own.items()
    }
    stored = store(result, fitted_to, options=options or analysis.options)
    return _with_analysis(
        project, analysis_id, stored=stored, ratios=tuple(ratios), findings=tuple(findings)
    )


def clear_result(project: Project, analysis_id: str) -> Project:
    """Return `project` with one analysis as if it had not been fitted."""
    return _with_analysis(project, analysis_id, stored=None, ratios=(), findings=())


def accept_fit(project: Project, analysis_id: str) -> Project:
    """Return `project` with the fitted values as the values of the analysis' model.

    Raises
    ------
    DataError
        If it has not been fitted.
    """
    result = project.analysis(analysis_id).result
    if result is None:
        raise DataError(f'the analysis "{analysis_id}" has not been fitted.')
    return _with_analysis(project, analysis_id, model=result.model)


# ---------------------------------------------------------------------------------
# Spectra


def add_spectra(project: Project, spectra: Iterable[Spectrum]) -> Project:
    """Return `project` with more spectra; their ids are the next ones, in order."""
    numbered = dict(enumerate(spectra, start=project.last_id + 1))
    new = {f"s{number}": spectrum for number, spectrum in numbered.items()}
    return replace(
        project, spectra=project.spectra.put(new), last_id=project.last_id + len(numbered)
    )


def remove_spectrum(project: Project, spectrum_id: str, *, with_analyses: bool = False) -> Project:
    """Return `project` without one spectrum and the note about it.

    Parameters
    ----------
    project : Project
    spectrum_id : str
    with_analyses : bool
        Remove the analyses that need it too.

    Raises
    ------
    DataError
        If an analysis needs it and `with_analyses` is not set.
    """
    project.spectrum(spectrum_id)
    users = [k for k, a in project.analyses.items() if spectrum_id in a.spectra.values()]
    if users and not with_analyses:
        raise DataError(
            f'the spectrum "{spectrum_id}" is needed by {len(users)} analyses, among them'
            f' "{project.analyses[users[0]].label}".',
            hint="Remove them first, or together with it.",
        )
    for user in users:
        project = remove_analysis(project, user)
    project = set_note(project, spectrum_id, "")
    series = tuple(one for one in project.series if spectrum_id not in one.keys)
    gone = [key for key, one in project.maps.items() if spectrum_id in one.head.keys]
    maps = project.maps
    for key in gone:
        maps = maps.without(key)
    left = project.spectra.without(spectrum_id)
    return replace(project, spectra=left, series=series, maps=maps)


def replace_spectrum(project: Project, spectrum_id: str, spectrum: Spectrum) -> Project:
    """Return `project` with one spectrum replaced; fits of it become stale."""
    project.spectrum(spectrum_id)
    return replace(project, spectra=project.spectra.put({spectrum_id: spectrum}))


def calibrate_spectra(
    project: Project, calibration: Calibration, *, spectra: Iterable[str] | None = None
) -> Project:
    """Return `project` with a calibration for some of its spectra, or for all.

    Parameters
    ----------
    project : Project
    calibration : Calibration
        In place of the one they had.
    spectra : iterable of str or None
        Spectrum ids; None: all.
    """
    ids = list(project.spectra if spectra is None else spectra)
    changed = {i: calibrate(project.spectrum(i), calibration) for i in ids}
    return replace(project, spectra=project.spectra.put(changed))


def rename(
    project: Project, spectrum_id: str, *, sample: str | None = None, region: str | None = None
) -> Project:
    """Return `project` with another sample or region name for a spectrum.

    Results stay valid: the numbers they came from have not changed.
    """
    old = project.spectrum(spectrum_id)
    meta = replace(
        old.meta,
        sample=old.meta.sample if sample is None else sample,
        region=old.meta.region if region is None else region,
    )
    return regroup(project, {spectrum_id: replace(old, meta=meta)})


def regroup(project: Project, changed: Mapping[str, Spectrum]) -> Project:
    """Return `project` with spectra that differ from its own in names and source only.

    Results stay valid: the numbers they came from have not changed.
    """
    new = {key: s for key, s in changed.items() if s is not project.spectrum(key)}
    others = {id(project.spectrum(key)): s for key, s in new.items()}
    results = {
        key: replace(a, stored=on_other_spectra(a.stored, others))
        for key, a in project.analyses.items()
        if a.stored is not None and not new.keys().isdisjoint(a.spectra.values())
    }
    return replace(
        project, spectra=project.spectra.put(new), analyses=project.analyses.put(results)
    )


def rename_sample(project: Project, spectrum_id: str, sample: str) -> Project:
    """Return `project` with another name for the sample of a spectrum, on all its spectra.

    A name that another sample has joins the two: the user says that they are one.
    """
    key = sample_key(project.spectrum(spectrum_id))
    own = {i: s for i, s in project.spectra.items() if sample_key(s) == key}
    others = {i: s for i, s in project.spectra.items() if i not in own and s.meta.sample == sample}
    changed = {i: replace(s, meta=replace(s.meta, sample=sample)) for i, s in own.items()}
    if others and sample:
        changed |= others
        changed = {
            i: replace(s, source=replace(s.source, joined=JOINED_BY_USER))
            for i, s in changed.items()
        }
    return regroup(project, changed)


# ---------------------------------------------------------------------------------
# Analyses


def add_analysis(
    project: Project,
    model: Model,
    spectra: str | Mapping[str, str],
    *,
    label: str = "",
    options: FitOptions | None = None,
    warnings: Iterable[FitWarning] = (),
    references: Iterable[ReferenceLine] = (),
) -> Project:
    """Return `project` with one more analysis; its id is the next one.

    Parameters
    ----------
    project : Project
    model : Model
    spectra : str or mapping of str to str
        One spectrum id for all regions, or one for each region name.
    label : str
        Left out: the model's title, else the names of its spectra.
    options : FitOptions or None
    warnings : iterable of FitWarning
        Of reading and selecting.
    references : iterable of ReferenceLine
        Charge references of its samples.

    Raises
    ------
    DataError
        If a region has no spectrum.
    """
    chosen = _by_region(project, model, spectra)
    first = project.spectrum(next(iter(chosen.values()))) if chosen else None
    label = label or model.title or (first.label if first is not None else "")
    analysis = Analysis(
        label,
        model,
        chosen,
        options or FitOptions(),
        warnings=tuple(warnings),
        references=tuple(references),
    )
    number = project.last_id + 1
    analyses = project.analyses.put({f"a{number}": analysis})
    return replace(project, analyses=analyses, last_id=number)


def remove_analysis(project: Project, analysis_id: str) -> Project:
    """Return `project` without one analysis and the note about it."""
    project.analysis(analysis_id)
    project = set_note(project, analysis_id, "")
    return replace(project, analyses=project.analyses.without(analysis_id))


def rename_analysis(project: Project, analysis_id: str, label: str) -> Project:
    """Return `project` with another label for an analysis."""
    return _with_analysis(project, analysis_id, label=label)


def set_model(
    project: Project,
    analysis_id: str,
    model: Model,
    *,
    spectra: str | Mapping[str, str] | None = None,
) -> Project:
    """Return `project` with another model in an analysis; its result becomes stale.

    Parameters
    ----------
    project : Project
    analysis_id : str
    model : Model
    spectra : str, mapping of str to str, or None
        As in `add_analysis`; None: each region keeps its spectrum.

    Raises
    ------
    DataError
        If a region has no spectrum.
    """
    assigned = project.analysis(analysis_id).spectra if spectra is None else spectra
    chosen = _by_region(project, model, assigned)
    return _with_analysis(project, analysis_id, model=model, spectra=chosen)


def set_options(project: Project, analysis_id: str, options: FitOptions) -> Project:
    """Return `project` with other fit options for an analysis; its result becomes stale."""
    return _with_analysis(project, analysis_id, options=options)


def copy_components(project: Project, source: tuple[str, str], target: tuple[str, str]) -> Project:
    """Return `project` with the components of one region replaced by those of another.

    Parameters
    ----------
    project : Project
    source, target : (analysis id, region name)
        Components, doublets and the links and priors inside the region are copied; window,
        background, shift and spectra of the target stay.

    Raises
    ------
    ModelError, DataError
        If a region does not exist, or the target's background gives components other
        parameters (a step for each of them).
    """
    origin = project.analysis(source[0]).model
    region = origin.region(source[1])
    model = project.analysis(target[0]).model
    old = model.region(target[1])
    specs = {c.id: {spec.name for spec in old.specs_of(c)} for c in region.components}
    components = tuple(_only_known(c, specs[c.id]) for c in region.components)
    new = replace(old, components=components, doublets=region.doublets)
    owners = {c.id for c in region.components} | {d.id for d in region.doublets}
    links = tuple(_moved(k, target[1]) for k in origin.links if _inside(k, source[1], owners))
    left = tuple(k for k in model.links if not _touches(k, old))
    moved = partial(_in_region, target[1])
    known = [with_paths(p, moved) for p in origin.priors if _inside(p, source[1], owners)]
    before = tuple(p for p in model.priors if not _touches(p, old))
    changed = replace(replace_region(model, new), links=left + links, priors=before)
    return set_model(project, target[0], add_priors(changed, known))


def _only_known(component: Component, known: set[str]) -> Component:
    values = {name: value for name, value in component.parameters.items() if name in known}
    return (
        component
        if len(values) == len(component.parameters)
        else replace(component, parameters=values)
    )


def _paths(tie: Link | Prior) -> list[str]:
    own = [tie.target] if isinstance(tie, Link) else []
    return [*own, *(term.source for term in tie.terms)]


def _inside(tie: Link | Prior, region: str, owners: set[str]) -> bool:
    """Return whether a link or prior only joins components of one region."""
    parts = [split_path(path) for path in _paths(tie)]
    return all(name == region and owner in owners for name, owner, _ in parts)


def _touches(tie: Link | Prior, region: Region) -> bool:
    """Return whether a link or prior joins a component of `region` to anything."""
    owners = {c.id for c in region.components} | {d.id for d in region.doublets}
    owners |= {c.label for c in region.components}
    parts = [split_path(path) for path in _paths(tie)]
    return any(name == region.name and owner in owners for name, owner, _ in parts)


def _moved(link: Link, region: str) -> Link:
    terms = tuple(replace(term, source=_in_region(region, term.source)) for term in link.terms)
    return replace(link, target=_in_region(region, link.target), terms=terms)


def _in_region(region: str, path: str) -> str:
    _, owner, name = split_path(path)
    return f"{region}/{owner}/{name}"


# ---------------------------------------------------------------------------------
# Ratios, notes, checklist, settings


def add_ratio(project: Project, ratio: RatioDefinition) -> Project:
    """Return `project` with a ratio definition; one of the same name is replaced."""
    if not ratio.name.strip() or not ratio.numerator or not ratio.denominator:
        raise ModelError(
            f'the ratio "{ratio.name}" lacks a name, a numerator or a denominator.',
            hint="Give all three.",
        )
    if any(known.name == ratio.name for known in project.ratios):
        new = tuple(ratio if known.name == ratio.name else known for known in project.ratios)
        return replace(project, ratios=new)
    return replace(project, ratios=(*project.ratios, ratio))


def remove_ratio(project: Project, name: str) -> Project:
    """Return `project` without the ratio definition of this name."""
    left = tuple(ratio for ratio in project.ratios if ratio.name != name)
    if len(left) == len(project.ratios):
        raise ModelError(f'the project has no ratio "{name}".')
    return replace(project, ratios=left)


def set_note(project: Project, about: str, text: str) -> Project:
    """Return `project` with a note; an empty text removes it.

    Parameters
    ----------
    project : Project
    about : str
        A spectrum id, an analysis id, or `PROJECT`.
    text : str
    """
    if about != PROJECT and about not in project.spectra and about not in project.analyses:
        raise DataError(f'there is no spectrum or analysis "{about}" to make a note about.')
    return replace(project, notes=_with_text(project.notes, about, text))


def set_checklist(project: Project, item: str, text: str) -> Project:
    """Return `project` with the user's entry for an item; an empty text removes it."""
    return replace(project, checklist=_with_text(project.checklist, item, text))


def set_settings(project: Project, **changes: Any) -> Project:
    """Return `project` with fields of its `Settings` changed."""
    return replace(project, settings=replace(project.settings, **changes))


def _with_text(texts: Mapping[str, str], key: str, text: str) -> dict[str, str]:
    left = {k: v for k, v in texts.items() if k != key or text}
    return left | {key: text} if text else left


def _with_analysis(project: Project, analysis_id: str, **changes: Any) -> Project:
    changed = replace(project.analysis(analysis_id), **changes)
    return replace(project, analyses=project.analyses.put({analysis_id: changed}))


def _by_region(project: Project, model: Model, spectra: str | Mapping[str, str]) -> dict[str, str]:
    if isinstance(spectra, str):
        spectra = {region.name: spectra for region in model.regions}
    lacking = [region.name for region in model.regions if region.name not in spectra]
    if lacking:
        raise DataError("there is no spectrum for this region.", where=lacking[0])
    for spectrum_id in spectra.values():
        project.spectrum(spectrum_id)
    return {region.name: spectra[region.name] for region in model.regions}


# ---------------------------------------------------------------------------------
# Equality


def same_project(a: Project, b: Project) -> bool:
    """Return whether two projects hold the same, to the last digit of every number."""
    return _same(a, b)


def _same(a: Any, b: Any) -> bool:
    """Compare two values field by field; arrays by their numbers, NaN equal to NaN."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b, equal_nan=True))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dataclass_fields__") and type(a) is type(b):
        return all(_same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return bool(a == b) or (a != a and b != b)
