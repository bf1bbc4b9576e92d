"""How thick a film is, from what comes through it.

A planar film of even thickness d on a substrate: ``I_f = I_f0 (1 - exp(-d / (L_f c)))`` and
``I_s = I_s0 exp(-d / (L_s c))`` with c the cosine of the emission angle and L the effective
attenuation length of each line in the film. Lengths and the ratio of the pure materials are
nuisance parameters with priors. Beyond about three lengths nothing comes through that could be
measured, and a limit is all there is.

References
----------
.. [1] C. J. Powell, J. Vac. Sci. Technol. A 38, 023209 (2020). doi:10.1116/1.5141079
.. [2] A. G. Shard, J. Phys. Chem. C 116, 16806 (2012): the factor of particles.
   doi:10.1021/jp305267d
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, expm1, inf, log, radians, sqrt

from ..errors import DataError

FARTHEST = 3.0
"""Lengths from which on a thickness is a limit (1 part in 20 comes through)."""

PARTICLE_FACTOR = 0.67
"""Thickness of a thin shell on spheres over that of the plane with the same signals."""

_Z95 = 1.959963984540054
_ONE_SIDED = 1.6448536269514722


@dataclass(frozen=True)
class Thickness:
    """A film's thickness.

    Attributes
    ----------
    value : float or None
        nm; None where there is a limit only.
    stderr : float or None
        With every row of the budget.
    interval : tuple of two floats
        95 %, nm; the upper end is infinite where the film may be thicker than can be seen.
    lower_limit : float or None
        The film is thicker than this, one-sided 95 %.
    budget : dict of str to float
        Standard errors: ``counting``, ``length``, ``reference``.
    farthest : float
        Three lengths: the thickest film that could be told, nm.
    note : str
    """

    value: float | None
    stderr: float | None
    interval: tuple[float, float]
    lower_limit: float | None
    budget: dict[str, float]
    farthest: float
    note: str


def overlayer_thickness(
    film: float,
    substrate: float,
    pure_ratio: float,
    *,
    film_length_nm: float,
    substrate_length_nm: float,
    angle_deg: float = 0.0,
    film_sd: float = 0.0,
    substrate_sd: float = 0.0,
    correlation: float = 0.0,
    length_relative: float = 0.10,
    pure_relative: float = 0.10,
    shape: float = 1.0,
) -> Thickness:
    """Return the thickness of a film from the areas of a line of it and one of the substrate.

    Parameters
    ----------
    film, substrate : float
        Areas, in one unit.
    pure_ratio : float
        Area of the film's line from the bulk of the film over that of the substrate's line
        from the bulk of the substrate.
    film_length_nm, substrate_length_nm : float
        Effective attenuation lengths in the film, of the film's and the substrate's line.
    angle_deg : float
        Of emission, from the normal; up to 60.
    film_sd, substrate_sd, correlation : float
        Standard errors of the areas, and their correlation.
    length_relative, pure_relative : float
        Relative standard uncertainties of the lengths (common to both) and of `pure_ratio`.
    shape : float
        1 for a plane; `PARTICLE_FACTOR` for particles much larger than the shell is thick.

    Raises
    ------
    DataError
        If a number makes no sense.
    """
    _check(film, pure_ratio, film_length_nm, substrate_length_nm, angle_deg, shape)
    slant = cos(radians(angle_deg))
    lengths = (film_length_nm * slant, substrate_length_nm * slant)
    farthest = FARTHEST * min(lengths) * shape
    if substrate <= 0 or (substrate_sd > 0 and substrate < 3.0 * substrate_sd):
        return _limit(
            film,
            max(substrate, 0.0),
            pure_ratio,
            lengths,
            substrate_sd,
            length_relative,
            shape,
            farthest,
        )
    ratio = film / substrate / pure_ratio
    thickness = _solved(ratio, lengths)
    slope = _slope(thickness, ratio, lengths)  # of d with ln ratio
    relative = sqrt(
        max(
            (film_sd / film) ** 2
            + (substrate_sd / substrate) ** 2
            - 2.0 * correlation * film_sd * substrate_sd / (film * substrate),
            0.0,
        )
    )
    budget = {
        "counting": shape * slope * relative,
        "length": shape * thickness * length_relative,
        "reference": shape * slope * pure_relative,
    }
    value, error = shape * thickness, sqrt(sum(row**2 for row in budget.values()))
    interval = (max(value - _Z95 * error, 0.0), value + _Z95 * error)
    if value > farthest:
        return Thickness(
            None,
            None,
            (interval[0], inf),
            max(value - _ONE_SIDED * error, 0.0),
            budget,
            farthest,
            f"more than three attenuation lengths ({farthest:.1f} nm): only a limit can be given.",
        )
    return Thickness(value, error, interval, None, budget, farthest, "")


def _check(
    film: float,
    pure: float,
    film_length: float,
    substrate_length: float,
    angle: float,
    shape: float,
) -> None:
    if not film > 0:
        raise DataError(f"the area of the film's line is {film:g}: no film was measured.")
    if not (pure > 0 and film_length > 0 and substrate_length > 0):
        raise DataError("the ratio of the pure materials and both lengths must be above 0.")
    if not 0 <= angle <= 60:
        raise DataError(
            f"an emission angle of {angle:g} degrees is not from 0 to 60.",
            hint="Beyond 60 degrees elastic scattering takes over.",
        )
    if not 0.3 <= shape <= 1.0:
        raise DataError(f"a shape factor of {shape:g} is none: 1 for a plane, 0.67 for spheres.")


def _solved(ratio: float, lengths: tuple[float, float]) -> float:
    """Return d with (1 - exp(-d / L_f)) / exp(-d / L_s) equal to `ratio`."""
    from scipy.optimize import brentq  # slow to import, and few fits ask for a thickness

    film, substrate = lengths
    if abs(film / substrate - 1.0) < 1e-9:
        return film * log(1.0 + ratio)

    def misfit(d: float) -> float:
        return log(-expm1(-d / film)) + d / substrate - log(ratio)

    high = substrate * (log(1.0 + ratio) + 1.0) + film
    return float(brentq(misfit, 1e-9 * film, high, xtol=1e-12))


def _slope(d: float, ratio: float, lengths: tuple[float, float]) -> float:
    film, substrate = lengths
    return 1.0 / (exp(-d / film) / (film * -expm1(-d / film)) + 1.0 / substrate)


def _limit(
    film: float,
    substrate: float,
    pure: float,
    lengths: tuple[float, float],
    substrate_sd: float,
    length_relative: float,
    shape: float,
    farthest: float,
) -> Thickness:
    """Return the limit of a film through which nothing of the substrate was seen."""
    most = substrate + _ONE_SIDED * substrate_sd
    if not most > 0:
        raise DataError(
            "the substrate's area is 0 and has no error, so there is not even a limit.",
            hint="Give the standard error of the area.",
        )
    thickness = shape * _solved(film / most / pure, lengths)
    limit = thickness * max(1.0 - _ONE_SIDED * length_relative, 0.0)
    limit = min(limit, farthest)
    return Thickness(
        None,
        None,
        (limit, inf),
        limit,
        {},
        farthest,
        "the substrate is below detection: the film is thicker than the limit.",
    )
