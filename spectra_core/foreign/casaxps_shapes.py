"""CasaXPS's names for line shapes, to and from ours, without loss.

CasaXPS stores a shape as a text such as ``LA(1.4,1.7,130)``, with a width, a position
and an area. The area is the integral (but see `_sgl_area`) and the position the centre
of the formula, as here. The width of GL and SGL is the true FWHM; that of LA and LF is
twice the half-width on the low binding energy side, which for an asymmetric line is not
the FWHM. Their Gaussian index m sets a width relative to the shape's own Lorentzian, not
to the data: the kernel is ``exp(-(3 i / h)^2)`` on a grid of 1/40 of that width, h = floor(m / 2).
Energies are binding energies; a stored kinetic energy must be converted before.

Odd and even m make the same kernel, so 243 comes back as 242: the curve is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, isfinite, log, pi, sqrt

import numpy as np

from ..curves.convolved import la_geometry, lf_geometry
from ..curves.lineshapes import lineshape, short_name
from ..curves.profiles import Array, Geometry
from ..errors import ModelError

_GAUSS_PER_STEP = sqrt(log(2.0)) / 60.0  # FWHM of the kernel for h = 1, in Lorentzian FWHM
_LARGEST_INDEX = 499  # that the vendor documents
_LARGEST_READ = 1401  # that LA with one argument stands for
_MOST_CONVOLUTIONS = 25
_WHOLE = 1e-9  # how near to a whole number an index must be

_TEXT = re.compile(r"\s*([A-Za-z]+)\s*\(([^()]*)\)\s*")


@dataclass(frozen=True)
class _CasaShape:
    """One family of CasaXPS shapes: how its arguments and its width translate."""

    lineshape: str
    argument_counts: tuple[int, ...]
    shape_from: Callable[[tuple[float, ...]], dict[str, float]]
    arguments_of: Callable[[Mapping[str, float], bool], tuple[str, ...]]
    width_ratio: Callable[[Mapping[str, float]], float]  # stored width / true FWHM
    area_ratio: Callable[[Mapping[str, float]], float]  # stored area / integral


def from_casaxps(
    shape_text: str, *, width: float, position: float, area: float
) -> tuple[str, dict[str, float]]:
    """Return our line shape and its parameters for a component of CasaXPS.

    Parameters
    ----------
    shape_text : str
        For example ``"GL(30)"``, ``"SGL(30)"``, ``"LA(1.4,1.7,130)"``, ``"LA(1.53,243)"``
        or ``"LF(0.54,10,80,100,6)"``.
    width : float
        Stored width ("MFWHM") in eV.
    position : float
        Stored position as a binding energy in eV.
    area : float
        Stored area.

    Returns
    -------
    name : str
        Key in `spectra_core.curves.lineshapes.LINESHAPES`.
    parameters : dict of str to float
        All of its parameters.

    Raises
    ------
    ModelError
        If the text is not a shape that is known, or a value is outside its bounds.

    See Also
    --------
    casaxps_note : what is uncertain about a shape text.
    """
    family, arguments = _parsed(shape_text)
    casa = _CASA_SHAPES[family]
    shape = casa.shape_from(arguments)
    try:
        lineshape(casa.lineshape).vector({"area": area, "center": position, "fwhm": width} | shape)
    except ModelError as error:
        raise error.at(f"CasaXPS shape {shape_text!r}") from None
    own = {
        "area": area / casa.area_ratio(shape),
        "center": position,
        "fwhm": width / casa.width_ratio(shape),
    }
    return casa.lineshape, own | shape


def casaxps_note(shape_text: str) -> str:
    """Return what is uncertain about the translation of `shape_text`; empty if it is exact.

    Raises
    ------
    ModelError
        If the text is not a shape that is known.
    """
    family, arguments = _parsed(shape_text)
    if family == "LA" and len(arguments) == 1:
        return (
            f"{shape_text} is drawn as {_one_argument_text(arguments[0])}; this reading of LA"
            " with one argument is second-hand and was not checked against CasaXPS."
        )
    if family == "LF" and len(arguments) == 4:
        return f"{shape_text} is drawn with one convolution, which is plausible but not checked."
    return ""


def to_casaxps(
    name: str, parameters: Mapping[str, float], *, round_to_nearest: bool = False
) -> tuple[str, float, float, float]:
    """Return the CasaXPS text, width, position and area of one of our lines.

    Parameters
    ----------
    name : str
        ``"gl_product"``, ``"gl_sum"``, ``"la"`` or ``"lf"``, or the limits
        ``"gaussian"`` and ``"lorentzian"``.
    parameters : mapping of str to float
        All parameters, on a binding energy axis.
    round_to_nearest : bool
        Accept that an index CasaXPS wants whole is rounded; the curve then differs.

    Returns
    -------
    shape_text : str
    width, position, area : float
        As CasaXPS stores them; the position is a binding energy.

    Raises
    ------
    ModelError
        If CasaXPS has no such shape, or an index is not whole (the message names the
        nearest) or too large.
    """
    if name in _PURE:
        name, mix = _PURE[name]
        parameters = dict(parameters) | {"mix": mix}
    families = [family for family, casa in _CASA_SHAPES.items() if casa.lineshape == name]
    if not families:
        known = ", ".join([*_PURE, *(casa.lineshape for casa in _CASA_SHAPES.values())])
        raise ModelError(
            f"the line shape {short_name(name)!r} has no counterpart in CasaXPS.",
            hint=f"These have: {known}.",
        )
    casa = _CASA_SHAPES[families[0]]
    lineshape(name).vector(parameters)
    text = f"{families[0]}({','.join(casa.arguments_of(parameters, round_to_nearest))})"
    width = parameters["fwhm"] * casa.width_ratio(parameters)
    area = parameters["area"] * casa.area_ratio(parameters)
    return text, width, parameters["center"], area


# --- reading the text ------------------------------------------------------------------------


def _parsed(shape_text: str) -> tuple[str, tuple[float, ...]]:
    match = _TEXT.fullmatch(shape_text)
    family = match.group(1).upper() if match else ""
    if match is None or family not in _CASA_SHAPES:
        raise ModelError(
            f"the CasaXPS line shape {shape_text!r} is not known.",
            hint=f"Known: {', '.join(f'{known}(...)' for known in _CASA_SHAPES)}.",
        )
    try:
        arguments = tuple(float(word) for word in match.group(2).split(","))
    except ValueError:
        raise ModelError(
            f"the CasaXPS line shape {shape_text!r} has an argument that is not a number."
        ) from None
    counts = _CASA_SHAPES[family].argument_counts
    if len(arguments) not in counts or not all(isfinite(value) for value in arguments):
        raise ModelError(
            f"the CasaXPS line shape {shape_text!r} has {len(arguments)} argument(s);"
            f" {family} takes {' or '.join(str(count) for count in counts)} finite numbers."
        )
    return family, arguments


def _mix(arguments: tuple[float, ...]) -> dict[str, float]:
    return {"mix": arguments[0] / 100.0}


def _la_shape(arguments: tuple[float, ...]) -> dict[str, float]:
    alpha, beta, index = _la_arguments(arguments)
    return {"alpha": alpha, "beta": beta, "gauss": _gauss_of_index(index)}


def _la_arguments(arguments: tuple[float, ...]) -> tuple[float, float, float]:
    if len(arguments) == 1:
        return 1.0, 1.0, 1401.0 * (1.0 - arguments[0] / 100.0)
    return arguments[0], arguments[-2], arguments[-1]


def _one_argument_text(argument: float) -> str:
    return f"LA(1,1,{_la_arguments((argument,))[2]:g})"


def _lf_shape(arguments: tuple[float, ...]) -> dict[str, float]:
    alpha, beta, damping, index = arguments[:4]
    convolutions = arguments[4] if len(arguments) == 5 else 1.0
    gauss = _gauss_of_index(index, convolutions)
    return {"alpha": alpha, "beta": beta, "damping": damping, "gauss": gauss}


def _gauss_of_index(index: float, convolutions: float = 1.0) -> float:
    if index < 0.0 or convolutions < 0.0:
        raise ModelError(
            f"a CasaXPS Gaussian index cannot be negative (m = {index:g}, n = {convolutions:g})."
        )
    ratio = _GAUSS_PER_STEP * floor(index / 2.0) * sqrt(floor(convolutions))
    return ratio / (1.0 + ratio)


# --- writing the text ------------------------------------------------------------------------


def _mix_argument(parameters: Mapping[str, float], rounding: bool) -> tuple[str, ...]:
    return (str(_whole(100.0 * parameters["mix"], "m", rounding)),)


def _la_argument_texts(parameters: Mapping[str, float], rounding: bool) -> tuple[str, ...]:
    alpha, beta = parameters["alpha"], parameters["beta"]
    index = 2 * _whole(_kernel_steps(parameters), "m / 2", rounding)
    _check_index(index)
    exponents = (alpha,) if alpha == beta else (alpha, beta)
    return (*(_shortest(exponent) for exponent in exponents), str(index))


def _lf_argument_texts(parameters: Mapping[str, float], rounding: bool) -> tuple[str, ...]:
    index, convolutions = _index_and_convolutions(_kernel_steps(parameters), rounding)
    values = (parameters["alpha"], parameters["beta"], parameters["damping"])
    return (*(_shortest(value) for value in values), str(index), str(convolutions))


def _index_and_convolutions(steps: float, rounding: bool) -> tuple[int, int]:
    """Return m and n with ``floor(m / 2) sqrt(n)`` equal to the kernel wanted."""
    candidates = [steps / sqrt(n) for n in range(1, _MOST_CONVOLUTIONS + 1)]
    fitting = [i for i, half in enumerate(candidates) if 2.0 * half <= _LARGEST_INDEX]
    if not fitting:
        _check_index(round(2.0 * candidates[-1]))
    whole = [i for i in fitting if abs(candidates[i] - round(candidates[i])) <= _WHOLE]
    best = whole[0] if whole else fitting[0]
    return 2 * _whole(candidates[best], "m / 2", rounding), best + 1


def _kernel_steps(parameters: Mapping[str, float]) -> float:
    gauss = parameters["gauss"]
    return gauss / (1.0 - gauss) / _GAUSS_PER_STEP


def _whole(value: float, what: str, rounding: bool) -> int:
    nearest = round(value)
    if abs(value - nearest) > _WHOLE and not rounding:
        raise ModelError(
            f"CasaXPS needs a whole number for {what}, found {value:.6g}; the nearest is"
            f" {nearest}.",
            hint="Fix the parameter there and fit again, or allow rounding.",
        )
    return nearest


def _check_index(index: int) -> None:
    if index > _LARGEST_READ:
        raise ModelError(
            f"CasaXPS has no Gaussian index m = {index}; the largest is {_LARGEST_READ}.",
            hint="The line is nearly Gaussian: choose a GL or SGL shape.",
        )


def _shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    text = repr(float(value))
    return text.removesuffix(".0")


# --- the width ---------------------------------------------------------------------------------


def _true_width(shape: Mapping[str, float]) -> float:
    return 1.0


def _la_width(shape: Mapping[str, float]) -> float:
    return _low_side_width(la_geometry(shape["alpha"], shape["beta"], shape["gauss"]))


def _lf_width(shape: Mapping[str, float]) -> float:
    names = ("alpha", "beta", "damping", "gauss")
    return _low_side_width(lf_geometry(*(shape[name] for name in names)))


def _low_side_width(landmarks: Geometry) -> float:
    """Return twice the half-width on the low binding energy side over the true FWHM."""
    return 2.0 * (landmarks.apex - landmarks.low) / landmarks.width


# --- the area ----------------------------------------------------------------------------------


def _true_area(shape: Mapping[str, float]) -> float:
    return 1.0


def _sgl_area(shape: Mapping[str, float]) -> float:
    """Return the stored area of an SGL over its integral; 1.00092 for SGL(30).

    Notes
    -----
    The stored area is that of the shape's two tables: the fine one to 7.5 widths, and
    the coarse one at whole widths from 7 to 400, so that 7 to 7.5 counts twice. Found
    on two exported curves (1.217486 height x width stored, 1.217484 by this rule,
    1.216366 by the integral); the shapes without heavy tails do not show it.
    """
    mix = shape["mix"]
    fine = np.arange(-300, 301) / 40.0
    coarse = np.arange(7.0, 401.0)
    tables = np.trapezoid(_sgl(fine, mix), fine) + 2.0 * np.trapezoid(_sgl(coarse, mix), coarse)
    integral = 0.5 * (mix * pi + (1.0 - mix) * sqrt(pi / log(2.0)))
    return float(tables / integral)


def _sgl(t: Array, mix: float) -> Array:
    return mix / (1.0 + 4.0 * t * t) + (1.0 - mix) * np.exp(-4.0 * log(2.0) * t * t)


_CASA_SHAPES = {
    "GL": _CasaShape("gl_product", (1,), _mix, _mix_argument, _true_width, _true_area),
    "SGL": _CasaShape("gl_sum", (1,), _mix, _mix_argument, _true_width, _sgl_area),
    "LA": _CasaShape("la", (1, 2, 3), _la_shape, _la_argument_texts, _la_width, _true_area),
    "LF": _CasaShape("lf", (4, 5), _lf_shape, _lf_argument_texts, _lf_width, _true_area),
}

_PURE = {"gaussian": ("gl_product", 0.0), "lorentzian": ("gl_product", 1.0)}
