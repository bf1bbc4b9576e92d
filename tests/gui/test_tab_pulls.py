"""The tabs of pulls and of alternatives: ranked, copied with all digits, honest where empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

import spectra_core as sc
from doublet.app.scene import Scene
from doublet.app.selection import Selection
from doublet.app.views.ratio_matrix import budget_parts
from doublet.app.views.tab_alternatives import NO_BUDGET, AlternativesTab
from doublet.app.views.tab_pulls import NO_FIT, NO_PRIORS, NO_RATIO, PullsTab
from doublet.app.views.tab_ratios import RatiosTab
from doublet.app.widgets import printed
from spectra_core.editing.priors import free_of
from spectra_core.errors import ModelError
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result
from spectra_core.results.table import value_text
from spectra_core.uncertainty.densities import models_of

X = np.linspace(158.0, 168.0, 201)
REQUESTS = [
    sc.RatioRequest("b / a", ("b",), ("a",), sc.Rows(40)),
    sc.RatioRequest("a / b", ("a",), ("b",), sc.Rows(40)),
]
PRIORS = (
    sc.Prior("S 2p/a/center", 162.0, 0.1, source="made up"),
    sc.Prior("S 2p/b/fwhm", 1.2, 0.05),
    sc.Prior((sc.Term(1.0, "S 2p/b/area"), sc.Term(-0.4, "S 2p/a/area")), relative=0.04),
)


def gaussian(center: float, area: float) -> np.ndarray:
    s = 1.2 / 2.3548200450309493
    return area * np.exp(-0.5 * ((X - center) / s) ** 2) / (s * np.sqrt(2 * np.pi))


def scene(priors: tuple[sc.Prior, ...], requests: list[sc.RatioRequest]) -> Scene:
    counts = np.random.default_rng(5).poisson(gaussian(162, 9000) + gaussian(163.4, 4500) + 400)
    data = sc.make_spectrum(X, counts.astype(float), sc.Axis.BINDING_ENERGY, y_unit="counts")
    region = sc.Region("S 2p", (158.0, 168.0), sc.Background("constant"))
    for name, center in (("a", 162.0), ("b", 163.4)):
        bounds = {"center": (center, center - 1, center + 1), "fwhm": (1.2, 0.5, 3.0)}
        region = sc.add_component(region, name, "gaussian", **bounds)
    model = sc.add_priors(sc.Model((region,)), priors)
    result = sc.fit(data, model)
    project = add_spectra(Project(), [data])
    (spectrum,) = project.spectra
    project = add_analysis(project, model, {"S 2p": spectrum})
    (key,) = project.analyses
    ratios = sc.ratio_budgets(result, requests)
    project = set_result(project, key, result, ratios=ratios)
    chosen, own = Selection((spectrum,), key, "S 2p"), result.model.region("S 2p")
    return Scene(project, chosen, data, project.analysis(key), own, result, fitted=True)


@pytest.fixture(scope="module")
def known() -> Scene:
    return scene(PRIORS, REQUESTS)


@pytest.fixture
def tab(qtbot) -> Callable[[Scene], PullsTab]:
    def show(shown: Scene) -> PullsTab:
        view = PullsTab()
        qtbot.addWidget(view)
        view.resize(1000, 300)
        view.show_scene(shown)
        view.show()
        return view

    return show


def names(view: PullsTab) -> list[str]:
    return [view.table.item(i, 0).text() for i in range(view.table.rowCount())]


def test_the_rows_are_ranked_by_the_impact_on_the_chosen_ratio(known: Scene, tab: Callable) -> None:
    view = tab(known)
    ratios = known.analysis.ratios
    assert names(view) == [impact.pull.name for impact in ratios[0].impacts]
    sizes = [impact.size for impact in view.impacts]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 0
    view.ratio.set_value("a / b")
    view.ratio.chosen.emit("a / b")
    assert view.impacts == ratios[1].impacts


def test_the_foot_adds_up_to_the_total(known: Scene, tab: Callable) -> None:
    view, budget = tab(known), known.analysis.ratios[0].budget
    words = " ".join(view._foot.text().split())  # some blanks do not break
    priors = np.sqrt(budget.energies**2 + budget.ties**2 + budget.shape**2)
    assert f"priors {priors:.2g}" in words and f"total ± {budget.total:.2g}" in words


def test_what_is_copied_has_every_digit(known: Scene, tab: Callable) -> None:
    view = tab(known)
    view.copy()
    lines = QGuiApplication.clipboard().text().split("\n")
    heads = lines[0].split("\t")
    first = dict(zip(heads, lines[1].split("\t"), strict=True))
    impact = view.impacts[0]
    assert len(lines) == 1 + len(PRIORS)
    assert float(first["up"]) == pytest.approx(impact.up, rel=1e-9)
    assert float(first["pull"]) == pytest.approx(impact.pull.pull, rel=1e-9)
    assert first["prior"] == impact.pull.prior


def test_a_prior_that_the_data_contradict_is_red_and_says_so(known: Scene, tab: Callable) -> None:
    view = tab(known)
    row = names(view).index("S 2p b : S 2p a, area")
    others = [i for i in range(view.table.rowCount()) if i != row]
    tone = view.table.item(row, 0).foreground().color()
    assert all(view.table.item(i, 0).foreground().color() != tone for i in others)
    assert "more than three standard errors" in view.table.item(row, 0).toolTip().replace("\n", " ")


def test_the_chosen_assumption_is_freed_and_the_others_stay(known: Scene, tab: Callable) -> None:
    view, asked = tab(known), []
    view.free_asked.connect(lambda name, formula: asked.append((name, formula)))
    assert view.free.isVisible() and not view.free.isEnabled()
    for line in range(view.table.rowCount()):
        view.table.selectRow(line)
        assert view.free.isEnabled()
        view.free.click()
        name, formula = asked.pop()
        assert name == view.table.item(line, 0).text()
        freed = free_of(known.analysis.model, formula)
        gone = set(known.analysis.model.priors) - set(freed.priors)
        assert [prior.formula for prior in gone] == [formula]
    with pytest.raises(ModelError, match="no prior reads"):
        free_of(known.analysis.model, "S 2p/a/center = 1 ± 1")


def test_both_plots_are_painted(known: Scene, tab: Callable) -> None:
    view = tab(known)
    picture = view.table.viewport().grab().toImage()
    left = sum(view.table.columnWidth(i) for i in range(3))
    colours = {
        picture.pixel(x, y)
        for x in range(left, left + view.table.columnWidth(3), 2)
        for y in range(2, 70, 3)
    }
    assert len(colours) >= 4  # card, two bands, dot


def test_in_a_narrow_window_the_plots_keep_their_room(known: Scene, tab: Callable, qtbot) -> None:
    view = tab(known)
    view.resize(640, 300)
    qtbot.waitUntil(lambda: view.table.width() < 700)
    assert view.table.isColumnHidden(2)
    assert min(view.table.columnWidth(column) for column in (3, 5)) > 60
    assert "fitted 0.49" in view.table.item(0, 0).toolTip()


def test_without_priors_one_sentence_says_so(tab: Callable) -> None:
    view = tab(scene((), REQUESTS))
    assert view._said.text() == NO_PRIORS and not view.table.isVisible()


def test_without_a_full_budget_there_are_pulls_and_no_impacts(tab: Callable) -> None:
    counted = [replace(request, rows=None) for request in REQUESTS]
    view = tab(scene(PRIORS, counted))
    assert view._said.text() == NO_RATIO
    assert view.table.rowCount() == len(PRIORS) and view.table.item(0, 6).text() == ""


def test_without_a_fit_it_asks_for_one(known: Scene, tab: Callable) -> None:
    view = tab(replace(known, fitted=False))
    assert view._said.text() == NO_FIT and view.impacts == ()


# --- alternatives ---


@pytest.fixture
def models(qtbot) -> Callable[[Scene], AlternativesTab]:
    def show(shown: Scene) -> AlternativesTab:
        view = AlternativesTab()
        qtbot.addWidget(view)
        view.resize(1000, 300)
        view.show_scene(shown)
        view.show()
        return view

    return show


def test_the_models_stand_by_weight_and_the_drawn_one_is_among_them(
    known: Scene, models: Callable
) -> None:
    view = models(known)
    ratio = known.analysis.ratios[0]
    shown = [view.table.item(i, 0).text() for i in range(view.table.rowCount())]
    assert "the model that is drawn" in shown and len(shown) == len(models_of(ratio))
    weights = [model.weight or 0.0 for model in view.models]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1.0)
    refused = shown.index("without b")
    assert view.table.item(refused, 5).text().startswith("χ² rises by")


def test_both_ratios_are_told_where_the_drawn_model_is_not_the_best(
    known: Scene, models: Callable
) -> None:
    view, ratio = models(known), known.analysis.ratios[0]
    assert ratio.average is not None
    assert f"all models {ratio.average:.3g}" in view._said.text()
    assert f"drawn {ratio.value:.2f}"[:10] in view._said.text()


def test_alternatives_are_copied_with_every_digit(known: Scene, models: Callable) -> None:
    view = models(known)
    view.copy()
    lines = QGuiApplication.clipboard().text().split("\n")
    cells = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
    assert float(cells["weight"]) == pytest.approx(view.models[0].weight, rel=1e-9)
    assert len(lines) == 1 + len(view.models)


def test_counting_alone_has_no_alternatives(models: Callable) -> None:
    view = models(scene(PRIORS, [replace(request, rows=None) for request in REQUESTS]))
    assert view._said.text() == NO_BUDGET and not view.table.isVisible()


# --- while ratios are computed ---


def test_ratios_on_their_way_are_announced_and_those_of_before_are_grey(
    qtbot, known: Scene
) -> None:
    view = RatiosTab()
    qtbot.addWidget(view)
    view.show_scene(known)
    view.show()
    plain = view.table.item(0, 1).foreground().color()
    view.show_busy("Fitting S 2p")
    assert "Fitting S 2p: ratios follow" in view._computing.text() and view._computing.isVisible()
    assert view.table.item(0, 1).foreground().color() != plain
    assert view.table.item(0, 1).text()  # the last value stays readable
    view.show_busy("")
    assert not view._computing.isVisible()
    assert view.table.item(0, 1).foreground().color() == plain


def test_samples_are_rows_and_ratios_columns(qtbot, known: Scene) -> None:
    view = RatiosTab()
    qtbot.addWidget(view)
    view.show_scene(known)
    ratios = known.project.analyses[next(iter(known.project.analyses))].ratios
    assert view.table.rowCount() == 1
    assert view.table.columnCount() == 1 + len(ratios)
    for column, ratio in enumerate(ratios, 1):
        assert printed(value_text(ratio)) in view.table.item(0, column).text()


def test_the_parts_of_a_bar_fill_it_and_each_opens_what_is_behind_it(qtbot, known: Scene) -> None:
    view = RatiosTab()
    qtbot.addWidget(view)
    view.resize(900, 300)
    view.show_scene(known)
    view.show()
    qtbot.waitExposed(view)
    one = next(r for r in view._rows if r.ratio.budget.total)
    column = [r.name for r in view._rows].index(one.name) + 1
    shares = budget_parts(one.ratio.budget)
    assert sum(share for _, _, share in shares) == pytest.approx(1.0)
    heard: list[tuple[str, str]] = []
    view.part_chosen.connect(lambda *args: heard.append(args))
    large = max(shares, key=lambda part: part[2])[0]
    place = view.table.part_place(0, column, large)
    assert place is not None
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert heard == [(one.name, large)]
