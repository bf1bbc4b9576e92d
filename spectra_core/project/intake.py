"""What is about to come into a project: regions, samples, times and axes, guessed and said why.

A guess is only ever shown for confirmation, or said where it was used; what a file states is
never replaced by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from ..core_levels import level_in, level_of
from ..library import load_library
from ..runs.samples import join_samples, samples_of
from ..spectrum import Axis, Spectrum, sample_key

_WIDEST_EV = 60.0  # a longer range is a survey, which no level names
_MARGIN_EV = 1.0  # a line has to stand at least this far inside
_LEAST_SHARE = 0.5  # of the lines of a level that have to be in the range
_CLEAR = 2.0  # times as many lines as of any other level
_TIME = re.compile(r"(?:^|[_\-\s(])(\d+(?:[.,]\d+)?)\s?(s|sec|min)(?=$|[_\-\s).])", re.IGNORECASE)
_RAMAN_CM = (30.0, 4500.0)


@dataclass(frozen=True)
class Guess:
    """A name and where it comes from; `why` is empty where the file itself states it."""

    text: str
    why: str = ""


@dataclass(frozen=True, eq=False)
class Incoming:
    """One spectrum before it is taken in.

    Attributes
    ----------
    spectrum : Spectrum
        As it was read; its axis may be `Axis.UNKNOWN`.
    region, sample : Guess
    axis : Guess
        ``"binding"``, ``"raman"``, or empty where nothing says it.
    etch_time_s : float or None
        Sputter time.
    time_why : str
        Where it comes from; empty where the file states it.
    """

    spectrum: Spectrum
    region: Guess
    sample: Guess
    axis: Guess
    etch_time_s: float | None = None
    time_why: str = ""


def incoming(spectra: Sequence[Spectrum]) -> tuple[Incoming, ...]:
    """Return spectra with what is guessed of them, in the order they were given."""
    regions = [guessed_region(spectrum) for spectrum in spectra]
    named = [
        spectrum if guess.text == spectrum.meta.region else _in_region(spectrum, guess.text)
        for spectrum, guess in zip(spectra, regions, strict=True)
    ]
    joined = join_samples(named)
    names = samples_of(joined)
    found = []
    for spectrum, with_name, region in zip(spectra, joined, regions, strict=True):
        stated = spectrum.meta.sample
        sample = names[sample_key(with_name)].name or stated
        time, why = guessed_time(spectrum)
        said = "" if sample == stated else "the names of the files"
        axis = guessed_axis(spectrum, region.text)
        found.append(Incoming(spectrum, region, Guess(sample, said), axis, time, why))
    return tuple(found)


def confirmed(one: Incoming, spectrum: Spectrum, region: str, sample: str) -> Spectrum:
    """Return a spectrum, read with its axis, under the names that were confirmed."""
    meta = replace(spectrum.meta, region=region, etch_time_s=one.etch_time_s)
    if sample and sample != one.sample.text:
        meta = replace(meta, sample=sample)
    return replace(spectrum, meta=meta)


def guessed_region(spectrum: Spectrum) -> Guess:
    """Return the region of a spectrum: what it is called, its file's name, or what its range holds.

    The name of the file counts where it holds a core level; the range, where the lines that the
    library has there are clearly of one level.
    """
    if spectrum.meta.region.strip() and level_of(spectrum):
        return Guess(spectrum.meta.region)
    stem = PurePath(spectrum.source.location.replace("\\", "/")).stem
    if level := level_in(stem):
        return Guess(level, "the name of the file")
    if spectrum.meta.region.strip():
        return Guess(spectrum.meta.region)
    if spectrum.axis is not Axis.BINDING_ENERGY:
        return Guess("")
    low, high = float(spectrum.x.min()), float(spectrum.x.max())
    level = _level_between(low, high)
    return Guess(level, f"its range, {low:.4g} to {high:.4g} eV" if level else "")


def guessed_axis(spectrum: Spectrum, region: str) -> Guess:
    """Return what the axis of a spectrum may be where its file does not say it."""
    if spectrum.axis is not Axis.UNKNOWN:
        return Guess("")
    low, high = float(spectrum.x.min()), float(spectrum.x.max())
    level = level_in(region)
    if level and _level_between(low, high) == level:
        return Guess("binding", f"the lines of {level} in its range")
    name = spectrum.source.location.casefold()
    if "raman" in name and _RAMAN_CM[0] <= low < high <= _RAMAN_CM[1]:
        return Guess("raman", "the name of the file")
    return Guess("")


def guessed_time(spectrum: Spectrum) -> tuple[float | None, str]:
    """Return the sputter time in seconds, and where it comes from where the file does not say."""
    if spectrum.meta.etch_time_s is not None:
        return spectrum.meta.etch_time_s, ""
    stem = PurePath(spectrum.source.location.replace("\\", "/")).stem
    found = _TIME.findall(stem)
    if len(found) != 1:
        return None, ""
    number, unit = found[0]
    seconds = float(number.replace(",", ".")) * (60.0 if unit.lower() == "min" else 1.0)
    return seconds, "the name of the file"


def _level_between(low: float, high: float) -> str:
    """Return the level whose lines of the library clearly lie in a range; empty if none does."""
    if high - low > _WIDEST_EV:
        return ""
    inside: dict[str, int] = {}
    known: dict[str, int] = {}
    for entry in load_library().entries.values():
        if entry.center is None or entry.unit != "eV":
            continue
        known[entry.level] = known.get(entry.level, 0) + 1
        if low + _MARGIN_EV <= entry.center <= high - _MARGIN_EV:
            inside[entry.level] = inside.get(entry.level, 0) + 1
    counts = {k: n for k, n in inside.items() if n >= _LEAST_SHARE * known[k]}
    ranked = sorted(counts, key=lambda level: -counts[level])
    if not ranked or (len(ranked) > 1 and counts[ranked[0]] < _CLEAR * counts[ranked[1]]):
        return ""
    return ranked[0]


def _in_region(spectrum: Spectrum, region: str) -> Spectrum:
    return replace(spectrum, meta=replace(spectrum.meta, region=region))
