"""Edits by hand keep doublets whole and never leave a link that points nowhere."""

from __future__ import annotations

from math import inf

import pytest

from spectra_core import model_edits as edits
from spectra_core.errors import ModelError
from spectra_core.fit.compile import links_by_target
from spectra_core.lint_context import Finding
from spectra_core.model import (
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    get_parameter,
    make_component,
    set_parameter,
    share,
)
from spectra_core.presets import preset, preset_ids

ORIENTATION = {"S 2p": 1, "P 2p": 1}


@pytest.fixture
def model() -> Model:
    sulfur = add_doublet(Region("S 2p", (157.0, 170.0)), "PS4", "S 2p", species="PS4(3-)",
                         area=300.0, center=161.5, fwhm=Parameter(1.2, 0.6, 2.0))  # fmt: skip
    sulfur = add_doublet(sulfur, "bridge", "S 2p", area=90.0, center=163.0, fwhm=1.2)
    phosphorus = add_doublet(Region("P 2p", (128.0, 140.0)), "PS4", "P 2p", area=80.0,
                             center=131.8, fwhm=1.2)  # fmt: skip
    phosphorus = add_component(phosphorus, make_component("plasmon", "gaussian", area=5.0,
                                                          center=137.0, fwhm=3.0))  # fmt: skip
    links = share(["S 2p/PS4/fwhm", "S 2p/bridge/fwhm"], note="one width")
    tie = Link("P 2p/PS4/area", (Term(0.25, "S 2p/PS4/area"),), note="stoichiometry")
    return Model((sulfur, phosphorus), (*links, tie))


def areas(model: Model, region: str, doublet: str) -> tuple[float | None, float | None]:
    major, minor = edits.members(model.region(region), doublet)
    return tuple(c.parameters.get("area", Parameter()).value for c in (major, minor))  # type: ignore[return-value]


def test_a_person_sees_doublets_and_single_lines(model: Model) -> None:
    assert edits.owners(model.region("P 2p")) == ("PS4", "plasmon")
    assert edits.owner_label(model.region("S 2p"), "PS4") == "PS4"


def test_removing_takes_both_lines_and_every_link_to_them(model: Model) -> None:
    smaller = edits.remove_owner(model, "S 2p", "PS4")
    assert edits.owners(smaller.region("S 2p")) == ("bridge",)
    assert smaller.links == ()
    links_by_target(smaller, ORIENTATION)


@pytest.mark.parametrize("name", preset_ids())
def test_whatever_is_removed_the_model_still_compiles(name: str) -> None:
    whole = preset(name).model
    orientation = {region.name: 1 for region in whole.regions}
    for region in whole.regions:
        for owner in edits.owners(region):
            smaller = edits.remove_owner(whole, region.name, owner)
            for link in links_by_target(smaller, orientation).values():
                get_parameter(smaller, link.target)
                for term in link.terms:
                    get_parameter(smaller, term.source)


def test_renaming_keeps_paths_and_names_both_lines(model: Model) -> None:
    renamed = edits.rename_owner(model, "S 2p", "PS4", "thiophosphate")
    assert [c.label for c in edits.members(renamed.region("S 2p"), "PS4")] == [
        "thiophosphate 2p3/2", "thiophosphate 2p1/2",
    ]  # fmt: skip
    assert edits.owner_label(renamed.region("S 2p"), "PS4") == "thiophosphate"
    assert get_parameter(renamed, "S 2p/PS4/center").value == 161.5
    with pytest.raises(ModelError, match="needs a name"):
        edits.rename_owner(model, "S 2p", "PS4", "  ")


def test_a_linked_value_is_set_where_it_comes_from(model: Model) -> None:
    moved = edits.set_value(model, "S 2p/PS4 2p1/2/center", 163.0)
    assert get_parameter(moved, "S 2p/PS4/center").value == pytest.approx(163.0 - 1.18, abs=0.03)
    wider = edits.set_value(model, "S 2p/bridge/fwhm", 1.4)
    assert get_parameter(wider, "S 2p/PS4/fwhm").value == 1.4
    with pytest.raises(ModelError, match=r"outside the bounds, between 0\.6 and 2"):
        edits.set_value(model, "S 2p/bridge/fwhm", 5.0)


def test_holding_and_freeing(model: Model) -> None:
    held = edits.hold(model, "S 2p/PS4/center", True)
    assert edits.state_of(held, "S 2p/PS4/center").words == "Fixed at 161.5."
    assert edits.state_of(edits.hold(held, "S 2p/PS4/center", False), "S 2p/PS4/center").kind == (
        "free"
    )
    with pytest.raises(ModelError, match="neither free nor fixed"):
        edits.hold(model, "S 2p/bridge/fwhm", True)


