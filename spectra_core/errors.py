"""The errors a user can act on.

Every failure that bad input can cause is a `SpectraError`: one sentence that
says what was wrong with the value found, where it was found, and a hint that
says what to do. `ValueError` and `TypeError` are left for mistakes of the
calling program. The command line prints `str(error)` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_MOST_WORDS = 200  # of an unexpected error's own text


class SpectraError(Exception):
    """Base class of all errors that a user's input can cause.

    Parameters
    ----------
    message : str
        What is wrong, with the value found.
    hint : str
        What to do about it; empty if nothing useful can be said.
    where : str
        File, line, key or parameter where it was found; empty if unknown.
    """

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        self.message = message
        self.hint = hint
        self.where = where
        super().__init__(message)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} {self.hint}".strip()

    def at(self, where: str) -> SpectraError:
        """Return the same error with `where` put before what it already names."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.message, hint=self.hint, where=place)


class ReadError(SpectraError):
    """A file cannot be read, or part of it cannot."""


class PartialRead(ReadError):
    """Part of a file cannot be read; what could be read is kept with the error.

    Attributes
    ----------
    spectra : tuple of Spectrum
        The complete spectra, in the order of the file; may be empty.
    problems : tuple of ReadError
        What is wrong, one for each part that is missing.
    """

    spectra: tuple[Any, ...] = ()
    problems: tuple[ReadError, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[ReadError], spectra: Sequence[Any]) -> PartialRead:
        """Return one error for all `problems`, carrying the complete `spectra`."""
        first, *others = problems
        more = f" There are {len(others)} more such problems." if others else ""
        kept = f" {len(spectra)} complete spectra could be read." if spectra else ""
        error = cls(first.message + more + kept, hint=first.hint, where=first.where)
        error.spectra = tuple(spectra)
        error.problems = tuple(problems)
        return error

    def at(self, where: str) -> PartialRead:
        """Return the same error, spectra included, with `where` put before its place."""
        place = f"{where}: {self.where}" if self.where else where
        error = type(self)(self.message, hint=self.hint, where=place)
        error.spectra, error.problems = self.spectra, self.problems
        return error


class PlugInWarning(UserWarning):
    """A format of somebody else's package cannot be used; everything else goes on."""


class WriteError(SpectraError):
    """A file cannot be written, or the format cannot hold what it was given."""


class ProjectFileError(SpectraError):
    """A project file cannot be opened or written: damaged, foreign, newer, locked.

    Attributes
    ----------
    backup : Path or None
        The previous version of the project, where there is one that opens.
    """

    backup: Path | None = None

    @classmethod
    def of(
        cls, message: str, *, hint: str = "", where: str = "", backup: Path | None = None
    ) -> ProjectFileError:
        """Return the error with the backup that can be opened in place of the file."""
        offered = f"The previous version is kept: {backup}." if backup is not None else ""
        error = cls(message, hint=f"{hint} {offered}".strip(), where=where)
        error.backup = backup
        return error

    def at(self, where: str) -> ProjectFileError:
        """Return the same error, backup included, with `where` put before its place."""
        place = f"{where}: {self.where}" if self.where else where
        error = type(self)(self.message, hint=self.hint, where=place)
        error.backup = self.backup
        return error


class DataError(SpectraError):
    """A spectrum's numbers cannot be used: NaN, one point, an unordered axis."""


class ModelError(SpectraError):
    """A model contradicts itself: an unknown name, a link cycle, a bad bound."""


class RecipeError(SpectraError):
    """A recipe has an unknown key, a wrong value, or does not fit the input."""


class FitError(SpectraError):
    """A fit cannot be started: no points in the window, no free parameter."""


ShouldStop = Callable[[], bool]
"""Asked now and then by long work; True makes it raise `Cancelled` or end with what it has."""


class Cancelled(SpectraError):
    """The user, or the calling program, asked to stop; nothing was changed."""


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return the hint that goes with an unknown name: the nearest known ones, else all of them.

    Examples
    --------
    >>> did_you_mean("centre", ["area", "center"])
    'Did you mean "center"?'
    >>> did_you_mean("colour", ["area", "center"])
    'Known: area, center.'
    """
    names = list(known)
    near = nearest(name, names, most=most)
    if near:
        quoted = [f'"{text}"' for text in near]
        return f"Did you mean {' or '.join(quoted)}?"
    return f"Known: {', '.join(names) or 'none'}."


def nearest(name: str, known: Iterable[str], *, most: int = 1) -> list[str]:
    """Return the known names most like another one, whatever the case; the best first."""
    folded = {text.casefold(): text for text in known}
    found = get_close_matches(name.casefold(), folded, n=most, cutoff=0.55)
    return [folded[text] for text in found]


def in_words(error: BaseException, what: str) -> str:
    """Return any error as a sentence that a user can read.

    Parameters
    ----------
    error : BaseException
    what : str
        What was being done when it came, for an error that says nothing by itself.
    """
    if isinstance(error, SpectraError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{what}: it needs more memory than there is."
    if isinstance(error, RecursionError):
        return f"{what}: it is nested too deeply."
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{what}: {place}{error.strerror or str(error) or type(error).__name__}."
    words = " ".join(f"{type(error).__name__}: {error}".split())[:_MOST_WORDS]
    return f"{what} ({words})."
