"""Fitting during a drag: one model, some of its values held where the mouse puts them.

Everything that does not change from one frame to the next is made once: the layout of the
parameters, the link matrix and the kernels' arrays. A frame is then little more than the
solution itself, started from the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from ..errors import FitError
from ..model import Model, get_parameter, set_parameter
from ..spectrum import Array, Spectrum
from .engine import CompiledFit, compiled_fit, settle
from .inputs import as_spectra
from .problem import Problem, compile_problem
from .result import FitResult
from .single import LEAST_SQUARES, FitOptions, Settled, fit, result_of, weights_of
from .solver import Solution

_QUICK_TOLERANCE = 1e-3  # of a standard error
_QUICK_ITERATIONS = 30
_SHAPE_NUMBERS = 3
"""Area or height, centre and width come first; what follows may be tabulated by the kernels."""


class LiveFit:
    """Fits one model again and again with some parameters held at changing values.

    Parameters
    ----------
    spectra : Spectrum or mapping of str to Spectrum
    model : Model
        Every value given. Its free and fixed parameters, bounds and links are those of the
        results, whatever is held meanwhile.
    held : sequence of str
        Paths of unlinked parameters.
    options : FitOptions
        One start is made, from the last values.
    """

    def __init__(
        self,
        spectra: Spectrum | Mapping[str, Spectrum],
        model: Model,
        held: Sequence[str],
        *,
        options: FitOptions | None = None,
    ) -> None:
        self._spectra = as_spectra(spectra, model)
        self._model = model
        self._options = replace(options or FitOptions(), starts=1)
        start = {path: _value(model, path) for path in held}
        self._problem = self._compiled(start)
        self._base, self._columns = self._problem.offset, {}
        for path, value in start.items():
            step = max(abs(value), 1.0)
            moved = self._compiled(start | {path: value + step}).offset
            self._columns[path] = (moved - self._problem.offset) / step
            self._base = self._base - value * self._columns[path]
        self._weights = weights_of(self._problem, self._options.weights)
        self._kernels = self._compiled_fit()
        self._last: Array | None = None

    def fit(self, values: Mapping[str, float], *, quick: bool = True) -> FitResult:
        """Return the fit with the held parameters at some values.

        Parameters
        ----------
        values : mapping of str to float
            One for each held path.
        quick : bool
            Stop at a step that no eye sees, or after a frame's time, and go on from there the
            next time; False: as far as the options say.
        """
        if self._kernels is None:
            return self._plainly(values)
        offset = self._base.copy()
        for path, column in self._columns.items():
            offset += values[path] * column
        offset.setflags(write=False)
        problem = replace(self._problem, offset=offset)
        packed = self._kernels.packed
        plan = packed.plan._replace(offset=offset)
        kernels = replace(self._kernels, packed=replace(packed, problem=problem, plan=plan))
        found = self._settled(kernels, quick)
        if found is None:
            return self._plainly(values)
        settled = Settled(*found, kernels.packed)
        self._last = settled.solution.q
        reached = (settled.solution.chi_square,)
        shown = replace(problem, model=self._model)
        return result_of(shown, self._weights, settled, reached, self._options)

    def _settled(
        self, kernels: CompiledFit, quick: bool
    ) -> tuple[Solution, tuple[Array, ...]] | None:
        """Solve from the last values, and from the model's own where that leads nowhere."""
        tolerance, limit = self._options.tolerance, self._options.max_iterations
        if quick:
            tolerance, limit = max(tolerance, _QUICK_TOLERANCE), min(limit, _QUICK_ITERATIONS)
        warm = [] if self._last is None else [(self._last, True)]
        for start in (*warm, kernels.start):
            found = settle(
                replace(kernels, start=start), None, tolerance=tolerance, max_iterations=limit
            )
            if found is not None:
                return found
        self._last = None
        return None

    def _plainly(self, values: Mapping[str, float]) -> FitResult:
        """Fit without what was prepared: numpy, another method, or a tabulated shape."""
        result = fit(self._spectra, self._held_at(values), options=self._options)
        model = result.model
        for path in self._columns:
            old = get_parameter(self._model, path)
            model = set_parameter(model, path, free=old.free, min=old.min, max=old.max)
        return replace(result, model=model)

    def _held_at(self, values: Mapping[str, float]) -> Model:
        model = self._model
        for path, value in values.items():
            # The mouse decides, so the bounds of what it holds are not asked.
            model = set_parameter(model, path, free=False, min=-inf, max=inf, value=value)
        return model

    def _compiled(self, values: Mapping[str, float]) -> Problem:
        return compile_problem(self._held_at(values), self._spectra)

    def _compiled_fit(self) -> CompiledFit | None:
        tabulated = any(self._is_tabulated(path) for path in self._columns)
        if tabulated or self._options.method != LEAST_SQUARES:
            return None
        return compiled_fit(self._problem, self._weights)

    def _is_tabulated(self, path: str) -> bool:
        place = self._problem.index(path)
        for region in self._problem.regions:
            for slot in region.slots:
                own = region.part.start + slot.own.start
                if own + _SHAPE_NUMBERS <= place < region.part.start + slot.own.stop:
                    return True
        return False


def _value(model: Model, path: str) -> float:
    value = get_parameter(model, path).value
    if value is None:
        raise FitError("a value that is to be held is not given.", where=path)
    return value
