"""The numbers of a scene's components as cards and table show them, worked out once a scene."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spectra_core.curves.lineshapes import lineshape
from spectra_core.curves.spec import ParameterSpec, unit_text
from spectra_core.editing.edits import (
    effective_links,
    members,
    owner_label,
    owner_of,
    owners,
    state_of,
    value_of,
)
from spectra_core.editing.priors import own_priors
from spectra_core.editing.words import priors_by_path
from spectra_core.errors import ModelError
from spectra_core.model import (
    BACKGROUND,
    REGION,
    Component,
    Doublet,
    Link,
    Model,
    Prior,
    members_of,
    resolve_component,
    split_path,
)
from spectra_core.referee.verdict import Verdict
from spectra_core.results.table import rounded

from ..formula import formula
from ..parameter_words import NAMES
from ..scene import Scene
from ..verdicts import owner_verdicts
from ..widgets import in_locale, printed, show_number

MAIN = ("center", "fwhm", "fwhm_gauss", "fwhm_lorentz", "area", "height")


@dataclass(frozen=True)
class NumberCell:
    """One number of a card or table, as it is shown.

    Attributes
    ----------
    path : str
    name : str
        The parameter's name in words.
    value, stderr : float or None
    text : str
        Rounded by its error where there is one.
    error : str
        ``± 0.01``; empty where there is none.
    unit : str
    kind : str
        ``free``, ``fixed``, ``linked`` or ``at bound``.
    words : str
        The same in a sentence.
    recorded : str
        Where a centre was recorded, in a sentence, where that is another energy.
    brief : str
        What stands below the number: its error, ``held``, or what it follows.
    prior : Prior or None
        What is known of it alone beforehand.
    """

    path: str
    name: str
    value: float | None
    stderr: float | None
    text: str
    error: str
    unit: str
    kind: str
    words: str
    recorded: str = ""
    brief: str = ""
    prior: Prior | None = None

    @property
    def tip(self) -> str:
        """What a tooltip says of it: its state, and its unit."""
        parts = (self.words, f"In {self.unit}." if self.unit else "", self.recorded)
        return " ".join(part for part in parts if part)

    @property
    def parameter(self) -> str:
        """Name of the parameter in the model."""
        return self.path.rpartition("/")[2]


class Numbers:
    """Reads the components of a scene that has a region.

    Parameters
    ----------
    scene : Scene
    before : Numbers or None
        Of an earlier scene; what they have in common is not worked out again.
    """

    def __init__(self, scene: Scene, before: Numbers | None = None) -> None:
        assert scene.region is not None and scene.analysis is not None
        self.scene, self.region = scene, scene.region
        self.model: Model = scene.analysis.model
        self._fitted = scene.fit if scene.fitted else None
        known = before is not None and before.model is self.model
        self._links: Mapping[str, Link] = before._links if known and before else _links(self.model)
        self._priors: Mapping[tuple[str, ...], Prior] = (
            before._priors if known and before else own_priors(self.model)
        )
        self._known: Mapping[str, tuple[Prior, ...]] = (
            before._known if known and before else priors_by_path(self.model)
        )
        self._shares: dict[str, float] | None = None
        self._verdicts: dict[str, Verdict] | None = None

    def cells(self, owner: str) -> Iterator[NumberCell]:
        """Yield the numbers of a component or doublet: principal, unlocked, all others."""
        first = members(self.region, owner)[0]
        specs = {spec.name: spec for spec in self.region.specs_of(first)}
        for name in (n for n in MAIN if n in specs):
            yield self.cell(owner, first, specs[name])
        doublet = self._doublet(owner)
        if doublet is not None:
            minor = self.region.component(doublet.minor)
            line = minor.line.split()[-1] if minor.line else "minor"
            for name in (n for n in specs if n in doublet.unlocked_parameters):
                yield self.cell(minor.id, minor, specs[name], f"{line} {NAMES.get(name, name)}")
        for name in (n for n in specs if n not in MAIN):
            yield self.cell(owner, first, specs[name])

    def cell(
        self, owner: str, component: Component, spec: ParameterSpec, name: str = ""
    ) -> NumberCell:
        """Return one number of a component, under the name of its doublet if `owner` is one."""
        scene = self.scene
        # The area of a doublet is that of both lines together.
        holder = owner if spec.name == "area" and owner != component.id else component.id
        path = f"{self.region.name}/{holder}/{spec.name}"
        own = f"{self.region.name}/{component.id}/{spec.name}"
        state = state_of(self.model, own, self._fitted, links=self._links, priors=self._known)
        value, stderr = None, None
        if scene.fit is not None and component.enabled:
            value = scene.fit.value(path)
            stderr = scene.fit.stderr(path) if scene.fitted else None
        else:
            value = _own_value(self.model, path)
        text, error = ("", None) if value is None else rounded(value, stderr)
        if value is not None and error is None:
            text = show_number(value, 6)
        behind = f"± {in_locale(error)}" if error else ""
        return NumberCell(
            path,
            name or NAMES.get(spec.name, spec.name),
            value,
            stderr,
            in_locale(text),
            behind,
            self.unit(spec),
            state.kind,
            state.words,
            self._recorded(spec, value),
            self._brief(own, state.kind) or behind,
            self._priors.get(members_of(self.model, path)),
        )

    def _brief(self, path: str, kind: str) -> str:
        """Return in a word or two why a number has no error of its own."""
        link = self._links.get(path)
        if kind != "linked" or link is None:
            return {"fixed": "held", "at bound": "⚠ bound"}.get(kind, "")
        if len(link.terms) != 1:
            return "linked"
        region, owner, name = split_path(link.terms[0].source)
        if owner in (BACKGROUND, REGION):
            return "linked"
        shown = self.model.region(region)
        words = owner_label(shown, owner_of(shown, resolve_component(shown, owner)))
        words = words if region == self.region.name else f"{region} {words}"
        words = words if name == path.rpartition("/")[2] else f"{words} {NAMES.get(name, name)}"
        times = link.terms[0].times
        said = f"= {words}" if times == 1 else f"= {in_locale(f'{times:.4g}')} × {words}"
        return formula(said + (" …" if link.offset else ""))

    def _recorded(self, spec: ParameterSpec, value: float | None) -> str:
        scales = self.scene.scales
        if spec.name != "center" or value is None or not scales.are_apart:
            return ""
        place = printed(f"{scales.recorded(scales.place_of(value)):.2f}")
        return f"On the referenced scale; recorded at {place} {self.unit(spec)}."

    def verdict(self, owner: str) -> Verdict | None:
        """Return the referee's word on an owner of the fit shown; None where there is none."""
        analysis = self.scene.analysis
        if analysis is None or not self.scene.fitted or self.scene.dragging:
            return None
        if self._verdicts is None:
            self._verdicts = owner_verdicts(analysis, self.region.name)
        return self._verdicts.get(owner)

    def share(self, owner: str) -> float | None:
        """Return the part of an owner's area in its region; None if it has none."""
        if self._shares is None:
            self._shares = self._make_shares()
        return self._shares.get(owner)

    def _make_shares(self) -> dict[str, float]:
        fit = self.scene.fit
        if fit is None:
            return {}
        areas = {}
        for owner in owners(self.region):
            lines = [c for c in members(self.region, owner) if c.enabled]
            if lines and all(_has_area(c) for c in lines):
                areas[owner] = sum(fit.value(f"{self.region.name}/{c.id}/area") for c in lines)
        total = sum(areas.values())
        return {owner: area / total for owner, area in areas.items()} if total > 0 else {}

    def _doublet(self, owner: str) -> Doublet | None:
        return next((d for d in self.region.doublets if d.id == owner), None)

    def unit(self, spec: ParameterSpec) -> str:
        """Return the unit of a parameter as it is printed; empty for a pure number."""
        spectrum = self.scene.spectrum
        if spectrum is None:
            return ""
        y_unit = "" if spectrum.y_unit == "arbitrary" else spectrum.y_unit
        return unit_text(spec.unit, spectrum.axis.unit, y_unit).strip().replace("cm-1", "cm⁻¹")


def numbers(scene: Scene, before: Numbers | None = None) -> Numbers | None:
    """Return the numbers of a scene; None if it shows no model."""
    if scene.region is None or scene.analysis is None:
        return None
    return Numbers(scene, before)


def _links(model: Model) -> Mapping[str, Link]:
    try:
        return effective_links(model)
    except ModelError:  # the scene's own problem says so; its numbers can still be read
        return {}


def _own_value(model: Model, path: str) -> float | None:
    try:
        return value_of(model, path)
    except ModelError:  # as for the links
        return None


def _has_area(component: Component) -> bool:
    return any(spec.name == "area" for spec in lineshape(component.lineshape).parameters)
