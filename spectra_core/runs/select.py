"""Which spectra a recipe's regions are for, and which spectra a user selected.

A region names its spectra by a shell-style pattern (``"S 2p*"``) that is compared,
without regard to case and spaces, with the block name of the file and with species and
transition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from glob import escape

from ..core_levels import in_one_spelling, level_in, levels_in, names_of, without_levels
from ..recipe.schema import RegionEntry
from ..spectrum import Spectrum


def matches(entry: RegionEntry, spectrum: Spectrum) -> bool:
    """Return whether a region's pattern matches one of the spectrum's names.

    A pattern of a core level alone, ``"S 2p*"``, matches every name of that level, also one
    such as "XPS S2p Scan".
    """
    pattern = _folded(entry.match or f"{escape(entry.name)}*")
    if (level := level_in(pattern)) and pattern == f"{_folded(level)}*":
        return any(level_in(name) == level for name in names_of(spectrum))
    return any(fnmatchcase(_folded(name), pattern) for name in names_of(spectrum) or ("",))


def select_spectra(spectra: Iterable[Spectrum], text: str) -> list[Spectrum]:
    """Return the spectra that `text` selects (see `is_selected`).

    A word that is the whole of some name selects those names only: "RW_WS2" takes the
    sample RW_WS2 and not RW_WS2_thicker, which is only taken where nothing fits better.
    Words such as "#1 #4", unless names hold them, select spectra by their number in the file.
    """
    everything = list(spectra)
    numbers, text = _numbers(everything, text)
    chosen = [spectrum for spectrum in everything if is_selected(spectrum, text)]
    for word in without_levels(text).split():
        whole = [spectrum for spectrum in chosen if _folded(word) in _whole_words(spectrum)]
        chosen = whole or chosen
    return [spectrum for spectrum in chosen if not numbers or spectrum.source.index in numbers]


def _numbers(spectra: Sequence[Spectrum], text: str) -> tuple[set[int], str]:
    """Return the numbers of spectra in a selection, and its other words."""
    found = [word for word in text.split() if re.fullmatch(r"#\d{1,9}", word)]
    numbers = [w for w in found if not any(w in _whole_words(spectrum) for spectrum in spectra)]
    rest = " ".join(word for word in text.split() if word not in numbers)
    return {int(word[1:]) for word in numbers}, rest


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
