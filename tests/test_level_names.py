"""One way to name a core level: whoever meets a name finds the same level in it.

Instruments and users write the same level in many ways; readers, selections, recipes, the
charge reference, the referee and the window must not differ in which of them they understand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner

from doublet.app.cli.main import main
from spectra_core.calibration import is_level
from spectra_core.core_levels import core_level, level_in, levels_in, without_levels
from spectra_core.errors import ReadError
from spectra_core.fitting import evaluate
from spectra_core.model import Background, Model, Parameter, Region, add_component, make_component
from spectra_core.readers import read
from spectra_core.recipe.schema import Recipe
from spectra_core.recipe.text import parse_recipe
from spectra_core.referee.context import Context
from spectra_core.runs.select import is_selected, matches, select_spectra
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.writers import write

NAMES = [
    ("C_1s", "C 1s"),
    ("c1s", "C 1s"),
    ("C1s_2", "C 1s"),
    ("XPS C1s_2", "C 1s"),
    ("C1s2", "C 1s"),
    ("S 2p3/2", "S 2p"),
    ("S 2p (2)", "S 2p"),
    ("S2P", "S 2p"),
    ("S2p Scan", "S 2p"),
    ("XPS S2p Scan", "S 2p"),
    ("1: S 2p", "S 2p"),
    ("s 2p", "S 2p"),
    ("cellA_S2p", "S 2p"),
    ("P2p-1", "P 2p"),
    ("PS4 P 2p", "P 2p"),
    ("Li1s", "Li 1s"),
    ("In3d5", "In 3d"),
    ("in 3d", "In 3d"),
    ("Co2p32", "Co 2p"),
    ("CO2P", "Co 2p"),
    ("Cl 2p_{1/2}", "Cl 2p"),
]
NO_LEVELS = [
    "Survey",
    "As received 3",
    "as 3d print",
    "AS 3D PRINTED",
    "plotted in 3D view",
    "x y 3d map",
    "LPS2p5",
    "Li6PS5Cl",
    "Li3PS4 2p",
    "etched 3s",
    "O KLL",
    "valence band",
    "2p",
    "",
]
named = pytest.mark.parametrize(("name", "level"), NAMES, ids=[name for name, _ in NAMES])
DECOYS = ("Survey", "As 2p", "N 1s")


def spectrum_named(name: str, level: str = "S 2p") -> Spectrum:
    """Return a synthetic line at a level's nominal energy under any name."""
    energy = core_level(level).nominal_ev
    x = energy + np.arange(-8.0, 8.01, 0.1)
    y = 200.0 + 1000.0 * np.exp(-(((x - energy) / 0.7) ** 2))
    meta = Meta(sample="pellet (synthetic)", region=name, excitation_energy_ev=1486.6)
    return Spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def text_file(path: Path, heading: str, level: str) -> Path:
    """Write two columns under a heading, high energy first, as instruments do."""
    spectrum = spectrum_named("", level)
    rows = zip(spectrum.x[::-1], spectrum.y[::-1], strict=True)
    path.write_text(heading + "\n" + "".join(f"{x:.3f}\t{y:.2f}\n" for x, y in rows))
    return path


def recipe(level: str, more: str) -> Recipe:
    """Return a recipe with one region of one line, and further text in it or after it."""
    return parse_recipe(f"""
schema = "doublet-recipe/1"
[[region]]
name = "{level}"
window = [157.0, 168.0]
background = {{ type = "linear" }}
component = [{{ label = "line", lineshape = "voigt", center = 161.6 }}]
{more}
""")


# --- names -------------------------------------------------------------------------------


@named
def test_a_name_contains_its_level(name, level):
    assert levels_in(name) == (level,)


@pytest.mark.parametrize("name", NO_LEVELS)
def test_other_names_contain_none(name):
    assert levels_in(name) == ()
    assert without_levels(name) == name


def test_a_name_of_two_levels_is_of_the_first_and_contains_both():
    assert level_in("B 1s / P 2s") == "B 1s"
    assert levels_in("B 1s / P 2s") == ("B 1s", "P 2s")


@pytest.mark.parametrize(
    ("name", "rest"),
    [("XPS C1s_2", "XPS _2"), ("S 2p3/2 PS4", "PS4"), ("Co2p32 oxide", "oxide"), ("C1s2", "2")],
)
def test_what_is_beside_a_level_stays(name, rest):
    assert without_levels(name).split() == rest.split()


@pytest.mark.parametrize(("name", "line"), [("In3d5", "3d5/2"), ("Co2p12", "2p1/2")])
def test_a_line_without_a_slash_is_that_line(name, line):
    assert core_level(name).line == line


# --- who meets them ----------------------------------------------------------------------


