"""How much a ratio differs between samples, against draws of known truth (synthetic)."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from spectra_core.results.ratio_changes import ratio_changes
from spectra_core.results.ratio_table import RatioRow


def row(sample: str, value: float | None, pair, *, name="mid / PS4", total=None) -> RatioRow:
    entry = {"name": name, "sample": sample, "value": value, "interval": pair}
    return RatioRow(
        "results.json", entry | {"total_interval": total, "level_index": 0, "coordinates": {}}
    )


def measured(sample: str, truth: float, error: float, rng: np.random.Generator) -> RatioRow:
    value = truth * exp(error * rng.standard_normal())
    return row(sample, value, [value * exp(-1.96 * error), value * exp(1.96 * error)])


def test_the_interval_of_a_change_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(4), []
    for _ in range(2000):
        rows = [measured("charged", 1.56, 0.08, rng), measured("discharged", 0.56, 0.15, rng)]
        (change,) = ratio_changes(rows)
        held.append(change.interval[0] <= 0.56 / 1.56 <= change.interval[1])
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_the_papers_two_changes_are_told_apart_by_any_honest_error():
    """Its Table 1: 1.11 to 0.97 on the bare cell, 1.56 to 0.56 on the coated one."""
    ten = [exp(-1.96 * 0.1), exp(1.96 * 0.1)]
    rows = [
        row(sample, value, [value * end for end in ten], name=cell)
        for cell, values in {"bare": (1.11, 0.97), "coated": (1.56, 0.56)}.items()
        for sample, value in zip(("charged", "discharged"), values, strict=True)
    ]
    bare, coated = ratio_changes(rows)
    assert bare.factor - 1 == pytest.approx(-0.126, abs=1e-3)
    assert "no change that the errors allow to be named" in bare.sentence
    assert coated.factor - 1 == pytest.approx(-0.641, abs=1e-3)
    assert coated.sigmas < -7
    assert coated.sentence.endswith(": a change.")


def test_the_total_interval_counts_where_there_is_one_and_its_side_towards_the_other():
    counting, total = [0.99, 1.01], [0.5, 1.01]
    (change,) = ratio_changes([row("a", 1.0, counting, total=total), row("b", 0.8, [0.79, 0.81])])
    assert change.interval[0] < 0.8 < 1.0 < change.interval[1]


def test_what_has_no_value_or_no_interval_is_not_compared():
    rows = [row("a", 1.0, [0.9, 1.1]), row("b", None, None), row("c", 0.5, None)]
    assert ratio_changes(rows) == []
