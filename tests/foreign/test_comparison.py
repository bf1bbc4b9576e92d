"""Stored numbers beside the refit's: equal at a minimum, and said where there is none.

The comment of CasaXPS here is made up and labelled synthetic.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import ModelError
from spectra_core.fitting import evaluate, fit
from spectra_core.foreign.comparison import compare_stored
from spectra_core.foreign.presence import has_stored_fit, stored_fit_in_words
from spectra_core.model import Background, Model, Region, add_doublet, set_parameter
from spectra_core.readers import read
from spectra_core.results.document import results_document
from spectra_core.results.table import fit_text
from spectra_core.runs.batch import run
from spectra_core.runs.plan import plan_stored
from spectra_core.spectrum import Axis, make_spectrum, replace_fields


@pytest.fixture(scope="module")
def stored():
    """Return a synthetic spectrum and the model it was drawn from."""
    region = Region("S 2p", (158.0, 170.0), Background("constant"))
    region = add_doublet(region, "PS4", "S 2p", "voigt", center=161.5, fwhm=1.2, area=3000.0)
    model = set_parameter(Model((region,)), "S 2p/background/level", value=200.0)
    x = np.arange(156.0, 172.0, 0.1)
    flat = make_spectrum(x, np.ones_like(x), Axis.BINDING_ENERGY, y_unit="counts")
    y = np.full(x.size, 200.0)
    y[(x > 157.99) & (x < 170.01)] = evaluate(flat, model).regions[0].envelope
    counts = np.random.default_rng(5).poisson(y).astype(float)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts"), model


def test_a_refit_of_the_minimum_differs_from_it_by_nothing(stored):
    spectrum, model = stored
    best = fit(spectrum, model)
    compared = compare_stored({"S 2p": spectrum}, best.model, fit(spectrum, best.model))["S 2p"]
    assert compared.is_minimum and compared.sentence == ""
    assert len(compared.numbers) == 6
    for number in compared.numbers:
        assert number.refitted == pytest.approx(number.stored, rel=1e-4)


def test_a_stored_state_that_is_no_minimum_is_said_with_both_sums_of_squares(stored):
    spectrum, model = stored
    best = fit(spectrum, model)
    off = set_parameter(best.model, "S 2p/PS4/area", value=1.2 * best.value("S 2p/PS4/area"))
    compared = compare_stored({"S 2p": spectrum}, off, fit(spectrum, off))["S 2p"]
    misfit = (best.regions[0].y - evaluate(spectrum, off).regions[0].envelope) / best.regions[
        0
    ].sigma
    assert compared.stored_squares == pytest.approx(float(misfit @ misfit), rel=1e-2)
    assert compared.refitted_squares == pytest.approx(best.statistics.chi_square, rel=1e-2)
    assert "the stored state is no minimum" in compared.sentence
    area = next(n for n in compared.numbers if n.parameter == "area")
    assert area.refitted / area.stored == pytest.approx(1 / 1.2, rel=1e-3)


def test_what_the_user_added_or_took_away_is_left_out(stored):
    spectrum, model = stored
    best = fit(spectrum, model)
    more = sc.add_component(model.regions[0], "more", "voigt", center=166.0, fwhm=1.5, area=9.0)
    with_more = Model((more,))
    for before, after in ((with_more, best), (model, fit(spectrum, with_more))):
        compared = compare_stored({"S 2p": spectrum}, before, after)["S 2p"]
        assert {n.component for n in compared.numbers} == {
            c.id for c in model.regions[0].components
        }
    other = Model((replace(more, name="P 2p"),))
    assert compare_stored({"P 2p": spectrum}, other, best) == {}


def exported(stored, *, area=1.0):
    """Return the synthetic spectrum with the curves of another program's fit of it."""
    spectrum, model = stored
    drawn = evaluate(spectrum, model).regions[0]
    background = np.full(len(spectrum), 200.0)
    curves = {key: background.copy() for key in drawn.peaks}
    inside = np.isin(spectrum.x, drawn.x)
    for key, peak in drawn.peaks.items():
        curves[key][inside] += area * peak
    envelope = sum(curves.values()) - (len(curves) - 1) * background
    columns = {**curves, "Background": background, "Envelope": envelope}
    export = {
        "background": "Background",
        "envelope": "Envelope",
        "components": [{"column": key} for key in curves],
    }
    meta = replace(spectrum.meta, region="S 2p", extra={"casaxps_export": export})
    return replace_fields(spectrum, columns=columns, meta=meta)


def test_the_exported_curve_itself_is_the_stored_state(stored):
    """Whatever our line shape makes of it: only the other program's own misfit is its own."""
    spectrum = exported(stored, area=1.1)
    found = sc.reexamine(spectrum)
    (compared,) = found.record.stored.values()
    fitted = found.record.regions[0]
    own = spectrum.columns["Envelope"][np.isin(spectrum.x, fitted.x)]
    assert compared.envelope == pytest.approx(own)
    misfit = (fitted.y - own) / fitted.sigma
    assert compared.stored_squares == pytest.approx(float(misfit @ misfit))
    assert not compared.is_minimum
    area = next(n for n in compared.numbers if n.parameter == "area")
    assert area.refitted / area.stored == pytest.approx(1 / 1.1, rel=0.02)
    assert area.sigmas == pytest.approx(area.difference / area.stderr)
    assert area.sigmas < -3.0


def test_what_has_no_stored_fit_cannot_be_reexamined(stored):
    with pytest.raises(ModelError, match="no CasaXPS fit"):
        sc.reexamine(stored[0])


def test_the_results_of_stored_fits_hold_the_comparison(data_dir):
    path = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    done = run([path], model="casaxps", select="RW_WS2 S 2p")
    (entry,) = results_document(done)["fits"]
    numbers = {(n["component"], n["parameter"]): n for n in entry["stored"]["components"]}
    area = numbers["WS2 2p3/2", "area"]
    assert area["refitted"] == pytest.approx(area["stored"], rel=5e-3)
    assert entry["stored"]["is_minimum"]
    text = fit_text(entry)
    assert "stored, refitted: sum of squares" in text
    assert "WS2 2p3/2  area" in text


def test_inspect_and_fit_say_the_same_of_what_a_file_holds(data_dir):
    for name in ("assigned_excerpt_3samples.vms", "polyethyleneglycol.vms"):
        spectra = read(data_dir / "cheminfo-xps" / name)
        assert [bool(stored_fit_in_words(s)) for s in spectra] == [
            has_stored_fit(s) for s in spectra
        ]
        planned = plan_stored(spectra)
        assert len(planned.jobs) == sum(bool(stored_fit_in_words(s)) for s in spectra)
