"""Edits by hand keep doublets whole and never leave a link that points nowhere."""

from __future__ import annotations

from math import inf

import pytest

from spectra_core.editing import edits as edits
from spectra_core.errors import ModelError
from spectra_core.fitting.frame import links_by_target
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    canonical_path,
    get_parameter,
    make_component,
    set_parameter,
    share,
)
from spectra_core.recipe.presets import preset, preset_ids
from spectra_core.referee.context import Finding

ORIENTATION = {"S 2p": 1, "P 2p": 1}


@pytest.fixture
def model() -> Model:
    sulfur = add_doublet(
        Region("S 2p", (157.0, 170.0)),
        "PS4",
        "S 2p",
        species="PS4(3-)",
        area=300.0,
        center=161.5,
        fwhm=Parameter(1.2, 0.6, 2.0),
    )
    sulfur = add_doublet(sulfur, "bridge", "S 2p", area=90.0, center=163.0, fwhm=1.2)
    phosphorus = add_doublet(
        Region("P 2p", (128.0, 140.0)), "PS4", "P 2p", area=80.0, center=131.8, fwhm=1.2
    )
    phosphorus = add_component(
        phosphorus, make_component("plasmon", "gaussian", area=5.0, center=137.0, fwhm=3.0)
    )
    links = share(["S 2p/PS4/fwhm", "S 2p/bridge/fwhm"], note="one width")
    tie = Link("P 2p/PS4/area", (Term(0.25, "S 2p/PS4/area"),), note="stoichiometry")
    return Model((sulfur, phosphorus), (*links, tie))


def areas(model: Model, region: str, doublet: str) -> tuple[float | None, float | None]:
    major, minor = edits.members(model.region(region), doublet)
    return tuple(c.parameters.get("area", Parameter()).value for c in (major, minor))  # type: ignore[return-value]


def assert_no_link_dangles(model: Model) -> None:
    for link in model.links:
        for path in (link.target, *(term.source for term in link.terms)):
            canonical_path(model, path)


def labelled() -> Model:
    """Return a model whose link names a component by its label."""
    region = add_doublet(
        Region("S 2p", (157.0, 170.0)), "a", "S 2p", label="PS4", area=300.0, center=161.5, fwhm=1.2
    )
    region = add_doublet(region, "b", "S 2p", area=90.0, center=163.0, fwhm=0.9)
    return Model((region,), (Link("S 2p/b/fwhm", (Term(1.0, "S 2p/PS4 2p3/2/fwhm"),)),))


def raman() -> Model:
    region = add_component(
        Region("Raman", (380.0, 460.0), Background("linear")),
        make_component("a1", "lorentzian", area=10.0, center=421.0, fwhm=8.0),
    )
    return Model((region,))


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
        "thiophosphate 2p3/2",
        "thiophosphate 2p1/2",
    ]
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
    assert edits.value_of(doubled, "S 2p/PS4 2/center") == pytest.approx(161.5 + 1.2 / 2)
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


def test_the_same_background_again_changes_nothing_and_the_mode_stays(model: Model) -> None:
    assert edits.set_background(model, "S 2p", "shirley") is model
    static = edits.set_background(model, "S 2p", "shirley", "static")
    assert edits.set_background(static, "S 2p", "linear").region("S 2p").background.mode == "static"


def test_settings_of_another_meaning_are_not_carried_over(model: Model) -> None:
    ends = edits.set_background_option(model, "S 2p", "endpoint_points", 7)
    options = edits.set_background(ends, "S 2p", "polynomial").region("S 2p").background.options
    assert options["degree"] == 2
    u2 = edits.set_background(ends, "S 2p", "tougaard_u2")
    assert u2.region("S 2p").background.options["endpoint_points"] == 7
    u3 = edits.set_background(u2, "S 2p", "tougaard_u3").region("S 2p").background
    # S. Tougaard, Surf. Interface Anal. 25, 137 (1997): 1643 is the C of the universal U2.
    assert u2.region("S 2p").background.options["c"] == 1643.0
    assert u3.options["c"] != 1643.0


def test_a_lower_degree_takes_the_links_of_what_is_gone_with_it(model: Model) -> None:
    curved = edits.set_background(model, "S 2p", "polynomial", "active")
    curved = edits.link(curved, Link("S 2p/background/c2", (Term(2.0, "S 2p/background/c1"),)))
    straight = edits.set_background_option(curved, "S 2p", "degree", 1)
    assert_no_link_dangles(straight)
    assert len(straight.links) == len(model.links)


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


# ---------------------------------------------------------------------------------
# What is typed is what is then read, and what loses its link keeps its value


