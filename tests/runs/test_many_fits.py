"""Thousands of fits of one model say what each would say alone: numbers, ratios, findings."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import wofz

from spectra_core.recipe.schema import UncertaintyEntry
from spectra_core.recipe.text import parse_recipe
from spectra_core.referee.rules import RULES
from spectra_core.referee.screen import OF_METADATA, OF_NUMBERS
from spectra_core.results.entries import fit_entries, ratio_entry
from spectra_core.runs import execute as execute_module
from spectra_core.runs.execute import execute, execute_all, usual_processes
from spectra_core.runs.plan import plan
from spectra_core.runs.records import Failure, RowRecord
from spectra_core.spectrum import Axis, Meta, make_spectrum

pytest.importorskip("numba", reason="stacks are made by the compiled engine")

RECIPE = """
schema = "doublet-recipe/1"
title = "synthetic"
[[region]]
name = "S 2p"
window = [157.5, 169.5]
background = {{ type = "{background}", mode = "active" }}
[[region.component]]
label = "PS4"
{species}
line = "S 2p"
center = {{ value = 161.6, min = {low}, max = 162.2 }}
fwhm = {{ value = 1.0, min = 0.5, max = 2.5 }}
lineshape = "voigt"
mix = {mix}
[[region.component]]
label = "intermediate"
line = "S 2p"
center = {{ value = 163.1, min = 162.6, max = 163.8 }}
fwhm = {{ value = 1.0, min = 0.5, max = 2.5 }}
lineshape = "voigt"
[[ratio]]
uncertainty = "counting"
name = "intermediate / PS4"
numerator = ["intermediate"]
denominator = ["PS4"]
"""
X = np.linspace(156.0, 171.0, 241)


@pytest.fixture(autouse=True)
def compiled_engine(monkeypatch):
    """Fit with the one engine that makes stacks, whichever the other tests use."""
    monkeypatch.setenv("DOUBLET_ENGINE", "numba")


def lines(centers_and_areas, width=0.9, lorentz=0.15):
    """Return S 2p doublets, written down independently of the program."""
    total = np.zeros(X.size)
    for center, area in centers_and_areas:
        for at, part in ((center, 2 / 3), (center + 1.18, 1 / 3)):
            sigma = width / 2.3548200450309493
            z = (X - at + 0.5j * lorentz) / (sigma * np.sqrt(2.0))
            total += part * area * wofz(z).real / (sigma * np.sqrt(2.0 * np.pi))
    return total


def measured(rng, kind):
    """Return synthetic counts: in order, or with one of the faults that a referee names."""
    second = rng.uniform(3000, 8000)
    width, floor, extra = rng.uniform(0.8, 1.0), 300.0, np.zeros(X.size)
    places = [(161.6 + rng.normal(0, 0.05), rng.uniform(9000, 16000)), (163.15, second)]
    if kind == "absent":
        places[1] = (163.15, 0.0)
    elif kind == "weak":
        places[1] = (163.15, 400.0)
    elif kind == "third":
        places.append((166.5, 2500.0))
    elif kind == "broad":
        width = 2.3
    elif kind == "dark":
        floor, places = 2.0, [(at, 0.004 * area) for at, area in places]
    elif kind == "shifted":
        places = [(at + 0.45, area) for at, area in places]
    peaks = lines(places, width)
    curve = floor + peaks + 0.02 * np.cumsum(peaks) * (X[1] - X[0]) + extra
    counts = rng.poisson(curve).astype(float)
    if kind == "smoothed":
        counts = np.convolve(np.pad(counts, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    elif kind == "loud":
        counts = np.maximum(curve + 3.0 * (counts - curve), 0.0)
    elif kind == "negative":
        counts = counts - 320.0
    elif kind == "zero":
        counts[:] = 0.0
    return counts


KINDS = (
    *("in order",) * 24,
    *("absent", "weak", "third", "broad", "dark", "shifted"),
    *("smoothed", "loud", "negative", "zero"),
)


def spectra(seed, *, survey=False, unit="counts"):
    rng = np.random.default_rng(seed)
    found = []
    for number, kind in enumerate(KINDS):
        meta = Meta(sample=f"synthetic {number % 3}", region="S 2p", species="S", transition="2p")
        y = measured(rng, kind)
        found.append(make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit=unit, meta=meta))
    if survey:
        x = np.linspace(90.0, 110.0, 201)
        y = rng.poisson(200.0 + 4000.0 * np.exp(-(((x - 99.4) / 0.6) ** 2))).astype(float)
        meta = Meta(sample="synthetic 1", region="Si 2p", species="Si", transition="2p")
        found.append(make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", meta=meta))
    return found


def recipe(*, background="shirley", species="", mix="0.15", low=161.0):
    text = RECIPE.format(background=background, species=species, mix=mix, low=low)
    return parse_recipe(text)


@pytest.mark.parametrize(
    "case",
    [
        {"seed": 1},
        {"seed": 2, "species": 'species = "PS4(3-)"', "survey": True},
        {"seed": 3, "mix": "{ value = 0.2, free = true }"},
        {"seed": 4, "background": "linear", "unit": "arbitrary"},
        {"seed": 5, "low": 161.58},
    ],
    ids=["plain", "species", "free mix", "unit weights", "bound"],
)
def test_every_fit_is_what_it_would_be_alone(case):
    of_recipe = {k: v for k, v in case.items() if k in ("background", "species", "mix", "low")}
    of_data = {k: v for k, v in case.items() if k not in of_recipe}
    jobs = plan(recipe(**of_recipe), spectra(**of_data)).jobs
    together, interrupted = execute_all(jobs)
    assert not interrupted and len(together) == len(jobs) == len(KINDS)
    alone = [execute(job) for job in jobs]
    for job, one, other in zip(jobs, together, alone, strict=True):
        if isinstance(other, Failure):
            assert one == other
            continue
        assert one.warnings == other.warnings, job.number
        assert fit_entries([one]) == fit_entries([other])
        assert [ratio_entry(one, r) for r in one.ratios] == [
            ratio_entry(other, r) for r in other.ratios
        ]
        whole = one.whole()
        np.testing.assert_array_equal(whole.result.values, other.result.values)
        np.testing.assert_array_equal(whole.result.covariance, other.result.covariance)
    assert sum(isinstance(one, Failure) for one in together) == 1


def test_worker_processes_give_the_same_rows_and_their_records_are_whole():
    jobs = plan(recipe(), [*spectra(7), *spectra(8)]).jobs
    here, _ = execute_all(jobs)
    there, interrupted = execute_all(jobs, processes=2)
    assert not interrupted and list(map(type, there)) == list(map(type, here))
    assert any(isinstance(one, RowRecord) for one in there)
    for one, other in zip(there, here, strict=True):
        if isinstance(other, Failure):
            assert one == other
            continue
        assert (one.id, one.warnings, one.ratios) == (other.id, other.warnings, other.ratios)
        assert fit_entries([one]) == fit_entries([other])
        np.testing.assert_array_equal(one.whole().result.values, other.whole().result.values)


def test_some_tens_of_full_budgets_are_worth_processes(monkeypatch):
    monkeypatch.setattr(execute_module, "processors", lambda: 64)
    counting = plan(recipe(), spectra(6)).jobs
    entry = counting[0].ratios[0].model_copy(update={"uncertainty": UncertaintyEntry()})
    budgeted = [replace(job, ratios=(entry,)) for job in counting]
    assert usual_processes(counting) == 1 and usual_processes(budgeted[:5]) == 1
    assert usual_processes(list(counting) * 200) == 1 and usual_processes(budgeted * 5) == 4
    monkeypatch.setattr(execute_module, "processors", lambda: 1)
    assert usual_processes(budgeted * 5) == 1


def test_fits_in_order_are_rows_and_all_others_are_looked_at():
    jobs = plan(recipe(), spectra(6)).jobs
    together, _ = execute_all(jobs)
    kinds = [KINDS[job.places[0]] for job in jobs]  # jobs stand sample by sample
    rows = [kind for kind, one in zip(kinds, together, strict=True) if isinstance(one, RowRecord)]
    assert rows.count("in order") >= 15
    # without a species no place is wrong, and a weak line that stands out is no fault
    assert set(rows) <= {"in order", "weak", "shifted"}


def test_every_rule_is_thought_of():
    assert {rule.code for rule in RULES} == {*OF_METADATA, *OF_NUMBERS}
