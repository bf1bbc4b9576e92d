"""Which spectra are of one sample: one answer for the command line, the window and reports.

Spectra of one file and one sample name are of one sample. Most instruments can export one
file for each region; files are joined into a sample by the first of these rules that holds,
and what was joined is always said:

- *user*: the user gave them one sample name;
- *names*: in one folder, their names differ only in the core level;
- *level*: in one folder, their names are nothing but a core level: the folder is the sample;
- *folder*: the user said that every folder is a sample.

Files of one name in two folders, and samples of one name in two files, stay apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePath
from typing import Literal, TypeVar

from ..core_levels import level_in, level_of, without_levels
from ..errors import FitError
from ..fitting import FitWarning
from ..spectrum import (
    JOINED_BY_USER,
    Calibration,
    Spectrum,
    calibrate,
    replace_fields,
    sample_key,
)

JoinBy = Literal["names", "folder", "none"]
Key = tuple[str, str]
T = TypeVar("T")

_REASONS: Mapping[str, str] = {
    "user": "they were given this sample name",
    "names": "their names differ only in the core level",
    "level": "they lie in one folder and are named by nothing but the core level",
    "folder": "they lie in one folder",
}
_JOINED = "samples_joined"

# Words of a file name that say nothing about the sample.
_EMPTY_WORDS = frozenset(("xps", "scan", "spectrum", "region", "narrow", "hr", "high", "res"))


@dataclass(frozen=True, eq=False)
class Sample:
    """The spectra of one sample.

    Attributes
    ----------
    key : tuple of str
        See `spectra_core.spectrum.sample_key`.
    name : str
        Told apart from that of every other sample there is.
    spectra : tuple of Spectrum
        In the order they were given.
    """

    key: Key
    name: str
    spectra: tuple[Spectrum, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Its files as they were given, each once."""
        return files_of(self.spectra)

    @property
    def warnings(self) -> tuple[FitWarning, ...]:
        """Which files were joined and why; nothing for a sample of one file."""
        if len(self.files) < 2:
            return ()
        reason = _REASONS[self.key[0].partition(":")[0]]
        message = f"{in_words(map(_file_name, self.files))} were taken as one sample: {reason}."
        return (FitWarning(_JOINED, message),)

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Spectrum, ...]]:
        """Its spectra by level, or by region name where none is known."""
        found: dict[str, list[Spectrum]] = {}
        for spectrum in self.spectra:
            found.setdefault(kind_of(spectrum), []).append(spectrum)
        return {kind: tuple(members) for kind, members in found.items()}

    @cached_property
    def _places(self) -> Mapping[int, int]:
        """Place of each spectrum among those of its kind, by identity."""
        return {id(s): k for members in self.by_kind.values() for k, s in enumerate(members)}

    def counterpart(self, spectrum: Spectrum, others: Sequence[Spectrum]) -> Spectrum:
        """Return the one of several like spectra that belongs to a spectrum of the sample.

        That of the same etch time, if times tell them apart; else the k-th for the k-th.
        """
        time = spectrum.meta.etch_time_s
        same = [s for s in others if s.meta.etch_time_s == time] if time is not None else []
        if len(same) == 1:
            return same[0]
        return others[min(self._places.get(id(spectrum), 0), len(others) - 1)]

    def others(self, fitted: Sequence[Spectrum]) -> tuple[Spectrum, ...]:
        """Return what the sample shows beside some of its spectra: one of each other kind.

        Of several etch levels that of the fitted spectra is taken.
        """
        kinds = {kind_of(spectrum) for spectrum in fitted}
        rest = [members for kind, members in self.by_kind.items() if kind not in kinds]
        return tuple(self.counterpart(fitted[0], members) for members in rest)


def sample_names(spectra: Iterable[Spectrum]) -> dict[Key, str]:
    """Return the name of every sample, told apart from all others."""
    return told_apart(map(sample_key, spectra))


def samples_of(spectra: Iterable[Spectrum]) -> dict[Key, Sample]:
    """Return every sample, in the order of its first spectrum."""
    found: dict[Key, list[Spectrum]] = {}
    for spectrum in spectra:
        found.setdefault(sample_key(spectrum), []).append(spectrum)
    names = told_apart(found)
    return {key: Sample(key, names[key], tuple(own)) for key, own in found.items()}


