"""Models, paths, links and doublets as values: exact, and clear about mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.errors import ModelError
from spectra_core.fitting.problem import compile_problem
from spectra_core.model import (
    Background,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    get_parameter,
    make_component,
    set_enabled,
    set_parameter,
    share,
    split_path,
    unlock,
)
from spectra_core.spectrum import Axis, make_spectrum


def region(name="S 2p", **ps4):
    ps4 = {"center": 161.5, "fwhm": 1.1, "area": 300.0} | ps4
    return add_doublet(Region(name, (158.0, 168.0)), "PS4", "S 2p", "gaussian", **ps4)


def spectrum():
    x = np.linspace(150.0, 170.0, 201)
    return make_spectrum(x, np.ones_like(x), Axis.BINDING_ENERGY)


def compiled(model):
    return compile_problem(model, {r.name: spectrum() for r in model.regions})


def values(model):
    problem = compiled(model)
    q = np.array([problem.parameters[i].value or 0.0 for i in problem.free])
    return dict(zip(problem.paths, problem.full(q), strict=True))


@pytest.mark.parametrize(
    ("line", "ratio"), [("S 2p", 1 / 2), ("Mo 3d", 2 / 3), ("Au 4f", 3 / 4), ("P 2p", 1 / 2)]
)
def test_a_doublet_of_any_level_has_its_2j_plus_1_ratio(line, ratio):
    built = add_doublet(Region("r", (0, 2000)), "x", line, center=100.0, fwhm=1.0, area=7.0)
    found = built.doublets[0]
    assert found.ratio == pytest.approx(ratio, rel=1e-15)
    assert found.splitting > 0
    assert [c.line for c in built.components] == [
        f"{line[:-2]}{c.id[2:]}" for c in built.components
    ]


def test_an_s_level_cannot_be_a_doublet():
    with pytest.raises(ModelError, match="1s"):
        add_doublet(Region("r", (0, 100)), "x", "Li 1s", center=55.0)


def test_a_doublets_area_is_that_of_both_lines():
    model = Model((region(area=300.0),))
    found = values(model)
    assert found["S 2p/PS4 2p3/2/area"] == pytest.approx(200.0)
    assert found["S 2p/PS4 2p1/2/area"] == pytest.approx(100.0)
    assert get_parameter(model, "S 2p/PS4/area").value == pytest.approx(300.0)
    changed = set_parameter(model, "S 2p/PS4/area", value=600.0, max=900.0)
    assert values(changed)["S 2p/PS4 2p3/2/area"] == pytest.approx(400.0)
    assert get_parameter(changed, "S 2p/PS4/area").max == pytest.approx(900.0)


def test_paths_may_hold_a_slash_in_the_line():
    assert split_path("S 2p/PS4 2p3/2/area") == ("S 2p", "PS4 2p3/2", "area")


@pytest.mark.parametrize("path", ["area", "S 2p/area", "", "S 2p//area", "a/b/"])
def test_a_malformed_path_is_an_error(path):
    with pytest.raises(ModelError, match="not a parameter path"):
        split_path(path)


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("S2p/PS4/area", 'Did you mean "S 2p"?'),
        ("S 2p/PS3/area", 'Did you mean "PS4"?'),
        ("S 2p/PS4/aera", 'Did you mean "area"?'),
        ("S 2p/background/stepp", 'Did you mean "step"?'),
        ("S 2p/region/shfit", 'Did you mean "shift"?'),
    ],
)
def test_a_typo_in_a_link_is_an_error_with_a_suggestion(path, suggestion):
    link = Link("S 2p/PS4/fwhm", (Term(1.0, path),))
    with pytest.raises(ModelError) as error:
        compiled(add_links(Model((region(),)), [link]))
    assert suggestion in str(error.value)


def test_a_cycle_is_an_error_that_names_its_members():
    model = Model((region("a"), region("b")))
    links = [
        Link("a/PS4/fwhm", (Term(2.0, "b/PS4/fwhm"),)),
        Link("b/PS4/fwhm", (Term(0.5, "a/PS4/fwhm"),)),
    ]
    with pytest.raises(ModelError, match=r"cycle: .*a/PS4 2p3/2/fwhm.*b/PS4 2p3/2/fwhm"):
        compiled(add_links(model, links))


def test_a_parameter_linked_to_itself_is_a_cycle():
    link = Link("S 2p/PS4/fwhm", (Term(1.0, "S 2p/PS4/fwhm"),))
    with pytest.raises(ModelError, match="cycle"):
        compiled(add_links(Model((region(),)), [link]))


def test_chains_of_links_multiply():
    model = Model(tuple(region(name) for name in "abc"))
    links = [
        Link("b/PS4/fwhm", (Term(2.0, "a/PS4/fwhm"),), offset=0.1),
        Link("c/PS4/fwhm", (Term(3.0, "b/PS4/fwhm"),), offset=-0.2),
    ]
    found = values(add_links(model, links))
    assert found["c/PS4 2p1/2/fwhm"] == pytest.approx(3.0 * (2.0 * 1.1 + 0.1) - 0.2, rel=1e-15)


def test_a_second_link_for_a_target_replaces_the_first():
    model = Model((region("a"), region("b")))
    model = add_links(model, share(["a/PS4/fwhm", "b/PS4/fwhm"]))
    model = add_links(model, [Link("b/PS4/fwhm", (Term(2.0, "a/PS4/fwhm"),))])
    assert len(model.links) == 1
    assert values(model)["b/PS4 2p3/2/fwhm"] == pytest.approx(2.2)


def test_bounds_of_a_linked_parameter_bind_its_source():
    model = add_links(
        Model((region("a"), region("b", fwhm=Parameter(2.0, min=1.0, max=2.6)))),
        [Link("b/PS4/fwhm", (Term(2.0, "a/PS4/fwhm"),))],
    )
    problem = compiled(model)
    j = problem.free_paths.index("a/PS4 2p3/2/fwhm")
    assert problem.upper[j] == pytest.approx(1.3)


def test_links_whose_bounds_contradict_are_an_error():
    model = add_links(
        Model((region("a", fwhm=Parameter(1.0, max=1.2)), region("b", fwhm=Parameter(3, min=2.6)))),
        [Link("b/PS4/fwhm", (Term(2.0, "a/PS4/fwhm"),))],
    )
    with pytest.raises(ModelError, match="no value of"):
        compiled(model)


def test_a_label_names_a_component_if_it_is_unique():
    line = make_component("c1", "gaussian", label="carbon", center=160.0, fwhm=1.0)
    model = Model((add_component(region(), line),))
    model = add_links(model, [Link("S 2p/carbon/fwhm", (Term(1.0, "S 2p/PS4/fwhm"),))])
    assert values(model)["S 2p/c1/fwhm"] == pytest.approx(1.1)
    twice = add_component(model.regions[0], Component("c2", "gaussian", label="carbon"))
    with pytest.raises(ModelError, match="belongs to 2 components"):
        get_parameter(Model((twice,)), "S 2p/carbon/fwhm")


def test_unlocking_needs_a_reason_and_a_known_parameter():
    with pytest.raises(ModelError, match="without a reason"):
        unlock(region(), "PS4", "area", "  ")
    with pytest.raises(ModelError, match='Did you mean "fwhm"'):
        unlock(region(), "PS4", "fwmh", "because")


def test_a_doublet_with_an_unlocked_area_cannot_be_linked_as_a_whole():
    loose = unlock(region("a"), "PS4", "area", "test")
    model = add_links(Model((loose, region("b"))), [Link("a/PS4/area", (Term(1.0, "b/PS4/area"),))])
    with pytest.raises(ModelError, match="ratio is unlocked"):
        compiled(model)


def test_disabling_a_doublet_takes_its_parameters_out_of_the_fit():
    model = Model((region(),))
    assert len(compiled(model).free) == 5  # area, centre, width; level and step
    assert len(compiled(set_enabled(model, "S 2p", "PS4", False)).free) == 2


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Parameter(1.0, min=2.0, max=1.0),
        lambda: Parameter(float("nan")),
        lambda: Parameter(float("inf")),
        lambda: Region("a/b", (0, 1)),
        lambda: Region("a", (1, 1)),
        lambda: Region("background", (0, 1)),
        lambda: Background("shirly"),
        lambda: Background("shirley", mode="passive"),
        lambda: Background("polynomial", options={"degre": 2}),
        lambda: Background("shirley", parameters={"stepp": Parameter(0.1)}),
        lambda: Component(" x", "gaussian"),
        lambda: add_component(Region("a", (0, 1)), Component("x", "gausian")),
        lambda: add_component(region(), make_component("x", "gaussian", mix=0.3)),
        lambda: add_component(region(), Component("PS4 2p3/2", "gaussian")),
        lambda: Model((region(), region())),
        lambda: add_doublet(region(), "x", "S 2p", splitting=-1.0),
        lambda: Link("a/b/c", (Term(float("nan"), "a/b/d"),)),
    ],
)
def test_an_impossible_model_is_refused_in_words(bad):
    with pytest.raises(ModelError) as error:
        bad()
    assert len(str(error.value)) > 20


def test_models_are_values():
    before = Model((region(),))
    after = set_parameter(before, "S 2p/PS4/fwhm", value=9.0)
    assert get_parameter(before, "S 2p/PS4/fwhm").value == 1.1
    assert after.regions[0].background is before.regions[0].background
    with pytest.raises(TypeError):
        before.regions[0].components[0].parameters["fwhm"] = Parameter(2.0)


numbers = st.floats(-3, 3).filter(lambda v: abs(v) > 1e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4), numbers)
def test_any_linear_link_holds_for_any_free_values(terms, offset):
    model = Model(tuple(region(f"r{i}") for i in range(len(terms) + 1)))
    target = f"r{len(terms)}/PS4/center"
    link = Link(
        target, tuple(Term(t, f"r{i}/PS4/center") for i, (t, _) in enumerate(terms)), offset
    )
    problem = compiled(add_links(model, [link]))
    rng = np.random.default_rng(0)
    p = dict(zip(problem.paths, problem.full(rng.normal(size=len(problem.free))), strict=True))
    expected = offset + sum(t * p[f"r{i}/PS4 2p3/2/center"] for i, (t, _) in enumerate(terms))
    assert p[f"r{len(terms)}/PS4 2p3/2/center"] == pytest.approx(expected, abs=1e-11)
    assert p[f"r{len(terms)}/PS4 2p1/2/center"] == pytest.approx(expected + 1.18, abs=1e-11)
