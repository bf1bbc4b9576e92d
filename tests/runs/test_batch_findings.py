"""Batch runs: the lint's findings are the warnings, and a recipe's C 1s reference is found."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
)
from spectra_core.recipe.text import parse_recipe
from spectra_core.results.document import write_results
from spectra_core.runs.batch import run
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Spectrum
from spectra_core.writers import write

RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
match = "S 2p*"
window = [157.0, 169.5]
background = { type = "shirley", mode = "active" }
[[region.component]]
label = "PS4"
species = "PS4(3-)"
line = "S 2p"
%s
center = { value = 161.5, min = 160.9, max = 162.1 }
fwhm = { value = 1.2, min = 0.5, max = 2.0 }
mix = { value = 0.3, free = false }
"""
BY_CARBON = '[calibration]\nreference = "C 1s"\n'
CHARGE = 2.3


def recipe_with(calibration: str, component: str = ""):
    return parse_recipe(RECIPE % component + calibration)


def draw(region: Region, sample: str, seed: int) -> Spectrum:
    acquisition = Acquisition(0.1, 0.1, 10, 1486.6, sample=sample, peak_counts=1e4)
    return simulate(Model((region,)), acquisition, np.random.default_rng(seed))[0]


def background() -> Background:
    return Background(
        "shirley", "active", parameters={"level": Parameter(300.0), "step": Parameter(0.01)}
    )


def sulfur(charge: float, sample: str, seed: int = 0) -> Spectrum:
    region = Region("S 2p", (154.0, 175.0), background())
    region = add_doublet(
        region, "PS4", "S 2p", area=900.0, center=161.5 + charge, fwhm=1.15, mix=0.3
    )
    return draw(region, sample, seed)


def carbon(charge: float, sample: str, seed: int = 0) -> Spectrum:
    region = Region("C 1s", (279.0, 298.0), background())
    for i, (offset, area) in enumerate(((0.0, 3000.0), (1.5, 500.0), (4.1, 300.0))):
        line = make_component(f"c{i}", area=area, center=284.8 + charge + offset, fwhm=1.3, mix=0.2)
        region = add_component(region, line)
    return draw(region, sample, seed)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "charged.vms", [sulfur(CHARGE, "a"), carbon(CHARGE, "a")])
    write(tmp_path / "bare.vms", [sulfur(CHARGE, "b")])
    return tmp_path


def codes(record) -> list[str]:
    return [warning.code for warning in record.warnings]


def test_a_reference_without_a_measured_energy_is_found_in_the_samples_own_spectrum(folder):
    done = run([folder / "charged.vms"], recipe=recipe_with(BY_CARBON))
    (record,) = done.fits
    calibration = record.result.regions[0].spectrum.calibration
    assert calibration.shift == pytest.approx(-CHARGE, abs=0.03)
    assert calibration.uncertainty > 0.1
    assert record.result.value("S 2p/PS4/center") == pytest.approx(161.5, abs=0.03)


def test_selecting_the_sulfur_does_not_hide_its_carbon(folder):
    recipe = recipe_with(BY_CARBON)
    done = run([folder / "charged.vms"], recipe=recipe, select="S 2p")
    assert len(done.fits) == 1


def test_which_carbon_was_assumed_is_said_unless_the_recipe_says_it(folder):
    open_kind = run([folder / "charged.vms"], recipe=recipe_with(BY_CARBON))
    said = recipe_with(BY_CARBON + 'kind = "adventitious"\n')
    closed = run([folder / "charged.vms"], recipe=said)
    assert codes(open_kind.fits[0]) == ["reference_assumed"]
    assert codes(closed.fits[0]) == []


def test_the_kind_of_carbon_changes_the_shift_by_their_distance(folder):
    shifts = []
    for kind in ("adventitious", "carbon black"):
        recipe = recipe_with(BY_CARBON + f'method = "pick"\nkind = "{kind}"\n')
        done = run([folder / "charged.vms"], recipe=recipe)
        shifts.append(done.fits[0].result.regions[0].spectrum.calibration.shift)
    assert shifts[1] - shifts[0] == pytest.approx(-0.3, abs=1e-9)


def test_a_sample_without_the_reference_fails_with_what_to_do_and_the_others_go_on(folder):
    files = [folder / "bare.vms", folder / "charged.vms"]
    done = run(files, recipe=recipe_with(BY_CARBON))
    assert len(done.fits) == 1
    (failure,) = done.failures
    assert "no C 1s spectrum" in failure.message
    assert "[calibration]" in failure.message


def test_findings_are_the_warnings_of_a_fit_and_stand_in_the_results_file(folder, tmp_path):
    shift = f"[calibration]\nshift = {-CHARGE}\n"
    recipe = recipe_with(shift, "splitting = 1.4")
    done = run([folder / "bare.vms"], recipe=recipe)
    assert "splitting_wrong" in codes(done.fits[0])
    write_results(done, tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    (entry,) = [w for w in written["fits"][0]["warnings"] if w["code"] == "splitting_wrong"]
    assert "1.40" in entry["message"]
    assert entry["where"] == "S 2p"


def test_a_clean_calibrated_fit_has_no_warnings(folder):
    shift = f"[calibration]\nshift = {-CHARGE}\n"
    done = run([folder / "bare.vms"], recipe=recipe_with(shift))
    assert done.fits[0].warnings == ()


def test_findings_do_not_depend_on_the_number_of_processes(folder):
    recipe = recipe_with(BY_CARBON)
    again = folder / "again.vms"
    write(again, [sulfur(1.0, "c", 3), carbon(1.0, "c", 4)])
    files = [folder / "charged.vms", again]
    one, two = (run(files, recipe=recipe, jobs=jobs) for jobs in (1, 2))
    for a, b in zip(one.fits, two.fits, strict=True):
        assert a.warnings == b.warnings
        np.testing.assert_array_equal(a.result.values, b.result.values)


def test_other_spectra_of_the_sample_are_shown_to_the_lint(folder, tmp_path):
    silicon = Region("Si 2p", (92.0, 110.0), background())
    silicon = add_doublet(silicon, "Si", "Si 2p", area=900.0, center=99.4, fwhm=0.8, mix=0.3)
    oxidised = Region("S 2p", (154.0, 175.0), background())
    oxidised = add_doublet(oxidised, "SO4", "S 2p", area=900.0, center=168.6, fwhm=1.3, mix=0.3)
    file = tmp_path / "wafer.vms"
    write(file, [draw(oxidised, "w", 0), draw(silicon, "w", 1)])
    text = (RECIPE % "").replace("PS4(3-)", "sulfate").replace("[157.0, 169.5]", "[157.0, 174.5]")
    text = text.replace("161.5, min = 160.9, max = 162.1", "168.6, min = 168.0, max = 169.2")
    done = run([file], recipe=parse_recipe(text + "[calibration]\nshift = 1e-9\n"))
    found = next(w for w in done.fits[0].warnings if w.code == "overlap")
    assert "Si 2p" in found.message
