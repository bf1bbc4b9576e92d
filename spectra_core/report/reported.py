"""What the literature printed for a ratio of the same sample in the same state.

The peak library keeps ratios as they were printed, each with sample and state. One stands
beside a fit only where its sample, state, core level and both sides of the ratio are the same,
letter by letter but for blanks and case; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ModelError
from ..library import load_library
from ..model import Component, Model
from ..results.panels import sample_title
from ..runs.records import FitRecord
from ..uncertainty.areas import ratio_of_labels
from ..uncertainty.ratios import Ratio


@dataclass(frozen=True)
class Reported:
    """A printed ratio.

    Attributes
    ----------
    text : str
        With the digits that were printed.
    value : float
    source : str
        Key of a source of the peak library.
    where : str
        Place in it, e.g. ``"Table 1"``.
    """

    text: str
    value: float
    source: str
    where: str

    @property
    def label(self) -> str:
        """The source in short, e.g. ``Su 2025``."""
        found = re.fullmatch(r"([a-z]+)(\d{4})", self.source)
        return f"{found[1].capitalize()} {found[2]}" if found else self.source


def reported_ratio(record: FitRecord, ratio: Ratio) -> Reported | None:
    """Return the printed ratio of the same sample and state; None where there is none."""
    sample = _folded(sample_title(record.sample).replace(",", ""))
    for observation in load_library().all_observations.values():
        if observation.quantity != "area_ratio" or not observation.values:
            continue
        if _folded(f"{observation.sample}{observation.state}".replace(",", "")) != sample:
            continue
        text = observation.values[0]
        if _same_sides(record, ratio, observation.level, observation.species):
            return Reported(text, float(text), observation.source, observation.where)
    return None


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _same_sides(record: FitRecord, ratio: Ratio, level: str, species: str) -> bool:
    """Return whether a ratio is that of printed species ``"(a and b) : c"`` in one level."""
    entry = next((e for e in record.recipe.ratio if e.name == ratio.name), None)
    above, colon, below = species.partition(":")
    if entry is None or not colon:
        return False
    model = record.result.model
    try:
        quantity = ratio_of_labels(model, entry.numerator, entry.denominator)
    except ModelError:
        return False
    for paths, printed in ((quantity.numerator, above), (quantity.denominator, below)):
        names = {path.split("/")[0] for path in paths}
        if names != {level} or not _named(model, paths, _species_in(printed)):
            return False
    return True


def _species_in(text: str) -> set[str]:
    return {_folded(part) for part in re.split(r"\band\b|\+|,", text.strip(" ()")) if part.strip()}


def _named(model: Model, paths: tuple[str, ...], wanted: set[str]) -> bool:
    """Return whether the components of some areas stand for the wanted species, all of them."""
    components = [_component(model, path) for path in paths]
    by_species: set[str] = set()
    for component in components:
        by_species |= _species_in(component.species)
    by_label = {_folded(re.sub(r"\s\d\w\d/2$", "", component.label)) for component in components}
    bare = {re.sub(r"\([^()]*\d*[+-]\)$", "", name) for name in by_species}
    return wanted in (by_species, by_label, bare)


def _component(model: Model, path: str) -> Component:
    region, owner, _ = path.split("/")
    own = model.region(region)
    doublets = {doublet.id: doublet.major for doublet in own.doublets}
    return own.component(doublets.get(owner, owner))
