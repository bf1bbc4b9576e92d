"""What the fit of a map leaves in a project: the answers of its pixels in a few long arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..fitting import BatchResult, FitOptions
from ..fitting.problem import compile_problem
from ..raman.maps import MapFit, RamanMap
from ..recipe.compile import model_from_recipe
from ..recipe.text import dump_recipe, parse_recipe
from ..runs.maps import MapRecord, marks_of, prepared
from ..spectrum import Spectrum, make_spectrum, points_in_window, unmask

ANSWERS = (
    "free",
    "free_stderr",
    "chi_square",
    "prior_chi_square",
    "status",
    "evaluations",
    "improved",
    "covariance",
)
"""Arrays of a `BatchResult` that are kept."""
_TYPES = {"status": np.int8, "evaluations": np.int32, "improved": bool}


@dataclass(frozen=True)
class MapHead:
    """Whatever of a stored map is no array and no spectrum.

    Attributes
    ----------
    recipe : str
        As text.
    keys : tuple of str, length M
        Ids of its spectra.
    free : int
        Number of free parameters.
    options : FitOptions
    noise : str
    time_s : float or None
    messages : mapping of str to str
        Why a pixel failed, by its number.
    n_points : int
    engine : str
    sigma_known : bool
    """

    recipe: str
    keys: tuple[str, ...]
    free: int
    options: FitOptions
    noise: str
    time_s: float | None
    messages: Mapping[str, str]
    n_points: int
    engine: str
    sigma_known: bool


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A fitted map as a project keeps it.

    Attributes
    ----------
    head : MapHead
    spectra : tuple of Spectrum, length M
        As they were fitted, masked channels beside them.
    arrays : tuple of ndarray
        Those of `ANSWERS`.
    """

    head: MapHead
    spectra: tuple[Spectrum, ...]
    arrays: tuple[np.ndarray, ...]

    @property
    def record(self) -> MapRecord:
        """The map with its fit; made again when first asked for, and then kept.

        Raises
        ------
        DataError
            If its numbers contradict each other.
        """
        known: MapRecord | None = self.__dict__.get("_record")
        if known is None:
            known = self.__dict__["_record"] = _restored(self)
        return known

    def is_of(self, spectra: Sequence[Spectrum], recipe: str) -> bool:
        """Return whether it is the fit of just these spectra with this recipe."""
        same = self.head.recipe == recipe and len(self.spectra) == len(spectra)
        return same and all(a is b for a, b in zip(self.spectra, spectra, strict=True))


def store_map(record: MapRecord, keys: Sequence[str], spectra: Sequence[Spectrum]) -> StoredMap:
    """Return what a project keeps of a fitted map.

    Parameters
    ----------
    record : MapRecord
    keys : sequence of str
        Ids of its spectra.
    spectra : sequence of Spectrum
        As the project has them now: masked where the fit left channels out.
    """
    fit, batch = record.fit, record.fit.batch
    head = MapHead(
        dump_recipe(record.recipe),
        tuple(keys),
        int(batch.problem.free.size),
        fit.options,
        fit.noise,
        fit.time_s,
        {str(number): text for number, text in batch.messages.items()},
        batch.n_points,
        batch.engine,
        batch.sigma_known,
    )
    arrays = tuple(np.ravel(getattr(batch, name)).astype(float, copy=False) for name in ANSWERS)
    stored = StoredMap(head, tuple(spectra), arrays)
    stored.__dict__["_record"] = record
    return stored


def _restored(stored: StoredMap) -> MapRecord:
    head = stored.head
    recipe = parse_recipe(head.recipe, where="the map of this project")
    grid = prepared([unmask(spectrum) for spectrum in stored.spectra], recipe)
    model = model_from_recipe(recipe)
    flat = make_spectrum(
        grid.spectra[0].x, np.ones(len(grid.spectra[0])), grid.spectra[0].axis, y_unit="counts"
    )
    problem = compile_problem(model, {region.name: flat for region in model.regions})
    count, free = len(stored.spectra), head.free
    if problem.free.size != free:
        raise DataError(
            f"the stored map has {free} free parameters, its model {problem.free.size}.",
            hint="Fit the map again.",
        )
    shapes = {
        "free": (count, free),
        "free_stderr": (count, free),
        "covariance": (count, free, free),
    }
    answers = {}
    for name, array in zip(ANSWERS, stored.arrays, strict=True):
        shape = shapes.get(name, (count,))
        if array.size != np.prod(shape):
            raise DataError(f"the stored map has {array.size} numbers of {name}, not {shape}.")
        made = array.reshape(shape).astype(_TYPES.get(name, float))
        made.setflags(write=False)
        answers[name] = made
    batch = BatchResult(
        problem=problem,
        messages={int(number): text for number, text in head.messages.items()},
        n_points=head.n_points,
        engine=head.engine,
        sigma_known=head.sigma_known,
        **answers,
    )
    return MapRecord(_fit(stored, grid, batch), recipe)


def _fit(stored: StoredMap, grid: RamanMap, batch: BatchResult) -> MapFit:
    head, model = stored.head, batch.problem.model
    marks = marks_of(stored.spectra, grid)
    inside = points_in_window(grid.spectra[0], model.regions[0].window)
    points = (~marks[:, inside]).sum(axis=1)
    return MapFit(grid, model, batch, marks, points, head.noise, head.time_s, head.options)
