"""The methods and the checklist say what was done: scale, sources, ties, search, alternatives."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.forward import SCOFIELD, State, Truth, draw
from spectra_core.recipe.presets import preset
from spectra_core.report.checklist import checklist
from spectra_core.report.methods import methods
from spectra_core.report.provenance import works_in
from spectra_core.report.references import Bibliography
from spectra_core.runs.execute import execute
from spectra_core.runs.plan import plan
from spectra_core.runs.records import FitRecord, Run
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, calibrate, make_spectrum

TRUTH = Truth(
    {
        "S 2p": {
            "PS4": State(161.4, 1.0),
            "Li2S or S2-": State(159.95, 0.3),
            "bridging S": State(163.0, 0.35),
            "S0 or S-S": State(163.5, 0.2),
        },
        "P 2p": {
            "PS4": State(131.9, 0.25),
            "P2Sx": State(132.7, 0.09),
            "PSxOy": State(133.8, 0.05, 1.3),
        },
    },
    {"S 2p": (154.0, 172.0), "P 2p": (123.0, 142.0)},
    SCOFIELD,
    shift=-0.709,
)


def spectra(energy: float = 1486.6) -> list[Spectrum]:
    """Return SYNTHETIC spectra of a sample charged by -0.709 eV."""
    return [
        make_spectrum(
            x,
            y,
            Axis.BINDING_ENERGY,
            y_unit="counts",
            counts=y,
            meta=Meta(sample="synthetic", region=level, dwell_s=1.0, excitation_energy_ev=energy),
        )
        for level, (x, y) in draw(TRUTH, np.random.default_rng(3)).items()
    ]


def run_of(given: list[Spectrum], name: str = "lpscl-cathode") -> Run:
    known = preset(name)
    (job,) = plan(known, given).jobs
    record = execute(replace(job, ratios=job.ratios[:1]))
    assert isinstance(record, FitRecord)
    return Run((record,), (), (), (), "recipe", known.recipe, False)


@pytest.fixture(scope="module")
def charged() -> Run:
    return run_of(spectra())


def words(run: Run) -> tuple[str, list[str]]:
    """Return the methods text, and the works it cites."""
    bibliography = Bibliography()
    text = " ".join(block.text.plain for block in methods(run, bibliography))
    return text, [work.plain for work in bibliography.works]


def answers(run: Run) -> dict[str, str]:
    return {row[1].text.plain: row[2].text.plain for row in checklist(run, {}).rows}


def test_a_line_that_is_held_while_a_shift_is_fitted_is_the_charge_reference(charged):
    text, _ = words(charged)
    assert "the charge reference is S 2p3/2 of PS4, held at 161.4 eV" in text
    found = re.search(r"one shift of (-0\.\d+) ± 0\.\d+ eV was fitted", text)
    assert found is not None
    assert float(found[1]) == pytest.approx(-0.709, abs=0.05)
    assert "No shift was applied" not in text
    assert "charge reference not stated" not in text


def test_the_checklist_names_the_same_reference_and_shift(charged):
    said = answers(charged)
    assert said["Reference, assigned and measured energy"] == "S 2p3/2 of PS4, held at 161.4 eV"
    assert "none applied" not in said["Shift applied, and its uncertainty"]
    assert "referenced = recorded + 0.7" in said["Shift applied, and its uncertainty"]


def test_a_calibration_and_a_reference_within_the_fit_are_both_named():
    line = Calibration(0.5, "C 1s", 284.8, 284.3, 0.1)
    text, _ = words(run_of([calibrate(spectrum, line) for spectrum in spectra()]))
    assert "found at 284.3 eV, lies at 284.8 eV" in text
    assert "Within the fit the reference is S 2p3/2 of PS4, held at 161.4 eV" in text


def test_scofield_and_every_key_of_the_library_become_works(charged):
    text, works = words(charged)
    assert any("Scofield" in work and "8, 129 (1976)" in work for work in works)
    for doi in ("10.1021/acsenergylett.2c01637", "10.1039/d2ee01067d"):  # du2022, ees2022
        assert any(doi in work for work in works), doi
    position = text.split("Reference positions of the peak library")[1]
    assert re.search(r"S 2p3/2 of PS4 161\.4 eV \[\d", position)
    assert re.search(r"P 2p3/2 of PSxOy 133\.9 eV \[\d", position)


def test_keys_in_a_text_are_looked_up_and_other_words_are_not():
    works = works_in("separation li2s-ps4: du2022, zhou2024; usual; I. One, J. Two 3, 4 (1999)")
    assert len(works) == 3
    assert works[0] == "I. One, J. Two 3, 4 (1999)"
    assert "10.1021/acsenergylett.2c01637" in works[1]
    assert "10.1038/s41586-024-07101-z" in works[2]


def test_the_table_of_the_photons_that_were_used_is_named():
    text, works = words(run_of(spectra(1253.6)))
    assert "from the table xraylib@1253.6" in text
    assert any("xraylib" in work for work in works)
    assert "scofield-al-ka" not in text.split("Areas of different levels")[1].split(".")[0]


def test_doublets_that_depart_together_are_not_said_to_be_fixed(charged):
    text, _ = words(charged)
    tied = text.split("Each doublet was fitted as one object")[1].split("Exact ties")[0]
    assert "splitting fixed" not in tied
    assert "departs from its constraint as PS4 does" in tied


def test_starts_and_how_often_the_best_was_reached_are_stated(charged):
    text, _ = words(charged)
    starts = len(charged.fits[0].result.starts)
    assert f"from {starts} starting points after a scan of the shift from -5 to 5 eV" in text
    assert (
        "of them ended in the best" in answers(charged)["Optimiser, starting points, convergence"]
    )


def test_the_alternatives_that_were_fitted_are_named_with_what_they_cost(charged):
    text, _ = words(charged)
    variants = [v for v in charged.fits[0].ratios[0].variants if v.choice != "drawn"]
    listed = answers(charged)["Other backgrounds and models that were fitted"]
    assert variants
    for variant in variants:
        assert variant.name in listed
    assert variants[0].name in text
    assert "the model that is drawn" not in listed
