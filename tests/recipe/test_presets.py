"""Presets and recipes that stand on the library: ready models, exact factors, what wins."""

from __future__ import annotations

import pytest

from spectra_core.errors import ModelError, RecipeError, SpectraError
from spectra_core.fitting import fit
from spectra_core.library import load_library, shipped_folder
from spectra_core.model import get_parameter
from spectra_core.recipe.library import at_photon_energy
from spectra_core.recipe.presets import preset, preset_ids
from spectra_core.recipe.text import (
    dump_recipe,
    model_from_recipe,
    parse_recipe,
    recipe_from_dict,
    recipe_to_dict,
)
from spectra_core.runs.simulate import simulate_recipe

SHIPPED = (
    "su2025/fig5f-i",
    "su2025/fig1e-f",
    "lpscl-cathode",
    "lpscl-li-metal",
    "lps-film",
    "raman/carbon",
    "raman/lpscl-cathode",
    "raman/lps-glass",
    "raman/argyrodite",
    "raman/sulfur",
)
JOINT = ("lpscl-cathode", "lpscl-li-metal", "lps-film")

RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [157, 169]
background = "linear"
[[region.component]]
use = "xps/ps4/s2p"
{more}
[[region]]
name = "P 2p"
window = [127, 138]
background = "linear"
[[region.component]]
use = "xps/ps4/p2p"
{end}
"""
LINK = """
[[link]]
parameter = "P 2p/{target}/area"
equals = "S 2p/{source}/area"
times = 0.25
sensitivity = "auto"
"""


SEPARATIONS = {
    "li2s-ps4": ("S 2p/Li2S or S2-/center", 161.4),
    "bridging-ps4": ("S 2p/bridging S/center", 161.4),
    "s0-ps4": ("S 2p/S0 or S-S/center", 161.4),
    "p2sx-ps4-p": ("P 2p/P2Sx/center - P 2p/PS4/center", 0.0),
}


@pytest.fixture(scope="module")
def library():
    """Return the shipped library alone."""
    return load_library([shipped_folder()])


def recipe(more: str = "", end: str = ""):
    return parse_recipe(RECIPE.format(more=more, end=end))


# ---------------------------------------------------------------------------------
# Presets


def test_the_shipped_presets_are_there(library):
    assert set(preset_ids(library=library)) == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_preset_is_a_valid_model_with_warnings(library, name):
    loaded = preset(name, library=library)
    assert loaded.model.regions
    raman = name.startswith("raman/")  # Raman bands are single lines
    assert all(raman or region.doublets for region in loaded.model.regions)
    assert len(loaded.warnings) >= 3
    assert loaded.recipe.ratio


@pytest.mark.parametrize("name", SHIPPED)
def test_a_preset_written_out_needs_no_library_and_reads_back_the_same(library, name):
    loaded = preset(name, library=library).recipe
    assert parse_recipe(dump_recipe(loaded)) == loaded


def test_the_as_reported_preset_holds_the_printed_positions_and_splittings(library):
    loaded = preset("su2025/fig5f-i", library=library)
    assert loaded.as_reported
    (region,) = loaded.model.regions
    found = {d.id: (region.component(d.major).parameters["center"], d) for d in region.doublets}
    center, doublet = found["PS4"]
    assert (center.value, center.free, doublet.splitting) == (160.7, False, 1.3)
    center, doublet = found["intermediate"]
    assert (center.value, center.free, doublet.splitting) == (162.9, False, 1.1)
    assert any("for reproduction only" in warning.lower() for warning in loaded.warnings)
    assert any("splitting" in warning for warning in loaded.warnings)


@pytest.mark.parametrize("name", JOINT)
def test_a_recommended_preset_fits_s_and_p_with_one_shift_and_stoichiometry(library, name):
    model = preset(name, library=library).model
    assert {region.name for region in model.regions} == {"S 2p", "P 2p"}
    assert "P 2p/region/shift" in {link.target for link in model.links}
    (tie,) = (prior for prior in model.priors if prior.group == "ties")
    assert [term.source for term in tie.terms] == ["P 2p/PS4/area", "S 2p/PS4/area"]
    assert tie.terms[1].times == pytest.approx(-0.25 * 1.192 / 1.677) and tie.relative == 0.1
    for region in model.regions:
        for doublet in region.doublets:
            assert 0.84 <= doublet.splitting <= 1.20  # physical for S 2p and P 2p


def test_the_unconfirmed_species_of_a_preset_say_so(library):
    region = preset("lpscl-li-metal", library=library).model.region("P 2p")
    species = {c.id: c.species for c in region.components}
    assert "unconfirmed" in species["Li3P 2p3/2"]
    assert "unconfirmed" not in species["PS4 2p3/2"]


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(SpectraError, match="lpscl-cathode"):
        preset("lpscl-cathod")


def test_the_cathode_preset_recovers_the_truth_of_a_synthetic_cathode(library):
    truth = {
        "PS4": 4000.0,
        "Li2S or S2-": 800.0,
        "bridging S": 1500.0,
        "S0 or S-S": 600.0,
        "P2Sx": 250.0,
        "PSxOy": 80.0,
    }
    shift = 0.35
    loaded = preset("lpscl-cathode", library=library)
    spectra = simulate_recipe(_synthetic(loaded.recipe, truth, shift), seed=3).spectra
    result = fit(dict(zip(("S 2p", "P 2p"), spectra, strict=True)), loaded.model)
    expected = {f"S 2p/{k}/area": v for k, v in truth.items() if k not in ("P2Sx", "PSxOy")}
    expected |= {"P 2p/P2Sx/area": 250.0, "P 2p/PSxOy/area": 80.0, "S 2p/region/shift": shift}
    for path, value in expected.items():
        assert abs(result.value(path) - value) < 4 * result.stderr(path), path
    assert all(abs(known.pull) < 4 for known in result.priors)


def _synthetic(loaded, areas, shift):
    """Return the recipe of a preset with every value that a simulation needs."""
    plain = recipe_to_dict(loaded)
    for region in plain["region"]:
        region["background"] |= {"level": 500.0, "slope": 0.0, "step": 0.01}
        if "shift" in region:
            region["shift"]["value"] = shift
        for component in region["component"]:
            tied = (region["name"], component["label"]) == ("P 2p", "PS4")
            times = 0.25 * 1.192 / 1.677 if tied else 1.0
            component["area"] = times * areas[component["label"]]
    plain["simulate"] = {"scans": 40, "dwell": 0.1, "step": 0.05}
    return recipe_from_dict(plain)


# ---------------------------------------------------------------------------------
# use = ... in a component


def test_use_fills_the_component_from_the_entry():
    component = recipe().region[0].component[0]
    assert (component.label, component.species, component.line) == ("PS4", "PS4(3-)", "S 2p")
    center = component.parameters["center"]
    assert (center.value, center.min, center.max) == (161.4, 161.0, 161.8)
    assert component.parameters["fwhm"].min > 0


def test_what_the_recipe_gives_wins_over_the_entry():
    given = 'label = "mine"\ncenter = { value = 160.9, free = false }\nfwhm = 1.1\n'
    component = recipe(given).region[0].component[0]
    assert component.label == "mine"
    assert component.parameters["center"].value == 160.9
    assert component.parameters["center"].min is None
    assert component.parameters["fwhm"].value == 1.1


def test_a_raman_band_can_be_used():
    text = (
        'schema = "doublet-recipe/1"\n[[region]]\nname = "PS4"\nwindow = [380, 460]\n'
        'background = "linear"\n[[region.component]]\nuse = "raman/ps4/a1"\n'
    )
    (component,) = model_from_recipe(parse_recipe(text)).regions[0].components
    assert component.lineshape == "lorentzian"
    assert component.parameters["center"].value == 427.0


def test_a_component_whose_sources_contradict_each_other_asks_for_a_center():
    text = RECIPE.format(more="", end="").replace("xps/ps4/s2p", "xps/li2s-compound/s2p")
    with pytest.raises(RecipeError, match="contradict each other"):
        parse_recipe(text)
    given = text.replace('compound/s2p"', 'compound/s2p"\ncenter = 160.8')
    assert parse_recipe(given).region[0].component[0].parameters["center"].value == 160.8


# ---------------------------------------------------------------------------------
# sensitivity = "auto" in a link


@pytest.mark.parametrize(
    ("target", "source", "factor"),
    [
        ("PS4", "PS4", 1.192 / 1.677),  # totals
        ("PS4 2p3/2", "PS4 2p3/2", 0.789 / 1.11),  # lines
        ("PS4 2p3/2", "PS4", 0.789 / 1.677),
    ],
)
def test_auto_multiplies_by_the_ratio_of_the_factors_of_what_the_paths_mean(target, source, factor):
    (link,) = model_from_recipe(recipe(end=LINK.format(target=target, source=source))).links
    assert link.terms[0].times == pytest.approx(0.25 * factor, rel=1e-12)
    assert "scofield-al-ka" in link.note
    assert f"{factor:.4f}" in link.note


def test_another_table_gives_another_factor():
    end = LINK.format(target="PS4", source="PS4") + 'sensitivity_table = "thermo-althermo1"\n'
    (link,) = model_from_recipe(recipe(end=end)).links
    assert link.terms[0].times == pytest.approx(0.25 * 1.35 / 1.88, rel=1e-12)
    assert "thermo-althermo1" in link.note


def test_without_sensitivity_a_link_is_what_it_says():
    end = LINK.format(target="PS4", source="PS4").replace('sensitivity = "auto"\n', "")
    (link,) = model_from_recipe(recipe(end=end)).links
    assert link.terms[0].times == 0.25


def test_the_factor_is_not_applied_twice_when_a_recipe_is_written_and_read():
    given = recipe(end=LINK.format(target="PS4", source="PS4"))
    again = parse_recipe(dump_recipe(given))
    assert model_from_recipe(again).links == model_from_recipe(given).links


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (LINK.format(target="PS4", source="PS4").replace("/area", "/fwhm"), "areas"),
        (LINK.format(target="PS4", source="PS4") + 'sensitivity_table = "nobody"\n', "nobody"),
        (
            LINK.format(target="PS4", source="PS4").replace('sensitivity = "auto"\n', "")
            + 'sensitivity_table = "scofield-al-ka"\n',
            "sensitivity_table is only for",
        ),
    ],
)
def test_a_wrong_use_of_auto_is_an_error(end, words):
    with pytest.raises(RecipeError, match=words):
        recipe(end=end)


@pytest.mark.parametrize("name", JOINT)
def test_a_joint_preset_knows_the_separations_of_the_library(name, library):
    priors = {prior.subject: prior for prior in model_from_recipe(preset(name).recipe).priors}
    found = 0
    for separation, (subject, origin) in SEPARATIONS.items():
        if subject in priors:
            known = library.separations[separation]
            prior = priors[subject]
            assert prior.value - origin == pytest.approx(known.value), separation
            assert prior.sd == pytest.approx(known.tolerance), separation
            found += 1
    anchor, apart = priors["P 2p/PS4/center"], library.separations["ps4-s-p"]
    assert 161.4 - anchor.value == pytest.approx(apart.value) and anchor.sd == apart.tolerance
    assert found >= 1
    assert all(prior.source for prior in priors.values())


def test_bounds_hold_every_species_that_belongs_there(library):
    """Phosphate at 133.4 eV is oxidised P; sulfate lies at 168.2 to 169.5 eV."""
    cathode = model_from_recipe(preset("lpscl-cathode").recipe)
    film = model_from_recipe(preset("lps-film").recipe)
    for model, path, entries in (
        (
            cathode,
            "P 2p/PSxOy/center",
            ("xps/phosphate/p2p", "xps/psxoy/p2p", "xps/metaphosphate/p2p"),
        ),
        (film, "S 2p/sulfate/center", ("xps/sulfate/s2p",)),
    ):
        bounds = get_parameter(model, path)
        for entry in entries:
            center = library.entries[entry].center
            assert bounds.min + 0.5 < center < bounds.max - 0.5, entry
    assert get_parameter(film, "S 2p/sulfate/center").min < 168.2


# ---------------------------------------------------------------------------------
# Photons other than those the table is for


def tied(energy: float, **energies: float):
    """Return the recipe for spectra measured with these photons."""
    given = recipe(end=LINK.format(target="PS4", source="PS4"))
    return at_photon_energy(given, {"S 2p": energy, "P 2p": energy} | energies)


@pytest.mark.parametrize("energy", [1486.6, 1486.71])
def test_aluminium_radiation_keeps_the_table(energy):
    assert tied(energy) == recipe(end=LINK.format(target="PS4", source="PS4"))


def test_magnesium_radiation_has_its_own_ratio_of_cross_sections():
    """Scofield 1976 at 1253.6 eV: P 2p 1.25, S 2p 1.74 (C 1s = 1)."""
    (link,) = model_from_recipe(tied(1253.6)).links
    assert link.terms[0].times == pytest.approx(0.25 * 1.25 / 1.74, rel=0.01)
    assert "xraylib@1253.6" in link.note


def test_the_table_of_many_energies_agrees_with_the_one_of_aluminium(library):
    for row in library.sensitivity_tables["xraylib"].rows:
        one = library.sensitivity("scofield-al-ka", row.level)
        many = library.sensitivity("xraylib@1486.6", row.level)
        assert many.value == pytest.approx(one.value, rel=0.02), row.level


def test_softer_photons_change_the_tie_and_the_recipe_says_so_when_written():
    loaded = parse_recipe(dump_recipe(tied(650.0)))
    assert loaded.link[0].sensitivity_table == "xraylib@650"
    (link,) = model_from_recipe(loaded).links
    assert link.terms[0].times > 0.25 * 1.192 / 1.677 * 1.03


def test_where_the_library_has_no_cross_sections_auto_is_refused_with_the_way_out():
    with pytest.raises(ModelError, match="write the ratio of the cross sections") as error:
        tied(9251.7)
    assert "1486.6" in str(error.value)
    assert "9251.7" in str(error.value)


def test_areas_measured_with_different_photons_are_not_tied():
    with pytest.raises(ModelError, match="different photons"):
        tied(650.0, **{"P 2p": 400.0})


def test_a_level_that_the_photons_do_not_reach_is_refused(library):
    with pytest.raises(ModelError, match="from 550"):
        library.sensitivity("xraylib@500", "O 1s")
