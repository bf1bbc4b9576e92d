"""Whether a ratio differs between samples, states or levels by more than its errors allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import exp, hypot, log
from typing import Any

from .ratio_table import RatioRow

_SIGMAS_OF_95 = 1.96
SURE = 3.0  # standard errors: from here on a change is one


@dataclass(frozen=True)
class RatioChange:
    """One ratio of two samples, as a factor.

    Attributes
    ----------
    name : str
        Of the ratio.
    first, second : str
        Samples, with their levels; where these are equal, with their results files.
    factor : float
        Ratio of the second over that of the first.
    interval : tuple of (float, float)
        95 % interval of the factor.
    sigmas : float
        Logarithm of the factor over its standard error; below zero where the ratio falls.
    """

    name: str
    first: str
    second: str
    factor: float
    interval: tuple[float, float]
    sigmas: float

    @property
    def sentence(self) -> str:
        """What the change says, in one sentence."""
        low, high = self.interval
        percent = 100.0 * (self.factor - 1.0)
        ends = f"{100.0 * (low - 1.0):+.0f} to {100.0 * (high - 1.0):+.0f} %"
        if abs(self.sigmas) >= SURE:
            verdict = "a change"
        elif low <= 1.0 <= high:
            verdict = "no change that the errors allow to be named"
        else:
            verdict = "a change at the edge of what the errors allow"
        return (
            f"from {self.first} to {self.second} it changes by {percent:+.0f} %"
            f" (95 %: {ends}, {abs(self.sigmas):.1f} standard errors): {verdict}."
        )


def ratio_changes(rows: Iterable[RatioRow]) -> list[RatioChange]:
    """Return how each ratio of several rows differs from that of its first row.

    Parameters
    ----------
    rows : iterable of RatioRow
        Rows of equal names are compared where both have a value with an interval.

    Returns
    -------
    changes : list of RatioChange
        In the order of the rows.

    Notes
    -----
    The errors of two fits are taken as independent and add in quadrature on the logarithm, each
    on the side towards the other. What acts alike on both (a sensitivity factor, a line shape)
    cancels in truth, so the interval is rather too wide than too narrow.
    """
    by_name: dict[str, list[RatioRow]] = {}
    for row in rows:
        if _ends(row) is not None:
            by_name.setdefault(str(row.entry["name"]), []).append(row)
    return [_change(name, same[0], other) for name, same in by_name.items() for other in same[1:]]


def changes_document(rows: Iterable[RatioRow]) -> dict[str, Any]:
    """Return the changes as plain values, ready for JSON beside the ratios themselves."""
    return {"changes": [asdict(change) for change in ratio_changes(rows)]}


def _ends(row: RatioRow) -> Sequence[float] | None:
    """Return low end, value and high end, all above zero; None where there are none."""
    value, pair = row.entry["value"], row.entry["total_interval"] or row.entry["interval"]
    if value is None or pair is None or not 0.0 < pair[0] <= value <= pair[1]:
        return None
    return pair[0], value, pair[1]


def _change(name: str, one: RatioRow, other: RatioRow) -> RatioChange:
    first, second = _ends(one), _ends(other)
    assert first is not None and second is not None
    step = log(second[1] / first[1])
    down = hypot(log(second[1] / second[0]), log(first[2] / first[1]))
    up = hypot(log(second[2] / second[1]), log(first[1] / first[0]))
    towards_none = down if step > 0 else up
    sigmas = _SIGMAS_OF_95 * step / towards_none if towards_none > 0 else 0.0
    interval = (exp(step - down), exp(step + up))
    return RatioChange(name, *_places(one, other), exp(step), interval, sigmas)


def _places(one: RatioRow, other: RatioRow) -> tuple[str, str]:
    """Return what tells two rows apart: their samples, with the results files where those do."""
    if one.sample != other.sample:
        return one.sample, other.sample
    return f"{one.sample} ({one.results})", f"{other.sample} ({other.results})"
