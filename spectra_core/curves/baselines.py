"""Baselines of Raman spectra: rows of the table of backgrounds, computed by pybaselines.

A fluorescence has no formula, so these follow the data from below and leave out what stands
on top. They are computed before the fit, from the data of the window; what they take from broad
bands no covariance knows, so their spread is a row of a ratio's error budget.

The noise lies on both sides of arPLS and drPLS; the others lie under it, asls by its `p`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import DataError
from ..spectrum import Array
from .background_kind import (
    STATIC,
    BackgroundKind,
    EndLevels,
    Options,
    OptionSpec,
    make_kind,
)
from .spec import ParameterSpec

_PASSES = 200
_TOLERANCE = 1e-3  # of the weights of the points from one pass to the next


def _stiffness(default: float) -> OptionSpec:
    return OptionSpec(
        "lam",
        float,
        default,
        "Stiffness: the larger, the straighter; it grows with the fourth power of the points that"
        " a band covers.",
        min=1.0,
        max=1e14,
        modes=(STATIC,),
    )


_HALF_WIDTH = OptionSpec(
    "half_width",
    int,
    40,
    "In points: more than half of the broadest band at its foot.",
    min=1,
    max=100_000,
    modes=(STATIC,),
)
_DEGREE = OptionSpec(
    "degree", int, 4, "Highest power of the polynomial.", min=0, max=12, modes=(STATIC,)
)
_ASYMMETRY = OptionSpec(
    "p", float, 0.01, "Weight of points above the curve.", min=1e-6, max=0.5, modes=(STATIC,)
)
_ETA = OptionSpec("eta", float, 0.5, "From 0 to 1: how local.", min=0.0, max=1.0, modes=(STATIC,))

# name: title, method and its arguments by option, options, reference
_Row = tuple[str, str, Mapping[str, str], tuple[OptionSpec, ...], str]
_WHITTAKER = {"lam": "lam"}
_METHODS: Mapping[str, _Row] = MappingProxyType(
    {
        "asls": (
            "AsLS",
            "asls",
            {**_WHITTAKER, "p": "p"},
            (_stiffness(1e6), _ASYMMETRY),
            "P. H. C. Eilers, Anal. Chem. 75, 3631 (2003), doi:10.1021/ac034173t",
        ),
        "airpls": (
            "airPLS",
            "airpls",
            _WHITTAKER,
            (_stiffness(1e6),),
            "Z.-M. Zhang et al., Analyst 135, 1138 (2010), doi:10.1039/b922045c",
        ),
        "arpls": (
            "arPLS",
            "arpls",
            _WHITTAKER,
            (_stiffness(1e5),),
            "S.-J. Baek et al., Analyst 140, 250 (2015), doi:10.1039/C4AN01061B",
        ),
        "drpls": (
            "drPLS",
            "drpls",
            {**_WHITTAKER, "eta": "eta"},
            (_stiffness(1e5), _ETA),
            "D. Xu et al., Appl. Opt. 58, 3913 (2019), doi:10.1364/AO.58.003913",
        ),
        "snip": (
            "SNIP",
            "snip",
            {"half_width": "max_half_window"},
            (_HALF_WIDTH,),
            "C. G. Ryan et al., Nucl. Instrum. Methods B 34, 396 (1988),"
            " doi:10.1016/0168-583X(88)90063-8",
        ),
        "rubberband": (
            "Rubber band",
            "rubberband",
            {},
            (),
            "The lower convex hull of the data, e.g. J. J. Wang et al., Appl. Spectrosc. Rev. 52,"
            " 638 (2017), doi:10.1080/05704928.2016.1273643",
        ),
        "modpoly": (
            "Modified polynomial",
            "modpoly",
            {"degree": "poly_order"},
            (_DEGREE,),
            "C. A. Lieber, A. Mahadevan-Jansen, Appl. Spectrosc. 57, 1363 (2003),"
            " doi:10.1366/000370203322554518",
        ),
        "morphological": (
            "Morphological",
            "mor",
            {"half_width": "half_window"},
            (_HALF_WIDTH,),
            "R. Perez-Pueyo et al., Appl. Spectrosc. 64, 595 (2010),"
            " doi:10.1366/000370210791414281",
        ),
    }
)
BASELINES = frozenset(_METHODS)
"""Their names, as recipes write them."""

_ITERATED = frozenset(("asls", "airpls", "arpls", "drpls", "modpoly"))


def _static(
    name: str, u: Array, y: Array, levels: EndLevels, options: Options
) -> tuple[Array, dict[str, Any]]:
    from pybaselines import Baseline

    title, method, arguments, _, _ = _METHODS[name]
    given: dict[str, Any] = {own: options[option] for option, own in arguments.items()}
    if name in _ITERATED:
        given |= {"max_iter": _PASSES, "tol": _TOLERANCE}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            curve, found = getattr(Baseline(u), method)(np.asarray(y, dtype=float), **given)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise DataError(f"the {title} baseline cannot be computed: {error}.") from error
    if not np.isfinite(curve).all():
        raise DataError(
            f"the {title} baseline is not finite on these data.",
            hint="Choose another baseline, or a wider window.",
        )
    passes = found.get("tol_history")
    return np.asarray(curve, dtype=float), {
        **{option: options[option] for option in arguments},
        **({} if passes is None else {"iterations": int(np.size(passes))}),
    }


def baseline_rows(
    parameters: Callable[[Options], tuple[ParameterSpec, ...]],
    base: Callable[[Array, Array, Options, int], tuple[Array, Array]],
) -> tuple[BackgroundKind, ...]:
    """Return the rows of the table; they have no fitted parameters and no active base."""
    return tuple(
        make_kind(
            name,
            title,
            modes=(STATIC,),
            parameters=parameters,
            base=base,
            static=partial(_static, name),
            options=options,
            linear=(),
            reference=reference,
        )
        for name, (title, _, _, options, reference) in _METHODS.items()
    )