def test_states_are_told_in_words(model: Model) -> None:
    minor = edits.state_of(model, "S 2p/PS4 2p1/2/area")
    assert minor.kind == "linked"
    assert "0.5 × PS4 2p3/2 area" in minor.words
    other = edits.state_of(model, "P 2p/PS4/area")
    assert "in S 2p" in other.words
    assert "stoichiometry" in other.words
    assert "between 0.6 and 2" in edits.state_of(model, "S 2p/PS4/fwhm").words
    words = edits.doublet_words(model.region("S 2p"), model.region("S 2p").doublet("PS4"))
    assert words.startswith("2p1/2 linked: ½ area, +1.1")


def test_bounds_move_the_value_inside(model: Model) -> None:
    bounded = edits.set_bounds(model, "S 2p/PS4/center", 161.6, None)
    parameter = get_parameter(bounded, "S 2p/PS4/center")
    assert (parameter.value, parameter.min, parameter.max) == (161.6, 161.6, inf)
    with pytest.raises(ModelError, match="above the upper"):
        edits.set_bounds(model, "S 2p/PS4/center", 162.0, 161.0)


def test_unlocking_needs_a_reason_and_starts_where_the_tie_was(model: Model) -> None:
    freed = edits.unlock_doublet(model, "S 2p", "PS4", "area", "the 2p1/2 overlaps a satellite")
    assert areas(freed, "S 2p", "PS4") == pytest.approx((200.0, 100.0), rel=1e-6)
    assert "overlaps a satellite" in edits.doublet_words(
        freed.region("S 2p"), freed.region("S 2p").doublet("PS4")
    )
    again = edits.relock_doublet(freed, "S 2p", "PS4", "area")
    assert again.region("S 2p").doublet("PS4").unlocked == ()
    with pytest.raises(ModelError, match="without a reason"):
        edits.unlock_doublet(model, "S 2p", "PS4", "area", " ")


def test_unlinking_takes_a_link_off_but_not_the_tie_of_a_doublet(model: Model) -> None:
    freed = edits.unlink(model, "S 2p/bridge/fwhm")
    assert edits.state_of(freed, "S 2p/bridge/fwhm").kind == "free"
    with pytest.raises(ModelError, match="Unlock the doublet"):
        edits.unlink(model, "S 2p/PS4 2p1/2/area")
    with pytest.raises(ModelError, match="not linked"):
        edits.unlink(model, "S 2p/PS4/center")


def test_copies_go_anywhere_under_a_free_name(model: Model) -> None:
    copied = edits.copy_owner(model, "S 2p", "PS4")
    pasted = edits.paste_owner(model, "P 2p", copied)
    assert edits.owners(pasted.region("P 2p")) == ("PS4", "plasmon", "PS4 2")
    assert get_parameter(pasted, "P 2p/PS4 2/center").value == 161.5
    doubled = edits.duplicate_owner(model, "S 2p", "PS4")
    assert edits.owners(doubled.region("S 2p")) == ("PS4", "bridge", "PS4 2")
    assert get_parameter(doubled, "S 2p/PS4 2/center").value == 162.0
    assert get_parameter(doubled, "S 2p/PS4 2/area").value is None


def test_converting_a_shape_keeps_what_both_call_the_same(model: Model) -> None:
    converted = edits.convert_shape(model, "S 2p", "PS4", "gl_sum")
    lines = edits.members(converted.region("S 2p"), "PS4")
    assert {c.lineshape for c in lines} == {"gl_sum"}
    assert get_parameter(converted, "S 2p/PS4/fwhm") == Parameter(1.2, 0.6, 2.0)
    with pytest.raises(ModelError, match='a link needs "area"'):
        edits.convert_shape(model, "S 2p", "PS4", "doniach_sunjic")


def test_another_background_leaves_no_steps_behind(model: Model) -> None:
    stepped = edits.set_background(model, "S 2p", "shirley_components", "active")
    stepped = set_parameter(stepped, "S 2p/PS4/step", value=0.02)
    plain = edits.set_background(stepped, "S 2p", "linear", "active")
    assert plain.region("S 2p").background.type == "linear"
    assert "step" not in edits.members(plain.region("S 2p"), "PS4")[0].parameters


def test_a_window_has_two_ends(model: Model) -> None:
    assert edits.set_window(model, "S 2p", 168.0, 158.0).region("S 2p").window == (158.0, 168.0)
    with pytest.raises(ModelError, match="empty"):
        edits.set_window(model, "S 2p", 158.0, 158.0)


def test_findings_that_need_no_judgement_have_a_fix(model: Model) -> None:
    empty = edits.fix_for(Finding("zero_area", "no area", "S 2p/bridge/area"), model)
    assert empty is not None
    assert edits.owners(empty.apply(model).region("S 2p")) == ("PS4",)
    single = edits.fix_for(Finding("missing_doublet", "a single line", "P 2p/plasmon"), model)
    assert single is None  # it is no line of a level
    assert edits.fix_for(Finding("chi_square_high", "too high"), model) is None
