"""The ratio is there with the fit, named as what it is, and its error grows into the whole budget.

Synthetic spectra.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.ratio_matrix import ShownRatio
from spectra_core.errors import Cancelled
from spectra_core.project.jobs import OnTheWay
from spectra_core.project.project import RatioDefinition, add_ratio
from spectra_core.uncertainty import budget
from spectra_core.uncertainty.ratios import Ratio

Settle = Callable[[Program], None]


def shown(program: Program) -> ShownRatio:
    one = program.window.ratios.table.shown_at(0, 1)
    assert one is not None
    return one


@pytest.fixture
def program(program: Program, settle: Settle) -> Program:
    """Return a program with a model of two components and their ratio, not fitted."""
    program.crew.files.open_example()
    settle(program)
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    ratio = RatioDefinition("b over p", ("bridging S",), ("PS4",))
    program.desk.edit("Define a ratio", add_ratio, ratio)
    return program


def test_each_stage_says_what_its_error_holds(program: Program, settle: Settle) -> None:
    stages: list[tuple[ShownRatio, str]] = []
    left: list[bool] = []

    def note(found: OnTheWay) -> None:
        left.append(program.desk.scene.fitted)
        if found.ratios:
            stages.append((shown(program), program.window.ratios.text()))

    program.crew.fitting.on_the_way.connect(note)
    program.crew.acting.run("fit")
    settle(program)
    assert len(stages) >= 3
    assert left == [False] * len(left)  # nothing is in the document before its end
    words = [one.interval for one, _ in stages]
    assert words[0] == "counting alone so far"
    assert all("not yet" in said for said in words[1:] if said != words[0])
    for one, text in stages:
        assert one.growing and one.ratio.budget.total is None
        assert one.interval in text and "all rows" not in text
    errors = [one.length for one, _ in stages]
    final = shown(program)
    assert not final.growing and final.ratio.budget.total is not None
    assert "so far" not in program.window.ratios.text()
    assert final.ratio.budget.total >= errors[0] * (1 - 0.2)  # draws move the counting row a bit
    assert errors[-1] <= final.ratio.budget.total * (1 + 1e-12)


def test_a_fit_that_is_cancelled_on_the_way_leaves_nothing(
    qtbot: QtBot, program: Program, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Event()

    def never(*args: object) -> object:
        should_stop = args[-1]
        while not should_stop():  # type: ignore[operator]
            halted.wait(0.01)
        raise Cancelled("stopped")

    monkeypatch.setattr(budget, "averages", never)
    window = program.window
    before = program.desk.document.project
    program.crew.acting.run("fit")
    qtbot.waitUntil(lambda: bool(window.ratios.text().count("so far")), timeout=60_000)
    # The number and the curves are there, and say what they are.
    assert shown(program).ratio.value is not None
    assert "Being checked" in window.plot.verdict.text()
    assert window.plot.verdict.isVisible()
    assert program.desk.document.project is before
    program.crew.acting.run("cancel")
    settle(program)
    assert program.desk.document.project is before
    assert window.ratios.table.rowCount() == 0
    assert "Being checked" not in window.plot.verdict.text() or not window.plot.verdict.isVisible()


def test_what_is_edited_meanwhile_is_not_drawn_over(program: Program, settle: Settle) -> None:
    seen: list[str] = []

    def edit(found: OnTheWay) -> None:
        if not seen:
            seen.append(found.analysis)
            region = program.desk.scene.region
            assert region is not None
            program.crew.editing.set_value(f"{region.name}/PS4/center", 161.3)

    program.crew.fitting.on_the_way.connect(edit)
    told = len(seen)
    program.crew.acting.run("fit")
    settle(program)
    assert told == 0 and seen
    assert program.desk.scene.stale  # the outcome is of the model before
    ratios = [shown(program).ratio] if program.window.ratios.table.rowCount() else []
    assert all(isinstance(one, Ratio) for one in ratios)
    assert not any(np.isnan(one.value or 0.0) for one in ratios)
