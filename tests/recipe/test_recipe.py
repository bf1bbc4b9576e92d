"""A recipe says all that is done to a spectrum, and says what is wrong with itself."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.core_levels import core_level
from spectra_core.curves.backgrounds import BACKGROUNDS
from spectra_core.curves.lineshapes import LINESHAPES
from spectra_core.errors import RecipeError
from spectra_core.fitting import FitOptions, Weights, evaluate, fit
from spectra_core.fitting.problem import compile_problem
from spectra_core.fitting.start import open_values
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
    make_component,
    set_enabled,
    set_parameter,
    share,
    share_shift,
    unlock,
)
from spectra_core.recipe.parts import part_of, tie_in_words
from spectra_core.recipe.text import (
    calibration_from_recipe,
    dump_recipe,
    fit_options_from_recipe,
    load_recipe,
    model_from_recipe,
    parse_recipe,
    recipe_from_dict,
    recipe_from_model,
    recipe_schema,
    recipe_to_dict,
)
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, make_spectrum

HEAD = 'schema = "doublet-recipe/1"\n'
REGION = (
    HEAD + '[[region]]\nname = "S 2p"\nwindow = [157, 169]\nbackground = { type = "shirley" }\n'
)
JOINT = """
schema = "doublet-recipe/1"
title = "S 2p and P 2p together"
[calibration]
reference = "C 1s"
assigned = 284.8
measured = 285.15
[[region]]
name = "S 2p"
window = [157.0, 169.0]
background = { type = "shirley", mode = "active", level = 800, step = { value = 0.01, max = 0.2 } }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 161.0, max = 162.4 }
area = 8000
fwhm = { value = 1.2, min = 0.6, max = 2.0, share = "sulfide" }
mix = { value = 0.3, free = false }
[[region.component]]
label = "intermediate"
id = "x"
line = "S 2p"
center = 162.9
area = 2500
fwhm = { share = "sulfide" }
mix = { value = 0.3, free = false }
[[region]]
name = "P 2p"
window = [126.0, 138.0]
background = { type = "linear", mode = "active", level = 500 }
[[region.component]]
label = "PS4"
line = "P 2p"
center = 131.9
fwhm = 1.2
mix = { value = 0.3, free = false }
[[link]]
parameter = "P 2p/PS4/area"
equals = "S 2p/PS4/area"
times = 0.25
note = "PS4: S over P is 4"
[[ratio]]
name = "intermediate / PS4"
numerator = ["intermediate"]
denominator = ["S 2p/PS4"]
[fit]
weights = "poisson"
starts = 2
seed = 7
[report]
formats = ["json", "csv"]
[simulate]
sample = "LPSCl"
peak_counts = 20000
"""


def component(lines: str) -> str:
    return f'{REGION}[[region.component]]\nlabel = "PS4"\n{lines}\n'


def message(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, where="a.toml")
    return str(caught.value)


def flat(window=(157.0, 169.0), level=1000.0, seed=0) -> Spectrum:
    """Return synthetic noise on a level; only its axis matters where models are compared."""
    x = np.arange(window[0], window[1] + 1e-9, 0.05)
    y = np.random.default_rng(seed).poisson(level, x.size).astype(float)
    return Spectrum(x, y, Axis.BINDING_ENERGY, meta=Meta(dwell_s=1.0, scans=1.0))


def same_problem(a: Model, b: Model, spectra) -> None:
    """Assert that two models draw the same curves with the same freedom."""
    first, second = evaluate(spectra, a), evaluate(spectra, b)
    for one, two in zip(first.regions, second.regions, strict=True):
        np.testing.assert_allclose(two.envelope, one.envelope, rtol=1e-12)
        np.testing.assert_allclose(two.background, one.background, rtol=1e-12)
    assert second.n_free == first.n_free
    np.testing.assert_allclose(second.problem.lower, first.problem.lower, rtol=1e-12)
    np.testing.assert_allclose(second.problem.upper, first.problem.upper, rtol=1e-12)


# --- reading -----------------------------------------------------------------------------


def test_a_doublets_area_in_a_recipe_is_that_of_both_lines():
    model = model_from_recipe(parse_recipe(component('line = "S 2p"\ncenter = 161\narea = 900')))
    areas = [c.parameters["area"].value for c in model.regions[0].components[:1]]
    assert areas == [pytest.approx(600.0)]


def test_a_line_of_a_doublet_is_a_single_component():
    model = model_from_recipe(parse_recipe(component('line = "S 2p3/2"\ncenter = 161')))
    assert [c.line for c in model.regions[0].components] == ["S 2p3/2"]
    assert model.regions[0].doublets == ()


def test_the_line_shape_is_voigt_where_none_is_said():
    model = model_from_recipe(parse_recipe(component("center = 161")))
    assert model.regions[0].components[0].lineshape == "voigt"


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("mix = 0.3", False),
        ("mix = { value = 0.3, min = 0.1, max = 0.5 }", True),
        ("mix = { value = 0.3, min = 0.1, free = false }", False),
        ("mix = { value = 0.3, free = true }", True),
    ],
)
def test_bounds_make_a_parameter_free_that_is_usually_fixed(text, free):
    recipe = parse_recipe(component(f'lineshape = "gl_product"\ncenter = 161\n{text}'))
    assert model_from_recipe(recipe).regions[0].components[0].parameters["mix"].free is free


def test_a_class_shares_one_parameter_and_says_why():
    model = model_from_recipe(parse_recipe(JOINT))
    link = model.links[0]
    assert (link.target, link.terms[0].source) == ("S 2p/x/fwhm", "S 2p/PS4/fwhm")
    assert "sulfide" in link.note


def test_links_may_use_labels_where_the_id_differs():
    extra = '[[link]]\nparameter = "S 2p/intermediate/center"\nequals = "S 2p/PS4/center"\n'
    model = model_from_recipe(parse_recipe(JOINT.replace("[[ratio]]", extra + "[[ratio]]")))
    assert model.links[-1].target == "S 2p/x/center"


def test_one_charge_shift_serves_all_regions():
    model = model_from_recipe(parse_recipe(JOINT.replace("title", "share_shift = true\ntitle")))
    assert model.regions[0].shift.free
    assert model.links[-1] == Link(
        "P 2p/region/shift", (Term(1.0, "S 2p/region/shift"),), note=model.links[-1].note
    )


def test_an_unlocked_parameter_starts_where_the_constraint_would_hold_it():
    text = 'line = "S 2p"\ncenter = 161.0\nsplitting = 1.2\nfwhm = 1.1\n' + (
        'unlock = [{ parameter = "fwhm", reason = "Coster-Kronig" },'
        ' { parameter = "center", reason = "test", min = 162.0 }]'
    )
    region = model_from_recipe(parse_recipe(component(text))).regions[0]
    minor = region.component("PS4 2p1/2")
    assert minor.parameters["fwhm"].value == 1.1
    assert minor.parameters["center"].value == pytest.approx(162.2)
    assert minor.parameters["center"].min == 162.0
    assert [u.reason for u in region.doublets[0].unlocked] == ["Coster-Kronig", "test"]


def doublet_of(label, center, unlock):
    """Return the entry of a doublet with one constraint taken off."""
    return (
        f'[[region.component]]\nlabel = "{label}"\nline = "S 2p"\ncenter = {center}\n'
        f"fwhm = 1.2\narea = 100.0\nunlock = [{unlock}]\n"
    )


def test_doublets_of_a_class_depart_from_their_constraint_together():
    lead = '{ parameter = "center", reason = "spread", share = "S 2p", prior = 0.01 }'
    text = REGION + doublet_of("a", 161.0, lead)
    text += doublet_of("b", 163.0, '{ parameter = "center", reason = "as a", share = "S 2p" }')
    recipe = parse_recipe(text)
    model = model_from_recipe(recipe)
    assert [len(d.unlocked) for d in model.regions[0].doublets] == [1, 0]
    problem = compile_problem(model, {"S 2p": flat()})
    p = problem.full(open_values(problem)[0] + 0.0)
    wider = set_parameter(model, "S 2p/a 2p1/2/center", value=162.21)
    moved = compile_problem(wider, {"S 2p": flat()})
    q = moved.full(open_values(moved)[0])
    at = problem.paths.index("S 2p/b 2p1/2/center")
    assert p[at] == pytest.approx(164.18) and q[at] == pytest.approx(163.0 + 1.21)
    again = model_from_recipe(parse_recipe(dump_recipe(recipe)))
    assert (again.links, again.priors) == (model.links, model.priors)
    back = model_from_recipe(recipe_from_model(model))
    assert compile_problem(back, {"S 2p": flat()}).matrix == pytest.approx(problem.matrix)


def test_only_the_first_of_a_class_says_how_far_it_departs():
    entry = '{ parameter = "center", reason = "x", share = "S 2p", prior = 0.01 }'
    text = REGION + doublet_of("a", 161.0, entry) + doublet_of("b", 163.0, entry)
    said = message(text)
    assert "only the first member" in said and "S 2p/b/center" in said
    ratio = '{ parameter = "area", reason = "x", share = "S 2p" }'
    assert "not for an area ratio" in message(REGION + doublet_of("a", 161.0, ratio))


def test_the_shift_is_assigned_minus_measured():
    calibration = calibration_from_recipe(parse_recipe(JOINT))
    assert calibration.shift == pytest.approx(-0.35)
    assert (calibration.reference, calibration.assigned) == ("C 1s", 284.8)


def test_fit_options_come_from_the_recipe_and_the_seed_can_be_replaced():
    recipe = parse_recipe(JOINT)
    assert fit_options_from_recipe(recipe) == FitOptions(Weights.POISSON, starts=2, seed=7)
    assert fit_options_from_recipe(recipe, seed=3).seed == 3


def test_a_tougaard_b_is_a_setting_when_static_and_a_parameter_when_active():
    text = REGION.replace('type = "shirley"', 'type = "tougaard_u2", mode = "MODE", b = 500.0')
    static = model_from_recipe(parse_recipe(text.replace("MODE", "static"))).regions[0].background
    active = model_from_recipe(parse_recipe(text.replace("MODE", "active"))).regions[0].background
    assert static.options["b"] == 500.0
    assert active.parameters["b"].value == 500.0


# --- mistakes ----------------------------------------------------------------------------


def test_an_unknown_key_names_its_place_and_the_nearest_key():
    said = message(component("center = 161\nfwmh = 1.2"))
    assert said == (
        'a.toml: region 1 "S 2p", component 1 "PS4": unknown key "fwmh". Did you mean "fwhm"?'
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (REGION + "[[ratios]]\n", ['unknown key "ratios"', '"ratio"']),
        (REGION.replace("{ type", "{ endpoint_pts = 3, type"), ["endpoint_pts", "endpoint_points"]),
        (component("center = { value = 161, maxx = 3 }"), ["center", '"maxx"', '"max"']),
        (component('lineshape = "gaussian"\ncenter = 161\nmix = 0.3'), ['unknown key "mix"']),
        (component("center = 161\nstep = 0.1"), ['unknown key "step"']),
        (component('use = "xps/ps5/s2p"'), ['library entry "xps/ps5/s2p"', "xps/ps4/s2p"]),
        (component('center = "161"'), ["center", "must be a number", "'161'"]),
        (component("center = true"), ["center", "must be a number"]),
        (component("center = nan"), ["center", "finite"]),
        (component("center = { value = 1, min = 3, max = 2 }"), ["min = 3", "max = 2"]),
        (component('lineshape = "voight"\nanything = 1'), ["voight", "voigt"]),
        (component('line = "S 2q"'), ["S 2q"]),
        (component("center = 161\nsplitting = 1.2"), ["splitting needs a doublet"]),
        (component('line = "S 2p"\nunlock = [{ parameter = "fwhm" }]'), ["reason", "missing"]),
        (REGION.replace("shirley", "shirly"), ["shirly", "shirley"]),
        (REGION.replace('"shirley"', '"shirley", mode = "static", level = 3'), ["level"]),
        (REGION.replace('"shirley"', '"shirley", endpoint_points = 4'), ["endpoint_points", "odd"]),
        (REGION.replace("window = [157, 169]\n", ""), ['"window" is missing']),
        (REGION.replace('background = { type = "shirley" }\n', ""), ['"background" is missing']),
        (REGION.replace("169]", "157]"), ["empty"]),
        (REGION + "[calibration]\nassigned = 284.8\n", ["give `measured`"]),
        (REGION + "[calibration]\nshift = 1\nassigned = 2\nmeasured = 3\n", ["not both"]),
        (REGION + '[report]\nformats = ["odt"]\n', ["odt", "json", "csv", "png", "svg"]),
        (REGION + '[fit]\nweights = "none"\n', ["weights", "poisson", "none"]),
        (REGION + "[fit]\nstarts = 0\n", ["starts", "must be greater than or equal to 1"]),
        (REGION + '[[link]]\nparameter = "a/b/c"\nequals = 3\n', ['link 1: "equals" must be']),
        (REGION + REGION.removeprefix(HEAD), ["two regions are called S 2p"]),
        (HEAD + "region = 3\n", ["region", "must be a list"]),
        (HEAD, ['"region" is missing']),
        ("[[region]]\n", ["schema", "doublet-recipe/1"]),
        (HEAD + "= 3\n", ["not valid TOML", "line 2"]),
        (JOINT.replace('"S 2p/PS4/area"', '"S 2p/PS5/area"'), ["PS5", "PS4"]),
        (JOINT.replace('["S 2p/PS4"]', '["PS4"]'), ['"PS4" stands in 2 regions', '"P 2p/PS4"']),
        (JOINT.replace('["intermediate"]', '["intermediates"]'), ["intermediates", "intermediate"]),
        (JOINT.replace("times = 0.25", "times = [1, 2]"), ["times has 2 numbers for 1"]),
        (
            JOINT.replace(
                'fwhm = { share = "sulfide" }', 'fwhm = { value = 1, share = "sulfide" }'
            ),
            ["first member", "sulfide"],
        ),
        (JOINT.replace('label = "intermediate"\nid = "x"', 'label = "PS4"'), ["called PS4"]),
    ],
)
def test_a_mistake_is_named_with_its_value_and_place(text, words):
    said = message(text)
    assert said.startswith("a.toml: ")
    for word in words:
        assert word in said


def test_a_link_cycle_is_found_before_any_file_is_read():
    back = '[[link]]\nparameter = "S 2p/PS4/area"\nequals = "P 2p/PS4/area"\n'
    assert "cycle" in message(JOINT.replace("[[ratio]]", back + "[[ratio]]"))


def test_a_parameter_cannot_be_tied_twice():
    twice = '[[link]]\nparameter = "S 2p/x/fwhm"\nequals = "P 2p/PS4/fwhm"\n'
    assert "tied twice" in message(JOINT.replace("[[ratio]]", twice + "[[ratio]]"))


def test_all_mistakes_of_a_file_are_said_at_once_on_at_most_five_lines():
    two = message(
        component("center = 161\nfwmh = 1.2").replace("window = [157, 169]", "window = 3")
    )
    assert len(two.splitlines()) == 2
    many = message(component("\n".join(f"key{i} = 1" for i in range(9))))
    assert len(many.splitlines()) == 5
    assert many.endswith("... and 5 more mistakes.")


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "image.toml").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(tmp_path / "image.toml")


# --- round trips -------------------------------------------------------------------------

number = st.floats(-1e6, 1e6, allow_nan=False)
name = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=9,
).filter(lambda s: s == s.strip() and s.strip() and "/" not in s and s.isprintable())


@st.composite
def entries(draw):
    low, value, high = sorted((draw(number), draw(number), draw(number)))
    full = {"value": value, "min": low, "max": high, "free": draw(st.booleans())}
    kept = draw(st.sets(st.sampled_from(sorted(full))))
    return {k: v for k, v in full.items() if k in kept} or full["value"]


@st.composite
def raw_recipes(draw):
    names = draw(st.lists(name, min_size=1, max_size=3, unique=True))
    regions = []
    for region_name in names:
        labels = draw(st.lists(name, max_size=3, unique=True))
        regions.append(
            {
                "name": region_name,
                "window": [draw(st.floats(0, 100)), draw(st.floats(101, 200))],
                "background": {"type": draw(st.sampled_from(sorted(BACKGROUNDS)))},
                "component": [
                    {
                        "label": label,
                        "species": draw(st.text(max_size=5)),
                        "lineshape": draw(st.sampled_from(["voigt", "gl_sum"])),
                        "center": draw(number),
                        "area": {"value": abs(draw(number)), "min": 0.0},
                        "mix": draw(st.floats(0, 1)),
                    }
                    for label in labels
                ],
            }
        )
    return {
        "schema": "doublet-recipe/1",
        "title": draw(st.text(max_size=12)),
        "calibration": {"shift": draw(number)},
        "fit": {"seed": draw(st.integers(0, 10**9)), "spread": draw(st.floats(1e-3, 10))},
        "region": regions,
    }


RESERVED = {"background", "region"}


@settings(max_examples=60, deadline=None)
@given(raw_recipes())
def test_any_recipe_comes_back_equal_from_its_text(raw):
    if any(c["label"] in RESERVED for r in raw["region"] for c in r["component"]) or any(
        r["name"] in RESERVED for r in raw["region"]
    ):
        return
    recipe = recipe_from_dict(raw)
    assert parse_recipe(dump_recipe(recipe)) == recipe
    assert recipe_from_dict(recipe_to_dict(recipe)) == recipe


@settings(max_examples=60, deadline=None)
@given(entries())
def test_any_parameter_entry_comes_back_with_every_digit(entry):
    raw = tomllib.loads(component(""))
    raw["region"][0]["component"][0]["center"] = entry
    recipe = recipe_from_dict(raw)
    assert parse_recipe(dump_recipe(recipe)) == recipe


def test_a_full_recipe_comes_back_equal_from_its_text():
    recipe = parse_recipe(JOINT)
    assert parse_recipe(dump_recipe(recipe)) == recipe


def two_region_model() -> Model:
    s2p = Region("S 2p", (157.0, 169.0), Background("shirley", "active"), match="S 2p*")
    s2p = add_doublet(
        s2p,
        "PS4",
        "S 2p",
        label="thiophosphate",
        species="PS4(3-)",
        area=9000.0,
        center=Parameter(161.6, 161.0, 162.0),
        fwhm=Parameter(1.2, 0.5, 2.5),
        mix=0.25,
    )
    s2p = add_doublet(
        s2p,
        "x",
        "S 2p",
        "la",
        splitting=1.16,
        ratio=0.55,
        area=2000.0,
        center=163.0,
        fwhm=1.3,
        alpha=Parameter(1.6, free=False),
        beta=Parameter(1.5, 1.0, 3.0),
        gauss=0.5,
    )
    s2p = unlock(s2p, "x", "fwhm", "Coster-Kronig broadening")
    s2p = add_component(s2p, make_component("loss", "gaussian", area=500.0, center=166.0, fwhm=2.0))
    s2p = add_component(
        s2p,
        make_component(
            "odd",
            "gaussian",
            label="S 2p, one line",
            line="S 2p",
            area=10.0,
            center=159.0,
            fwhm=1.0,
        ),
    )
    p2p = Region("P 2p", (126.0, 138.0), Background("polynomial", options={"degree": 1}))
    p2p = add_doublet(p2p, "PS4", "P 2p", center=131.9, fwhm=1.2, area=2250.0, mix=0.25)
    model = Model((s2p, p2p), title="two regions")
    model = add_links(model, share(["S 2p/PS4/fwhm", "P 2p/PS4/fwhm"], note="one width"))
    tie = Link("P 2p/PS4/area", (Term(0.25, "S 2p/PS4/area"),), note="PS4")
    sum_tie = Link("S 2p/odd/area", (Term(0.01, "S 2p/PS4/area"), Term(0.02, "S 2p/x/area")), 3.0)
    model = add_links(model, [tie, sum_tie])
    model = set_enabled(model, "S 2p", "loss", False)
    for path, value in {
        "S 2p/background/level": 1000.0,
        "S 2p/background/step": 0.01,
        "S 2p/x 2p1/2/fwhm": 1.4,
        "P 2p/background/c0": 600.0,
    }.items():
        model = set_parameter(model, path, value=value)
    return model


SPECTRA = {"S 2p": flat(), "P 2p": flat((126.0, 138.0), seed=1)}


@pytest.mark.parametrize("shared", [False, True])
def test_a_model_comes_back_from_its_recipe_as_the_same_problem(shared):
    model = share_shift(two_region_model()) if shared else two_region_model()
    recipe = recipe_from_model(model)
    back = model_from_recipe(parse_recipe(dump_recipe(recipe)))
    same_problem(model, back, SPECTRA)
    assert recipe.share_shift is shared
    assert [d.unlocked for r in back.regions for d in r.doublets] == [
        d.unlocked for r in model.regions for d in r.doublets
    ]
    assert [c.enabled for r in back.regions for c in r.components] == [
        c.enabled for r in model.regions for c in r.components
    ]


def test_a_fitted_model_comes_back_with_its_values():
    fitted = fit(SPECTRA, two_region_model()).model
    back = model_from_recipe(parse_recipe(dump_recipe(recipe_from_model(fitted))))
    same_problem(fitted, back, SPECTRA)


def test_a_fit_of_the_recipe_gives_the_numbers_of_the_model():
    model = two_region_model()
    direct = fit(SPECTRA, model)
    back = fit(SPECTRA, model_from_recipe(recipe_from_model(model)))
    assert back.statistics.chi_square == pytest.approx(direct.statistics.chi_square, rel=1e-9)


def test_a_doublet_with_foreign_line_names_becomes_two_linked_components():
    model = two_region_model()
    region = model.regions[0]
    renamed = {"PS4 2p3/2": "first", "PS4 2p1/2": "second"}
    components = tuple(replace(c, id=renamed.get(c.id, c.id), label="") for c in region.components)
    doublets = tuple(
        replace(d, major="first", minor="second") if d.id == "PS4" else d for d in region.doublets
    )
    special = replace(region, components=components, doublets=doublets)
    model = replace(model, regions=(special, model.regions[1]))
    recipe = recipe_from_model(model)
    assert {"first", "second"} <= {c.name for c in recipe.region[0].component}
    same_problem(model, model_from_recipe(parse_recipe(dump_recipe(recipe))), SPECTRA)


@pytest.mark.parametrize("kind", sorted(BACKGROUNDS))
def test_every_background_comes_back_in_every_mode(kind):
    for mode in BACKGROUNDS[kind].modes:
        background = Background(kind, mode)
        region = Region("S 2p", (157.0, 169.0), background)
        back = model_from_recipe(recipe_from_model(Model((region,)))).regions[0].background
        assert (back.type, back.mode) == (kind, mode)
        given_back = [(s.name, s.default, s.free) for s in back.specs]
        assert given_back == [(s.name, s.default, s.free) for s in background.specs]
        if mode == "static":
            assert back.options == background.options


@pytest.mark.parametrize("shape", sorted(LINESHAPES))
def test_every_line_shape_comes_back_with_its_parameters(shape):
    values = {
        spec.name: Parameter(spec.default if spec.default is not None else 1.5)
        for spec in LINESHAPES[shape].parameters
    }
    region = Region("S 2p", (157.0, 169.0), Background("none"))
    region = add_component(region, make_component("a", shape, **values))
    back = model_from_recipe(recipe_from_model(Model((region,)))).regions[0]
    assert back.components == region.components


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(),
        Calibration(0.35, "Au 4f"),
        Calibration(284.8 - 285.1, "C 1s", 284.8, 285.1, 0.05),
        Calibration(1.25, "CasaXPS", 284.8, 283.0),
    ],
)
def test_a_calibration_keeps_its_shift_exactly(calibration):
    recipe = recipe_from_model(two_region_model(), calibration=calibration)
    back = calibration_from_recipe(parse_recipe(dump_recipe(recipe))) or Calibration()
    assert (back.shift, back.reference) == (calibration.shift, calibration.reference)
    assert back.uncertainty == calibration.uncertainty


def test_a_casaxps_fit_comes_back_from_its_recipe_as_the_same_problem(data_dir):
    from spectra_core.foreign.casaxps import casaxps_model
    from spectra_core.readers import read
    from spectra_core.spectrum import calibrate

    spectra = read(data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms")
    stored = [s for s in spectra if "CASA comp" in s.meta.comment]
    assert stored
    for spectrum in stored:
        casa = casaxps_model(spectrum)
        calibrated = calibrate(spectrum, casa.calibration)
        recipe = recipe_from_model(casa.model, calibration=casa.calibration)
        back = model_from_recipe(parse_recipe(dump_recipe(recipe)))
        same_problem(casa.model, back, calibrated)


# --- JSON Schema -------------------------------------------------------------------------


def test_the_schema_knows_every_parameter_of_every_line_shape_and_background():
    schema = recipe_schema()
    json.dumps(schema, allow_nan=False)
    component_keys = schema["$defs"]["ComponentEntry"]["properties"]
    for shape in LINESHAPES.values():
        for spec in shape.parameters:
            assert spec.description in component_keys[spec.name]["description"]
    background_keys = schema["$defs"]["BackgroundEntry"]["properties"]
    for kind in BACKGROUNDS.values():
        assert {option.name for option in kind.options} <= set(background_keys)
    assert "parameters" not in component_keys


def test_the_schemas_keys_are_those_the_reader_takes():
    schema = recipe_schema()
    rules = schema["$defs"]["ComponentEntry"]["allOf"]
    gaussian = next(r for r in rules if r["if"]["properties"]["lineshape"]["const"] == "gaussian")
    allowed = gaussian["then"]["propertyNames"]["enum"]
    assert "fwhm" in allowed
    assert "mix" not in allowed


# --- the documentation -------------------------------------------------------------------

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_complete_example_in_the_documentation_is_a_valid_recipe():
    text = (DOCS / "recipe.md").read_text(encoding="utf-8")
    examples = [e for e in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "schema" in e]
    assert examples
    for example in examples:
        model_from_recipe(parse_recipe(example))


def test_the_documentation_names_every_line_shape_background_and_key():
    text = (DOCS / "recipe.md").read_text(encoding="utf-8")
    definitions = recipe_schema()["$defs"].values()
    own = {key for d in definitions if "allOf" not in d for key in d.get("properties", {})}
    for name in {*LINESHAPES, *BACKGROUNDS, *own}:
        assert f"`{name}`" in text, name


# --- priors ---

PRIORS = """
schema = "doublet-recipe/1"
share_shift = true