@pytest.mark.parametrize(
    "path",
    [
        "S 2p/PS4/area",
        "S 2p/PS4 2p3/2/area",
        "S 2p/PS4 2p1/2/area",
        "S 2p/PS4 2p1/2/center",
        "S 2p/bridge/fwhm",
        "S 2p/bridge 2p1/2/fwhm",
        "P 2p/PS4/area",
        "P 2p/PS4 2p3/2/area",
        "P 2p/PS4 2p1/2/area",
        "P 2p/plasmon/area",
    ],
)
def test_a_typed_value_is_the_value_read(model: Model, path: str) -> None:
    typed = 1.1 * (edits.value_of(model, path) or 0.0) if "area" in path else None
    typed = typed or (1.5 if "fwhm" in path else 163.0)
    assert edits.value_of(edits.set_value(model, path, typed), path) == pytest.approx(typed)


def test_the_total_of_an_unlocked_doublet_is_the_sum_of_its_lines(model: Model) -> None:
    freed = edits.unlock_doublet(model, "S 2p", "bridge", "area", "a satellite")
    freed = edits.set_value(freed, "S 2p/bridge 2p1/2/area", 60.0)
    assert edits.value_of(freed, "S 2p/bridge/area") == pytest.approx(120.0)
    larger = edits.set_value(freed, "S 2p/bridge/area", 240.0)
    assert areas(larger, "S 2p", "bridge") == pytest.approx((120.0, 120.0))
    held = edits.hold(freed, "S 2p/bridge/area", True)
    lines = edits.members(held.region("S 2p"), "bridge")
    assert [line.parameters["area"].free for line in lines] == [False, False]
    with pytest.raises(ModelError, match="each line by itself"):
        edits.set_bounds(freed, "S 2p/bridge/area", 0.0, 10.0)


def test_what_loses_its_link_keeps_the_value_it_followed(model: Model) -> None:
    wide = edits.set_value(model, "S 2p/PS4/fwhm", 1.5)
    assert edits.value_of(edits.unlink(wide, "S 2p/bridge/fwhm"), "S 2p/bridge/fwhm") == 1.5
    alone = edits.remove_owner(wide, "S 2p", "PS4")
    assert edits.value_of(alone, "S 2p/bridge/fwhm") == 1.5
    assert edits.value_of(alone, "P 2p/PS4/area") == pytest.approx(0.25 * 300.0)
    copied = edits.paste_owner(wide, "P 2p", edits.copy_owner(wide, "S 2p", "bridge"))
    assert edits.value_of(copied, "P 2p/bridge/fwhm") == 1.5


def test_one_line_of_a_doublet_can_stay_behind(model: Model) -> None:
    single = edits.remove_owner(model, "S 2p", "bridge 2p3/2")
    left = "S 2p/bridge 2p1/2"
    assert edits.owners(single.region("S 2p")) == ("PS4", "bridge 2p1/2")
    assert edits.value_of(single, f"{left}/center") == pytest.approx(164.18, abs=0.03)
    assert edits.value_of(single, f"{left}/area") == pytest.approx(30.0)
    assert_no_link_dangles(single)


def test_a_label_that_links_name_can_be_changed_and_doubled() -> None:
    for changed in (
        edits.rename_owner(labelled(), "S 2p", "a", "thiophosphate"),
        edits.duplicate_owner(labelled(), "S 2p", "a"),
        edits.convert_shape(labelled(), "S 2p", "a", "gl_sum"),
        edits.remove_owner(labelled(), "S 2p", "b"),
    ):
        assert_no_link_dangles(changed)
    doubled = edits.duplicate_owner(labelled(), "S 2p", "a").region("S 2p")
    labels = [component.label for component in doubled.components]
    assert len(set(labels)) == len(labels)
    assert labels[-2:] == ["PS4 2 2p3/2", "PS4 2 2p1/2"]


def test_a_duplicate_stands_half_a_width_beside() -> None:
    doubled = edits.duplicate_owner(raman(), "Raman", "a1")
    assert edits.value_of(doubled, "Raman/a1 2/center") == 425.0


def test_a_link_in_a_circle_is_refused(model: Model) -> None:
    for target, source in (
        ("S 2p/PS4/fwhm", "S 2p/bridge/fwhm"),
        ("S 2p/PS4/fwhm", "S 2p/PS4/fwhm"),
        ("S 2p/PS4/area", "P 2p/PS4/area"),
        ("S 2p/PS4/area", "S 2p/PS4 2p1/2/area"),
    ):
        with pytest.raises(ModelError, match="follow from itself"):
            edits.link(model, Link(target, (Term(1.0, source),)))


