"""Several samples in one model: what they share is one number, and each keeps its own results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.errors import RecipeError
from spectra_core.project.analyses import add_recipe, join
from spectra_core.project.jobs import analyse
from spectra_core.project.project import Project, add_spectra
from spectra_core.project.recipes import recipe_from
from spectra_core.recipe.text import dump_recipe, parse_recipe
from spectra_core.results.document import results_document
from spectra_core.runs.batch import run_spectra
from spectra_core.runs.plan import plan
from spectra_core.spectrum import Axis, Meta, Source, Spectrum

RECIPE = """
schema = "doublet-recipe/1"
share_shift = true
[[region]]
name = "S 2p"
window = [158.0, 168.0]
background = { type = "linear", mode = "active" }
shift = { value = 0.0, min = -3.0, max = 3.0 }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.5, free = false }
fwhm = { value = 1.2, min = 0.6, max = 2.0, share = "sulfide" }
mix = { value = 0.2, min = 0.0, max = 1.0, share = "sulfide" }
[[region.component]]
label = "new"
line = "S 2p"
center = { value = 163.2, min = 162.6, max = 163.6 }
fwhm = { share = "sulfide" }
mix = { share = "sulfide" }
[[ratio]]
name = "new / PS4"
numerator = ["new"]
denominator = ["PS4"]
"""
TOGETHER = RECIPE + '[samples]\nshare = ["S 2p/PS4/fwhm", "*/new/center"]\n'
# Charge, area of PS4 and of the new species, both lines: SYNTHETIC.
TRUTH = {"pristine": (0.4, 60_000.0, 3_000.0), "charged": (-0.6, 30_000.0, 15_000.0)}


def measured(sample: str, seed: int = 0) -> Spectrum:
    charge, *areas = TRUTH[sample]
    x = np.arange(155.0, 171.0, 0.1)
    y = sum(
        area * part * voigt_profile(x - at - charge - apart, 0.48, 0.08)
        for at, area in zip((161.5, 163.1), areas, strict=True)
        for part, apart in ((2 / 3, 0.0), (1 / 3, 1.18))
    )
    counts = np.random.default_rng(seed).poisson(y + 400.0).astype(float)
    meta = Meta(sample=sample, region="S 2p", technique="XPS", excitation_energy_ev=1486.6)
    source = Source(f"{sample}.vms", path=f"{sample}.vms")
    return Spectrum(
        x, counts, Axis.BINDING_ENERGY, "counts", counts=counts, meta=meta, source=source
    )


SPECTRA = [measured(name, seed) for seed, name in enumerate(TRUTH)]


@pytest.fixture(scope="module")
def fitted():
    done = run_spectra(SPECTRA, recipe=parse_recipe(TOGETHER))
    assert not done.failures
    return done


def test_what_samples_share_is_one_number_and_the_rest_is_each_samples_own(fitted):
    (record,) = fitted.fits
    value = record.result.value
    for path in ("PS4/fwhm", "new/center", "new/fwhm"):
        assert value(f"S 2p @ pristine/{path}") == value(f"S 2p @ charged/{path}")
    for sample, (charge, _, new) in TRUTH.items():
        assert value(f"S 2p @ {sample}/region/shift") == pytest.approx(charge, abs=0.02)
        area = record.result.estimate(f"S 2p @ {sample}/new/area")
        assert abs(area.value - new) < 4 * area.stderr + 0.02 * new


def test_the_place_of_a_weak_line_is_known_as_well_as_that_of_a_strong_one(fitted):
    alone = run_spectra(SPECTRA[:1], recipe=parse_recipe(RECIPE)).fits[0].result
    together = fitted.fits[0].result.stderr("S 2p @ pristine/new/center")
    assert together < 0.7 * alone.stderr("S 2p/new/center")


def test_results_name_the_sample_of_every_region_and_ratio(fitted):
    document = results_document(fitted)
    assert [fit["sample"] for fit in document["fits"]] == list(TRUTH)
    for ratio in document["ratios"]:
        truth = TRUTH[ratio["sample"]][2] / TRUTH[ratio["sample"]][1]
        assert ratio["name"] == f"new / PS4 @ {ratio['sample']}"
        assert ratio["value"] == pytest.approx(truth, rel=0.1)


def test_the_recipe_of_the_fit_is_a_recipe_that_gives_the_same_numbers(fitted):
    (record,) = fitted.fits
    again = run_spectra(SPECTRA, recipe=parse_recipe(dump_recipe(record.recipe)))
    np.testing.assert_array_equal(again.fits[0].result.values, record.result.values)


def test_the_window_fits_them_together_as_well(fitted):
    project = add_spectra(Project(), SPECTRA)
    applied = add_recipe(project, parse_recipe(TOGETHER), project.spectra)
    (key,) = applied.analyses
    analysed = analyse(applied.project, key)
    np.testing.assert_allclose(
        analysed.result.values, fitted.fits[0].result.values, rtol=1e-9, atol=1e-9
    )
    assert [ratio.value for ratio in analysed.ratios] == pytest.approx(
        [ratio.value for ratio in fitted.fits[0].ratios]
    )


def test_the_recipe_of_samples_that_the_window_joined_gives_the_same_numbers():
    project = add_spectra(Project(), SPECTRA)
    applied = add_recipe(project, parse_recipe(RECIPE), project.spectra)
    joined = join(applied.project, applied.analyses)
    (key,) = joined.analyses
    recipe = parse_recipe(dump_recipe(recipe_from(joined)))
    assert [region.sample for region in recipe.region] == list(TRUTH)
    (record,) = run_spectra(SPECTRA, recipe=recipe).fits
    np.testing.assert_allclose(
        record.result.values, analyse(joined, key).result.values, rtol=1e-9, atol=1e-9
    )


def test_a_link_may_name_samples():
    link = (
        '[[link]]\nparameter = "S 2p/new/fwhm"\nequals = "S 2p @ pristine/PS4/fwhm"\n'
        "times = 1.1\n[samples]\n"
    )
    recipe = parse_recipe(RECIPE.replace('fwhm = { share = "sulfide" }', "fwhm = 1.3") + link)
    value = run_spectra(SPECTRA, recipe=recipe).fits[0].result.value
    for sample in TRUTH:
        ratio = value(f"S 2p @ {sample}/new/fwhm") / value("S 2p @ pristine/PS4/fwhm")
        assert ratio == pytest.approx(1.1, abs=1e-12)
    assert value("S 2p @ charged/PS4/fwhm") != value("S 2p @ pristine/PS4/fwhm")
    (job,) = plan(recipe, SPECTRA[1:]).jobs
    assert "S 2p @ pristine/PS4/fwhm" in next(
        w.message for w in job.warnings if w.code == "links_dropped"
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[samples]\nshare = ["S 2p/PS4/fwhn"]\n', "is no parameter"),
        ('[samples]\nshare = ["S 2p/new/fwhm"]\n', "follows from another"),
        ('[samples]\ntogether = false\nshare = ["S 2p/PS4/fwhm"]\n', "fitted together"),
        ("[samples]\ntogther = true\n", 'Did you mean "together"'),
        (
            '[samples]\n[[link]]\nparameter = "S 2p/new/area"\nequals = "S 2p @ a/PS9/area"\n',
            "PS9",
        ),
    ],
)
def test_a_mistake_in_what_samples_share_is_named(more, words):
    with pytest.raises(RecipeError, match=words):
        parse_recipe(RECIPE + more)


def test_a_link_that_names_a_sample_needs_samples_that_are_fitted_together():
    link = '[[link]]\nparameter = "S 2p/new/center"\nequals = "S 2p @ a/new/center"\n'
    with pytest.raises(RecipeError, match=r"S 2p @ a"):
        parse_recipe(RECIPE + link)


def test_regions_may_name_their_samples():
    plain = RECIPE.replace('{ share = "sulfide" }', "1.0").replace(', share = "sulfide"', "")
    region = parse_recipe(plain).region[0]
    regions = tuple(
        region.model_copy(update={"name": f"S of {n}", "match": "S 2p*", "sample": f"{n[:4]}*"})
        for n in TRUTH
    )
    recipe = parse_recipe(RECIPE).model_copy(update={"region": regions, "ratio": ()})
    (job,) = plan(recipe, SPECTRA[::-1]).jobs
    assert [(n, s.meta.sample) for n, s in job.group.spectra] == [
        ("S of pristine", "pristine"),
        ("S of charged", "charged"),
    ]
    renamed = [replace(s, meta=replace(s.meta, sample="x")) for s in SPECTRA]
    assert "no sample is called" in plan(recipe, renamed).failures[0].message