@named
def test_a_text_file_with_that_heading_is_of_the_level_and_on_binding_energy(name, level, tmp_path):
    (found,) = read(text_file(tmp_path / "17.txt", name, level))
    assert found.meta.region == level
    assert found.axis is Axis.BINDING_ENERGY
    assert len(found) == len(spectrum_named("", level))


@named
def test_a_text_file_of_that_name_is_of_the_level(name, level, tmp_path):
    path = tmp_path / f"{name.replace('/', '').replace(':', '')}.txt"
    (found,) = read(text_file(path, "Binding Energy (eV)\tcounts", level))
    assert found.meta.region == level


@named
def test_a_sheet_of_that_name_is_of_the_level(name, level, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = re.sub(r"[/:]", "", name)
    book.active.append(["Binding Energy (eV)", "counts"])
    for row in zip(spectrum_named("", level).x, spectrum_named("", level).y, strict=True):
        book.active.append([float(value) for value in row])
    book.save(tmp_path / "book.xlsx")
    (found,) = read(tmp_path / "book.xlsx")
    assert found.meta.region == level


@pytest.mark.parametrize("name", NO_LEVELS[:-1])
def test_a_heading_without_a_level_is_no_evidence_of_the_axis(name, tmp_path):
    with pytest.raises(ReadError, match="does not say what its first column"):
        read(text_file(tmp_path / "17.txt", name, "S 2p"))


@named
def test_a_selection_by_the_level_takes_the_spectrum_and_no_other(name, level):
    spectra = [spectrum_named(n) for n in (*DECOYS, name)]
    assert select_spectra(spectra, level) == [spectra[-1]]
    assert select_spectra(spectra, f"pellet {level.replace(' ', '').lower()}") == [spectra[-1]]


@named
def test_a_selection_by_the_name_takes_the_spectrum(name, level):
    spectra = [spectrum_named(n) for n in (*DECOYS, name)]
    assert select_spectra(spectra, name) == [spectra[-1]]


@pytest.mark.parametrize("name", NO_LEVELS)
def test_a_selection_by_a_level_takes_nothing_else(name):
    assert not any(is_selected(spectrum_named(name), level) for _, level in NAMES)


@named
@pytest.mark.parametrize("pattern", ["", 'match = "{}*"', 'match = "{}*"|no space'])
def test_a_region_of_a_recipe_matches_the_name(pattern, name, level):
    pattern, _, form = pattern.partition("|")
    written = level.replace(" ", "").lower() if form else level
    (region,) = recipe(level, pattern.format(written)).region
    assert matches(region, spectrum_named(name, level))
    assert not any(matches(region, spectrum_named(n)) for n in (*DECOYS, *NO_LEVELS))


def test_a_star_matches_a_spectrum_without_a_name():
    nameless = replace(spectrum_named("", "S 2p"), meta=Meta(sample="a pellet"))
    text = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
match = "{match}"
window = [158.0, 168.0]
background = {{ type = "shirley" }}
[[region.component]]
label = "PS4"
line = "S 2p"
center = 161.5
fwhm = 1.2
"""
    (everything,) = parse_recipe(text.format(match="*")).region
    (level,) = parse_recipe(text.format(match="S 2p*")).region
    assert matches(everything, nameless)
    assert not matches(level, nameless)


@named
def test_a_charge_reference_is_found_under_that_name(name, level):
    assert is_level(spectrum_named(name), level)
    assert is_level(spectrum_named(level), core_level(level).name.lower())
    assert not is_level(spectrum_named(name), "As 2p")


@named
def test_the_referee_knows_the_level_of_a_line_of_that_name(name, level):
    line = make_component(
        "line", "gaussian", area=1000.0, center=core_level(level).nominal_ev, fwhm=1.2
    )
    background = Background("constant", parameters={"level": Parameter(200.0)})
    region = add_component(Region("window", (0.0, 2000.0), background), replace(line, label=name))
    fit = evaluate({"window": spectrum_named("window", level)}, Model((region,)))
    assert [owner.level for owner in Context(fit).owners] == [level]


@named
def test_the_command_line_selects_it(name, level, tmp_path):
    path, chosen = tmp_path / "all.csv", tmp_path / "chosen.csv"
    write(path, [spectrum_named(n, level) for n in (*DECOYS, name)])
    arguments = ["convert", str(path), str(chosen), "--select", level]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.stderr
    assert [spectrum.meta.region for spectrum in read(chosen)] == [name]


@pytest.mark.parametrize("reference", ["C 1s", "c1s", "C_1s"])
def test_carbon_needs_no_assigned_energy_however_it_is_written(reference):
    assert recipe("S 2p", f'[calibration]\nreference = "{reference}"').calibration.is_measured
