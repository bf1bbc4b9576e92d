"""Several samples in one model: a recipe for each of them as one recipe for all of them.

A recipe with ``[samples]`` describes one sample; `expanded` writes its regions down once for
each sample, as ``S 2p @ pristine``, with what the samples share as links. A path in a link of
the recipe may name a sample the same way, ``S 2p @ pristine/PS4/fwhm``: such a link ties samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape

from ..curves.lineshapes import lineshape
from ..errors import ModelError
from ..model import BACKGROUND, REGION, split_path
from .compile import component_path, is_between_samples, of_one_sample
from .parts import part_of
from .schema import (
    AT_SAMPLE,
    ComponentEntry,
    LinkEntry,
    ParameterEntry,
    PriorEntry,
    RatioEntry,
    Recipe,
    RegionEntry,
)

_SHARED_NOTE = "one value for all samples"
_SHIFT_NOTE = "one charge shift for the regions of a sample"


@dataclass(frozen=True)
class Member:
    """One of the samples that are fitted together: its name, and the regions it has."""

    name: str
    regions: tuple[str, ...]

    def region(self, name: str) -> str:
        """Return what a region of the recipe is called for this sample."""
        return f"{name}{AT_SAMPLE}{self.name.replace('/', '-')}"

    def path(self, path: str) -> str:
        """Return a path of the recipe for this sample."""
        region, _, rest = path.partition("/")
        return f"{self.region(region.strip())}/{rest}"


@dataclass(frozen=True)
class Expanded:
    """A recipe for several samples, and the links that need a sample that is not there."""

    recipe: Recipe
    dropped: tuple[LinkEntry, ...] = ()


def expanded(recipe: Recipe, members: Sequence[Member]) -> Expanded:
    """Return one recipe for several samples of a recipe with ``[samples]``.

    Parameters
    ----------
    recipe : Recipe
    members : sequence of Member
        In the order in which their regions follow; the first that has a parameter holds the
        value and the bounds of what all share.

    Raises
    ------
    ModelError
        If ``share`` names a parameter that is not there or follows from another one.
    """
    one = of_one_sample(recipe)
    parts = [part_of(one, member.regions).recipe for member in members]
    regions = [
        _region(r, part, m) for m, part in zip(members, parts, strict=True) for r in part.region
    ]
    links = [link for m, part in zip(members, parts, strict=True) for link in _inner(part, m)]
    links += [link for path in _shared(recipe) for link in _sharing(path, members)]
    dropped: list[LinkEntry] = []
    for link in filter(is_between_samples, recipe.link):
        ties = list(_ties(link, members))
        links += ties
        dropped += [] if ties else [link]
    ratios = [
        _ratio(r, part, m) for m, part in zip(members, parts, strict=True) for r in part.ratio
    ]
    priors = [_prior(p, m) for m, part in zip(members, parts, strict=True) for p in part.prior]
    changed = {
        "samples": None,
        "share_shift": False,
        "region": tuple(regions),
        "link": tuple(links),
        "prior": tuple(priors),
        "ratio": tuple(ratios),
    }
    return Expanded(recipe.model_copy(update=changed), tuple(dropped))


def check_together(recipe: Recipe) -> Recipe:
    """Return the recipe for the samples that its links name, or for two of any name.

    Raises
    ------
    ModelError
        As `expanded`.
    """
    names = dict.fromkeys(_sample_in(path) for link in recipe.link for path in _paths(link))
    samples = [name for name in names if name and not set("*?[") & set(name)]
    samples += ["one", "another"][: max(0, 2 - len(samples))]
    every = tuple(region.name for region in recipe.region)
    return expanded(recipe, [Member(name, every) for name in samples]).recipe


# ---------------------------------------------------------------------------------
# One sample


def _region(region: RegionEntry, recipe: Recipe, member: Member) -> RegionEntry:
    """Return a region for one sample, its classes with those of no other."""
    components = tuple(_component(entry, member) for entry in region.component)
    shift = region.shift
    if recipe.share_shift and region is recipe.region[0] and (shift is None or shift.free is None):
        named = {} if shift is None else shift.model_dump(exclude_none=True)
        shift = ParameterEntry(**({"value": 0.0} | named | {"free": True}))
    changed = {
        "name": member.region(region.name),
        "match": region.match or f"{escape(region.name)}*",
        "sample": escape(member.name),
        "shift": shift,
        "component": components,
    }
    return region.model_copy(update=changed)


def _component(entry: ComponentEntry, member: Member) -> ComponentEntry:
    parameters = {
        name: value
        if value.share is None
        else value.model_copy(update={"share": f"{value.share}{AT_SAMPLE}{member.name}"})
        for name, value in entry.parameters.items()
    }
    return entry.model_copy(update={"parameters": parameters})


def _inner(recipe: Recipe, member: Member) -> Iterator[LinkEntry]:
    """Yield the links of a recipe for one sample, its one charge shift among them."""
    for link in recipe.link:
        sources = tuple(member.path(path) for path in link.sources)
        equals = sources[0] if isinstance(link.equals, str) else sources
        yield link.model_copy(update={"parameter": member.path(link.parameter), "equals": equals})
    if recipe.share_shift:
        first, *others = (f"{region.name}/{REGION}/shift" for region in recipe.region)
        for path in others:
            yield LinkEntry(
                parameter=member.path(path), equals=member.path(first), note=_SHIFT_NOTE
            )


def _prior(prior: PriorEntry, member: Member) -> PriorEntry:
    sources = tuple(member.path(path) for path in prior.sources)
    minus = sources[0] if isinstance(prior.minus, str) else sources
    other = member.path(prior.relative_to) if prior.relative_to else ""
    return prior.model_copy(
        update={"of": member.path(prior.of), "minus": minus, "relative_to": other}
    )


def _ratio(ratio: RatioEntry, recipe: Recipe, member: Member) -> RatioEntry:
    sides = {
        side: tuple(member.path(component_path(recipe, label)) for label in getattr(ratio, side))
        for side in ("numerator", "denominator")
    }
    return ratio.model_copy(update=sides | {"name": f"{ratio.name}{AT_SAMPLE}{member.name}"})


# ---------------------------------------------------------------------------------
# What samples share


def _shared(recipe: Recipe) -> list[str]:
    """Return the paths that ``share`` means, each once.

    Raises
    ------
    ModelError
        If a pattern means none, or names one that follows from another.
    """
    tied = {link.parameter for link in recipe.link} | set(_class_followers(recipe))
    found: dict[str, None] = {}
    for pattern in recipe.samples.share if recipe.samples else ():
        meant = [path for path in _parameters(recipe) if _means(pattern, path, recipe)]
        if not meant:
            raise ModelError(
                f'share = "{pattern}" is no parameter of this recipe.',
                hint='Write region/label/parameter, e.g. "S 2p/PS4/fwhm"; * stands for anything.',
                where="samples",
            )
        free = [path for path in meant if path not in tied]
        if not free:
            raise ModelError(
                f"{meant[0]} follows from another parameter by a link or class already.",
                hint="Share that one.",
                where="samples",
            )
        found |= dict.fromkeys(free)
    return list(found)


def _parameters(recipe: Recipe) -> Iterator[str]:
    """Yield the path of every parameter of a recipe for one sample."""
    for region in recipe.region:
        yield f"{region.name}/{REGION}/shift"
        for name in region.background.parameters:
            yield f"{region.name}/{BACKGROUND}/{name}"
        for component in region.component:
            for spec in lineshape(component.lineshape).parameters:
                yield f"{region.name}/{component.name}/{spec.name}"


def _means(pattern: str, path: str, recipe: Recipe) -> bool:
    """Return whether a pattern means a path; components go by their ids and their labels."""
    region, owner, name = split_path(path)
    labels = {
        component.label
        for entry in recipe.region
        if entry.name == region
        for component in entry.component
        if component.name == owner
    }
    return any(fnmatchcase(f"{region}/{one}/{name}", pattern) for one in {owner, *labels})


def _class_followers(recipe: Recipe) -> Iterator[str]:
    """Yield the members of classes but the first of each, which holds the value."""
    seen: set[tuple[str, str]] = set()
    for region in recipe.region:
        for component in region.component:
            for name, entry in component.parameters.items():
                if entry.share is not None and (name, entry.share) in seen:
                    yield f"{region.name}/{component.name}/{name}"
                elif entry.share is not None:
                    seen.add((name, entry.share))


def _sharing(path: str, members: Iterable[Member]) -> Iterator[LinkEntry]:
    region = split_path(path)[0]
    having = [member for member in members if region in member.regions]
    for member in having[1:]:
        yield LinkEntry(parameter=member.path(path), equals=having[0].path(path), note=_SHARED_NOTE)


# ---------------------------------------------------------------------------------
# Links between samples


def _paths(link: LinkEntry) -> tuple[str, ...]:
    return (link.parameter, *link.sources)


def _sample_in(path: str) -> str:
    """Return the sample that a path names; empty if none."""
    return split_path(path)[0].partition(AT_SAMPLE)[2].strip()


def _ties(link: LinkEntry, members: Sequence[Member]) -> Iterator[LinkEntry]:
    """Yield a link between samples, once for each sample that its parameter means."""
    for member in _meant(link.parameter, members):
        sources = [_meant(path, members) if _sample_in(path) else [member] for path in link.sources]
        if any(len(found) != 1 for found in sources):
            continue
        paths = tuple(
            found[0].path(_unqualified(path))
            for path, found in zip(link.sources, sources, strict=True)
        )
        target = member.path(_unqualified(link.parameter))
        if target not in paths:
            equals = paths[0] if isinstance(link.equals, str) else paths
            yield link.model_copy(update={"parameter": target, "equals": equals})


def _meant(path: str, members: Sequence[Member]) -> list[Member]:
    """Return the samples that have the region of a path and are meant by it."""
    pattern = _sample_in(path) or "*"
    region = split_path(_unqualified(path))[0]
    return [
        m
        for m in members
        if region in m.regions and fnmatchcase(m.name.casefold(), pattern.casefold())
    ]


def _unqualified(path: str) -> str:
    region, owner, name = split_path(path)
    return f"{region.partition(AT_SAMPLE)[0].strip()}/{owner}/{name}"