def on_scale_of(spectrum: Spectrum, others: Iterable[Spectrum]) -> tuple[Spectrum, ...]:
    """Return spectra of one sample with a spectrum's charge correction, unless they have one."""
    shift = spectrum.calibration
    return tuple(s if s.calibration != Calibration() else calibrate(s, shift) for s in others)


def kind_of(spectrum: Spectrum) -> str:
    """Return the core level of a spectrum, or its region name where none is known."""
    return level_of(spectrum) or "".join(spectrum.meta.region.casefold().split())


def files_of(spectra: Iterable[Spectrum]) -> tuple[str, ...]:
    """Return the files of spectra as they were given, each once."""
    return tuple(dict.fromkeys(spectrum.source.location for spectrum in spectra))


def in_words(names: Iterable[str], *, most: int = 6, last: str = "and") -> str:
    """Return ``a, b and c``; of many the first few and the number of the others."""
    listed = list(names)
    if len(listed) > most:
        listed = [*listed[: most - 1], f"{len(listed) - most + 1} more"]
    return f" {last} ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))


# ---------------------------------------------------------------------------------
# Joining files


def join_samples(
    spectra: Iterable[Spectrum],
    *,
    by: JoinBy = "names",
    names: Mapping[str, str] | None = None,
) -> tuple[Spectrum, ...]:
    """Return spectra with the sample names and sources that join files into samples.

    Parameters
    ----------
    spectra : iterable of Spectrum
        All there are, so that the answer does not hang on which are looked at.
    by : {"names", "folder", "none"}
        ``"names"``: the rules *names* and *level*; ``"folder"``: every folder is a sample.
    names : mapping of str to str or None
        Sample name by shell-style pattern of file names or paths (the rule *user*).

    Returns
    -------
    spectra : tuple of Spectrum
        In the order given; what was joined before stays so.

    Raises
    ------
    FitError
        If a pattern of `names` fits no file.
    """
    named = [_named(spectrum, names or {}) for spectrum in spectra]
    _check_patterns(names or {}, named)
    if by == "none":
        return tuple(named)
    candidates = [s for s in named if not s.source.joined and s.source.location]
    found = _folders(candidates) if by == "folder" else _alike(candidates)
    return tuple(_joined(s, *found[id(s)]) if id(s) in found else s for s in named)


def _joined(spectrum: Spectrum, joined: str, sample: str) -> Spectrum:
    return replace_fields(
        spectrum,
        meta=replace(spectrum.meta, sample=sample),
        source=replace(spectrum.source, joined=joined),
    )


def _named(spectrum: Spectrum, names: Mapping[str, str]) -> Spectrum:
    found = [sample for pattern, sample in names.items() if _is_file(spectrum, pattern)]
    return _joined(spectrum, JOINED_BY_USER, found[0]) if found else spectrum


def _is_file(spectrum: Spectrum, pattern: str) -> bool:
    path = _plain_path(spectrum.source.location)
    wanted = pattern.replace("\\", "/").casefold()
    return any(fnmatchcase(text.casefold(), wanted) for text in (path, path.rpartition("/")[2]))


def _check_patterns(names: Mapping[str, str], spectra: Sequence[Spectrum]) -> None:
    for pattern, sample in names.items():
        if not any(_is_file(spectrum, pattern) for spectrum in spectra):
            raise FitError(
                f'no file is called "{pattern}", so the sample "{sample}" has no spectrum.',
                hint="The pattern is compared with the name of each file, and with its path.",
            )


Found = dict[int, tuple[str, str]]
"""By identity of a spectrum: what it is joined by, and the name of its sample."""


def _folders(spectra: Sequence[Spectrum]) -> Found:
    """Join all files of a folder; a sample name that all of them have is kept."""
    found: Found = {}
    for folder, own in _grouped(spectra, _folder).items():
        if len(files_of(own)) > 1:
            names = {spectrum.meta.sample for spectrum in own}
            name = names.pop() if len(names) == 1 else _name_of_folder(folder)
            found |= {id(spectrum): (f"folder:{folder}", name) for spectrum in own}
    return found


def _alike(spectra: Sequence[Spectrum]) -> Found:
    """Join files of a folder whose names, and sample names, differ only in the level."""
    found: Found = {}
    named = [s for s in spectra if level_in(_stem(s))]
    for (folder, _, rest, _), own in _grouped(named, _without_level).items():
        levels = [level_in(_stem(s)) for s in {s.source.location: s for s in own}.values()]
        if len(levels) < 2 or max(Counter(levels).values()) > 1:
            continue  # one file, or one level twice: which belongs to which is not known
        rule = "names" if _is_a_name(rest) else "level"
        joined = f"{rule}:{folder}/{rest}"
        found |= {id(spectrum): (joined, _common_name(spectrum, folder)) for spectrum in own}
    return found


