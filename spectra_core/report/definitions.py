"""Every line shape and background, exactly and in one sentence, for the methods text.

One row for each row of `LINESHAPES` and `BACKGROUNDS`; a test keeps the tables equal. In the
formulas u = (E - center) / F, with F scaled so that `fwhm` is the true full width at half
maximum of the curve, and binding energy grows with E.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..curves.measured import from_text, is_measured

SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "gaussian": "Gaussian, exp(-4 ln 2 u²)",
        "lorentzian": "Lorentzian, 1/(1 + 4u²)",
        "voigt": "Voigt function, the convolution of a Gaussian and a Lorentzian computed by the"
        " Faddeeva function, with mix = Lorentzian FWHM / (Lorentzian FWHM + Gaussian FWHM)",
        "voigt_two_widths": "Voigt function, the convolution of a Gaussian and a Lorentzian"
        " computed by the Faddeeva function, with the FWHM of both as parameters",
        "pseudo_voigt": "pseudo-Voigt function, (1 - mix) G + mix L with G and L a Gaussian and a"
        " Lorentzian of equal FWHM and of unit area each",
        "gl_sum": "Gaussian-Lorentzian sum (SGL), (1 - mix) G + mix L with G and L a Gaussian and a"
        " Lorentzian of equal FWHM and of unit height each",
        "voigt_asymmetric": "Voigt line V(v) dv/du with v = u - asymmetry (√(u² + 1) - 1), u in"
        " units of the sum of its Gaussian and Lorentzian FWHM, wider on the side of high binding"
        " energy where the asymmetry is positive; mix is the Lorentzian share of the two widths",
        "gl_product": "Gaussian-Lorentzian product (GL),"
        " exp(-4 ln 2 (1 - mix) u²) / (1 + 4 mix u²)",
        "la": "asymmetric Lorentzian (LA), (1/(1 + 4u²)) to the power alpha on the side of high and"
        " beta on that of low binding energy, convolved with a Gaussian; gauss = g/(1 + g), with g"
        " the FWHM of the Gaussian over that of the Lorentzian",
        "lf": "damped asymmetric Lorentzian (LF), as LA with exponents that grow from alpha and"
        " beta at the centre towards 3 over the distance damping (in Lorentzian FWHM), convolved"
        " with a Gaussian; gauss = g/(1 + g), with g the FWHM of the Gaussian over that of the"
        " Lorentzian",
        "doniach_sunjic": "Doniach-Šunjić line with its tail to high binding energy, sin(νθ)"
        " sin(θ)^ν with cot θ = -2u and ν = 1 - asymmetry, fitted by the height of its maximum"
        " because its area is not finite",
        "doniach_sunjic_convolved": "Doniach-Šunjić line with its tail to high binding energy,"
        " sin(νθ) sin(θ)^ν with cot θ = -2u and ν = 1 - asymmetry, convolved with a Gaussian and"
        " fitted by the height of its maximum because its area is not finite",
        "bwf": "Breit-Wigner-Fano line, (1 + s a)²/(1 + s²) with s = 2u and a = asymmetry = 1/q,"
        " fitted by the height of its maximum because its area is not finite",
    }
)


def shape_words(name: str) -> str:
    """Return what a line shape is, a measured one included."""
    if is_measured(name):
        return (
            f"the measured spectrum {from_text(name).name!r} without its background, of unit area,"
            " moved so that its maximum is at center, and broadened by a Gaussian of FWHM"
            " broadening; its own noise is counted"
        )
    return SHAPES[name]


_STEP = (
    "the step at energy E in proportion to the area of the fitted lines between the window's"
    " low binding energy end and E"
)
_LOSS = "each fitted line, or the data, convolved with the kernel"

# (name, mode) -> words; the settings are printed behind them.
_BASELINES = {
    "asls": "asymmetric least-squares baseline (AsLS)",
    "airpls": "adaptive iteratively reweighted penalised least-squares baseline (airPLS)",
    "arpls": "asymmetrically reweighted penalised least-squares baseline (arPLS)",
    "drpls": "doubly reweighted penalised least-squares baseline (drPLS)",
    "snip": "clipped baseline of a peak filter (SNIP)",
    "rubberband": "rubber band baseline (the lower convex hull)",
    "modpoly": "modified polynomial baseline",
    "morphological": "morphological baseline",
}
BACKGROUND_WORDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("none", "active"): "without a background",
        ("none", "static"): "without a background",
        ("constant", "active"): "with a constant background fitted with the lines",
        ("constant", "static"): "with a constant background, the mean of the averaged ends",
        ("linear", "active"): "with a straight-line background fitted with the lines",
        ("linear", "static"): "with a straight-line background drawn through the averaged ends and"
        " not varied in the fit",
        ("polynomial", "active"): "with a polynomial background (Legendre polynomials over the"
        " window) fitted with the lines",
        ("exponential", "active"): "with an exponential background, amplitude exp(-rate (x -"
        " origin)), fitted with the lines",
        **{
            (name, "static"): f"with the {words}, computed from the data before the fit"
            for name, words in _BASELINES.items()
        },
        ("given", "static"): "with the background that another program exported with the data,"
        " taken as it stands",
        ("shirley", "active"): f"with an active Shirley background fitted with the lines, {_STEP},"
        " with one step per unit area for all lines",
        ("shirley", "static"): "with an iterative Shirley background computed from the data before"
        " the fit, between the averaged ends",
        (
            "shirley_components",
            "active",
        ): f"with an active Shirley background fitted with the lines,"
        f" {_STEP}, with a step of its own for each component",
        ("shirley_slope", "active"): f"with an active Shirley background with a change of slope,"
        f" fitted with the lines, {_STEP}",
        ("tougaard_u2", "active"): f"with an active Tougaard background, {_LOSS} b T/(c + T²)²,"
        " fitted with the lines",
        (
            "tougaard_u2",
            "static",
        ): f"with a Tougaard background, {_LOSS} b T/(c + T²)², computed from"
        " the data before the fit",
        ("tougaard_u3", "active"): f"with an active Tougaard background, {_LOSS}"
        " b T/((c - T²)² + d T²), fitted with the lines",
        ("tougaard_u3", "static"): f"with a Tougaard background, {_LOSS} b T/((c - T²)² + d T²),"
        " computed from the data before the fit",
    }
)

WEIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "poisson": "Each point was weighted by the Poisson variance of its expected number of"
        " counts, taken from the model and renewed until weights and parameters agreed",
        "unit": "All points had the same weight",
        "given": "Each point was weighted by the standard deviation recorded with it",
        "empirical": "Each point was weighted by a noise found from channel to channel in the data"
        " (variance = constant + part of the signal), because the intensities are no counts as"
        " measured",
    }
)
