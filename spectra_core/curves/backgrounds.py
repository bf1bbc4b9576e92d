"""What lies under the peaks: every background is one row of the table `BACKGROUNDS`.

A background is *static* or *active*. A static one is computed once from the data,
before the fit; its uncertainty is then missing from every error bar. An active one
is fitted together with the peaks and has two parts,

    background(x) = base(x; p) + L_p[sum of the model's peaks],

a curve of its own (a level, a line) and what the peaks' electrons leave behind them
(a Shirley step, a Tougaard loss tail). L_p is linear in the peaks, so it can be
applied to each component alone, and to each derivative.

Scattered electrons have lost kinetic energy, so what a peak leaves lies at *higher
binding energy*. All formulas here are written along ascending binding energy; one
set of wrappers turns arrays round for a kinetic energy axis (orientation -1). A
`slope` is therefore always counted towards higher binding energy. Integrals start
at the window's low binding energy end, where they are zero.

A curve is never clipped at the data: where it lies above them, `info` says by how
much. Levels at the ends are means over `endpoint_points` channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import DataError, ModelError, did_you_mean
from ..spectrum import Array
from .background_kind import (
    ACTIVE,
    STATIC,
    BackgroundKind,
    EndLevels,
    Options,
    OptionSpec,
    StaticBackground,
    complete_options,
    end_levels,
    make_kind,
    option_defaults,
)
from .baselines import baseline_rows
from .shirley import casaxps_shirley, cumulative_integral, proctor_sherwood, shirley_rows
from .spec import ParameterSpec
from .tougaard import loss_integral, tougaard_kernel, tougaard_kernel_derivatives

__all__ = [
    "BACKGROUNDS",
    "GIVEN",
    "BackgroundKind",
    "EndLevels",
    "OptionSpec",
    "StaticBackground",
    "background_kind",
    "complete_options",
    "end_levels",
    "rough_shirley",
    "tougaard_kernel",
]

GIVEN = "given"
"""Background that is a column of the spectrum: no formula makes it, `fitting` takes it."""

# Bases: a line along binding energy, a polynomial, an exponential.


def _line_rows(u: Array, degree: int) -> Array:
    return np.vstack([(u - u[0]) ** k for k in range(degree + 1)]) if degree >= 0 else _no_rows(u)


def _no_rows(u: Array) -> Array:
    return np.zeros((0, u.size))


def _linear_base(rows: Array, p: Array) -> tuple[Array, Array]:
    """Value and derivatives of a base whose first parameters multiply `rows`."""
    derivatives = np.zeros((len(p), rows.shape[1]))
    derivatives[: len(rows)] = rows
    return np.asarray(p[: len(rows)] @ rows), derivatives


def _line_base(u: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
    return _linear_base(_line_rows(u, options["degree"]), p)


def _no_base(u: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
    return np.zeros(u.size), np.zeros((len(p), u.size))


def _constant_base(u: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
    return _linear_base(_line_rows(u, 0), p)


def _straight_base(u: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
    return _linear_base(_line_rows(u, 1), p)


def _polynomial_base(u: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
    # Legendre polynomials on the window scaled to -1..1 are nearly orthogonal on even
    # channels, so the coefficients of a high degree hardly correlate.
    t = (2.0 * u - u[0] - u[-1]) / (u[-1] - u[0])
    return _linear_base(np.polynomial.legendre.legvander(t, options["degree"]).T, p)


def _exponential_base(
    u: Array, p: Array, options: Options, orientation: int
) -> tuple[Array, Array]:
    value, derivatives = _line_base(u, p, options, orientation)
    amplitude, rate = p[-2:]
    distance = orientation * u - options["origin"]
    decay = np.exp(-rate * distance)
    derivatives[-2] = decay
    derivatives[-1] = -amplitude * distance * decay
    return value + amplitude * decay, derivatives


# Couplings: what the peaks leave at higher binding energy.


def _step_couple(u: Array, rows: Array, p: Array, options: Options) -> Array:
    return np.asarray(p[-1] * cumulative_integral(u, rows))


def _step_couple_derivatives(u: Array, peaks: Array, p: Array, options: Options) -> Array:
    derivatives = np.zeros((len(p), u.size))
    derivatives[-1] = cumulative_integral(u, peaks)
    return derivatives


def _bent_step_couple(u: Array, rows: Array, p: Array, options: Options) -> Array:
    step, bend = p[-2:]
    passed = cumulative_integral(u, rows)
    return np.asarray(step * passed + bend * cumulative_integral(u, passed))


def _bent_step_couple_derivatives(u: Array, peaks: Array, p: Array, options: Options) -> Array:
    derivatives = np.zeros((len(p), u.size))
    derivatives[-2] = cumulative_integral(u, peaks)
    derivatives[-1] = cumulative_integral(u, derivatives[-2])
    return derivatives


def _universal_terms(loss: Array, c: float, gap: float) -> tuple[Array, Array]:
    """Two-parameter kernel for b = 1, and its derivative with respect to C = c > 0."""
    kernel, by_negative_c, _ = tougaard_kernel_derivatives(loss, -c, 0.0, gap)
    return kernel, -by_negative_c


def _universal_couple(u: Array, rows: Array, p: Array, options: Options) -> Array:
    b, c = p[-2:]
    return np.asarray(b * _universal_loss(u, rows, c, options, 0))


def _universal_couple_derivatives(u: Array, peaks: Array, p: Array, options: Options) -> Array:
    b, c = p[-2:]
    derivatives = np.zeros((len(p), u.size))
    derivatives[-2] = _universal_loss(u, peaks, c, options, 0)
    derivatives[-1] = b * _universal_loss(u, peaks, c, options, 1)
    return derivatives


def _universal_loss(u: Array, rows: Array, c: float, options: Options, term: int) -> Array:
    return loss_integral(u, rows, lambda loss: _universal_terms(loss, c, options["gap"])[term])


def _plasmon_couple(u: Array, rows: Array, p: Array, options: Options) -> Array:
    b, c, d = p[-3:]
    return np.asarray(b * _plasmon_loss(u, rows, c, d, options, 0))


def _plasmon_couple_derivatives(u: Array, peaks: Array, p: Array, options: Options) -> Array:
    b, c, d = p[-3:]
    derivatives = np.zeros((len(p), u.size))
    derivatives[-3] = _plasmon_loss(u, peaks, c, d, options, 0)
    derivatives[-2] = b * _plasmon_loss(u, peaks, c, d, options, 1)
    derivatives[-1] = b * _plasmon_loss(u, peaks, c, d, options, 2)
    return derivatives


def _plasmon_loss(u: Array, rows: Array, c: float, d: float, options: Options, term: int) -> Array:
    gap = options["gap"]
    return loss_integral(u, rows, lambda loss: tougaard_kernel_derivatives(loss, c, d, gap)[term])


# Static backgrounds: from the averaged end levels and the data between them.


def _static_none(
    u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    return np.zeros(u.size), {}


def _static_constant(
    u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    return np.full(u.size, 0.5 * (levels.low + levels.high)), {}


def _static_linear(
    u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    slope = (levels.high - levels.low) / (levels.high_x - levels.low_x)
    return levels.low + slope * (u - levels.low_x), {"slope": slope}


def _static_shirley(
    u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    solve = casaxps_shirley if options["definition"] == "casaxps" else partial(proctor_sherwood, u)
    result = solve(
        y,
        levels.low,
        levels.high,
        tolerance=options["tolerance"],
        max_iterations=options["max_iterations"],
    )
    return result.curve, {
        "definition": options["definition"],
        "iterations": result.iterations,
        "last_change": result.last_change,
        "tolerance": options["tolerance"],
    }


def rough_shirley(
    x: Array, y: Array, inside: slice, orientation: int, *, tolerance: float
) -> Array:
    """Return static Shirley backgrounds of M spectra on one axis, as the row `shirley` makes them.

    Parameters
    ----------
    x : ndarray, shape (N,)
    y : ndarray, shape (M, N)
        The whole spectra.
    inside : slice
        The window, of K points.
    orientation : int
        See `end_levels`.
    tolerance : float
        Largest change in the last pass, as a part of the step.

    Returns
    -------
    curves : ndarray, shape (M, K)
        NaN where there is no background.
    """
    settings = option_defaults(_SHIRLEY_OPTIONS)
    start, stop, _ = inside.indices(x.size)
    points = settings["endpoint_points"]
    if stop - start < max(3, points + 1):
        return np.full((len(y), max(stop - start, 0)), np.nan)
    half = points // 2
    first, last = (y[:, max(at - half, 0) : at + half + 1].mean(axis=1) for at in (start, stop - 1))
    turn = slice(None, None, orientation)
    found = shirley_rows(
        orientation * x[inside][turn],
        y[:, inside][:, turn],
        *(first, last)[turn],
        tolerance=tolerance,
        max_iterations=settings["max_iterations"],
    )
    return np.where(found.settled[:, None], found.curves[:, turn], np.nan)


def _static_tougaard(
    u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    # The two-parameter row has no option d; its C enters the common formula as -C.
    d = options.get("d", 0.0)
    c = options["c"] if "d" in options else -options["c"]
    shape = loss_integral(
        u,
        y - levels.low,
        lambda loss: tougaard_kernel_derivatives(loss, c, d, options["gap"])[0],
        trapezoid=options["definition"] == "trapezoid",
    )
    b = _strength_that_meets_the_end(shape, levels) if options["fit_end"] else options["b"]
    return levels.low + b * shape, {
        "definition": options["definition"],
        "b": b,
        **{name: options[name] for name in ("c", "d", "gap", "fit_end") if name in options},
    }


def _strength_that_meets_the_end(shape: Array, levels: EndLevels) -> float:
    if shape[-1] <= 1e-12 * np.abs(shape).max():
        raise DataError(
            "the signal above the low binding energy level folds to nothing at the other"
            " end, so no Tougaard strength b can meet the data there.",
            hint="Move the window's ends, or give b and set fit_end = false.",
        )
    return float((levels.high - levels.low) / shape[-1])


# Parameters and options.

_LEVEL = ParameterSpec(
    "level", "y", description="Intensity at the low binding energy end of the window."
)
_SLOPE = ParameterSpec(
    "slope", "y/x", 0.0, description="Rise per axis unit towards higher binding energy."
)
_STEP = ParameterSpec(
    "step",
    "1/x",
    usual_min=0.0,
    description="Step height behind a peak per peak area; below zero only where more was taken off"
    " the data than there was.",
)
_BEND = ParameterSpec(
    "bend", "1/x^2", 0.0, description="Change of slope behind a peak per peak area."
)
_LINE = (_LEVEL, _SLOPE)


def _no_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    return ()


def _line_parameters(
    options: Options, *, coupling: tuple[ParameterSpec, ...] = ()
) -> tuple[ParameterSpec, ...]:
    return _LINE[: options.get("degree", 0) + 1] + coupling


def _straight_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    return _LINE


def _polynomial_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    return tuple(
        ParameterSpec(
            f"c{k}",
            "y",
            None if k == 0 else 0.0,
            description=f"Coefficient of the Legendre polynomial of degree {k} on the window.",
        )
        for k in range(options.get("degree", _POLYNOMIAL_DEGREE.default) + 1)
    )


def _exponential_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    amplitude = ParameterSpec("amplitude", "y", description="Value at the origin.")
    rate = ParameterSpec(
        "rate", "1/x", description="Decay per axis unit, in the direction of the axis itself."
    )
    return (*_LINE[: options.get("degree", -1) + 1], amplitude, rate)


def _strength(b: float) -> ParameterSpec:
    return ParameterSpec("b", "x^2", b, min=0.0, description="Strength of the loss kernel.")


def _fixed_loss(name: str, value: float, description: str) -> ParameterSpec:
    # Below one square electronvolt the kernel is narrower than any channel and runs
    # into its pole.
    return ParameterSpec(name, "x^2", value, min=1.0, free=False, description=description)


def _universal_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    chosen = {**option_defaults(_UNIVERSAL_OPTIONS), **options}
    c = _fixed_loss("c", chosen["c"], "Kernel b T/(c + T^2)^2; it peaks at sqrt(c/3).")
    return _line_parameters(chosen, coupling=(_strength(chosen["b"]), c))


def _plasmon_parameters(options: Options) -> tuple[ParameterSpec, ...]:
    chosen = {**option_defaults(_PLASMON_OPTIONS), **options}
    c = _fixed_loss("c", chosen["c"], "The loss peak lies near sqrt(c).")
    d = _fixed_loss("d", chosen["d"], "Squared width of the loss peak.")
    return _line_parameters(chosen, coupling=(_strength(chosen["b"]), c, d))


_ENDS = (
    OptionSpec(
        "endpoint_points",
        int,
        3,
        "Odd number of channels averaged at each end of the window.",
        min=1,
        max=999,
        odd=True,
    ),
    OptionSpec(
        "low_offset",
        float,
        0.0,
        "Percent by which the level at the low binding energy end is lowered.",
        modes=(STATIC,),
    ),
    OptionSpec(
        "high_offset",
        float,
        0.0,
        "Percent by which the level at the high binding energy end is lowered.",
        modes=(STATIC,),
    ),
)
_LINE_DEGREE = OptionSpec(
    "degree",
    int,
    0,
    "Base under the step: 0 a level, 1 a level with a slope.",
    min=0,
    max=1,
    modes=(ACTIVE,),
)
_POLYNOMIAL_DEGREE = OptionSpec(
    "degree", int, 2, "Highest power of the polynomial.", min=0, max=12, modes=(ACTIVE,)
)
_EXPONENTIAL_OPTIONS = (
    OptionSpec(
        "origin",
        float,
        0.0,
        "Where on the axis the amplitude is the value; best near the window.",
        modes=(ACTIVE,),
    ),
    OptionSpec(
        "degree",
        int,
        -1,
        "Base added: -1 none, 0 a level, 1 a level with a slope.",
        min=-1,
        max=1,
        modes=(ACTIVE,),
    ),
)
_SHIRLEY_OPTIONS = (
    _LINE_DEGREE,
    *_ENDS,
    OptionSpec(
        "definition",
        str,
        "proctor_sherwood",
        "Trapezoid integrals of signed differences, or CasaXPS's channel sums of absolute ones.",
        choices=("proctor_sherwood", "casaxps"),
        modes=(STATIC,),
    ),
    OptionSpec(
        "tolerance",
        float,
        1e-10,
        "Largest change in the last pass, as a part of the step.",
        min=1e-14,
        max=1e-2,
        modes=(STATIC,),
    ),
    OptionSpec(
        "max_iterations", int, 200, "Passes before giving up.", min=1, max=100_000, modes=(STATIC,)
    ),
)


def _loss_options(b: float, *shape: OptionSpec) -> tuple[OptionSpec, ...]:
    return (
        _LINE_DEGREE,
        *_ENDS,
        OptionSpec("b", float, b, "Strength in eV^2: start value, or the value if static.", min=0),
        *shape,
        OptionSpec("gap", float, 0.0, "Smallest possible loss in eV; no loss below it.", min=0.0),
        OptionSpec(
            "fit_end",
            bool,
            True,
            "Scale b so that the curve meets the averaged high binding energy end; b is"
            " then not used.",
            modes=(STATIC,),
        ),
        OptionSpec(
            "definition",
            str,
            "trapezoid",
            "Trapezoid integral, or CasaXPS's plain sum over channels.",
            choices=("trapezoid", "casaxps"),
            modes=(STATIC,),
        ),
    )


_UNIVERSAL_OPTIONS = _loss_options(
    2866.0, OptionSpec("c", float, 1643.0, "C of b T/(C + T^2)^2 in eV^2.", min=1.0)
)
_PLASMON_OPTIONS = _loss_options(
    396.0,
    OptionSpec("c", float, 551.0, "C of b T/((C - T^2)^2 + D T^2) in eV^2.", min=1.0),
    OptionSpec(
        "d",
        float,
        436.0,
        "D of that kernel in eV^2; the defaults are the class of polymers.",
        min=1.0,
    ),
)

_GIVEN_OPTIONS = (
    OptionSpec(
        "column",
        str,
        "Background",
        "Label of the spectrum's column that is the background.",
        modes=(STATIC,),
    ),
)


# The table.


_ROWS = (
    make_kind(
        "none",
        "None",
        parameters=_no_parameters,
        base=_no_base,
        static=_static_none,
        linear=(),
        reference="Zero everywhere.",
    ),
    make_kind(
        "constant",
        "Constant",
        parameters=_line_parameters,
        base=_constant_base,
        static=_static_constant,
        options=_ENDS,
        linear=("level",),
        reference="Active: a level. Static: the mean of both ends' averages.",
    ),
    make_kind(
        "linear",
        "Linear",
        parameters=_straight_parameters,
        base=_straight_base,
        static=_static_linear,
        options=_ENDS,
        reference="A straight line; static: through both ends' averages.",
    ),
    make_kind(
        "polynomial",
        "Polynomial",
        modes=(ACTIVE,),
        parameters=_polynomial_parameters,
        base=_polynomial_base,
        options=(_POLYNOMIAL_DEGREE,),
        linear=tuple(f"c{k}" for k in range(int(_POLYNOMIAL_DEGREE.max) + 1)),
        reference="Sum of c_k P_k(t), Legendre polynomials P_k; t runs from -1 at the"
        " window's low binding energy end to +1 at the other.",
    ),
    make_kind(
        "exponential",
        "Exponential",
        modes=(ACTIVE,),
        parameters=_exponential_parameters,
        base=_exponential_base,
        options=_EXPONENTIAL_OPTIONS,
        linear=("level", "slope", "amplitude"),
        reference="amplitude exp(-rate (x - origin)), the form of the NIST StRD Gauss problems.",
    ),
    make_kind(
        "shirley",
        "Shirley",
        parameters=partial(_line_parameters, coupling=(_STEP,)),
        base=_line_base,
        couple=_step_couple,
        couple_derivatives=_step_couple_derivatives,
        static=_static_shirley,
        options=_SHIRLEY_OPTIONS,
        reference="D. A. Shirley, Phys. Rev. B 5, 4709 (1972), doi:10.1103/PhysRevB.5.4709;"
        " static: A. Proctor, P. M. A. Sherwood, Anal. Chem. 54, 13 (1982),"
        " doi:10.1021/ac00238a008; active: A. Herrera-Gomez et al., Surf. Interface Anal."
        " 46, 897 (2014), doi:10.1002/sia.5453",
    ),
    make_kind(
        "shirley_components",
        "Shirley, a step for each component",
        modes=(ACTIVE,),
        parameters=_line_parameters,
        component_parameters=(_STEP,),
        base=_line_base,
        couple=_step_couple,
        couple_derivatives=_step_couple_derivatives,
        options=(_LINE_DEGREE, _ENDS[0]),
        reference="J. E. Castle, A. M. Salvi, J. Vac. Sci. Technol. A 19, 1170 (2001),"
        " doi:10.1116/1.1378074; A. Herrera-Gomez et al., Surf. Interface Anal. 46, 897"
        " (2014), doi:10.1002/sia.5453",
    ),
    make_kind(
        "shirley_slope",
        "Shirley with a change of slope",
        modes=(ACTIVE,),
        parameters=partial(_line_parameters, coupling=(_STEP, _BEND)),
        base=_line_base,
        couple=_bent_step_couple,
        couple_derivatives=_bent_step_couple_derivatives,
        options=(_LINE_DEGREE, _ENDS[0]),
        reference="A. Herrera-Gomez et al., Surf. Interface Anal. 46, 897 (2014),"
        " doi:10.1002/sia.5453",
    ),
    make_kind(
        "tougaard_u2",
        "Tougaard, two parameters (universal)",
        parameters=_universal_parameters,
        base=_line_base,
        couple=_universal_couple,
        couple_derivatives=_universal_couple_derivatives,
        static=_static_tougaard,
        options=_UNIVERSAL_OPTIONS,
        reference="S. Tougaard, Surf. Interface Anal. 11, 453 (1988), doi:10.1002/sia.740110902",
    ),
    make_kind(
        "tougaard_u3",
        "Tougaard, three parameters",
        parameters=_plasmon_parameters,
        base=_line_base,
        couple=_plasmon_couple,
        couple_derivatives=_plasmon_couple_derivatives,
        static=_static_tougaard,
        options=_PLASMON_OPTIONS,
        reference="S. Tougaard, Surf. Interface Anal. 25, 137 (1997),"
        " doi:10.1002/(SICI)1096-9918(199703)25:3<137::AID-SIA230>3.0.CO;2-L",
    ),
    make_kind(
        GIVEN,
        "As exported with the data",
        modes=(STATIC,),
        parameters=_no_parameters,
        base=_no_base,
        options=_GIVEN_OPTIONS,
        linear=(),
        reference="Another program's background, a column of the spectrum, as it stands.",
    ),
    *baseline_rows(_no_parameters, _no_base),
)

BACKGROUNDS: Mapping[str, BackgroundKind] = MappingProxyType({row.name: row for row in _ROWS})


def background_kind(name: str) -> BackgroundKind:
    """Return the row `name` of `BACKGROUNDS`.

    Raises
    ------
    ModelError
        If there is none; the hint names the nearest.
    """
    try:
        return BACKGROUNDS[name]
    except KeyError:
        raise ModelError(
            f"there is no background {name!r}.", hint=did_you_mean(name, BACKGROUNDS)
        ) from None
