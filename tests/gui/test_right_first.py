"""Nothing blocked, no wrong state: what a user met in the window. All spectra are synthetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.theme import colour
from doublet.app.views.spectra_delegate import sparkline
from doublet.app.widgets import read_number
from spectra_core.editing.drag import Handle, handles
from spectra_core.fitting import FitResult
from spectra_core.model import get_parameter
from spectra_core.project.project import Project, RatioDefinition, add_spectra
from spectra_core.results.misfit import misfit_of
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum

Settle = Callable[[Program], None]


def band(x: np.ndarray, center: float, fwhm: float, area: float) -> np.ndarray:
    """Return a Gaussian of an area."""
    sigma = fwhm / 2.3548200450309493
    return area / (sigma * np.sqrt(2 * np.pi)) * np.exp(-(((x - center) / sigma) ** 2) / 2)


def write_columns(path: Path, head: str, x: np.ndarray, y: np.ndarray) -> Path:
    counts = np.random.default_rng(5).poisson(y)
    rows = "\n".join(f"{a:.3f}\t{b}" for a, b in zip(x, counts, strict=True))
    path.write_text(f"{head}\n{rows}\n")
    return path


def opened(program: Program, settle: Settle, path: Path) -> None:
    program.crew.files.open_paths([path])
    settle(program)
    assert len(program.desk.document.project.spectra) == 1


# ---------------------------------------------------------------------------------
# A component can be added to any spectrum


def raman_file(folder: Path) -> Path:
    x = np.arange(350.0, 500.0, 0.5)
    return write_columns(
        folder / "pellet.txt",
        "Raman shift (cm-1)\tcounts",
        x,
        200 + band(x, 425.0, 9.0, 20_000.0),
    )


def nameless_file(folder: Path) -> Path:
    x = np.arange(157.0, 168.0, 0.05)
    y = 300 + band(x, 161.6, 1.2, 3000.0) + band(x, 162.78, 1.2, 1500.0)
    return write_columns(folder / "export.txt", "binding energy (eV)\tcounts", x, y)


@pytest.mark.parametrize(
    ("write", "entry", "center"),
    [(raman_file, "raman/ps4/a1", 425.0), (nameless_file, "xps/ps4/s2p", 161.6)],
    ids=["raman", "nameless"],
)
def test_a_species_can_be_added_to_a_spectrum_without_a_name(
    program: Program,
    settle: Settle,
    tmp_path: Path,
    write: Callable[[Path], Path],
    entry: str,
    center: float,
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.editing.add_entry(entry)
    assert program.window.banner.text == ""
    program.crew.acting.run("fit")
    settle(program)
    fit, region = program.desk.scene.fit, program.desk.scene.region
    assert fit is not None and region is not None and program.desk.scene.fitted
    first = region.components[0].id
    assert fit.value(f"{region.name}/{first}/center") == pytest.approx(center, abs=0.2)


@pytest.mark.parametrize("write", [raman_file, nameless_file])
def test_an_unassigned_component_can_be_added_to_a_spectrum_without_a_name(
    program: Program, settle: Settle, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"


@pytest.mark.parametrize("name", ["background", "region", " S 2p / 3 ", ""])
def test_no_name_of_a_spectrum_keeps_components_out(
    program: Program, settle: Settle, tmp_path: Path, name: str
) -> None:
    opened(program, settle, nameless_file(tmp_path))
    program.crew.spectra.rename_region("s1", name)
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"


# ---------------------------------------------------------------------------------
# Delete acts on what is chosen


@pytest.fixture
def modelled(program: Program, settle: Settle, tmp_path: Path) -> Program:
    """Return a program with two components on a spectrum, the first one chosen."""
    opened(program, settle, nameless_file(tmp_path))
    program.crew.spectra.rename_region("s1", "S 2p")
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    program.crew.editing.choose_owner("PS4")
    program.window.activateWindow()
    QApplication.processEvents()
    return program


def press(qtbot: QtBot, widget: QWidget, key: Qt.Key, shift: bool = False) -> None:
    widget.setFocus()
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(widget, key, modifier)


def owners(program: Program) -> list[str]:
    region = program.desk.scene.region
    return [] if region is None else [d.id for d in region.doublets]


PLACES: dict[str, Callable[[Program], QWidget]] = {
    "plot": lambda p: p.window.plot,
    "tree": lambda p: p.window.tree.view,
    "table": lambda p: p.window.table.table,
    "history": lambda p: p.window.history.steps,
    "choice": lambda p: p.window.background.kind,
}


@pytest.mark.parametrize("place", PLACES)
def test_delete_acts_on_the_chosen_component_wherever_the_focus_is(
    qtbot: QtBot, modelled: Program, place: str
) -> None:
    for tab in (modelled.window.table, modelled.window.history):
        if place in ("table", "history") and tab.isAncestorOf(PLACES[place](modelled)):
            modelled.window.show_tab(tab)
    press(qtbot, PLACES[place](modelled), Qt.Key.Key_Delete)
    region = modelled.desk.scene.region
    assert region is not None
    assert not region.component("PS4 2p3/2").enabled
    press(qtbot, PLACES[place](modelled), Qt.Key.Key_Delete, shift=True)
    assert owners(modelled) == ["bridging S"]
    assert len(modelled.desk.document.project.spectra) == 1


def test_delete_in_a_field_deletes_a_character(qtbot: QtBot, modelled: Program) -> None:
    field = modelled.window.cards.card("PS4").field("centre")
    field.setFocus()
    field.setText("161.60")
    field.setCursorPosition(0)
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == "61.60"
    region = modelled.desk.scene.region
    assert region is not None and region.component("PS4 2p3/2").enabled


def test_delete_in_the_tree_removes_spectra_where_no_component_is_chosen(
    qtbot: QtBot, modelled: Program
) -> None:
    modelled.crew.editing.choose_owner("")
    press(qtbot, modelled.window.tree.view, Qt.Key.Key_Delete)
    assert len(modelled.desk.document.project.spectra) == 0
    modelled.crew.acting.run("undo")
    assert owners(modelled) == ["PS4", "bridging S"]


def test_delete_in_the_ratios_removes_the_chosen_ratio(
    qtbot: QtBot, modelled: Program, settle: Settle
) -> None:
    definition = RatioDefinition("S/PS4", ("bridging S",), ("PS4",))
    modelled.crew.editing.define_ratio(definition)
    modelled.crew.acting.run("fit")
    settle(modelled)
    modelled.window.show_tab(modelled.window.ratios)
    modelled.window.ratios.table.setCurrentCell(0, 1)
    modelled.crew.editing.choose_owner("PS4")
    press(qtbot, modelled.window.ratios.table, Qt.Key.Key_Delete)
    assert modelled.desk.document.project.ratios == ()
    assert owners(modelled) == ["PS4", "bridging S"]


# ---------------------------------------------------------------------------------
# What is refused says what would help


def type_value(qtbot: QtBot, program: Program, owner: str, name: str, text: str) -> None:
    field = program.window.cards.card(owner).field(name)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_value_outside_its_bounds_offers_to_widen_them(qtbot: QtBot, modelled: Program) -> None:
    banner, path = modelled.window.banner, "S 2p/PS4/fwhm"
    modelled.crew.editing.set_bounds(path, 0.8, 1.4)
    type_value(qtbot, modelled, "PS4", "FWHM", "1.9")
    assert "outside the bounds" in banner.text
    assert "1.9" in banner.help.text()
    qtbot.mouseClick(banner.help, Qt.MouseButton.LeftButton)
    assert banner.text == ""
    analysis = modelled.desk.scene.analysis
    assert analysis is not None
    given = get_parameter(analysis.model, path)
    assert given.value == pytest.approx(1.9)
    assert given.max > 1.9
    modelled.crew.acting.run("undo")
    analysis = modelled.desk.scene.analysis
    assert analysis is not None and get_parameter(analysis.model, path).max == 1.4


def test_where_no_bounds_would_help_none_are_offered(qtbot: QtBot, modelled: Program) -> None:
    type_value(qtbot, modelled, "PS4", "FWHM", "-1")
    assert "outside the bounds" in modelled.window.banner.text
    assert modelled.window.banner.help.isHidden()


def test_each_of_several_failed_files_has_its_sentence(
    qtbot: QtBot,
    program: Program,
    settle: Settle,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("a.vms", "b.vms", "c.spe"):
        (tmp_path / name).write_text("nothing that is a spectrum")
    good = nameless_file(tmp_path)
    program.crew.files.open_paths([good, *(tmp_path / n for n in ("a.vms", "b.vms", "c.spe"))])
    settle(program)
    banner = program.window.banner
    assert "There are 2 more." in banner.text
    assert banner.each == ()
    qtbot.mouseClick(banner.all, Qt.MouseButton.LeftButton)
    for name in ("a.vms", "b.vms", "c.spe"):
        assert len([s for s in banner.each if name in s]) == 1, name
        assert [r for r in caplog.records if name in r.message], name


# ---------------------------------------------------------------------------------
# What steps and jobs are called


def test_steps_name_parameters_as_they_are_written(modelled: Program) -> None:
    stack, edit = modelled.desk.document.stack, modelled.crew.editing
    edit.hold("S 2p/PS4 2p3/2/center", True)
    assert stack.undoText() == "Fix PS₄ 2p3/2 centre"
    edit.set_value("S 2p/PS4/area", 1200.0)
    assert stack.undoText() == "PS₄ area = 1200"
    edit.set_bounds("S 2p/background/level", 0.0, 900.0)
    assert stack.undoText() == "Bounds of background level"


def test_the_history_is_legible_in_the_scheme_in_use(modelled: Program) -> None:
    steps = modelled.window.history.steps
    modelled.crew.acting.run("undo")
    for _ in range(2):
        modelled.crew.viewing.switch_dark()
        done, undone = steps.item(0), steps.item(steps.count() - 1)
        assert done.foreground().color() == colour("text")
        assert undone.foreground().color() == colour("faint")


# ---------------------------------------------------------------------------------
# Left and right as on the plot

SCALES = [
    (Axis.BINDING_ENERGY, 1486.6, 160.0),
    (Axis.KINETIC_ENERGY, 1486.6, 1320.0),
    (Axis.KINETIC_ENERGY, None, 1320.0),
    (Axis.RAMAN_SHIFT, None, 400.0),
]


def one_sided(axis: Axis, photon: float | None, low: float) -> Spectrum:
    """Return a spectrum with its peak near the lower end of its own axis."""
    x = low + np.arange(0.0, 20.0, 0.1)
    y = 100.0 + band(x, low + 4.0, 1.5, 5000.0)
    meta = Meta(sample="synthetic", region="S 2p", excitation_energy_ev=photon)
    return make_spectrum(x, np.round(y), axis, y_unit="counts", meta=meta)


@pytest.mark.parametrize(("axis", "photon", "low"), SCALES)
def test_a_sparkline_runs_like_the_plot(
    program: Program, axis: Axis, photon: float | None, low: float
) -> None:
    spectrum = one_sided(axis, photon, low)
    program.desk.document.open(add_spectra(Project(), [spectrum]))
    shown = program.desk.scene.spectrum
    assert shown is not None
    top = int(np.argmax(shown.y))
    plot = program.window.plot
    ends = sorted(plot.position_of(float(x), 0.0).x() for x in (shown.x[0], shown.x[-1]))
    at = plot.position_of(float(shown.x[top]), 0.0).x()
    on_plot = (at - ends[0]) / (ends[1] - ends[0])
    small = sparkline(spectrum)
    assert small[np.argmax(small[:, 1]), 0] == pytest.approx(on_plot, abs=0.05)


@pytest.mark.parametrize(("axis", "photon", "low"), SCALES)
def test_an_arrow_key_moves_a_component_to_its_side_of_the_screen(
    program: Program, axis: Axis, photon: float | None, low: float
) -> None:
    program.desk.document.open(add_spectra(Project(), [one_sided(axis, photon, low)]))
    program.crew.acting.run("add_unassigned")
    owner = program.desk.scene.selection.owner
    assert owner is not None
    region = program.desk.scene.region
    assert region is not None
    handle = Handle("top", region.components[0].id)

    def place() -> int:
        found = program.window.plot.handle_position(handle)
        assert found is not None
        return found.x()

    start = place()
    for _ in range(4):
        program.crew.acting.run("right")
    moved = place()
    assert moved > start
    for _ in range(4):
        program.crew.acting.run("left")
    assert place() < moved


# ---------------------------------------------------------------------------------
# A drag


def test_all_cards_follow_while_one_component_is_dragged(
    qtbot: QtBot, modelled: Program, settle: Settle
) -> None:
    modelled.crew.acting.run("fit")
    settle(modelled)
    cards = modelled.window.cards
    before = {o: cards.card(o).field("area").text() for o in ("PS4", "bridging S")}
    drawn: list[FitResult] = []
    modelled.crew.dragging.moved.connect(lambda fit, region: drawn.append(fit))
    handle = Handle("top", "PS4 2p3/2")
    scene = modelled.desk.scene
    assert scene.fit is not None
    x, y = handles(scene.fit, "S 2p", "PS4 2p3/2")[handle]
    modelled.crew.dragging.begin(handle)
    for step in range(1, 6):
        modelled.crew.dragging.move(handle, x - 0.05 * step, (1 - 0.08 * step) * y)

    def follow() -> bool:
        fit = drawn[-1]
        return all(
            read_number(cards.card(o).field("area").text())
            == pytest.approx(fit.value(f"S 2p/{o}/area"), rel=1e-3)
            for o in before
        )

    qtbot.waitUntil(follow, timeout=5000)
    assert all(cards.card(o).field("area").text() != text for o, text in before.items())
    modelled.crew.dragging.cancel()
    assert cards.card("bridging S").field("area").text() == before["bridging S"]


# ---------------------------------------------------------------------------------
# Noise that is not known


def test_a_fit_that_describes_nothing_is_not_drawn_within_three_sigma(
    program: Program, settle: Settle
) -> None:
    # Two bands, intensities in arbitrary units: the noise is not known. One band is fitted.
    x = np.arange(350.0, 500.0, 0.5)
    y = 1.0 + band(x, 400.0, 9.0, 40.0) + band(x, 460.0, 9.0, 40.0)
    meta = Meta(sample="synthetic", region="Raman")
    spectrum = make_spectrum(x, y, Axis.RAMAN_SHIFT, y_unit="arbitrary", meta=meta)
    program.desk.document.open(add_spectra(Project(), [spectrum]))
    program.crew.editing.add_component_at(400.0)
    program.crew.acting.run("fit")
    settle(program)
    shown = program.desk.scene.region_fit
    assert shown is not None and shown.weights == "unit"
    drawn = misfit_of(shown)
    assert drawn.unit == "%"
    # The band that is not in the model is as high as the highest that is there.
    assert float(np.abs(drawn.values).max()) > 50.0
    assert program.window.plot._panels._upper.getAxis("left").labelText == "residual, %"
    panel = program.window.fit_panel
    said = [part.text() for part in panel.findChildren(QLabel)]
    assert any("noise of these data is not known" in text for text in said)
    assert "1.00" not in said
    # And it is not green: in the header, the tree and the card.
    window = program.window
    assert not window.plot.verdict.isHidden()
    assert "Sound" not in window.plot.verdict.text()
    assert window.plot.verdict.property("severity") in ("warn", "alarm")
    row = window.tree.model.row_of(window.tree.model.index_of("s1"))
    assert row.state in ("check", "not yet")


def test_a_component_below_detection_is_amber_and_the_header_leads_to_it(
    qtbot: QtBot, modelled: Program, settle: Settle
) -> None:
    # The data hold PS4 alone, of Gaussian lines; bridging S was added.
    modelled.crew.editing.set_shape("PS4", "gaussian")
    modelled.crew.acting.run("fit")
    settle(modelled)
    window = modelled.window
    assert window.plot.verdict.text().startswith("● Check")
    assert window.cards.card("bridging S").property("severity") == "warn"
    assert not window.cards.card("PS4").property("severity")
    modelled.crew.editing.choose_owner("PS4")
    qtbot.mouseClick(window.plot.verdict, Qt.MouseButton.LeftButton)
    assert modelled.desk.scene.selection.owner == "bridging S"
    modelled.crew.editing.remove("bridging S")
    assert window.plot.verdict.isHidden()
    modelled.crew.acting.run("fit")
    settle(modelled)
    assert window.plot.verdict.text() == "● Sound"


def test_residuals_of_counts_are_in_sigma(modelled: Program, settle: Settle) -> None:
    modelled.crew.acting.run("fit")
    settle(modelled)
    shown = modelled.desk.scene.region_fit
    assert shown is not None
    assert misfit_of(shown).unit == "σ"
    assert modelled.window.plot._panels._upper.getAxis("left").labelText == "residual, σ"
