"""The line shapes a spectrum is made of, as one table.

Every shape is fitted by what a ruler finds on its curve: `fwhm` is the true full width
at half maximum and `area` the true integral, over all x and not over a window, even
where the formula in the textbook means something else by its width or its height.
Shapes whose integral diverges (Doniach-Sunjic, Breit-Wigner-Fano) are fitted by the
height of their maximum instead and say so. `center` is the formula's; where an
asymmetric line has its maximum elsewhere, `LineShape.summarize` tells where.

Positive asymmetry points to higher binding energy (or Raman shift). On a kinetic
energy axis that is the low end: `orientation` is +1 where binding energy grows with
x and -1 where it falls.

A shape may also be a spectrum, which is written into its name (see `measured`).

To add a shape, write its formula and its geometry (see `profiles`) and add a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Protocol

import numpy as np

from ..errors import ModelError, did_you_mean
from . import convolved, measured, profiles
from .profiles import FWHM_PER_SIGMA, Array, Formula, Geometry, Shape
from .spec import ParameterSpec

Derivatives = Callable[[Array, Array, int], tuple[Array, Array]]
Evaluate = Callable[[Array, Array, int], Array]
GeometryOf = Callable[..., Geometry]


@dataclass(frozen=True)
class ShapeSummary:
    """What a ruler finds on one curve.

    Attributes
    ----------
    height : float
        The maximum, in the unit of y.
    maximum_at : float
        Where the maximum lies, in the unit of x.
    fwhm : float
        True full width at half maximum, in the unit of x.
    area : float or None
        Integral over all x, in units of y times x; None if it does not converge.
    """

    height: float
    maximum_at: float
    fwhm: float
    area: float | None


Summarize = Callable[[Array, int], ShapeSummary]


@dataclass(frozen=True)
class LineShape:
    """One row of the table of line shapes.

    Attributes
    ----------
    name, title : str
        Key in `LINESHAPES`, and the name shown to users.
    parameters : tuple of ParameterSpec
        In the order of the parameter vector p: area (or height), centre, width(s),
        then the shape parameters.
    derivatives : callable
        ``(x, p, orientation) -> (y, jacobian)``, shapes (N,) and (n_parameters, N).
    evaluate : callable
        ``(x, p, orientation) -> y``.
    summarize : callable
        ``(p, orientation) -> ShapeSummary``.
    finite_area, symmetric : bool
        Whether the integral converges; whether the curve mirrors about its centre.
    analytic : bool
        Whether value and derivatives are closed expressions (up to the root that
        gives the true width); otherwise they are quadratures.
    reference : str
        Where the formula is published or identified.
    """

    name: str
    title: str
    parameters: tuple[ParameterSpec, ...]
    derivatives: Derivatives
    evaluate: Evaluate
    summarize: Summarize
    finite_area: bool
    symmetric: bool
    analytic: bool
    reference: str

    def func(self, x: Array, *, orientation: int = 1, **parameters: float) -> Array:
        """Return the curve with its parameters given by name.

        Parameters
        ----------
        x : array_like, shape (N,)
            Abscissa.
        orientation : int
            +1 where binding energy (or Raman shift) grows with x, -1 where it falls.
        **parameters : float
            By name. Only shape parameters have a default (that of their
            `ParameterSpec`); area or height, centre and widths must be given.

        Returns
        -------
        y : ndarray, shape (N,)

        Raises
        ------
        ModelError
            If a name is unknown or missing, or a value is outside its bounds.
        """
        return self.evaluate(np.asarray(x, dtype=float), self.vector(parameters), orientation)

    def vector(self, parameters: Mapping[str, float]) -> Array:
        """Return named parameters as the checked parameter vector of this shape.

        Raises
        ------
        ModelError
            As `func`.
        """
        names = [spec.name for spec in self.parameters]
        for name in parameters:
            if name not in names:
                raise ModelError(
                    f"the line shape {self.name!r} has no parameter {name!r}.",
                    hint=did_you_mean(name, names),
                )
        return np.array([self._checked(spec, parameters) for spec in self.parameters])

    def _checked(self, spec: ParameterSpec, parameters: Mapping[str, float]) -> float:
        value = parameters.get(spec.name, spec.default)
        if value is None:
            raise ModelError(f"the line shape {self.name!r} needs a value for {spec.name!r}.")
        if not (isfinite(value) and spec.min <= value <= spec.max):
            raise ModelError(
                f"{spec.name} = {value:g} is outside {spec.min:g} to {spec.max:g}.",
                hint="Change the value or choose another line shape.",
                where=f"line shape {self.name!r}",
            )
        return float(value)


def lineshape(name: str) -> LineShape:
    """Return the line shape called `name`: a row of the table, or a measured one.

    Raises
    ------
    ModelError
        If there is none; the hint names the nearest.
    """
    if measured.is_measured(name):
        return _measured_row(name)
    try:
        return LINESHAPES[name]
    except KeyError:
        raise ModelError(
            f"there is no line shape {name!r}.", hint=did_you_mean(name, LINESHAPES)
        ) from None


def known_shape(name: str) -> LineShape | None:
    """Return the line shape called `name`, or None if there is none."""
    try:
        return lineshape(name)
    except ModelError:
        return None


def short_name(name: str) -> str:
    """Return what a line shape is called where there is no room for the text of a measured one."""
    return f"measured {measured.from_text(name).name}" if measured.is_measured(name) else name


# --- from a formula and its geometry to a curve --------------------------------------------


class _Curve(Protocol):
    """The three callables that a row of the table needs."""

    def evaluate(self, x: Array, p: Array, orientation: int) -> Array: ...
    def derivatives(self, x: Array, p: Array, orientation: int) -> tuple[Array, Array]: ...
    def summarize(self, p: Array, orientation: int) -> ShapeSummary: ...


@dataclass(frozen=True)
class _ScaledFormula:
    """A formula stretched to the area (or height), centre and true FWHM wanted.

    With F = fwhm / width the formula's own width and u = orientation (x - center) / F,
    the curve is ``y = area / (F A) f(u)``, A being the formula's area, or
    ``y = height / peak f(u)``. `per_width` is the power of 1/F in the factor: 1 or 0.
    """

    formula: Formula
    geometry: GeometryOf
    per_width: int

    def evaluate(self, x: Array, p: Array, orientation: int) -> Array:
        u, unit_height, shape, _ = self._stretched(x, p, orientation)
        curve: Array = p[0] * unit_height * self.formula(u, shape)[0]
        return curve

    def derivatives(self, x: Array, p: Array, orientation: int) -> tuple[Array, Array]:
        u, unit_height, shape, landmarks = self._stretched(x, p, orientation)
        value, slope, gradients = self.formula(u, shape)
        height, fwhm, lever = p[0] * unit_height, p[2], u * slope
        jacobian = np.empty((p.size, x.size))
        jacobian[0] = unit_height * value
        jacobian[1] = (-orientation * height * landmarks.width / fwhm) * slope
        jacobian[2] = (-height / fwhm) * (self.per_width * value + lever)
        norm, norm_gradient = self._norm(landmarks)
        for i, gradient in enumerate(gradients):
            stretch = landmarks.width_gradient[i] / landmarks.width
            growth = self.per_width * stretch - norm_gradient[i] / norm
            jacobian[3 + i] = height * (gradient + growth * value + stretch * lever)
        return p[0] * jacobian[0], jacobian

    def summarize(self, p: Array, orientation: int) -> ShapeSummary:
        strength, center, fwhm, *shape = p.tolist()
        landmarks = self.geometry(*shape)
        norm, _ = self._norm(landmarks)
        factor = (landmarks.width / fwhm) ** self.per_width / norm
        return ShapeSummary(
            height=strength * factor * landmarks.peak,
            maximum_at=center + orientation * landmarks.apex * fwhm / landmarks.width,
            fwhm=fwhm,
            area=strength if self.per_width else None,
        )

    def _stretched(
        self, x: Array, p: Array, orientation: int
    ) -> tuple[Array, float, Shape, Geometry]:
        """Return u, the factor of the formula at unit area or height, shape, landmarks."""
        _, center, fwhm, *shape = p.tolist()
        landmarks = self.geometry(*shape)
        inverse_width = landmarks.width / fwhm
        norm, _ = self._norm(landmarks)
        u = (orientation * inverse_width) * (x - center)
        return u, inverse_width**self.per_width / norm, tuple(shape), landmarks

    def _norm(self, landmarks: Geometry) -> tuple[float, Shape]:
        if self.per_width and landmarks.area is not None:
            return landmarks.area, landmarks.area_gradient
        return landmarks.peak, landmarks.peak_gradient


class _Measured(measured.MeasuredCurve):
    """A measured spectrum; its width is what a ruler finds on it."""

    def summarize(self, p: Array, orientation: int) -> ShapeSummary:
        height, maximum_at, fwhm = self.height(p, orientation)
        return ShapeSummary(height, maximum_at, fwhm, float(p[0]))


class _TwoWidthVoigt:
    """A Voigt whose Gaussian and Lorentzian widths are fitted themselves.

    Both may be zero, but not at once: nothing of a line would be left.
    """

    def evaluate(self, x: Array, p: Array, orientation: int) -> Array:
        return self.derivatives(x, p, orientation)[0]

    def derivatives(self, x: Array, p: Array, orientation: int) -> tuple[Array, Array]:
        area, center, gauss, lorentz = p.tolist()
        _check_widths(gauss, lorentz)
        value, by_x, by_sigma, by_gamma = profiles.voigt_function(
            x - center, gauss / FWHM_PER_SIGMA, 0.5 * lorentz
        )
        y = area * value
        rows = [value, -area * by_x, area / FWHM_PER_SIGMA * by_sigma, 0.5 * area * by_gamma]
        return y, np.array(rows)

    def summarize(self, p: Array, orientation: int) -> ShapeSummary:
        area, center, gauss, lorentz = p.tolist()
        _check_widths(gauss, lorentz)
        total = gauss + lorentz
        landmarks = profiles.voigt_geometry(lorentz / total)
        return ShapeSummary(
            height=area * landmarks.peak / total,
            maximum_at=center,
            fwhm=total * landmarks.width,
            area=area,
        )


def _check_widths(gauss: float, lorentz: float) -> None:
    if gauss + lorentz <= 0.0:
        raise ModelError(
            f"the Gaussian and the Lorentzian width of a Voigt are both {gauss:g}.",
            hint="Give at least one of them a lower bound above zero.",
        )


# --- parameters ----------------------------------------------------------------------------

_NARROWEST = 1e-6  # in the axis unit (eV, cm-1): narrower than any instrument

_AREA = ParameterSpec("area", "y x", min=0.0, description="Integral of the line over all x.")
_HEIGHT = ParameterSpec("height", "y", min=0.0, description="Maximum of the line.")
_CENTER = ParameterSpec("center", "x", description="Position of a symmetric line.")
_BASE_CENTER = ParameterSpec(
    "center", "x", description="Centre of the formula; the maximum may lie elsewhere."
)
_FWHM = ParameterSpec(
    "fwhm", "x", min=_NARROWEST, description="True full width at half maximum of the line."
)
_GAUSS_WIDTH = ParameterSpec(
    "fwhm_gauss", "x", min=0.0, description="FWHM of the Gaussian part (instrument).", flat=0.0
)
_LORENTZ_WIDTH = ParameterSpec(
    "fwhm_lorentz", "x", min=0.0, description="FWHM of the Lorentzian part (lifetime)."
)


def _share(
    name: str, default: float, description: str, *, free: bool = False, flat: float | None = None
) -> ParameterSpec:
    return ParameterSpec(name, "1", default, 0.0, 1.0, free, description, flat)


def _exponent(name: str, side: str, lowest: float) -> ParameterSpec:
    text = f"Exponent on the {side} side; smaller means a longer tail."
    return ParameterSpec(name, "1", 1.53, lowest, 50.0, False, text)


def _gauss(default: float) -> ParameterSpec:
    text = "Gaussian broadening g / (1 + g), g = Gaussian FWHM / Lorentzian FWHM; 0 is none."
    return ParameterSpec("gauss", "1", default, 0.0, 0.92, False, text, flat=0.0)


_DAMPING = ParameterSpec(
    "damping",
    "1",
    100.0,
    0.5,
    1000.0,
    False,
    "Distance, in Lorentzian FWHM, over which the tails are damped; smaller is stronger.",
)
_TAIL = ParameterSpec(
    "asymmetry", "1", 0.1, 0.0, 0.6, True, "Doniach-Sunjic tail to high binding energy."
)
_SKEW = ParameterSpec(
    "asymmetry", "1", 0.0, -0.9, 0.9, True, "Growth of the width to high binding energy, per width."
)
_FANO = ParameterSpec(
    "asymmetry", "1", 0.0, -0.95, 0.95, True, "1/q of Fano; positive lifts the high side."
)


# --- the table -------------------------------------------------------------------------------


def _row(
    name: str,
    title: str,
    curve: _Curve,
    parameters: tuple[ParameterSpec, ...],
    reference: str,
    *,
    symmetric: bool = True,
    analytic: bool = True,
) -> LineShape:
    return LineShape(
        name=name,
        title=title,
        parameters=parameters,
        derivatives=curve.derivatives,
        evaluate=curve.evaluate,
        summarize=curve.summarize,
        finite_area=parameters[0] is _AREA,
        symmetric=symmetric,
        analytic=analytic,
        reference=reference,
    )


def _by_area(formula: Formula, geometry: GeometryOf) -> _ScaledFormula:
    return _ScaledFormula(formula, geometry, per_width=1)


def _by_height(formula: Formula, geometry: GeometryOf) -> _ScaledFormula:
    return _ScaledFormula(formula, geometry, per_width=0)


_ROWS = (
    _row(
        "gaussian",
        "Gaussian",
        _by_area(profiles.gaussian, profiles.gaussian_geometry),
        (_AREA, _CENTER, _FWHM),
        "Normal distribution.",
    ),
    _row(
        "lorentzian",
        "Lorentzian",
        _by_area(profiles.lorentzian, profiles.lorentzian_geometry),
        (_AREA, _CENTER, _FWHM),
        "Cauchy distribution.",
    ),
    _row(
        "voigt",
        "Voigt",
        _by_area(profiles.voigt, profiles.voigt_geometry),
        (
            _AREA,
            _CENTER,
            _FWHM,
            _share(
                "mix", 0.2, "Lorentzian FWHM / (Lorentzian + Gaussian FWHM).", free=True, flat=1.0
            ),
        ),
        "Convolution of Gaussian and Lorentzian by the Faddeeva function,"
        " doi:10.1145/2049673.2049679.",
    ),
    _row(
        "voigt_two_widths",
        "Voigt, two widths",
        _TwoWidthVoigt(),
        (_AREA, _CENTER, _GAUSS_WIDTH, _LORENTZ_WIDTH),
        "As Voigt; the instrument's width and the lifetime's are parameters themselves.",
    ),
    _row(
        "voigt_asymmetric",
        "Voigt, asymmetric",
        _by_area(profiles.asymmetric_voigt, profiles.asymmetric_voigt_geometry),
        (
            _AREA,
            _BASE_CENTER,
            _FWHM,
            _share("mix", 0.2, "Lorentzian FWHM / (Lorentzian + Gaussian FWHM).", free=True),
            _SKEW,
        ),
        "Voigt on an axis stretched on one side; for a width that grows along the axis see"
        " A. L. Stancik, E. B. Brauns, Vib. Spectrosc. 47, 66 (2008),"
        " doi:10.1016/j.vibspec.2008.02.009.",
        symmetric=False,
    ),
    _row(
        "pseudo_voigt",
        "Pseudo-Voigt",
        _by_area(profiles.pseudo_voigt, profiles.pseudo_voigt_geometry),
        (_AREA, _CENTER, _FWHM, _share("mix", 0.3, "Lorentzian share of the area.", free=True)),
        "G. K. Wertheim et al., Rev. Sci. Instrum. 45, 1369 (1974), doi:10.1063/1.1686503.",
    ),
    _row(
        "gl_sum",
        "Gaussian-Lorentzian sum, SGL",
        _by_area(profiles.gl_sum, profiles.gl_sum_geometry),
        (_AREA, _CENTER, _FWHM, _share("mix", 0.3, "Lorentzian share of the height.")),
        "CasaXPS SGL(100 mix).",
    ),
    _row(
        "gl_product",
        "Gaussian-Lorentzian product, GL",
        _by_area(profiles.gl_product, profiles.gl_product_geometry),
        (_AREA, _CENTER, _FWHM, _share("mix", 0.3, "Lorentzian index of the product.")),
        "CasaXPS GL(100 mix).",
    ),
    _row(
        "la",
        "Asymmetric Lorentzian, LA",
        _by_area(convolved.la, convolved.la_geometry),
        (
            _AREA,
            _BASE_CENTER,
            _FWHM,
            _exponent("alpha", "high binding energy", 0.52),
            _exponent("beta", "low binding energy", 0.52),
            _gauss(0.627),  # with the exponents 1.53: CasaXPS LA(1.53,243)
        ),
        "CasaXPS LA(alpha, beta, m), identified from exported curves.",
        symmetric=False,
        analytic=False,
    ),
    _row(
        "lf",
        "Asymmetric Lorentzian, damped, LF",
        _by_area(convolved.lf, convolved.lf_geometry),
        (
            _AREA,
            _BASE_CENTER,
            _FWHM,
            _exponent("alpha", "high binding energy", 0.1),
            _exponent("beta", "low binding energy", 0.1),
            _DAMPING,
            _gauss(0.627),
        ),
        "CasaXPS LF(alpha, beta, w, m, n), identified from exported curves.",
        symmetric=False,
        analytic=False,
    ),
    _row(
        "doniach_sunjic",
        "Doniach-Sunjic",
        _by_height(profiles.doniach_sunjic, profiles.doniach_sunjic_geometry),
        (_HEIGHT, _BASE_CENTER, _FWHM, _TAIL),
        "S. Doniach, M. Sunjic, J. Phys. C 3, 285 (1970), doi:10.1088/0022-3719/3/2/010.",
        symmetric=False,
    ),
    _row(
        "doniach_sunjic_convolved",
        "Doniach-Sunjic, broadened",
        _by_height(convolved.doniach_sunjic_convolved, convolved.doniach_sunjic_convolved_geometry),
        (_HEIGHT, _BASE_CENTER, _FWHM, _TAIL, _gauss(0.5)),
        "S. Doniach, M. Sunjic, J. Phys. C 3, 285 (1970), doi:10.1088/0022-3719/3/2/010.",
        symmetric=False,
        analytic=False,
    ),
    _row(
        "bwf",
        "Breit-Wigner-Fano",
        _by_height(profiles.bwf, profiles.bwf_geometry),
        (_HEIGHT, _BASE_CENTER, _FWHM, _FANO),
        "U. Fano, Phys. Rev. 124, 1866 (1961), doi:10.1103/PhysRev.124.1866.",
        symmetric=False,
    ),
)


@lru_cache(maxsize=64)
def _measured_row(name: str) -> LineShape:
    """Return the row of a measured shape, whose centre begins where it was measured."""
    shape = measured.from_text(name)
    center = ParameterSpec("center", "x", shape.origin, description="Where its maximum lies.")
    broadening = ParameterSpec(
        "broadening",
        "x",
        0.0,
        0.0,
        measured.WIDEST * shape.step,
        False,
        "FWHM of the Gaussian that it is broadened with.",
        flat=0.0,
    )
    return _row(
        name,
        f"Measured spectrum, {shape.name}",
        _Measured(shape),
        (_AREA, center, broadening),
        "A measured spectrum without its background, as a cubic B-spline of unit area, moved and"
        " broadened by a Gaussian.",
        symmetric=False,
        analytic=False,
    )


LINESHAPES: Mapping[str, LineShape] = MappingProxyType({row.name: row for row in _ROWS})