def _grouped(spectra: Iterable[Spectrum], key: Callable[[Spectrum], T]) -> dict[T, list[Spectrum]]:
    groups: dict[T, list[Spectrum]] = {}
    for spectrum in spectra:
        groups.setdefault(key(spectrum), []).append(spectrum)
    return groups


def _without_level(spectrum: Spectrum) -> tuple[str, str, str, str]:
    """Return what files of one sample have in common: folder, suffix, name, sample name."""
    suffix = PurePath(_file_name(spectrum.source.location)).suffix.casefold()
    rest, sample = (_tidy(without_levels(text)) for text in (_stem(spectrum), spectrum.meta.sample))
    return _folder(spectrum), suffix, rest, sample


def _common_name(spectrum: Spectrum, folder: str) -> str:
    """Return the name of a joined sample: without the level, or that of the folder."""
    sample = spectrum.meta.sample
    if sample and not level_in(sample):
        return sample
    rest = _tidy(without_levels(sample or _stem(spectrum)))
    if _is_a_name(rest):
        return rest
    numbers = [word for word in _words(rest) if word.isdecimal()]
    return " ".join([_name_of_folder(folder), *numbers])


def _is_a_name(text: str) -> bool:
    """Return whether something is left that says which sample it is, beside a running number."""
    return any(word not in _EMPTY_WORDS and not word.isdecimal() for word in _words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _tidy(text: str) -> str:
    """Return a name without the separators that stood around what was taken out of it."""
    one = re.sub(r"[ _-]{2,}", lambda found: found[0].strip(" ")[:1] or " ", text)
    return one.strip(" _-.,")


def _plain_path(path: str) -> str:
    return path.replace("\\", "/")


def _file_name(path: str) -> str:
    return _plain_path(path).rpartition("/")[2]


def _stem(spectrum: Spectrum) -> str:
    return PurePath(_file_name(spectrum.source.location)).stem


def _folder(spectrum: Spectrum) -> str:
    return _plain_path(spectrum.source.location).rpartition("/")[0]


def _name_of_folder(folder: str) -> str:
    return Path(folder or ".").resolve().name or folder


# ---------------------------------------------------------------------------------
# Names that tell samples apart


def told_apart(keys: Iterable[Key]) -> dict[Key, str]:
    """Return a name for every (place, name) that no other has: its own, with where it is from."""
    alike: dict[str, list[Key]] = {}
    for key in dict.fromkeys(keys):
        alike.setdefault(key[1], []).append(key)
    names = {own[0]: name for name, own in alike.items() if len(own) == 1}
    taken = set(names.values())
    for name, own in alike.items():
        if len(own) > 1:
            for key, place in zip(own, _differing([place for place, _ in own]), strict=True):
                names[key] = _unused(_with_place(name, place), taken)
    return names


def _with_place(name: str, place: str) -> str:
    if not name or not _is_a_name(without_levels(name)):
        return place
    return f"{name} ({place})"


def _differing(places: Sequence[str]) -> list[str]:
    """Return what tells places apart: the parts of their paths that are not the same in all."""
    paths = [_plain_path(_without_rule(place)) for place in places]
    split = [path.split("/") for path in paths]
    stems = [[*parts[:-1], PurePath(parts[-1]).stem] for parts in split]
    split = stems if len({tuple(parts) for parts in stems}) == len(split) else split
    before, after = _common(split), _common([parts[::-1] for parts in split])
    cut = [parts[before : max(len(parts) - after, before + 1)] for parts in split]
    return ["/".join(parts) or path for parts, path in zip(cut, paths, strict=True)]


def _without_rule(place: str) -> str:
    rule, _, rest = place.partition(":")
    return rest if rule in _REASONS else place


def _common(rows: Sequence[Sequence[str]]) -> int:
    """Return how many first parts all rows have in common; the last of a row is never one."""
    columns = list(zip(*rows, strict=False))[: min(map(len, rows)) - 1]
    return next((k for k, parts in enumerate(columns) if len(set(parts)) > 1), len(columns))


def _unused(name: str, taken: set[str]) -> str:
    new, number = name, 1
    while new in taken:
        number += 1
        new = f"{name} {number}"
    taken.add(new)
    return new
