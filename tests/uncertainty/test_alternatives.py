"""The models with another number of owners: what they hold, and what a ratio is in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.fitting import evaluate, fit
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    add_priors,
    get_parameter,
    make_component,
    owners,
    set_parameter,
)
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.uncertainty.alternatives import Known, fewer, one_more, split
from spectra_core.uncertainty.quantities import AreaRatio

X = np.arange(157.0, 172.01, 0.05)


def model_of(states: dict[str, tuple[float, float, float]]) -> Model:
    """Return doublets by (position, area, width)."""
    region = Region("S 2p", (157.0, 172.0), Background("constant"))
    for name, (center, area, fwhm) in states.items():
        region = add_doublet(
            region,
            name,
            "S 2p",
            center=Parameter(center, center - 0.6, center + 0.6),
            fwhm=Parameter(fwhm, 0.5, 3.0),
            area=Parameter(area, 0.0),
            mix=Parameter(0.2, free=False),
        )
    level = {"level": Parameter(500.0)}
    return Model((replace(region, background=Background("constant", parameters=level)),))


def fitted(model: Model, truth: Model | None = None):
    blank = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    expected = evaluate(blank, truth or model).regions[0].envelope
    y = np.random.default_rng(3).poisson(expected).astype(float)
    meta = Meta(sample="synthetic")
    return fit(make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts", meta=meta), model)


THREE = {"PS4": (161.5, 9e3, 1.1), "bridge": (162.7, 4e3, 1.1), "sulfate": (168.5, 3e3, 1.4)}


@pytest.fixture(scope="module")
def three():
    return fitted(model_of(THREE))


def paths(*names: str) -> tuple[str, ...]:
    return tuple(f"S 2p/{name}/area" for name in names)


def by_change(result) -> dict[str, object]:
    return {one.change: one for one in fewer(result, "S 2p")}


def test_each_owner_is_left_out_and_only_neighbours_are_joined(three):
    assert set(by_change(three)) == {
        "without PS4",
        "without bridge",
        "without sulfate",
        "PS4 and bridge as one",
    }


def test_one_for_two_starts_between_them_and_may_go_wherever_either_could(three):
    joined = by_change(three)["PS4 and bridge as one"]
    region = joined.model.regions[0]
    assert owners(region, enabled=True) == ("PS4", "sulfate")
    center = region.component("PS4 2p3/2").parameters["center"]
    assert (center.min, center.max) == pytest.approx((160.9, 163.3))
    assert 161.5 < center.value < 162.2  # nearer to the stronger of the two


def test_a_ratio_follows_what_stands_for_its_areas(three):
    joined = by_change(three)["PS4 and bridge as one"]
    total = AreaRatio(paths("PS4", "bridge"), paths("sulfate"))
    assert joined.translated(total) == AreaRatio(paths("PS4"), paths("sulfate"))
    # What was told apart in the ratio cannot be one.
    assert joined.translated(AreaRatio(paths("PS4"), paths("bridge"))) is None
    assert joined.translated(AreaRatio(paths("PS4"), paths("sulfate"))) is None
    without = by_change(three)["without bridge"]
    assert without.translated(AreaRatio(paths("bridge"), paths("PS4"))) is None
    assert without.translated(total) == AreaRatio(paths("PS4"), paths("sulfate"))


def test_the_parts_of_a_split_owner_count_together_as_a_whole_or_line_by_line(three):
    divided = split(three, "S 2p", "PS4")
    assert owners(divided.model.regions[0], enabled=True) == (*THREE, "PS4 (second)")
    whole = divided.translated(AreaRatio(paths("PS4"), paths("bridge")))
    assert whole == AreaRatio(paths("PS4", "PS4 (second)"), paths("bridge"))
    line = divided.translated(AreaRatio(paths("PS4 2p3/2"), paths("bridge")))
    assert line == AreaRatio(paths("PS4 2p3/2", "PS4 2p3/2 (second)"), paths("bridge"))
    refit = fit(three.regions[0].spectrum, divided.model)
    widths = [refit.value(f"S 2p/{name}/fwhm") for name in ("PS4", "PS4 (second)")]
    assert widths[0] == widths[1]


def test_a_broad_owner_is_split_into_two_of_its_narrow_neighbours_width():
    truth = model_of({"a": (161.4, 9e3, 1.0), "b": (164.0, 4e3, 1.0), "c": (164.9, 4e3, 1.0)})
    result = fitted(model_of({"a": (161.4, 9e3, 1.0), "b": (164.3, 8e3, 1.6)}), truth)
    refit = fit(result.regions[0].spectrum, split(result, "S 2p", "b").model, starts=3)
    assert refit.value("S 2p/b/fwhm") == refit.value("S 2p/a/fwhm")
    places = sorted(refit.value(f"S 2p/{name}/center") for name in ("b", "b (second)"))
    assert places == pytest.approx([164.0, 164.9], abs=0.1)


def test_what_is_tied_to_another_is_not_split(three):
    tie = Link("S 2p/bridge/area", (Term(0.4, "S 2p/PS4/area"),))
    tied = fit(three.regions[0].spectrum, add_links(three.model, [tie]))
    assert "tied" in split(tied, "S 2p", "PS4").obstacle
    assert "PS4 and bridge as one" not in by_change(tied)


def test_what_a_prior_ties_to_another_is_not_split_nor_joined(three):
    """Its second part would escape the prior, and look like a better model for that reason."""
    first, second = (f"S 2p/{owner}/area" for owner in ("PS4", "bridge"))
    known = Prior((Term(1.0, second), Term(-0.4, first)), relative=0.05)
    result = fit(three.regions[0].spectrum, add_priors(three.model, known))
    for owner in ("PS4", "bridge"):
        assert "tied" in split(result, "S 2p", owner).obstacle
    joined = [other for other in fewer(result, "S 2p") if other.kind == "joined"]
    assert not any({"PS4", "bridge"} & set(other.changed) for other in joined)


def test_one_more_is_like_the_nearest_one(three):
    found = one_more(three, "S 2p", 164.4)
    region = found.model.regions[0]
    assert owners(region) == (*THREE, "one more")
    assert region.doublet("one more").line == "S 2p"
    sources = {link.target: link.terms[0].source for link in found.model.links}
    assert sources["S 2p/one more 2p3/2/fwhm"] == "S 2p/bridge 2p3/2/fwhm"


def test_a_lone_line_gets_a_lone_line_and_an_empty_region_nothing(three):
    line = make_component("line", "gaussian", center=161.5, fwhm=1.0, area=4e3)
    region = add_component(Region("S 2p", (157.0, 172.0), Background("constant")), line)
    result = fit(three.regions[0].spectrum, Model((region,)))
    assert one_more(result, "S 2p", 163.0).model.regions[0].doublets == ()
    bare = fit(three.regions[0].spectrum, Model((replace(region, components=()),)))
    assert one_more(bare, "S 2p", 163.0) is None


def test_one_more_lies_in_the_window_that_the_shift_leaves(three):
    """Charged by -2.5 eV, sulfate at 169.2 is recorded at 166.7, inside 157 to 168."""
    charged = set_parameter(three.model, "S 2p/region/shift", value=-2.5)
    near = replace(charged.regions[0], window=(157.0, 168.0))
    result = fit(three.regions[0].spectrum, replace(charged, regions=(near,)), max_iterations=1)
    sulfate = Known("sulfate", 0.3, 168.7, 169.7)
    found = one_more(result, "S 2p", 166.7, known=sulfate)
    center = get_parameter(found.model, "S 2p/one more/center")
    assert (center.min, center.value, center.max) == pytest.approx((168.7, 169.2, 169.7))
    beyond = replace(sulfate, low=171.2, high=172.2)
    assert one_more(result, "S 2p", 169.2, known=beyond) is None
