"""Help: the manual inside, a problem reported, the tour that ends at a ratio."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.manual import Manual, slug
from doublet.app.views.problem_dialog import ProblemDialog
from spectra_core.project.file import load_project
from spectra_core.project.project import same_project

Settle = Callable[[Program], None]
DOCS = Path(__file__).parents[2] / "docs"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def manual(program: Program) -> Manual:
    program.crew.acting.run("manual")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, Manual)
    return dialog


def test_every_page_of_the_documentation_is_in_the_manual(manual: Manual) -> None:
    count = manual.contents.topLevelItemCount()
    items = [manual.contents.topLevelItem(i) for i in range(count)]
    titles = {item.text(0) for item in items if item is not None}
    expected = {
        path.read_text().partition("\n")[0].lstrip("# ")
        for path in DOCS.glob("*.md")
        if path.name != "index.md"
    }
    assert titles == expected
    assert "The desktop program" in titles
    assert manual.shown == "desktop.md"


def test_a_chapter_is_reached_and_links_between_pages_stay_inside(manual: Manual) -> None:
    manual.browser.anchorClicked.emit(QUrl("cli.md#setup-cache"))
    assert manual.shown == "cli.md"
    block = manual.browser.textCursor().block().text()
    assert block == "setup-cache"
    manual.browser.anchorClicked.emit(QUrl("#fit"))
    assert manual.shown == "cli.md"
    assert manual.browser.textCursor().block().text() == "fit"
    assert slug("Calibration and charge: what counts") == "calibration-and-charge-what-counts"


def test_the_search_goes_through_all_pages(qtbot: QtBot, manual: Manual) -> None:
    manual.search.setText("chi-square")
    seen = []
    for _ in range(12):
        qtbot.keyClick(manual.search, Qt.Key.Key_Return)
        assert manual.browser.textCursor().selectedText().casefold() == "chi-square"
        seen.append(manual.shown)
    assert len(set(seen)) > 1
    manual.search.setText("no such words stand anywhere")
    qtbot.keyClick(manual.search, Qt.Key.Key_Return)
    assert manual._said.text() == "Not found."


def test_a_problem_is_written_with_what_was_ticked(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.desk.log_path.parent.mkdir(parents=True, exist_ok=True)
    program.desk.log_path.write_text("WARNING something\n")
    for number, ticked in enumerate((False, True)):
        program.crew.acting.run("problem")
        dialog = program.crew.dialogs.current
        assert isinstance(dialog, ProblemDialog)
        dialog.words.setPlainText("The peak went left.")
        dialog.with_log.setChecked(ticked)
        dialog.with_project.setChecked(ticked)
        path = tmp_path / f"{number}.zip"
        dialog.write_to(str(path))
        settle(program)
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            text = archive.read("problem.txt").decode()
            archive.extractall(tmp_path / str(number))
        assert text.startswith("The peak went left.\n")
        assert "PySide6" in text and "numpy" in text.casefold()
        more = {"doublet.log", "project.doublet"} if ticked else set()
        assert names == {"problem.txt", *more}
    kept = load_project(tmp_path / "1" / "project.doublet")
    assert same_project(kept, program.desk.document.project)
    assert (tmp_path / "1" / "doublet.log").read_text() == "WARNING something\n"


def test_a_problem_that_cannot_be_written_is_said(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    path = tmp_path / "no such folder" / "problem.zip"
    program.crew.program_dialogs.write_problem(path, "", False, False)
    settle(program)
    assert "cannot be written" in program.window.banner.text


def test_the_tour_leads_from_nothing_to_a_ratio(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    qtbot.mouseClick(program.window.empty.tour, LEFT)
    touring = program.crew.touring
    for step in range(1, 6):
        assert touring.step == step
        assert touring.card.isVisible()
        assert program.window.rect().contains(touring.card.geometry())
        qtbot.mouseClick(touring.card.go, LEFT)
        settle(program)
        QApplication.processEvents()
    assert touring.step == 0
    shown = [r for a in program.desk.document.project.analyses.values() for r in a.ratios]
    assert len(shown) == 4 and all(r.best_interval is not None for r in shown)
    assert program.window.alternatives.isVisible()


def test_the_tour_can_be_left_and_begun_again(qtbot: QtBot, program: Program) -> None:
    program.crew.acting.run("tour")
    assert program.crew.touring.step == 1
    program.crew.touring.card.left.emit()
    assert program.crew.touring.step == 0
    program.crew.acting.run("tour")
    assert program.crew.touring.step == 1
