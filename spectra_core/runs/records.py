"""What a headless run leaves behind: fits with what belongs to them, failures, inputs.

These values are made by `spectra_core.runs.batch` and read by results, reports and figures;
a failure is a value like a fit, so that one bad file is a line in the results and not
the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from ..calibration import ReferenceLine
from ..fitting import FitResult, FitWarning, RegionFit
from ..fitting.stack import Stack, stack_of
from ..foreign.comparison import ComparedRegion
from ..model import Model
from ..recipe.schema import AT_SAMPLE, Recipe
from ..shown import Drawn, Reported, Tabular
from ..uncertainty.ratios import Ratio

if TYPE_CHECKING:
    from .series import SeriesRecord

ModelSource = Literal["recipe", "casaxps"]


@dataclass(frozen=True)
class Failure:
    """What could not be done, where, and why.

    Attributes
    ----------
    file : str
        As it was given.
    where : str
        Sample or spectrum; empty if it concerns the whole file.
    message : str
    """

    file: str
    where: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.where, self.message) if part)


@dataclass(frozen=True)
class InputFile:
    """A file that was read: path as given, checksum, format, number of spectra."""

    file: str
    sha256: str
    format: str
    spectra: int


@dataclass(frozen=True, eq=False, repr=False)
class FitRecord(Reported):
    """One finished fit of one or several regions together, and what belongs to it.

    Attributes
    ----------
    id : str
        Unique in the run, e.g. ``"fit-3"``.
    file, sample : str
        Its first file as it was given; the name of its sample.
    level, levels : int
        Which of several spectra of each region of this sample, counted from 0.
    recipe : Recipe
        What was applied; in CasaXPS mode made from the stored fit.
    result : FitResult
    ratios : tuple of Ratio
    warnings : tuple of FitWarning
        Of reading, selecting and fitting.
    files : tuple of str
        All its files, where it has several.
    references : tuple of ReferenceLine
        Its charge references, where they were measured.
    stored : mapping of str to ComparedRegion
        Another program's stored numbers of each region beside the refit's; empty where
        the fit did not begin from any.
    """

    id: str
    file: str
    sample: str
    level: int
    levels: int
    recipe: Recipe
    result: FitResult
    ratios: tuple[Ratio, ...]
    warnings: tuple[FitWarning, ...]
    files: tuple[str, ...] = ()
    references: tuple[ReferenceLine, ...] = ()
    stored: Mapping[str, ComparedRegion] = field(default_factory=dict)

    @property
    def stacked(self) -> tuple[Stack, int]:
        """Its numbers as a row of arrays."""
        return stack_of(self.result), 0

    @property
    def model(self) -> Model:
        """What was fitted."""
        return self.result.model

    @property
    def regions(self) -> tuple[RegionFit, ...]:
        """Data and curves of each region."""
        return self.result.regions

    def whole(self) -> FitRecord:
        """Return itself."""
        return self


@dataclass(frozen=True, eq=False, repr=False)
class RowRecord(Reported):
    """A finished fit that is a row of a stack; fields as in `FitRecord`.

    Attributes
    ----------
    stacked : tuple of (Stack, int)
        Where its numbers stand.
    fit : callable
        Fits it once more, alone, and returns the same numbers as a `FitResult`.
    """

    id: str
    file: str
    sample: str
    level: int
    levels: int
    recipe: Recipe
    ratios: tuple[Ratio, ...]
    warnings: tuple[FitWarning, ...]
    stacked: tuple[Stack, int]
    fit: Callable[[], FitResult]
    files: tuple[str, ...] = ()
    references: tuple[ReferenceLine, ...] = ()

    @property
    def model(self) -> Model:
        """What was fitted, with the values it began with."""
        return self.stacked[0].problem.model

    @property
    def regions(self) -> tuple[RegionFit, ...]:
        """Data and curves of each region."""
        stack, row = self.stacked
        return stack.region_fits(row)

    def whole(self) -> FitRecord:
        """Return the record with all that a single fit gives."""
        head = (self.id, self.file, self.sample, self.level, self.levels, self.recipe)
        tail = (self.ratios, self.warnings, self.files, self.references)
        return FitRecord(*head, self.fit(), *tail)


Finished = FitRecord | RowRecord


class Sampled(Protocol):
    """Whatever has the name of its sample, or the names of its samples."""

    @property
    def sample(self) -> str:
        """In words where there are several."""


def sample_of(record: Sampled, name: str) -> str:
    """Return the sample that a region or ratio of a fit is of; the fit may be of several."""
    _, apart, own = name.rpartition(AT_SAMPLE)
    return own if apart and own in record.sample.replace("/", "-") else record.sample


@dataclass(frozen=True, eq=False, repr=False)
class Run(Tabular, Drawn):
    """Everything a run gave.

    Attributes
    ----------
    fits : tuple of FitRecord
        In the order of the files, and of the spectra in them.
    failures : tuple of Failure
    skipped : tuple of Failure
        What was left out on purpose, with the reason: not selected, no CasaXPS fit.
    inputs : tuple of InputFile
    model : str
        ``"recipe"`` or ``"casaxps"``.
    recipe : Recipe or None
        The recipe that was applied; None in CasaXPS mode.
    interrupted : bool
        Whether it was stopped before the end.
    series : tuple of SeriesRecord
        Of `spectra_core.runs.series`, whose levels are among the fits.
    """

    fits: tuple[FitRecord, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Failure, ...]
    inputs: tuple[InputFile, ...]
    model: ModelSource
    recipe: Recipe | None
    interrupted: bool
    series: tuple[SeriesRecord, ...] = ()

    @property
    def ratios(self) -> tuple[tuple[FitRecord, Ratio], ...]:
        """Every ratio with the fit it comes from."""
        return tuple((record, ratio) for record in self.fits for ratio in record.ratios)
