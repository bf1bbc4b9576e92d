"""Non-negative factors of a series, with their rotational spread, as plain values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError, FitError
from ..runs.series import SeriesRecord
from ..series.factors import factor_table, resolve

NOTE = (
    "Factors are not unique: between lowest and highest every amount fits as well. A factor is no"
    " species until a reference of the species passes the target test."
)


def resolved_of(record: SeriesRecord) -> dict[str, dict[str, Any]]:
    """Return the factors that ``[series] factors`` asks for, by region; empty if it asks for none.

    Amounts are areas, background included, at each level. Regions without counts, or of fewer
    levels than five, have none.
    """
    rank = record.settings.factors
    found: dict[str, dict[str, Any]] = {}
    for region in record.series.regions if rank else ():
        fitted = next((r for lv in record.fit.levels for r in lv.regions if r.name == region), None)
        if fitted is None:
            continue
        window = (float(np.min(fitted.x)), float(np.max(fitted.x)))
        try:
            table = factor_table(record.series, region, window)
            resolved = resolve(table, rank)
        except (DataError, FitError) as error:
            found[region] = {"note": str(error)}
            continue
        found[region] = {
            "energies": table.energies.tolist(),
            "spectra": resolved.spectra.tolist(),
            "amounts": resolved.amounts.T.tolist(),
            "lowest": resolved.lowest.T.tolist(),
            "highest": resolved.highest.T.tolist(),
            "chi_square": resolved.chi_square,
            "points": int(table.intensities.size),
            "starts": resolved.starts,
            "good": resolved.good,
            "note": NOTE,
        }
    return found