[[region]]
name       = "S 2p"
window     = [158.0, 168.0]
background = { type = "shirley", mode = "active", step = { value = 0.02, prior = 0.01 } }
shift      = { value = 0.0, min = -4.0, max = 4.0, prior = 1.5, source = "C 1s" }

[[region.component]]
label  = "PS4"
line   = "S 2p"
center = { value = 161.5, prior = 0.1, source = "library" }
fwhm   = { value = 1.2, share = "sulfide" }
mix    = { value = 0.3, prior = 0.15 }
area   = 9000.0
unlock = [{ parameter = "center", reason = "spread", prior = 0.01, source = "NIST" }]

[[region.component]]
label  = "bridging"
line   = "S 2p"
center = 163.1
fwhm   = { share = "sulfide" }
area   = 2000.0

[[region]]
name       = "P 2p"
window     = [128.0, 138.0]
background = "linear"

[[region.component]]
label  = "phosphorus"
id     = "P1"
line   = "P 2p"
center = 131.9
area   = 1500.0
unlock = [{ parameter = "area", reason = "try", prior = 0.05 }]

[[prior]]
of       = "S 2p/bridging/center"
minus    = "S 2p/PS4/center"
value    = 1.6
sd       = 0.3
source   = "spread of five papers"

[[prior]]
of          = "P 2p/phosphorus/area"
minus       = "S 2p/PS4/area"
times       = 0.25
relative    = 0.1
sensitivity = "auto"
source      = "PS4"

