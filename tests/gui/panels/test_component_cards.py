"""The cards: read, typed into and chosen as a user does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.scene import Scene
from doublet.app.views.component_cards import ComponentCards
from doublet.app.views.component_numbers import Numbers, numbers
from doublet.app.views.number_box import PARAMETER_MIME, NumberBox
from doublet.app.views.owner_menu import owner_menu
from doublet.app.widgets import read_number
from spectra_core.editing.priors import set_prior
from spectra_core.results.table import rounded

if TYPE_CHECKING:
    from .conftest import Scenes

InPanel = Callable[..., QScrollArea]


@pytest.fixture
def cards(in_panel: InPanel, scenes: Scenes) -> ComponentCards:
    view = ComponentCards()
    in_panel(view)
    view.show_scene(scenes.fitted)
    return view


def words(widget: QWidget) -> str:
    """Return all that a user reads on a widget; what is cut, in the tip behind it."""
    seen = [w for w in widget.findChildren(QLabel) if w.isVisibleTo(widget)]
    return "\n".join(" ".join((w.toolTip() if "…" in w.text() else w.text()).split()) for w in seen)


def numbers_of(scene: Scene) -> Numbers:
    found = numbers(scene)
    assert found is not None
    return found


def choosing(scene: Scene, owner: str) -> Scene:
    return replace(scene, selection=replace(scene.selection, owner=owner))


def type_into(qtbot: QtBot, cards: ComponentCards, owner: str, name: str, text: str) -> None:
    field = cards.card(owner).field(name)
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    field.selectAll()
    qtbot.keyClicks(field, text)


def test_a_fitted_value_is_rounded_by_its_error(cards: ComponentCards, scenes: Scenes) -> None:
    fit = scenes.fitted.fit
    assert fit is not None
    path = "S 2p/PS4/center"
    value, error = rounded(fit.value(path), fit.stderr(path))
    shown = cards.card("PS4").field("centre").text()
    assert read_number(shown) == float(value)
    assert f"± {error}" in words(cards.card("PS4"))
    assert "centre, eV" in words(cards)


def test_an_area_is_that_of_both_lines(cards: ComponentCards, scenes: Scenes) -> None:
    fit = scenes.fitted.fit
    assert fit is not None
    both = sum(fit.value(f"S 2p/PS4 {line}/area") for line in ("2p3/2", "2p1/2"))
    assert read_number(cards.card("PS4").field("area").text()) == pytest.approx(both, rel=1e-4)


def test_shares_make_a_whole(scenes: Scenes) -> None:
    shown = numbers_of(scenes.fitted)
    shares = [shown.share(owner) for owner in ("PS4", "bridge", "sulfate", "plasmon")]
    assert sum(share or 0.0 for share in shares) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("PS4", "2p1/2 linked: ½ area, +1.18 eV"),
        ("bridge", "unlocked: area (a satellite under 2p1/2)"),
        ("bridge", "FWHM = PS₄³⁻ 2p3/2 fwhm, from one width"),
        ("bridge", "2p1/2 area"),
        ("bridge", "= PS₄³⁻"),
        ("sulfate", "⚠ bound"),
        ("sulfate", "⚠ FWHM: Ended at a bound, between 0.7 and 1: it has no error."),
        ("plasmon", "held"),
    ],
)
def test_every_state_of_the_chosen_one_is_told_in_words(
    in_panel: InPanel, scenes: Scenes, owner: str, said: str
) -> None:
    view = ComponentCards()
    in_panel(view, 380)
    view.show_scene(choosing(scenes.fitted, owner))
    assert said in words(view.card(owner))


def test_a_bound_is_told_also_of_what_is_not_chosen(in_panel: InPanel, scenes: Scenes) -> None:
    view = ComponentCards()
    in_panel(view, 420)
    view.show_scene(choosing(scenes.fitted, "PS4"))
    assert "⚠ FWHM: Ended at a bound" in words(view.card("sulfate"))
    assert "½ area" not in words(view.card("sulfate"))


def test_a_link_names_the_other_region(in_panel: InPanel, scenes: Scenes) -> None:
    view = ComponentCards()
    in_panel(view)
    view.show_scene(choosing(scenes.phosphorus, "PS4"))
    assert "in S 2p" in words(view.card("PS4"))
    assert "stoichiometry" in words(view.card("PS4"))


def test_a_disabled_component_says_so_and_keeps_its_area(
    cards: ComponentCards, scenes: Scenes
) -> None:
    before = read_number(cards.card("sulfate").field("area").text())
    cards.show_scene(scenes.disabled)
    assert "disabled" in words(cards.card("sulfate"))
    after = read_number(cards.card("sulfate").field("area").text())
    assert after == pytest.approx(before, rel=1e-3)


def test_a_model_that_is_not_fitted_shows_no_error(cards: ComponentCards, scenes: Scenes) -> None:
    cards.show_scene(scenes.stale)
    assert "±" not in words(cards.card("PS4"))
    assert read_number(cards.card("PS4").field("centre").text()) == 161.6


def test_typing_speaks_once_on_leaving(qtbot: QtBot, cards: ComponentCards) -> None:
    heard: list[tuple[str, float]] = []
    cards.value_edited.connect(lambda path, value: heard.append((path, value)))
    type_into(qtbot, cards, "PS4", "centre", "161.53719")
    assert heard == []
    qtbot.keyClick(cards.card("PS4").field("centre"), Qt.Key.Key_Tab)
    assert heard == [("S 2p/PS4 2p3/2/center", 161.53719)]


def test_a_redraw_leaves_a_typing_person_alone(
    qtbot: QtBot, cards: ComponentCards, scenes: Scenes
) -> None:
    type_into(qtbot, cards, "PS4", "centre", "161.")
    field = cards.card("PS4").field("centre")
    chosen = replace(scenes.stale, selection=replace(scenes.stale.selection, owner="PS4"))
    cards.show_scene(chosen)
    assert cards.card("PS4").field("centre") is field
    assert field.hasFocus()
    assert field.text() == "161."


def test_a_click_on_a_card_or_into_its_field_chooses_it(
    qtbot: QtBot, cards: ComponentCards
) -> None:
    with qtbot.waitSignal(cards.owner_chosen) as blocker:
        qtbot.mouseClick(cards.card("bridge"), Qt.MouseButton.LeftButton)
    assert blocker.args == ["bridge"]
    with qtbot.waitSignal(cards.owner_chosen) as blocker:
        qtbot.mouseClick(cards.card("sulfate").field("centre"), Qt.MouseButton.LeftButton)
    assert blocker.args == ["sulfate"]


def test_the_wheel_over_a_field_changes_nothing(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes, wheel: Callable[[QWidget], None]
) -> None:
    view = ComponentCards()
    area = in_panel(view)
    view.show_scene(scenes.crowded)
    heard: list[object] = []
    view.value_edited.connect(lambda *args: heard.append(args))
    field = view.card("species 0").field("centre")
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    before = field.text()
    wheel(field)
    assert field.text() == before
    assert heard == []


@pytest.mark.parametrize("width", [260, 310])
def test_twenty_components_scroll_and_none_is_wider_than_the_panel(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes, width: int
) -> None:
    view = ComponentCards()
    area = in_panel(view, width)
    view.show_scene(scenes.crowded)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > area.height() / 2)
    assert view.width() <= area.viewport().width()
    assert view.minimumSizeHint().width() <= area.viewport().width()


def test_a_raman_band_is_in_wavenumbers(in_panel: InPanel, scenes: Scenes) -> None:
    view = ComponentCards()
    in_panel(view)
    view.show_scene(scenes.raman)
    assert "cm⁻¹" in words(view)
    assert "eV" not in words(view)


def test_a_spectrum_without_a_model_says_what_to_do(in_panel: InPanel, scenes: Scenes) -> None:
    view = ComponentCards()
    in_panel(view)
    view.show_scene(scenes.bare)
    assert "No component" in words(view)
    view.show_scene(scenes.nothing)
    assert "Open a file" in words(view)


def test_the_menu_asks_for_what_it_says(
    qtbot: QtBot, cards: ComponentCards, scenes: Scenes
) -> None:
    menu = owner_menu(cards, numbers_of(scenes.fitted), "bridge")
    entries = {entry.text(): entry for entry in menu.actions()}
    with qtbot.waitSignal(cards.enabled_set) as blocker:
        entries["Disable"].trigger()
    assert blocker.args == ["bridge", False]
    locks = entries["Doublet"].menu()
    assert locks is not None
    texts = [entry.text() for entry in locks.actions()]  # type: ignore[attr-defined]
    assert "Lock area again" in texts
    assert "Unlock centre…" in texts


def test_a_card_edits_the_region_that_is_shown(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    # P 2p has one doublet PS4; a second region of the same shape is shown after it.
    scene = scenes.phosphorus
    assert scene.region is not None and scene.analysis is not None
    other = replace(scene.region, name="P 2p 2")
    model = replace(scene.analysis.model, regions=(*scene.analysis.model.regions, other))
    cards = ComponentCards()
    in_panel(cards)
    cards.show_scene(scene)
    shown = replace(scene, region=other, analysis=replace(scene.analysis, model=model))
    cards.show_scene(replace(shown, fit=None))
    with qtbot.waitSignal(cards.value_edited) as heard:
        field = cards.card("PS4").field("centre")
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, "132.4")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard.args == ["P 2p 2/PS4 2p3/2/center", 132.4]


# ---------------------------------------------------------------------------------
# In place


def glyph(cards: ComponentCards, owner: str, name: str) -> QAbstractButton:
    return cards.card(owner).box(name).glyph


@pytest.mark.parametrize(
    ("owner", "name", "kind", "said"),
    [
        ("PS4", "centre", "free", ("held_set", ["S 2p/PS4 2p3/2/center", True])),
        ("sulfate", "FWHM", "at bound", ("held_set", ["S 2p/sulfate 2p3/2/fwhm", True])),
        ("plasmon", "centre", "fixed", ("held_set", ["S 2p/plasmon/center", False])),
        ("bridge", "FWHM", "linked", ("unlink_asked", ["S 2p/bridge 2p3/2/fwhm"])),
    ],
)
def test_one_click_on_the_glyph_holds_frees_and_unlinks(
    qtbot: QtBot,
    cards: ComponentCards,
    owner: str,
    name: str,
    kind: str,
    said: tuple[str, list[object]],
) -> None:
    button = glyph(cards, owner, name)
    assert button.accessibleName() == f"{name} of {owner}: {kind}"
    with qtbot.waitSignal(getattr(cards, said[0])) as heard:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert heard.args == said[1]


@pytest.mark.parametrize("text", ["= PS4", "0.5 * PS4"])
def test_a_link_is_typed_into_the_field(qtbot: QtBot, cards: ComponentCards, text: str) -> None:
    with qtbot.waitSignal(cards.link_typed) as heard:
        type_into(qtbot, cards, "sulfate", "FWHM", text)
        qtbot.keyClick(cards.card("sulfate").field("FWHM"), Qt.Key.Key_Return)
    assert heard.args == ["S 2p/sulfate 2p3/2/fwhm", text]


def dropped(cards: ComponentCards, source: NumberBox, target: NumberBox) -> list[list[object]]:
    """Drop one number on another, and return what the cards said."""
    heard: list[list[object]] = []
    cards.link_made.connect(lambda *args: heard.append(list(args)))
    data = QMimeData()
    data.setData(PARAMETER_MIME, source.path.encode())
    target.setAcceptDrops(True)  # as while a number is dragged
    middle, buttons = target.rect().center(), Qt.MouseButton.LeftButton
    keys, action = Qt.KeyboardModifier.NoModifier, Qt.DropAction.LinkAction
    enter = QDragEnterEvent(middle, action, data, buttons, keys)
    QApplication.sendEvent(target, enter)
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(middle, action, data, buttons, keys))
    return heard


def test_a_width_dropped_on_another_follows_it(cards: ComponentCards) -> None:
    source, target = cards.card("sulfate").box("FWHM"), cards.card("PS4").box("FWHM")
    assert dropped(cards, source, target) == [
        ["S 2p/sulfate 2p3/2/fwhm", "S 2p/PS4 2p3/2/fwhm"],
    ]


def pulled(qtbot: QtBot, cards: ComponentCards, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Press on a number and move the mouse; return whether that drags it."""
    box = cards.card("PS4").box("FWHM")
    begun: list[bool] = []
    monkeypatch.setattr(box, "drag", lambda: begun.append(True))  # the system's drag blocks
    start = box.field.rect().center()
    qtbot.mousePress(box.field, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 8):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(start.x(), start.y() - 5 * step),
            box.field.mapToGlobal(QPointF(start.x(), start.y() - 5 * step)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(box.field, move)
    qtbot.mouseRelease(box.field, Qt.MouseButton.LeftButton, pos=start)
    return bool(begun)


def test_a_number_is_dragged_by_the_mouse_unless_it_is_being_typed_into(
    qtbot: QtBot, cards: ComponentCards, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = cards.card("PS4").field("FWHM")
    field.clearFocus()
    assert pulled(qtbot, cards, monkeypatch)
    field.clearFocus()
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    assert field.hasFocus()
    assert not pulled(qtbot, cards, monkeypatch)


@pytest.mark.parametrize(("owner", "name"), [("PS4", "centre"), ("sulfate", "FWHM")])
def test_a_width_is_not_taken_by_an_energy_or_by_itself(
    cards: ComponentCards, owner: str, name: str
) -> None:
    assert dropped(cards, cards.card("sulfate").box("FWHM"), cards.card(owner).box(name)) == []


def test_a_prior_is_shown_and_typed(qtbot: QtBot, in_panel: InPanel, scenes: Scenes) -> None:
    scene = choosing(scenes.fitted, "PS4")
    assert scene.analysis is not None
    path = "S 2p/PS4 2p3/2/center"
    model = set_prior(scene.analysis.model, path, 161.7, 0.1, source="consensus")
    view = ComponentCards()
    in_panel(view, 380)
    view.show_scene(replace(scene, analysis=replace(scene.analysis, model=model)))
    known = view.card("PS4").details.priors["centre"]
    assert [read_number(f.text()) for f in (known.value, known.sd)] == [161.7, 0.1]
    assert "consensus" in known.sd.toolTip()
    with qtbot.waitSignal(view.prior_edited) as heard:
        known.sd.setFocus()
        known.sd.selectAll()
        qtbot.keyClicks(known.sd, "0.2")
        qtbot.keyClick(known.sd, Qt.Key.Key_Return)
    assert heard.args == [path, 161.7, 0.2]
    assert view.card("PS4").details.priors["FWHM"].isHidden()
    view.card("PS4").details.know("FWHM")
    assert not view.card("PS4").details.priors["FWHM"].isHidden()
