"""The Series view: a profile opened, fitted, stepped through, undone, and its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

import spectra_core as sc
from doublet.app.controllers.reporting import notes_of
from doublet.app.program import Program
from doublet.app.views.tab_ratios import ratio_rows
from spectra_core.project.project import calibrate_spectra
from spectra_core.project.recipes import series_recipe
from spectra_core.report.build import remarks_of
from spectra_core.report.samples import samples_of
from spectra_core.results.trends import series_json
from spectra_core.series.global_fit import Smooth
from spectra_core.spectrum import Calibration

Settle = Callable[[Program], None]
EXAMPLE = ("resources", "examples")


@pytest.fixture
def profile(program: Program, settle: Settle) -> Program:
    """Return a program with the synthetic profile in the Series view."""
    program.crew.acting.run("profile_example")
    settle(program)
    return program


def test_the_view_is_offered_only_where_there_is_a_series(program: Program) -> None:
    assert not program.window.view_bar.is_needed
    assert "Open a file first." in program.crew.acting.why_not()["series_view"]


def test_the_profile_is_fitted_as_the_command_line_does(profile: Program, settle: Settle) -> None:
    series = profile.crew.series
    assert series.is_seen and profile.window.docks[1].isHidden()
    assert series.scene is not None and len(series.scene) == 12 and series.scene.record is None
    profile.crew.acting.run("fit")
    settle(profile)
    spectra = sc.read(sc.data_path(*EXAMPLE, "lps_on_lpscl_profile.vms"))
    recipe = sc.load_recipe(sc.data_path(*EXAMPLE, "lps_on_lpscl_profile.toml"))
    (own,), _ = sc.run_series(spectra, recipe)
    shown = series.scene.record
    assert shown is not None
    for path in ("S 2p/Li2S/area", "P 2p/PS4/area"):
        np.testing.assert_allclose(shown.fit.values(path), own.fit.values(path), rtol=1e-9)
    fits = [a.stored for a in profile.desk.document.project.analyses.values()]
    assert len(fits) == 12 and all(one is not None and one.method == "series" for one in fits)
    profile.crew.acting.run("undo")
    assert not any(a.stored for a in profile.desk.document.project.analyses.values())


def test_the_pill_says_what_the_report_says_of_the_levels(profile: Program, settle: Settle) -> None:
    profile.crew.acting.run("fit")
    settle(profile)
    view, scene = profile.crew.series.view, profile.crew.series.scene
    assert scene is not None and not scene.alarms
    spectra = sc.read(sc.data_path(*EXAMPLE, "lps_on_lpscl_profile.vms"))
    recipe = sc.load_recipe(sc.data_path(*EXAMPLE, "lps_on_lpscl_profile.toml"))
    _, run = sc.run_series(spectra, recipe)
    told = samples_of(run, {record.id: remarks_of(record) for record in run.fits})
    assert [own.word for own in scene.verdicts] == [one.verdict.word for one in told.each]
    letters = [one.letter for one in told.each if one.verdict.word == "check"]
    assert letters == list("ijkl")
    assert view.verdict.text() == "● Check: levels 9–12"
    assert view.verdict.property("severity") == "warn"
    assert "P 2p/P2S5" in view.verdict.toolTip()
    view.verdict.click()
    assert profile.crew.series.scene.level == 8
    tree = profile.window.tree.model
    states = {k: tree.row_of(tree.index_of(key)).state for k, key in enumerate(scene.own.spectra)}
    checked = {scene.own.level_of(scene.own.spectra[k]) for k, s in states.items() if s == "check"}
    assert checked == {8, 9, 10, 11} and set(states.values()) == {"sound", "check"}


def test_the_levels_are_folded_under_their_sample_until_the_user_unfolds_them(
    profile: Program, settle: Settle, qtbot: QtBot
) -> None:
    tree, document = profile.window.tree, profile.desk.document
    group = tree.model.index(0, 0)
    assert tree.model.rowCount() == 1 and tree.model.rowCount(group) == 24
    assert not tree.view.isExpanded(group)
    spoken = tree.model.data(group, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "LPS film on LPSCl (synthetic), 12 levels, not fitted"
    profile.crew.spectra.choose([list(document.project.spectra)[6]])
    settle(profile)
    assert not tree.view.isExpanded(group)
    profile.crew.acting.run("fit")
    settle(profile)
    said = str(tree.model.data(group, Qt.ItemDataRole.ToolTipRole))
    assert "12 levels of a series · to be checked" in said
    tree.view.expand(group)
    tree.filter.setText("P 2p")
    tree.filter.clear()
    assert tree.view.isExpanded(tree.model.index(0, 0))
    tree.view.collapse(tree.model.index(0, 0))
    tree.filter.setText("P 2p")
    assert tree.view.isExpanded(tree.model.index(0, 0))  # what was looked for is in sight
    tree.filter.clear()
    assert not tree.view.isExpanded(tree.model.index(0, 0))
    tree.grouping.click()
    assert tree.view.isExpanded(tree.model.index(0, 0))


def test_each_level_has_its_own_row_among_the_ratios(profile: Program, settle: Settle) -> None:
    profile.crew.acting.run("fit")
    settle(profile)
    project = profile.desk.document.project
    samples = [row.sample for row in ratio_rows(project)]
    times = [f"LPS film on LPSCl (synthetic), {20 * k} s" for k in range(12)]
    assert list(dict.fromkeys(samples)) == times


def test_a_click_on_the_map_chooses_a_level_and_arrows_step(
    profile: Program, qtbot: QtBot, settle: Settle
) -> None:
    series, view = profile.crew.series, profile.crew.series.view
    at = QPoint(round(view.map.x_of(6)), view.map.height() // 2)
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=at)
    assert series.scene is not None and series.scene.level == 6
    assert view.panel.title.text() == "Level 7"
    qtbot.keyClick(view.slider, Qt.Key.Key_Right)
    assert series.scene.level == 7


def test_a_cancelled_fit_changes_nothing(profile: Program, settle: Settle) -> None:
    series = profile.crew.series
    before = profile.desk.document.project
    profile.crew.acting.run("fit")
    profile.crew.acting.run("cancel")
    settle(profile)
    assert profile.desk.document.project is before
    assert series.scene is not None and not series.scene.busy and series.scene.record is None


def test_settings_say_what_is_shared(profile: Program, settle: Settle) -> None:
    series = profile.crew.series
    profile.crew.acting.run("series_settings")
    dialog = profile.crew.dialogs.current
    path = "S 2p/PS4 2p3/2/fwhm"
    row = dialog.rows[path]
    row.mode.set_value("smooth")
    row.sd.setText("0.03")
    dialog.fields["rate"].setText("0.25")
    dialog._take()
    settle(profile)
    assert series.scene is not None and series.scene.record is not None
    assert series.scene.record.fit.modes[path] == Smooth(0.03)
    depths = series.scene.depths
    assert depths is not None
    np.testing.assert_allclose(depths[0], 0.25 * series.scene.series.positions)


def test_the_files_are_those_of_the_command_line(
    profile: Program, settle: Settle, tmp_path: Path
) -> None:
    profile.crew.acting.run("fit")
    settle(profile)
    profile.crew.series.export(("json", "csv"), tmp_path)
    settle(profile)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"series.json", "trends.csv", "results.json"} <= names
    lines = (tmp_path / "trends.csv").read_text().splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) == 13


def test_a_fitted_series_is_the_same_after_it_was_saved_and_opened(
    profile: Program, settle: Settle, tmp_path: Path
) -> None:
    crew, document = profile.crew, profile.desk.document
    crew.acting.run("fit")
    settle(profile)
    before, shown = document.project, crew.series.scene
    assert shown is not None and shown.record is not None
    path = tmp_path / "profile.doublet"
    crew.files.save_to(path)
    settle(profile)
    crew.files.new()
    settle(profile)
    crew.files.open_project_file(path)
    settle(profile)
    after = document.project
    assert after is not before and series_recipe(after) == series_recipe(before)
    assert list(after.analyses) == list(before.analyses)
    for key, own in after.analyses.items():
        known = before.analyses[key]
        assert own.spectra == known.spectra and own.findings == known.findings
        assert own.stored is not None and known.stored is not None
        assert own.stored.method == "series"
        np.testing.assert_array_equal(own.stored.values, known.stored.values)
    crew.acting.run("series_view")
    settle(profile)
    opened = crew.series.scene
    assert opened is not None and opened.own.keys == shown.own.keys
    assert opened.recipe == shown.recipe
    assert opened.record is not None  # without another fit
    for path_of in ("P 2p/PS4/area", "S 2p/P2S5 2p3/2/center", "S 2p/region/shift"):
        for ask in ("values", "stderrs", "limits"):
            known, kept = (getattr(one.record.fit, ask)(path_of) for one in (shown, opened))
            np.testing.assert_array_equal(kept, known)
    assert [t.name for t in opened.trends] == [t.name for t in shown.trends]
    for kept, known in zip(opened.trends, shown.trends, strict=True):
        np.testing.assert_array_equal(kept.common, known.common)
    assert opened.record.findings == shown.record.findings
    assert opened.verdicts == shown.verdicts
    assert series_json([opened.record], [opened.trends]) == series_json(
        [shown.record], [shown.trends]
    )


def test_a_stored_series_is_not_shown_when_its_spectra_have_changed(
    profile: Program, settle: Settle
) -> None:
    crew, document = profile.crew, profile.desk.document
    crew.acting.run("fit")
    settle(profile)
    assert crew.series.scene is not None and crew.series.scene.record is not None
    key = crew.series.scene.own.spectra[0]
    document.apply("Calibrate", calibrate_spectra, Calibration(0.4), spectra=[key])
    settle(profile)
    crew.series.refresh()
    assert crew.series.scene.record is None
    crew.acting.run("undo")
    settle(profile)
    crew.series.refresh()
    assert crew.series.scene.record is not None
    crew.acting.run("undo")  # the fit itself
    settle(profile)
    crew.series.refresh()
    assert crew.series.scene.record is None


def test_the_report_of_the_project_says_where_the_trends_are(
    profile: Program, settle: Settle, tmp_path: Path
) -> None:
    assert not notes_of(profile.desk.document.project)
    profile.crew.acting.run("fit")
    settle(profile)
    profile.crew.reporting.export(("html",), tmp_path)
    settle(profile)
    report = tmp_path / "report.html"
    assert "12 fits are levels of a series" in " ".join(report.read_text().split())


def test_a_level_shows_its_fit_in_the_spectrum_view(profile: Program, settle: Settle) -> None:
    profile.crew.acting.run("fit")
    settle(profile)
    profile.crew.series.show_fit(3)
    assert profile.window.views.currentIndex() == 0 and not profile.window.docks[1].isHidden()
    scene = profile.desk.scene
    assert scene.fitted and scene.spectrum is not None
    assert scene.spectrum.meta.etch_time_s == profile.crew.series.scene.series.positions[3]


def test_what_stands_beside_the_spectrum_has_its_width_again(
    program: Program, settle: Settle, qtbot: QtBot
) -> None:
    window = program.window
    window.resize(1280, 800)
    qtbot.wait(100)
    before = [dock.width() for dock in window.docks[:2]]
    program.crew.acting.run("profile_example")
    settle(program)
    program.crew.acting.run("fit")
    settle(program)
    window.show_view(0)
    qtbot.wait(100)
    assert [dock.width() for dock in window.docks[:2]] == before


def test_two_levels_of_two_files_are_a_series(program: Program, settle: Settle) -> None:
    program.crew.files.open_joint_example()
    settle(program)
    spectra = program.desk.document.project.spectra
    bare = [k for k, s in spectra.items() if "Bare" in s.meta.sample and s.meta.region == "S 2p"]
    program.crew.spectra.choose(bare)
    program.crew.acting.run("series_view")
    scene = program.crew.series.scene
    assert scene is not None and len(scene) == 2
    assert scene.series.positions.tolist() == [0.0, 40.0]
    assert not program.crew.series.view.tabs.isTabEnabled(3)