[[prior]]
of    = "S 2p/PS4/fwhm"
minus = ["S 2p/bridging/center", "P 2p/P1/center"]
times = [1.0, -2.0]
value = 3.0
sd    = 9.0
group = "shape"
"""


def test_priors_of_a_recipe_are_those_of_the_model():
    priors = {prior.subject: prior for prior in model_from_recipe(parse_recipe(PRIORS)).priors}
    center = priors["S 2p/PS4/center"]
    assert (center.value, center.sd, center.source) == (161.5, 0.1, "library")
    assert priors["S 2p/region/shift"].sd == 1.5
    assert priors["S 2p/region/shift"].group == "reference"
    assert priors["S 2p/background/step"].group == "background"
    assert priors["S 2p/PS4/mix"].group == "shape"
    splitting = priors["S 2p/PS4 2p1/2/center - S 2p/PS4 2p3/2/center"]
    assert splitting.value == core_level("S 2p").splitting_ev
    assert (splitting.sd, splitting.source) == (0.01, "NIST")
    ratio = priors["P 2p/P1 2p1/2/area - 0.5 * P 2p/P1 2p3/2/area"]
    assert (ratio.value, ratio.sd, ratio.relative) == (0.0, None, 0.05)
    apart = priors["S 2p/bridging/center - S 2p/PS4/center"]
    assert (apart.value, apart.sd, apart.group) == (1.6, 0.3, "energies")
    tie = next(p for p in priors.values() if p.group == "ties" and "PS4/area" in p.subject)
    # Scofield's totals of P 2p and S 2p for Al K-alpha, J. Electron Spectrosc. 8, 129 (1976)
    assert tie.terms[1].times == pytest.approx(-0.25 * 1.192 / 1.677, rel=2e-3)
    assert tie.terms[0].source == "P 2p/P1/area" and tie.relative == 0.1
    assert tie.source.startswith("PS4; times the sensitivity ratio")
    summed = next(p for p in priors.values() if len(p.terms) == 3)
    assert [t.times for t in summed.terms] == [1.0, -1.0, 2.0]


def test_a_model_with_priors_and_its_recipe_give_the_same_fit():
    model = model_from_recipe(parse_recipe(PRIORS))
    again = model_from_recipe(parse_recipe(dump_recipe(recipe_from_model(model))))
    assert again.priors == model.priors
    x = {"S 2p": np.linspace(158, 168, 201), "P 2p": np.linspace(128, 138, 201)}
    rng = np.random.default_rng(5)
    spectra = {
        name: make_spectrum(
            points,
            rng.poisson(300 + 2000 * np.exp(-((points - c) ** 2))),
            Axis.BINDING_ENERGY,
            y_unit="counts",
        )
        for (name, points), c in zip(x.items(), (161.7, 132.1), strict=True)
    }
    first, second = fit(spectra, model), fit(spectra, again)
    assert np.array_equal(first.values, second.values)
    fitted = model_from_recipe(parse_recipe(dump_recipe(recipe_from_model(first.model))))
    assert fitted.priors == model.priors
    assert evaluate(spectra, fitted).statistics.prior_chi_square == pytest.approx(
        first.statistics.prior_chi_square, rel=1e-9
    )


def test_a_recipe_with_priors_is_written_as_it_was_read():
    recipe = parse_recipe(PRIORS)
    assert parse_recipe(dump_recipe(recipe)) == recipe


def test_a_prior_on_a_doublet_written_as_two_lines_keeps_its_meaning():
    model = model_from_recipe(parse_recipe(PRIORS))
    model = set_parameter(model, "S 2p/bridging 2p1/2/fwhm", min=0.5, max=2.0)
    known = Prior((Term(1.0, "S 2p/bridging/area"), Term(-0.2, "S 2p/PS4/area")), relative=0.1)
    model = add_priors(model, known)
    recipe = recipe_from_model(model)
    assert "bridging 2p3/2" in {c.name for c in recipe.region[0].component}
    again = model_from_recipe(recipe)
    spectra = {
        name: make_spectrum(x, np.full(201, 50.0), Axis.BINDING_ENERGY, y_unit="counts")
        for name, x in (("S 2p", np.linspace(158, 168, 201)), ("P 2p", np.linspace(128, 138, 201)))
    }
    for each in (model, again):
        each = set_parameter(each, "S 2p/background/level", value=10.0)
        each = set_parameter(each, "P 2p/P1/fwhm", value=1.2)
        for name in ("level", "slope"):
            each = set_parameter(each, f"P 2p/background/{name}", value=1.0)
        estimate = next(
            p
            for p in evaluate(spectra, each).priors
            if p.prior.relative == 0.1 and "bridging" in p.prior.subject
        )
        assert estimate.fitted / estimate.sd == pytest.approx((2000 - 1800) / 180.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("prior = 0.1,", "prior = 0.0,", "greater than 0"),
        ("value = 161.5, prior", "prior", "a prior needs `value`"),
        ("sd       = 0.3", "", "give either `sd` or `relative`"),
        ("sd       = 0.3", "sd = 0.3\nrelative = 0.1", "give either `sd` or `relative`"),
        ('minus    = "S 2p/PS4/center"', 'minus = "S 2p/PS5/center"', '"PS5"'),
        ("times = [1.0, -2.0]", "times = [1.0]", "times has 1 numbers for 2 paths"),
        ('of       = "S 2p/bri', 'off      = "S 2p/bri', 'unknown key "off"'),
        ('group = "shape"', 'group = "shapes"', "group"),
        (
            "[[prior]]\nof    =",
            '[[prior]]\nof = "S 2p/PS4/mix"\nvalue = 0.2\nsd = 0.1\n[[prior]]\nof    =',
            "known twice",
        ),
    ],
)
def test_a_prior_that_cannot_be_meant_is_refused(old, new, words):
    assert PRIORS.count(old) >= 1
    with pytest.raises(RecipeError) as error:
        parse_recipe(PRIORS.replace(old, new, 1))
    assert words in str(error.value)


def test_a_part_of_a_recipe_keeps_the_priors_that_can_be_without_the_rest():
    recipe = parse_recipe(PRIORS)
    part = part_of(recipe, {"S 2p"})
    kept = {prior.subject for prior in model_from_recipe(part.recipe).priors}
    assert "S 2p/region/shift" in kept and "S 2p/bridging/center - S 2p/PS4/center" in kept
    assert not any("P 2p" in subject for subject in kept)
    assert [tie_in_words(prior) for prior in part.priors] == [
        "P 2p/phosphorus/area to S 2p/PS4/area",
        "S 2p/PS4/fwhm to S 2p/bridging/center and P 2p/P1/center",
    ]
    other = model_from_recipe(part_of(recipe, {"P 2p"}).recipe)
    (shift,) = [p for p in other.priors if p.group == "reference"]
    assert shift.subject == "P 2p/region/shift" and shift.sd == 1.5
