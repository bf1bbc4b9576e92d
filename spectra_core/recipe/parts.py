"""A part of a recipe: some of its regions, and what cannot be without the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..model import REGION, split_path
from .compile import component_path
from .schema import LinkEntry, ParameterEntry, PriorEntry, RatioEntry, Recipe, RegionEntry


@dataclass(frozen=True)
class Part:
    """A recipe with some of its regions, and what went with the others.

    Attributes
    ----------
    recipe : Recipe
    lacking : tuple of RegionEntry
        The other regions.
    links : tuple of LinkEntry
        Ties between the regions that are there and the others.
    priors : tuple of PriorEntry
        What is known of both together.
    ratios : tuple of str
        Names of the ratios that need the others.
    """

    recipe: Recipe
    lacking: tuple[RegionEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    ratios: tuple[str, ...] = ()
    priors: tuple[PriorEntry, ...] = ()


def part_of(recipe: Recipe, names: Collection[str]) -> Part:
    """Return a recipe with some of its regions only.

    A class whose first member goes keeps its value and bounds at the first that stays, and
    so does the one charge shift of all regions.

    Parameters
    ----------
    recipe : Recipe
    names : collection of str
        Regions that stay.
    """
    lacking = tuple(entry for entry in recipe.region if entry.name not in names)
    if not lacking:
        return Part(recipe)
    gone = {entry.name for entry in lacking}
    regions = _with_class_values(recipe, gone)
    if recipe.share_shift and recipe.region[0].name in gone:
        first = regions[0].model_copy(update={"shift": recipe.region[0].shift})
        regions = (first, *regions[1:])
    links = tuple(link for link in recipe.link if not _regions_of(link) & gone)
    ratios = tuple(ratio for ratio in recipe.ratio if not _needs(recipe, ratio) & gone)
    known = tuple(_on_common_shift(prior, recipe, regions[0].name) for prior in recipe.prior)
    priors = tuple(prior for prior in known if not _regions_of(prior) & gone)
    changed = {"region": regions, "link": links, "prior": priors, "ratio": ratios}
    return Part(
        recipe.model_copy(update=changed),
        lacking,
        tuple(k for k in recipe.link if _regions_of(k) & gone and not _regions_of(k) <= gone),
        tuple(ratio.name for ratio in recipe.ratio if ratio not in ratios),
        tuple(k for k in known if _regions_of(k) & gone and not _regions_of(k) <= gone),
    )


def tie_in_words(tie: LinkEntry | PriorEntry) -> str:
    """Return which parameter is tied to which, exactly or by what is known."""
    return f"{_head(tie)} to {' and '.join(tie.sources)}"


def _head(tie: LinkEntry | PriorEntry) -> str:
    return tie.parameter if isinstance(tie, LinkEntry) else tie.of


def _regions_of(tie: LinkEntry | PriorEntry) -> set[str]:
    other = (tie.relative_to,) if isinstance(tie, PriorEntry) and tie.relative_to else ()
    return {split_path(path)[0] for path in (_head(tie), *tie.sources, *other)}


def _on_common_shift(prior: PriorEntry, recipe: Recipe, first: str) -> PriorEntry:
    """Return a prior on the one shift of all regions as one on that of the first that stays."""
    _, owner, name = split_path(prior.of)
    if not recipe.share_shift or (owner, name) != (REGION, "shift") or prior.sources:
        return prior
    return prior.model_copy(update={"of": f"{first}/{REGION}/shift"})


def _needs(recipe: Recipe, ratio: RatioEntry) -> set[str]:
    """Return the regions that a ratio needs."""
    paths = (component_path(recipe, label) for label in (*ratio.numerator, *ratio.denominator))
    return {path.partition("/")[0] for path in paths}


def _with_class_values(recipe: Recipe, gone: set[str]) -> tuple[RegionEntry, ...]:
    """Return the regions that stay, each class with its values at its first member left."""
    first: dict[tuple[str, str], ParameterEntry] = {}
    for region in recipe.region:
        for component in region.component:
            for name, entry in component.parameters.items():
                if entry.share is not None:
                    first.setdefault((name, entry.share), entry)
    return tuple(_with_values(region, first) for region in recipe.region if region.name not in gone)


def _with_values(region: RegionEntry, first: dict[tuple[str, str], ParameterEntry]) -> RegionEntry:
    """Return a region whose members of classes take the values that no earlier one took."""
    components = tuple(
        component.model_copy(
            update={
                "parameters": {
                    name: entry if entry.share is None else first.pop((name, entry.share), entry)
                    for name, entry in component.parameters.items()
                }
            }
        )
        for component in region.component
    )
    return region.model_copy(update={"component": components})
