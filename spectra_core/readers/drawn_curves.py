"""Curves of another program's fit, beside the spectrum that they were fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array
from .columns import unique

BASELINE, SUM = "Baseline", "Sum"
_SAME_SCALE = 0.02
_LEAST_EXPLAINED = 0.5


def exported(
    baseline: Array, components: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the columns of a spectrum that hold a fit, and what they are.

    Parameters
    ----------
    baseline : ndarray, shape (N,)
    components : mapping of str to ndarray, shape (N,)
        Without the baseline, by their names.

    Returns
    -------
    columns : dict of str to ndarray
        Components on the baseline, baseline and sum.
    export : dict
        As `foreign.presence.export_of` has it.
    """
    *labels, below, total = unique([*components, BASELINE, SUM])
    curves = zip(labels, components.values(), strict=True)
    columns = {label: baseline + curve for label, curve in curves}
    export = {
        "components": [{"column": label, "name": label} for label in labels],
        "background": below,
        "envelope": total,
        "components_include_background": True,
    }
    whole = sum(components.values(), baseline)
    return {**columns, below: baseline, total: whole}, export


def check_through(fitted: Array, measured: Array) -> None:
    """Raise a `ReadError` if curves do not go through a spectrum; both without baseline."""
    factor = float(fitted @ measured / (fitted @ fitted)) if np.any(fitted) else 0.0
    left = float(np.sum((measured - fitted) ** 2))
    explained = 1.0 - left / max(float(np.sum((measured - measured.mean()) ** 2)), 1e-300)
    if not (abs(factor - 1.0) <= _SAME_SCALE and explained >= _LEAST_EXPLAINED):
        raise ReadError(
            f"its sum is not that of this spectrum (best factor {factor:.3g}, {explained:.1%} of"
            " the variance)."
        )
