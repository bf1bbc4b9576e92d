"""The frame every background fits in: options, end levels, and which way is up.

A row of the table `spectra_core.curves.backgrounds.BACKGROUNDS` is a `BackgroundKind`. Its
formulas are written along ascending binding energy; `make_kind` wraps them so that
they serve a kinetic energy axis (orientation -1) by turning the arrays round, here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from ..errors import DataError, ModelError, did_you_mean
from ..spectrum import Array
from .spec import ParameterSpec

Options = Mapping[str, Any]

ACTIVE = "active"
STATIC = "static"


@dataclass(frozen=True)
class OptionSpec:
    """Name, type, default and limits of one fixed setting of a background.

    Attributes
    ----------
    name : str
        As recipes write it.
    type : type
        ``int``, ``float``, ``bool`` or ``str``.
    default : int, float, bool or str
        Used, and reported, where nothing is given.
    description : str
        One sentence for tool tips and the recipe schema.
    choices : tuple of str
        The values allowed, if they are few.
    min, max : float
        Limits of a number.
    odd : bool
        Whether a whole number must be odd.
    modes : tuple of str
        The modes in which it has an effect.
    """

    name: str
    type: type
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    min: float = -inf
    max: float = inf
    odd: bool = False
    modes: tuple[str, ...] = (ACTIVE, STATIC)


@dataclass(frozen=True)
class EndLevels:
    """Averaged intensity at the two ends of a window.

    Attributes
    ----------
    low_x, high_x : float
        Mean abscissa of the averaged channels at the low and high binding energy end.
    low, high : float
        Mean intensity there, after the offset.
    low_points, high_points : int
        Channels averaged; fewer than asked for where the data end at the window's end.
    """

    low_x: float
    low: float
    high_x: float
    high: float
    low_points: int
    high_points: int


@dataclass(frozen=True)
class StaticBackground:
    """A background computed from the data, and how.

    Attributes
    ----------
    curve : ndarray, shape (N,)
        In the unit and the order of the data of the window; read-only.
    info : dict of str to float, int or str
        ``low_level``, ``high_level`` (averaged, with offsets), ``low_points``,
        ``high_points``, ``max_above_data`` (how far the curve exceeds the data
        anywhere, 0 if nowhere) and what the kind adds (``iterations``, ``b``, ...).
    """

    curve: Array
    info: dict[str, Any]


@dataclass(frozen=True)
class BackgroundKind:
    """One row of the table of backgrounds.

    Every callable takes ``options`` (see `complete_options`) and ``orientation``
    (+1 if binding energy, or Raman shift, grows with the axis, -1 if it falls), and
    `x` of shape (N,), ascending, in the axis unit.

    Attributes
    ----------
    name, title : str
        As recipes and as forms show it.
    modes : tuple of str
        ``"active"``, ``"static"`` or both; the first is the default.
    options : tuple of OptionSpec
        Fixed settings.
    parameters : callable
        ``parameters(options)``: region-level parameters of the active mode, in the
        order of the vector `p`.
    component_parameters : tuple of ParameterSpec
        Parameters that every component gets; empty unless the background is
        per component.
    base : callable
        ``base(x, p, options, orientation)``: value, shape (N,), and derivatives with
        respect to every region-level parameter, shape (n_par, N).
    couple : callable or None
        ``couple(x, rows, p, options, orientation)``: L_p of each row, shape (M, N).
        `p` is the region-level vector, or one component's `component_parameters`.
    couple_derivatives : callable or None
        ``couple_derivatives(x, peaks, p, options, orientation)``: dL_p[peaks]/dp,
        shape (n_par, N), for the same `p`.
    static : callable or None
        ``static(x, y, inside, options, orientation)``: `StaticBackground` of the
        points ``inside`` (a slice) of the whole spectrum `x`, `y`.
    linear_parameters : frozenset of str
        Region-level parameters in which the model is linear *together with the peak
        areas* (a step multiplies the areas, so it is not among them).
    reference : str
        Where the definition comes from.
    """

    name: str
    title: str
    modes: tuple[str, ...]
    options: tuple[OptionSpec, ...]
    parameters: Callable[[Options], tuple[ParameterSpec, ...]]
    component_parameters: tuple[ParameterSpec, ...]
    base: Callable[[Array, Array, Options, int], tuple[Array, Array]]
    couple: Callable[[Array, Array, Array, Options, int], Array] | None
    couple_derivatives: Callable[[Array, Array, Array, Options, int], Array] | None
    static: Callable[[Array, Array, slice, Options, int], StaticBackground] | None
    linear_parameters: frozenset[str]
    reference: str

    @property
    def per_component(self) -> bool:
        """Whether each component has its own coupling (its own step)."""
        return bool(self.component_parameters)


def complete_options(
    kind: BackgroundKind, chosen: Options, *, mode: str | None = None
) -> dict[str, Any]:
    """Return `chosen` checked, converted and completed with the kind's defaults.

    Parameters
    ----------
    kind : BackgroundKind
        The row whose options they are.
    chosen : mapping
        Option names and values, e.g. from a recipe.
    mode : str or None
        ``"active"`` or ``"static"``: also refuse options without effect in that mode,
        and modes the kind does not have.

    Returns
    -------
    options : dict
        Every option of the kind, in the order of the table.

    Raises
    ------
    ModelError
        For an unknown option, a value of the wrong type or out of range, an option
        without effect, or an unknown mode.
    """
    if mode is not None and mode not in kind.modes:
        raise ModelError(
            f"the {kind.name} background has no mode {mode!r}.",
            hint=f"Its modes: {', '.join(kind.modes)}.",
        )
    specs = {spec.name: spec for spec in kind.options}
    for name in chosen:
        if name not in specs:
            raise ModelError(
                f"the {kind.name} background has no option {name!r}.",
                hint=did_you_mean(name, specs) if specs else "It has no options.",
            )
        if mode is not None and mode not in specs[name].modes:
            raise ModelError(
                f"the option {name!r} of the {kind.name} background has no effect in {mode} mode.",
                hint=f"Leave it out, or use {specs[name].modes[0]} mode.",
            )
    return {
        spec.name: _checked_option(spec, chosen[spec.name]) if spec.name in chosen else spec.default
        for spec in kind.options
    }


def _checked_option(spec: OptionSpec, value: Any) -> Any:
    accepted = (int, float) if spec.type is float else (spec.type,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and spec.type is not bool):
        raise ModelError(
            f"the option {spec.name!r} must be of type {spec.type.__name__}, found {value!r}."
        )
    if spec.choices and value not in spec.choices:
        raise ModelError(
            f"the option {spec.name!r} cannot be {value!r}.",
            hint=f"Choose one of {', '.join(spec.choices)}.",
        )
    if spec.type in (int, float):
        _check_number(spec, value)
    return spec.type(value)


def _check_number(spec: OptionSpec, value: Any) -> None:
    if not spec.min <= value <= spec.max:
        raise ModelError(
            f"the option {spec.name!r} is {value!r}, outside {spec.min:g} to {spec.max:g}."
        )
    if spec.odd and value % 2 == 0:
        raise ModelError(
            f"the option {spec.name!r} is {value}, but a mean centred on the end channel"
            " needs an odd number.",
            hint=f"Use {value - 1} or {value + 1}.",
        )


def end_levels(
    x: Array,
    y: Array,
    inside: slice,
    *,
    orientation: int,
    endpoint_points: int = 3,
    low_offset: float = 0.0,
    high_offset: float = 0.0,
) -> EndLevels:
    """Return the averaged intensity at both ends of a window.

    Each mean is centred on the window's first or last channel, so it takes channels
    outside the window where the spectrum has them; at the end of the spectrum it
    takes those there are, and says how many.

    Parameters
    ----------
    x, y : ndarray, shape (N,)
        The whole spectrum, ascending in `x`.
    inside : slice
        The window's points.
    orientation : int
        +1 if binding energy grows with `x`, -1 if it falls.
    endpoint_points : int
        Odd number of channels averaged at each end.
    low_offset, high_offset : float
        Percent by which the level at the low and high binding energy end is lowered.

    Returns
    -------
    levels : EndLevels

    Raises
    ------
    DataError
        If the window is too short for two separate means.
    """
    first, last = _window_ends(x, inside, endpoint_points)
    ends = [_end_mean(x, y, index, endpoint_points // 2) for index in (first, last)]
    (low_x, low, low_points), (high_x, high, high_points) = ends[::orientation]
    return EndLevels(
        low_x,
        low * (1.0 - low_offset / 100.0),
        high_x,
        high * (1.0 - high_offset / 100.0),
        low_points,
        high_points,
    )


def _window_ends(x: Array, inside: slice, endpoint_points: int) -> tuple[int, int]:
    first, stop, _ = inside.indices(x.size)
    # Two means of (points + 1)/2 channels inside the window each must not overlap.
    needed = max(3, endpoint_points + 1)
    if stop - first < needed:
        raise DataError(
            f"the window holds {max(stop - first, 0)} points, but a background with"
            f" {endpoint_points} averaged points at each end needs {needed}.",
            hint="Widen the window or lower endpoint_points.",
        )
    return first, stop - 1


def _end_mean(x: Array, y: Array, index: int, half: int) -> tuple[float, float, int]:
    channels = slice(max(index - half, 0), min(index + half + 1, x.size))
    return float(x[channels].mean()), float(y[channels].mean()), channels.stop - channels.start


# Turning round. The formulas below take u, ascending in binding energy.


def _turned(values: Array, orientation: int) -> Array:
    return values if orientation > 0 else values[..., ::-1]


def _ascending_be(x: Array, orientation: int) -> Array:
    return x if orientation > 0 else -x[::-1]


def _turned_base(
    formula: Callable[[Array, Array, Options, int], tuple[Array, Array]], defaults: Options
) -> Callable[[Array, Array, Options, int], tuple[Array, Array]]:
    def base(x: Array, p: Array, options: Options, orientation: int) -> tuple[Array, Array]:
        u = _ascending_be(x, orientation)
        value, derivatives = formula(u, p, {**defaults, **options}, orientation)
        return _turned(value, orientation), _turned(derivatives, orientation)

    return base


def _turned_coupling(
    formula: Callable[[Array, Array, Array, Options], Array] | None, defaults: Options
) -> Callable[[Array, Array, Array, Options, int], Array] | None:
    if formula is None:
        return None

    def coupling(x: Array, rows: Array, p: Array, options: Options, orientation: int) -> Array:
        u = _ascending_be(x, orientation)
        result = formula(u, _turned(rows, orientation), p, {**defaults, **options})
        return _turned(result, orientation)

    return coupling


StaticFormula = Callable[[Array, Array, EndLevels, Options], tuple[Array, dict[str, Any]]]


def _turned_static(
    formula: StaticFormula | None, defaults: Options
) -> Callable[[Array, Array, slice, Options, int], StaticBackground] | None:
    if formula is None:
        return None

    def static(
        x: Array, y: Array, inside: slice, options: Options, orientation: int
    ) -> StaticBackground:
        settings = {**defaults, **options}
        start, stop, _ = inside.indices(x.size)
        if orientation < 0:
            start, stop = x.size - stop, x.size - start
        u, signal = _ascending_be(x, orientation), _turned(y, orientation)
        window = slice(start, stop)
        names = ("endpoint_points", "low_offset", "high_offset")
        levels = end_levels(
            u,
            signal,
            window,
            orientation=1,
            **{name: settings[name] for name in names if name in settings},
        )
        curve, extra = formula(u[window], signal[window], levels, settings)
        info = _static_info(curve, signal[window], levels) | extra
        curve = np.ascontiguousarray(_turned(curve, orientation))
        curve.setflags(write=False)
        return StaticBackground(curve, info)

    return static


def _static_info(curve: Array, y: Array, levels: EndLevels) -> dict[str, Any]:
    return {
        "low_level": levels.low,
        "high_level": levels.high,
        "low_points": levels.low_points,
        "high_points": levels.high_points,
        "max_above_data": max(float(np.max(curve - y)), 0.0),
    }


def option_defaults(options: tuple[OptionSpec, ...]) -> dict[str, Any]:
    """Return the defaults of `options` by name."""
    return {option.name: option.default for option in options}


def make_kind(
    name: str,
    title: str,
    *,
    parameters: Callable[[Options], tuple[ParameterSpec, ...]],
    base: Callable[[Array, Array, Options, int], tuple[Array, Array]],
    reference: str,
    modes: tuple[str, ...] = (ACTIVE, STATIC),
    options: tuple[OptionSpec, ...] = (),
    component_parameters: tuple[ParameterSpec, ...] = (),
    couple: Callable[[Array, Array, Array, Options], Array] | None = None,
    couple_derivatives: Callable[[Array, Array, Array, Options], Array] | None = None,
    static: StaticFormula | None = None,
    linear: tuple[str, ...] = ("level", "slope"),
) -> BackgroundKind:
    """Make a row from formulas written along ascending binding energy."""
    defaults = option_defaults(options)
    return BackgroundKind(
        name=name,
        title=title,
        modes=modes,
        options=options,
        parameters=parameters,
        component_parameters=component_parameters,
        base=_turned_base(base, defaults),
        couple=_turned_coupling(couple, defaults),
        couple_derivatives=_turned_coupling(couple_derivatives, defaults),
        static=_turned_static(static, defaults),
        linear_parameters=frozenset(linear),
        reference=reference,
    )
