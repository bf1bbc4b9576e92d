"""Which spectra a recipe's regions are for, and which spectra a user selected.

A region names its spectra by a shell-style pattern (``"S 2p*"``) that is compared,
without regard to case and spaces, with the block name of the file and with species and
transition. Spectra of one file and sample belong together; where a sample has several
spectra of each region (etch levels), the k-th of every region belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape

from ..core_levels import in_one_spelling, level_in, levels_in, names_of, without_levels
from ..fitting import FitWarning
from ..recipe.schema import Recipe, RegionEntry
from ..spectrum import Spectrum


@dataclass(frozen=True)
class Group:
    """The spectra that are fitted together: one for each region of the recipe.

    Attributes
    ----------
    file, sample : str
    spectra : tuple of (region name, Spectrum)
        In the order of the recipe's regions.
    level : int
        Which of several spectra of each region, counted from 0.
    levels : int
        How many there are.
    warnings : tuple of FitWarning
    """

    file: str
    sample: str
    spectra: tuple[tuple[str, Spectrum], ...]
    level: int = 0
    levels: int = 1
    warnings: tuple[FitWarning, ...] = ()


@dataclass(frozen=True)
class Unmatched:
    """Spectra of one file and sample that a recipe cannot be applied to, and why."""

    file: str
    where: str
    message: str


def group_spectra(
    recipe: Recipe, spectra: Iterable[Spectrum]
) -> tuple[tuple[Group, ...], tuple[Unmatched, ...]]:
    """Return the groups of spectra that a recipe fits, and what lacks a region.

    Parameters
    ----------
    recipe : Recipe
    spectra : iterable of Spectrum
        Of any number of files, in file order.

    Returns
    -------
    groups : tuple of Group
    unmatched : tuple of Unmatched
        One for each file, sample and level that lacks a region.
    """
    groups: list[Group] = []
    unmatched: list[Unmatched] = []
    samples = _by_sample(spectra)
    in_file = Counter(file for file, _ in samples)
    for (file, sample), members in samples.items():
        if in_file[file] == 1 and _is_obvious(recipe, members):
            groups.append(_only_group(recipe.region[0], members[0]))
            continue
        found, lacking = _levels(recipe, file, sample, members)
        groups += found
        unmatched += lacking
    return tuple(groups), tuple(unmatched)


def matches(entry: RegionEntry, spectrum: Spectrum) -> bool:
    """Return whether a region's pattern matches one of the spectrum's names.

    A pattern of a core level alone, ``"S 2p*"``, matches every name of that level, also one
    such as "XPS S2p Scan".
    """
    pattern = _folded(entry.match or f"{escape(entry.name)}*")
    if (level := level_in(pattern)) and pattern == f"{_folded(level)}*":
        return any(level_in(name) == level for name in names_of(spectrum))
    return any(fnmatchcase(_folded(name), pattern) for name in names_of(spectrum))


def select_spectra(spectra: Iterable[Spectrum], text: str) -> list[Spectrum]:
    """Return the spectra that `text` selects (see `is_selected`).

    A word that is the whole of some name selects those names only: "RW_WS2" takes the
    sample RW_WS2 and not RW_WS2_thicker, which is only taken where nothing fits better.
    """
    everything = list(spectra)
    chosen = [spectrum for spectrum in everything if is_selected(spectrum, text)]
    for word in without_levels(text).split():
        whole = [spectrum for spectrum in chosen if _folded(word) in _whole_words(spectrum)]
        chosen = whole or chosen
    return chosen


def is_selected(spectrum: Spectrum, text: str) -> bool:
    """Return whether ``sample / region / species transition`` contains the words of `text`.

    Parameters
    ----------
    spectrum : Spectrum
    text : str
        Words in any order, of which all must occur, without regard to case. A core level
        is one word with or without a space, so "S 2p" does not select "P 2p" or "As 2p".
    """
    described = _folded(_described(spectrum))
    names = spectrum.meta.sample, *names_of(spectrum)
    has_words = all(_folded(word) in described for word in without_levels(text).split())
    return has_words and set(levels_in(text)) <= {level for n in names for level in levels_in(n)}


def _described(spectrum: Spectrum) -> str:
    meta = spectrum.meta
    return " / ".join((meta.sample, meta.region, f"{meta.species} {meta.transition}"))


def _whole_words(spectrum: Spectrum) -> set[str]:
    return {_folded(word) for word in _described(spectrum).split()}


def _folded(text: str) -> str:
    """Return a text without case and spaces, its core levels in one spelling."""
    return "".join(in_one_spelling(text).casefold().split())


def _by_sample(spectra: Iterable[Spectrum]) -> dict[tuple[str, str], list[Spectrum]]:
    groups: dict[tuple[str, str], list[Spectrum]] = {}
    for spectrum in spectra:
        key = (spectrum.source.given, spectrum.meta.sample)
        groups.setdefault(key, []).append(spectrum)
    return groups


def _is_obvious(recipe: Recipe, members: Sequence[Spectrum]) -> bool:
    """Return whether there is one spectrum for one region without a pattern."""
    return len(members) == 1 and len(recipe.region) == 1 and not recipe.region[0].match


def _only_group(entry: RegionEntry, spectrum: Spectrum) -> Group:
    warnings: tuple[FitWarning, ...] = ()
    if not matches(entry, spectrum):
        called = ", ".join(f'"{name}"' for name in names_of(spectrum)) or "without a name"
        message = (
            f'the recipe is for "{entry.name}" and the spectrum is {called}; it was taken'
            " because it is the only one."
        )
        warnings = (FitWarning("label_mismatch", message, entry.name),)
    return Group(
        spectrum.source.given, spectrum.meta.sample, ((entry.name, spectrum),), warnings=warnings
    )


def _levels(
    recipe: Recipe, file: str, sample: str, members: Sequence[Spectrum]
) -> tuple[list[Group], list[Unmatched]]:
    found = {entry.name: [s for s in members if matches(entry, s)] for entry in recipe.region}
    levels = max(len(matching) for matching in found.values())
    if not levels:
        return [], [_nothing_matches(recipe, file, sample, members)]
    groups, unmatched = [], []
    for level in range(levels):
        lacking = [name for name, matching in found.items() if len(matching) <= level]
        if lacking:
            message = _lacking_in_words(recipe, lacking, level, levels, members)
            unmatched.append(Unmatched(file, sample, message))
            continue
        spectra = tuple((name, matching[level]) for name, matching in found.items())
        groups.append(Group(file, sample, spectra, level, levels))
    return groups, unmatched


def _nothing_matches(
    recipe: Recipe, file: str, sample: str, members: Sequence[Spectrum]
) -> Unmatched:
    wanted = " or ".join(_wanted(entry) for entry in recipe.region)
    message = f"no spectrum is called {wanted}; there is {_listed(members)}."
    return Unmatched(file, sample, message)


def _lacking_in_words(
    recipe: Recipe, lacking: Sequence[str], level: int, levels: int, members: Sequence[Spectrum]
) -> str:
    entries = [entry for entry in recipe.region if entry.name in lacking]
    wanted = " and ".join(_wanted(entry) for entry in entries)
    place = f" for spectrum {level + 1} of {levels}" if levels > 1 else ""
    return (
        f"no spectrum is called {wanted}{place}, but the recipe fits all its regions"
        f" together; there is {_listed(members)}."
    )


def _wanted(entry: RegionEntry) -> str:
    return f'"{entry.match or entry.name + "*"}"'


def _listed(members: Sequence[Spectrum], most: int = 8) -> str:
    names = list(
        dict.fromkeys(next(iter(names_of(s)), "a spectrum without a name") for s in members)
    )
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f'"{name}"' for name in names[:most]) + more