def test_a_parameter_has_one_link_however_it_is_called(model: Model) -> None:
    again = edits.link(model, Link("S 2p/bridge 2p3/2/fwhm", (Term(2.0, "S 2p/PS4/fwhm"),)))
    assert edits.value_of(again, "S 2p/bridge/fwhm") == pytest.approx(2.4)
    assert len(again.links) == len(model.links)
    with pytest.raises(ModelError, match="no component"):
        edits.link(model, Link("S 2p/PS4/fwhm", (Term(1.0, "S 2p/sulfate/fwhm"),)))


def test_a_link_does_not_undo_a_doublet_without_a_reason(model: Model) -> None:
    tie = Link("S 2p/PS4 2p1/2/area", (Term(1.0, "S 2p/bridge/area"),))
    with pytest.raises(ModelError, match="Unlock the doublet, with a reason"):
        edits.link(model, tie)
    freed = edits.unlock_doublet(model, "S 2p", "PS4", "area", "a satellite")
    assert edits.value_of(edits.link(freed, tie), "S 2p/PS4 2p1/2/area") == pytest.approx(90.0)


def test_an_area_that_a_link_sets_is_not_unlocked(model: Model) -> None:
    with pytest.raises(ModelError, match="Take that link off first"):
        edits.unlock_doublet(model, "P 2p", "PS4", "area", "a satellite")
    freed = edits.unlock_doublet(model, "P 2p", "PS4", "fwhm", "broader by autoionisation")
    again = edits.unlock_doublet(freed, "P 2p", "PS4", "fwhm", "Coster-Kronig")
    unlocked = again.region("P 2p").doublet("PS4").unlocked
    assert [(u.parameter, u.reason) for u in unlocked] == [("fwhm", "Coster-Kronig")]


def test_what_a_shape_lacks_is_not_unlocked_any_more(model: Model) -> None:
    bare = Model(model.regions)
    freed = edits.unlock_doublet(bare, "S 2p", "PS4", "area", "a satellite")
    metal = edits.convert_shape(freed, "S 2p", "PS4", "doniach_sunjic").region("S 2p")
    assert metal.doublet("PS4").unlocked == ()
    assert edits.doublet_words(metal, metal.doublet("PS4")).startswith("2p1/2 linked: ½ height")


def test_numbers_that_are_none_are_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="not finite"):
        edits.set_value(model, "S 2p/PS4/center", inf)
    with pytest.raises(ModelError, match="above the upper"):
        edits.set_bounds(model, "S 2p/PS4/center", float("nan"), 162.0)
    with pytest.raises(ModelError, match="have no effect"):
        edits.set_bounds(model, "S 2p/bridge/fwhm", 0.5, 2.0)


@pytest.mark.parametrize("value", [160.9, 162.6])
def test_bounds_are_widened_past_the_value_that_was_in_the_way(model: Model, value: float) -> None:
    bounded = edits.set_bounds(model, "S 2p/PS4/center", 161.2, 161.8)
    with pytest.raises(ModelError, match="outside the bounds"):
        edits.set_value(bounded, "S 2p/PS4/center", value)
    widened = edits.widen_to(bounded, "S 2p/PS4/center", value)
    given = get_parameter(widened, "S 2p/PS4/center")
    assert given.value == value
    assert given.min < value < given.max
    assert given.min == 161.2 or given.max == 161.8
    assert edits.state_of(widened, "S 2p/PS4/center").kind == "free"


def test_the_total_area_of_a_doublet_is_widened_as_it_is_read(model: Model) -> None:
    bounded = edits.set_bounds(model, "S 2p/PS4/area", 100.0, 5000.0)
    widened = edits.widen_to(bounded, "S 2p/PS4/area", 9000.0)
    assert edits.value_of(widened, "S 2p/PS4/area") == pytest.approx(9000.0)
    assert edits.value_of(widened, "S 2p/PS4 2p3/2/area") == pytest.approx(6000.0)


def test_bounds_are_not_widened_to_where_the_formula_has_no_meaning(model: Model) -> None:
    for path, value in (("S 2p/PS4/fwhm", -0.1), ("S 2p/PS4/mix", 1.5)):
        with pytest.raises(ModelError, match="has a meaning"):
            edits.widen_to(model, path, value)
    narrow = edits.set_bounds(model, "S 2p/PS4/mix", 0.2, 0.9)
    assert get_parameter(edits.widen_to(narrow, "S 2p/PS4/mix", 0.95), "S 2p/PS4/mix").max == 1.0
