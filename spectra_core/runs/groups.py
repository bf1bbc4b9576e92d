"""Which spectra a recipe's regions are fitted to together.

A region names its spectra by a shell-style pattern (``"S 2p*"``), see
`spectra_core.runs.select.matches`. Spectra of one sample belong together. Where a sample has
several spectra of a region (etch levels), those of one etch time belong together, or where
times do not tell them apart, the k-th of every region. What is there is fitted; what is not
is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from ..core_levels import level_in, level_of, names_of
from ..fitting import FitWarning
from ..recipe.parts import tie_in_words
from ..recipe.schema import Recipe, RegionEntry
from ..recipe.together import Member, expanded
from ..spectrum import Spectrum, sample_key
from .records import Failure
from .samples import Key, Sample, files_of, in_words, on_scale_of
from .select import matches

Row = dict[str, Spectrum]
"""Spectra that are fitted together, by region."""


@dataclass(frozen=True, eq=False)
class Group:
    """The spectra that are fitted together: one for each region that there is one for.

    Attributes
    ----------
    samples : tuple of Sample
        Nearly always one.
    spectra : tuple of (region name, Spectrum)
        In the order of the recipe's regions.
    level : int
        Which of several spectra of each region, counted from 0.
    levels : int
        How many there are.
    warnings : tuple of FitWarning
    """

    samples: tuple[Sample, ...]
    spectra: tuple[tuple[str, Spectrum], ...]
    level: int = 0
    levels: int = 1
    warnings: tuple[FitWarning, ...] = ()

    @property
    def sample(self) -> str:
        """Name of the sample; of several, their names."""
        return in_words((sample.name for sample in self.samples), most=len(self.samples))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files of its spectra, as they were given."""
        return files_of(spectrum for _, spectrum in self.spectra)

    @property
    def file(self) -> str:
        """The first of its files."""
        return self.files[0]

    @property
    def label(self) -> str:
        """Sample and level in words."""
        return f"{self.sample} {self.level + 1}/{self.levels}" if self.levels > 1 else self.sample

    @property
    def place(self) -> str:
        """Which of several levels this is, in words; empty for the only one."""
        return f" for spectrum {self.level + 1} of {self.levels}" if self.levels > 1 else ""

    def seen(self, fitted: Mapping[str, Spectrum]) -> tuple[Spectrum, ...]:
        """Return what its samples show, for the lint: fitted spectra, and one of each other kind.

        Parameters
        ----------
        fitted : mapping of str to Spectrum
            Its spectra by region as they are fitted, calibrated.
        """
        found = list({id(spectrum): spectrum for spectrum in fitted.values()}.values())
        for sample in self.samples:
            own = {name: s for name, s in self.spectra if sample_key(s) == sample.key}
            others = sample.others(list(own.values()))
            found += on_scale_of(fitted[next(iter(own))], others)
        return tuple(found)


def groups_of(
    recipe: Recipe, spectra: Iterable[Spectrum], samples: Mapping[Key, Sample]
) -> tuple[list[Group], list[Failure]]:
    """Return the groups of spectra that a recipe fits, and the samples it has nothing for.

    Parameters
    ----------
    recipe : Recipe
    spectra : iterable of Spectrum
        To be fitted.
    samples : mapping of key to Sample
        All samples there are, by `spectra_core.spectrum.sample_key`.
    """
    if any(entry.sample for entry in recipe.region):
        return _across_samples(recipe, list(spectra), samples)
    groups: list[Group] = []
    failures: list[Failure] = []
    chosen: dict[Key, list[Spectrum]] = {}
    for spectrum in spectra:
        chosen.setdefault(sample_key(spectrum), []).append(spectrum)
    for key, members in chosen.items():
        found = _found(recipe, members)
        if any(found.values()):
            groups += _groups(samples[key], found)
        elif _is_obvious(recipe, members):
            groups.append(_only_group(samples[key], recipe.region[0], members[0]))
        else:
            failures.append(_nothing_found(recipe, samples[key], members))
    return groups, failures


