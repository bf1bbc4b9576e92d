"""Which line shape a curve without noise is: the one that draws it again.

Programs export their components as columns of numbers and often without the name of the
shape. Such a curve has no noise but the rounding of the export, 1e-7 to 1e-5 of its
height, and any two families differ by a thousandth or more, so the shape can be told
from the curve alone. Simple families are tried first and taken when they draw the curve
to its rounding; CasaXPS tabulates its asymmetric shapes, so those are met to 4e-4. A
curve that no family draws so well is given the nearest, which the caller has to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..curves.lineshapes import lineshape
from ..errors import ModelError
from ..spectrum import Array
from .casaxps_shapes import from_casaxps, to_casaxps

EXACT = 5e-5
"""Root mean square deviation, relative to the height, of a curve that is drawn exactly."""
TABULATED = 4e-4
"""The same for a curve that CasaXPS interpolates in a table."""
NEAR = 2e-2
"""The most by which the nearest family may miss a curve."""
_ROUNDINGS = 0.8  # twice what rounding the curve and the background leaves
_ASYMMETRIC = 1.5
_SIMPLER = 1.5
_MOST_DIGITS = 8


@dataclass(frozen=True)
class Shape:
    """A line shape with its shape parameters: all but area, centre and width.

    Attributes
    ----------
    name : str
        Key in `LINESHAPES`.
    parameters : mapping of str to float
    """

    name: str
    parameters: Mapping[str, float]

    @property
    def text(self) -> str:
        """The name that CasaXPS gives it, or ours where it has none."""
        exponents = ("alpha", "beta", "damping")
        numbers = {k: round(v, 3) if k in exponents else v for k, v in self.parameters.items()}
        numbers |= {"area": 1.0, "center": 0.0, "fwhm": 1.0}
        try:
            return to_casaxps(self.name, numbers, round_to_nearest=True)[0]
        except ModelError:
            shown = ", ".join(f"{key} {value:.3g}" for key, value in self.parameters.items())
            return f"{lineshape(self.name).title} ({shown})"


@dataclass(frozen=True)
class Identified:
    """What draws a curve again.

    Attributes
    ----------
    shape : Shape
    area, center, fwhm : float
    deviation : float
        Root mean square deviation from the curve, relative to its height.
    """

    shape: Shape
    area: float
    center: float
    fwhm: float
    deviation: float


@dataclass(frozen=True)
class _Family:
    """A line shape, from which shape parameters its search begins, and which are one.

    Attributes
    ----------
    name : str
    starts : tuple of tuple of float
        Values of the shape parameters that are varied.
    varied : tuple of int
        For each shape parameter, in order, the place of its value in a start.
    """

    name: str
    starts: tuple[tuple[float, ...], ...]
    varied: tuple[int, ...]

    def shape(self, values: Array) -> Shape:
        """Return the shape at values of the varied parameters."""
        names = [spec.name for spec in lineshape(self.name).parameters[3:]]
        chosen = {n: float(values[i]) for n, i in zip(names, self.varied, strict=True)}
        return Shape(self.name, chosen)

    @property
    def bounds(self) -> tuple[list[float], list[float]]:
        """Where the varied parameters have a meaning."""
        specs = lineshape(self.name).parameters[3:]
        first = [self.varied.index(i) for i in range(len(self.starts[0]))]
        low = [max(specs[k].min, 0.0) for k in first]
        return low, [min(specs[k].max, _LARGEST) for k in first]


_LARGEST = 1000.0
_SIMPLE = (
    _Family("gl_product", ((0.3,), (0.9,)), (0,)),
    _Family("gl_sum", ((0.3,),), (0,)),
    _Family("voigt", ((0.3,),), (0,)),
)
_UNEVEN = _Family("la", ((1.4, 1.7, 0.4), (2.5, 1.2, 0.2)), (0, 1, 2))
_TABLES = (
    _Family("la", ((1.53, 0.6),), (0, 0, 1)),
    _UNEVEN,
    _Family("lf", ((0.6, 10.0, 80.0, 0.6), (1.0, 1.5, 200.0, 0.3)), (0, 1, 2, 3)),
)


def identified_shape(
    x: Array, curve: Array, *, center: float, fwhm: float, rounding: float, known: Sequence[Shape]
) -> Identified | None:
    """Return the line shape that draws a curve without noise best, or None if none comes near.

    Parameters
    ----------
    x, curve : ndarray, shape (N,)
        On a binding energy axis, without background.
    center, fwhm : float
        As a ruler finds them.
    rounding : float
        The last digit of the curve's numbers.
    known : sequence of Shape
        Shapes of other components of the fit, which are tried first.
    """
    drawn = _Drawn(x, curve, center, fwhm)
    exact = max(_ROUNDINGS * rounding / drawn.height, EXACT)
    for shape in known:
        found = drawn.with_shape(shape)
        if found.deviation <= (exact if shape.name in _BY_FORMULA else max(exact, TABULATED)):
            return found
    best = _best(drawn, exact)
    if best.deviation > NEAR:
        return None
    if best.deviation > max(exact, TABULATED):
        return best
    return drawn.with_round_numbers(best, max(exact, 1.1 * best.deviation))


def _best(drawn: _Drawn, exact: float) -> Identified:
    """Return the first family that draws a curve exactly, or the nearest of all."""
    best = drawn.best_of(_SIMPLE[0])
    for family in (*_SIMPLE[1:], *_TABLES):
        if best.deviation <= exact:
            break
        found = drawn.best_of(family)
        if family is _UNEVEN and found.deviation * _ASYMMETRIC > best.deviation:
            break  # the curve is symmetric: no other family comes nearer
        if found.deviation * _SIMPLER < best.deviation:
            best = found
    return best


_BY_FORMULA = frozenset(family.name for family in _SIMPLE)


def last_digit(values: Array) -> float:
    """Return the last digit to which numbers were rounded; zero if there is none."""
    for digits in range(_MOST_DIGITS + 1):
        scaled = values * 10.0**digits
        if np.all(np.abs(scaled - np.round(scaled)) < 1e-5):
            return float(10.0**-digits)
    return 0.0


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A curve that is to be drawn again."""

    x: Array
    curve: Array
    center: float
    fwhm: float

    @property
    def height(self) -> float:
        return float(np.max(self.curve))

    def unit(self, shape: Shape, center: float, fwhm: float) -> Array:
        """Return the curve of unit area."""
        own = lineshape(shape.name)
        numbers = {"area": 1.0, "center": center, "fwhm": fwhm} | dict(shape.parameters)
        return own.evaluate(self.x, own.vector(numbers), 1)

    def identified(self, shape: Shape, center: float, fwhm: float) -> Identified:
        """Return the shape with the area that draws the curve best, and how well it does."""
        unit = self.unit(shape, center, fwhm)
        area = float(unit @ self.curve / (unit @ unit))
        misfit = float(np.sqrt(np.mean((area * unit - self.curve) ** 2)))
        return Identified(shape, area, center, fwhm, misfit / self.height)

    def best_of(self, family: _Family) -> Identified:
        """Return the best of a family, from each of its starts."""
        found = [self._solved(family.shape, start, family.bounds) for start in family.starts]
        return min(found, key=lambda one: one.deviation)

    def with_shape(self, shape: Shape) -> Identified:
        """Return a shape with the centre and width that draw the curve best."""
        return self._solved(lambda _: shape, (), ([], []))

    def with_round_numbers(self, found: Identified, allowed: float) -> Identified:
        """Return a shape whose parameters are as another program names them, if that draws it."""
        for shape in _rounded(found.shape):
            named = self.with_shape(shape)
            if named.deviation <= allowed:
                return named
        return found

    def _solved(
        self,
        shape_at: Callable[[Array], Shape],
        start: tuple[float, ...],
        bounds: tuple[list[float], list[float]],
    ) -> Identified:
        from scipy.optimize import least_squares

        def place(v: Array) -> tuple[Shape, float, float]:
            return shape_at(v[2:]), self.center + float(v[0]) * self.fwhm, self.fwhm * float(v[1])

        def residual(v: Array) -> Array:
            unit = self.unit(*place(v))
            drawn = unit * (unit @ self.curve / (unit @ unit))
            return np.asarray(drawn - self.curve) / self.height

        solution = least_squares(
            residual,
            [0.0, 1.0, *start],
            bounds=([-0.7, 0.3, *bounds[0]], [0.7, 3.0, *bounds[1]]),
            x_scale=[0.1, 0.1, *np.maximum(np.abs(start), 0.1)],
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
            max_nfev=80,
        )
        return self.identified(*place(solution.x))


def _rounded(shape: Shape) -> Iterator[Shape]:
    """Yield the shape with the round parameters that CasaXPS would have for it."""
    numbers = {"area": 1.0, "center": 0.0, "fwhm": 1.0, **shape.parameters}
    for digits in (1, 2, 3):
        near = {k: round(v, digits) if k in ("alpha", "beta") else v for k, v in numbers.items()}
        near |= {k: round(v) for k, v in numbers.items() if k == "damping"}
        try:
            text = to_casaxps(shape.name, near, round_to_nearest=True)[0]
            name, taken = from_casaxps(text, width=1.0, position=0.0, area=1.0)
        except ModelError:
            return
        yield Shape(name, {key: taken[key] for key in shape.parameters})
