"""Pulls and impacts where a user meets them: Python, results.json, report, figure, project.

Synthetic data: two lines of numpy's Gaussian on a level, Poisson counts, seeded.
"""

import json
from dataclasses import asdict

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import SpectraError
from spectra_core.project.recipes import project_from_run
from spectra_core.results.document import results_document
from spectra_core.results.impacts import impacts_figure
from spectra_core.runs.collect import as_run

X = np.linspace(158.0, 168.0, 201)
REQUEST = sc.RatioRequest("b / a", ("b",), ("a",), sc.Rows(40))
SHARE = 0.4  # what the tie says of b over a; the data have 0.5


def gaussian(center, area, fwhm):
    s = fwhm / 2.3548200450309493
    return area * np.exp(-0.5 * ((X - center) / s) ** 2) / (s * np.sqrt(2 * np.pi))


def model(*priors):
    region = sc.Region("S 2p", (158.0, 168.0), sc.Background("constant"))
    for name, center in (("a", 162.0), ("b", 163.4)):
        region = sc.add_component(
            region,
            name,
            "gaussian",
            center=(center, center - 1, center + 1),
            fwhm=(1.2, 0.5, 3.0),
        )
    return sc.add_priors(sc.Model((region,)), priors)


PRIORS = (
    sc.Prior("S 2p/a/center", 162.0, 0.1, source="made up"),
    sc.Prior("S 2p/b/fwhm", 1.2, 0.05),
    sc.Prior((sc.Term(1.0, "S 2p/b/area"), sc.Term(-SHARE, "S 2p/a/area")), relative=0.04),
)


@pytest.fixture(scope="module")
def fitted():
    counts = np.random.default_rng(5).poisson(
        gaussian(162.0, 9000.0, 1.2) + gaussian(163.4, 4500.0, 1.2) + 400.0
    )
    data = sc.make_spectrum(X, counts.astype(float), sc.Axis.BINDING_ENERGY, y_unit="counts")
    return sc.fit(data, model(*PRIORS))


@pytest.fixture(scope="module")
def ratio(fitted):
    return sc.ratio_budgets(fitted, [REQUEST])[0]


def test_the_verb_says_what_the_ratio_of_the_budget_says(fitted, ratio):
    found = sc.pulls(fitted, [REQUEST])
    assert found.impacts == (ratio.impacts,)
    assert {impact.pull.prior for impact in ratio.impacts} == {p.formula for p in PRIORS}
    table = found.to_dataframe()
    assert list(table["pull"]) == pytest.approx([known.pull for known in fitted.priors])
    text = str(found)
    assert "S 2p b : S 2p a, area" in text and "impacts on b / a" in text


def test_counting_alone_asks_for_no_impacts(fitted):
    plain = sc.RatioRequest("b / a", ("b",), ("a",), None)
    assert sc.ratio_budgets(fitted, [plain])[0].impacts == ()


def test_a_model_without_priors_says_so(fitted):
    bare = sc.fit(fitted.regions[0].spectrum, model())
    found = sc.pulls(bare, [REQUEST])
    assert found.pulls == () and "no priors" in str(found)
    with pytest.raises(SpectraError, match="no pulls to draw"):
        found.plot()
    assert sc.ratio_budgets(bare, [REQUEST])[0].impacts == ()


def test_results_hold_every_impact_with_all_digits(fitted, ratio):
    document = results_document(as_run(fitted, [ratio]))
    (entry,) = json.loads(json.dumps(document))["ratios"]
    first = entry["impacts"][0]
    assert [i["prior"] for i in entry["impacts"]] == [i.pull.prior for i in ratio.impacts]
    assert first["up"] == ratio.impacts[0].up and first["down"] == ratio.impacts[0].down
    tie = next(i for i in entry["impacts"] if i["group"] == "ties")
    assert tie["value"] == SHARE and tie["unit"] == ""
    assert 0.4 < tie["fitted"] < 0.5 and tie["pull"] > 2.0 and tie["gain"] > 4.0


def test_the_report_has_table_and_figure_ranked(fitted, ratio):
    report = sc.build_report(fitted, ratios=[ratio])
    section = next(s for s in report.sections if s.key == "impacts")
    table = next(t for t in report.tables() if t.sheet == "pulls and impacts")
    names = [row[2].text.plain for row in table.rows]
    assert names == [impact.pull.name for impact in ratio.impacts]
    figure = next(block for block in section.blocks if hasattr(block, "drawing"))
    assert figure.drawing.axes[1].get_xlabel() == "change of b / a"
    bare = sc.build_report(fitted)
    assert not [s for s in bare.sections if s.key == "impacts"]


def test_the_figure_draws_pulls_bands_and_both_signs(ratio):
    left, right = impacts_figure(ratio.impacts, ratio.name).axes
    drawn = [line.get_xdata()[0] for line in left.get_lines() if line.get_marker() == "o"]
    assert drawn == [impact.pull.pull for impact in ratio.impacts]
    bars = [bar.get_width() for bar in right.patches]
    expected = [change for i in ratio.impacts for change in (i.up, i.down)]
    assert bars == pytest.approx(expected)


def test_a_project_keeps_impacts(fitted, ratio, tmp_path):
    project = project_from_run(as_run(fitted, [ratio]))
    sc.save_project(project, tmp_path / "p.doublet")
    (analysis,) = sc.load_project(tmp_path / "p.doublet").analyses.values()
    assert analysis.ratios == (ratio,)


def test_a_run_that_is_taken_up_again_has_the_same_ratio(ratio):
    """What `doublet fit --resume` keeps of a ratio is JSON; NaN and nested values come back."""
    from spectra_core.export.delivery import _ratio

    assert _ratio(json.loads(json.dumps(asdict(ratio)))) == ratio