def _across_samples(
    recipe: Recipe, spectra: Sequence[Spectrum], samples: Mapping[Key, Sample]
) -> tuple[list[Group], list[Failure]]:
    """Return the groups of a recipe whose regions name their samples."""

    def is_for(entry: RegionEntry, spectrum: Spectrum) -> bool:
        names = {samples[sample_key(spectrum)].name, spectrum.meta.sample}
        return any(fnmatchcase(name.casefold(), entry.sample.casefold()) for name in names)

    found = {
        entry.name: [s for s in spectra if matches(entry, s) and is_for(entry, s)]
        for entry in recipe.region
    }
    rows, notes = _rows(found)
    groups = []
    for level, row in enumerate(rows):
        own = tuple(samples[key] for key in dict.fromkeys(map(sample_key, row.values())))
        joined = [warning for sample in own for warning in sample.warnings]
        groups.append(Group(own, tuple(row.items()), level, len(rows), (*joined, *notes)))
    if groups or not spectra:
        return groups, []
    wanted = in_words((f'"{entry.sample}"' for entry in recipe.region), last="or")
    there = in_words(f'"{samples[key].name}"' for key in dict.fromkeys(map(sample_key, spectra)))
    message = f"no sample is called {wanted} and has the region; there is {there}."
    return [], [Failure(spectra[0].source.location, "", message)]


def together(recipe: Recipe, groups: Sequence[Group]) -> tuple[Recipe, Group]:
    """Return the groups of a recipe with ``[samples]`` as one, and the recipe for all of them."""
    members = [
        Member(_member_name(group), tuple(name for name, _ in group.spectra)) for group in groups
    ]
    found = expanded(recipe, members)
    spectra = tuple(
        (member.region(name), spectrum)
        for member, group in zip(members, groups, strict=True)
        for name, spectrum in group.spectra
    )
    notes = [warning for group in groups for warning in group.warnings]
    every = [entry.name for entry in recipe.region]
    for member in members:
        if lacking := [name for name in every if name not in member.regions]:
            message = f"{member.name} has no spectrum for {in_words(lacking)}."
            notes.append(FitWarning("regions_lacking", message))
    for link in found.dropped:
        message = f"the tie of {tie_in_words(link)} needs a sample that is not there."
        notes.append(FitWarning("links_dropped", message))
    own = {sample.key: sample for group in groups for sample in group.samples}
    warnings = tuple(dict.fromkeys(notes))
    return found.recipe, Group(tuple(own.values()), spectra, warnings=warnings)


def _member_name(group: Group) -> str:
    return f"{group.sample} {group.level + 1}" if group.levels > 1 else group.sample


def _found(recipe: Recipe, members: Sequence[Spectrum]) -> dict[str, list[Spectrum]]:
    """Return the spectra of each region.

    Regions with one pattern are windows of one spectrum: a spectrum that reaches only some of
    them is for those.
    """
    found = {entry.name: [s for s in members if matches(entry, s)] for entry in recipe.region}
    for entry in recipe.region:
        alike = [one for one in recipe.region if (one.match or one.name) == entry.match]
        found[entry.name] = [
            s
            for s in found[entry.name]
            if _reaches(entry, s) or not any(_reaches(one, s) for one in alike)
        ]
    return found


def _reaches(entry: RegionEntry, spectrum: Spectrum) -> bool:
    low, high = sorted(entry.window)
    return bool(spectrum.x.min() <= high and spectrum.x.max() >= low)


def _groups(sample: Sample, found: Mapping[str, Sequence[Spectrum]]) -> list[Group]:
    rows, notes = _rows(found)
    warnings = (*sample.warnings, *notes)
    return [
        Group((sample,), tuple(row.items()), level, len(rows), warnings)
        for level, row in enumerate(rows)
    ]


