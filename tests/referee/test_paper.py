"""The numbers of the source paper still contradict each other, and the lint says how.

Spectra are SYNTHETIC, at the paper's printed positions; offsets are against the shipped library.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.forward import SCOFIELD, State, Truth, draw
from spectra_core.library import load_library, shipped_folder
from spectra_core.recipe.presets import preset
from spectra_core.referee.rigidity import Level, rigidity_test
from spectra_core.referee.rules import Finding, lint
from spectra_core.runs.execute import refit
from spectra_core.runs.plan import plan
from spectra_core.spectrum import Axis, Meta, make_spectrum

WINDOWS = {"S 2p": (155.0, 171.0), "P 2p": (124.0, 141.0)}


@pytest.fixture(scope="module")
def library():
    return load_library([shipped_folder()])


def level(library, entry: str, measured: float) -> Level:
    row = library.entries[entry]
    return Level(row.level, row.label, measured, row.center, row.tolerance, row.spread, entry)


def separations(library):
    return {(row.a, row.b): (row.value, row.tolerance) for row in library.separations.values()}


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ({"xps/ps4/s2p": 161.3, "xps/ps4/p2p": 131.6}, "consistent"),  # bare LPSCl
        ({"xps/li2s/s2p": 166.1, "xps/li2s/li1s": 55.0}, "non-rigid"),  # Li2S on Si
        ({"xps/ps4/s2p": 167.7, "xps/ps4/p2p": 133.0}, "non-rigid"),  # LPS on Si
        ({"xps/ps4/s2p": 163.8, "xps/ps4/p2p": 134.0, "xps/li2s/s2p": 162.2}, "rigid"),  # another's
    ],
)
def test_printed_positions_are_told_apart_from_a_charge_shift(library, printed, verdict):
    levels = [level(library, entry, measured) for entry, measured in printed.items()]
    test = rigidity_test(levels, separations=separations(library))
    assert test.verdict == verdict
    if verdict == "non-rigid":
        assert test.p_value < 1e-6
        assert "charging cannot explain it" in test.message


def found(name: str, levels: dict[str, dict[str, State]], library) -> dict[str, Finding]:
    windows = {level: WINDOWS[level] for level in levels}
    truth = Truth(levels, windows, SCOFIELD, counts=1e4)
    given = [
        make_spectrum(
            x,
            y,
            Axis.BINDING_ENERGY,
            y_unit="counts",
            counts=y,
            meta=Meta(sample="synthetic", region=level, dwell_s=1.0, scans=1.0),
        )
        for level, (x, y) in draw(truth, np.random.default_rng(0)).items()
    ]
    (job,) = plan(preset(name), given).jobs
    return {finding.code: finding for finding in lint(refit(job), library=library)}


def test_the_printed_splittings_of_one_spectrum_bias_its_ratio(library):
    """1.3 and 1.1 eV where S 2p has 1.18: a true ratio of 1 becomes about 0.9."""
    states = {"PS4": State(160.7, 1.0), "intermediate": State(162.9, 1.0)}
    remarks = found("su2025/fig5f-i", {"S 2p": states}, library)
    assert remarks["splitting_wrong"].severity == "alarm"
    bias = float(remarks["splitting_wrong"].message.split("biased by ")[1].split(" %")[0])
    assert -12.0 < bias < -5.0
    assert remarks["chi_square_high"].severity == "alarm"


def test_two_doublets_cannot_hold_the_three_states_of_its_own_reference(library):
    """Koerver 2017 separates bridging sulfur from S-S; the paper fits both as one doublet."""
    states = {"PS4": State(160.7, 0.7), "b": State(162.0, 0.17), "S0": State(162.8, 0.13)}
    remarks = found("su2025/fig5f-i", {"S 2p": states}, library)
    assert remarks["one_more_component"].severity == "alarm"
    change = remarks["one_more_component"].message.split("A(intermediate) changes by ")[1]
    assert abs(float(change.split(" %")[0])) > 20.0


def test_ps4_of_the_cycled_cathodes_lies_where_no_ps4_is_known(library):
    states = {"PS4": State(160.7, 1.0), "intermediate": State(162.9, 0.5)}
    remarks = found("su2025/fig5f-i", {"S 2p": states}, library)
    moved = remarks.get("position_far") or remarks.get("rigid_shift") or remarks["not_rigid"]
    assert "-0.7" in moved.message