def _is_obvious(recipe: Recipe, members: Sequence[Spectrum]) -> bool:
    """Return whether there is one spectrum, of no known level, for one region without a pattern."""
    alone = len(members) == 1 and len(recipe.region) == 1 and not recipe.region[0].match
    return alone and not (level_in(recipe.region[0].name) and level_of(members[0]))


def _only_group(sample: Sample, entry: RegionEntry, spectrum: Spectrum) -> Group:
    called = ", ".join(f'"{name}"' for name in names_of(spectrum)) or "without a name"
    message = (
        f'the recipe is for "{entry.name}" and the spectrum is {called}; it was taken because it'
        " is the only one."
    )
    warning = FitWarning("label_mismatch", message, entry.name)
    return Group((sample,), ((entry.name, spectrum),), warnings=(warning,))


def _nothing_found(recipe: Recipe, sample: Sample, members: Sequence[Spectrum]) -> Failure:
    wanted = in_words(
        (f'"{entry.match or entry.name + "*"}"' for entry in recipe.region), last="or"
    )
    names = dict.fromkeys(next(iter(names_of(s)), "a spectrum without a name") for s in members)
    there = in_words((f'"{name}"' for name in names), most=9)
    message = f"no spectrum is called {wanted}; there is {there}."
    if not any(names_of(s) for s in members):
        message += ' Name it with --region, or take any spectrum with match = "*" in the recipe.'
    return Failure(members[0].source.location, sample.name, message)


# ---------------------------------------------------------------------------------
# Several spectra of each region


def _rows(found: Mapping[str, Sequence[Spectrum]]) -> tuple[list[Row], list[FitWarning]]:
    """Return the spectra that belong together, and what was not clear about it.

    Spectra of a file that has several of the regions belong together there, whatever other
    files of the sample hold.
    """
    files: dict[str, set[str]] = {}
    for name, members in found.items():
        for spectrum in members:
            files.setdefault(spectrum.source.location, set()).add(name)
    tables: dict[str, dict[str, list[Spectrum]]] = {}
    for name, members in found.items():
        for spectrum in members:
            file = spectrum.source.location
            table = tables.setdefault(file if len(files[file]) > 1 else "", {})
            table.setdefault(name, []).append(spectrum)
    rows: list[Row] = []
    notes: list[FitWarning] = []
    for table in tables.values():
        by_time = _by_time(table)
        rows += by_time if by_time is not None else _in_order(table)
        notes += [] if by_time is not None else _unequal(table)
    return [{name: row[name] for name in found if name in row} for row in rows], notes


def _by_time(table: Mapping[str, Sequence[Spectrum]]) -> list[Row] | None:
    """Return the rows of an etch series; None if the times do not tell its levels apart."""
    times = [[s.meta.etch_time_s for s in members] for members in table.values()]
    if any(None in own or len(set(own)) < len(own) for own in times):
        return None
    rows: dict[float | None, Row] = {}
    for name, members in table.items():
        for spectrum in members:
            rows.setdefault(spectrum.meta.etch_time_s, {})[name] = spectrum
    return sorted(rows.values(), key=lambda row: min(s.source.index for s in row.values()))


def _in_order(table: Mapping[str, Sequence[Spectrum]]) -> list[Row]:
    levels = max(len(members) for members in table.values())
    return [
        {name: members[k] for name, members in table.items() if k < len(members)}
        for k in range(levels)
    ]


def _unequal(table: Mapping[str, Sequence[Spectrum]]) -> list[FitWarning]:
    """Say that there are more spectra of one region than of another, and how to choose."""
    counts = [len(members) for members in table.values()]
    if len(set(counts)) < 2:
        return []
    there = in_words(f"{len(members)} of {name}" for name, members in table.items())
    pairs = in_words(
        f"number {members[0].source.index} of {name}" for name, members in table.items()
    )
    message = (
        f"there are {there}, which were paired in file order, beginning with {pairs}; to pair"
        ' others, select them by number, such as "#1 #2".'
    )
    return [FitWarning("regions_repeated", message)]
