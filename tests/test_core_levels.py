"""Core levels: what atomic physics says, and what the literature prints."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spectra_core.core_levels import STATUSES, core_level, core_levels, read_core_levels
from spectra_core.errors import DataError, ModelError

DOUBLETS = [level for level in core_levels().values() if level.is_doublet]
KNOWN = [level for level in DOUBLETS if level.splitting_ev is not None]
UNKNOWN = [level for level in DOUBLETS if level.splitting_ev is None]

# Neighbours in the periodic table: Si to Se (without Ar and Br), and Y to I.
ROW_2P = re.findall("[A-Z][a-z]?", "SiPSClKCaScTiVCrMnFeCoNiCuZnGaGeAsSe")
ROW_4D = re.findall("[A-Z][a-z]?", "YZrNbMoTcRuRhPdAgCdInSnSbTeI")

# Splittings as printed in the literature, with the width of the published range.
PUBLISHED = [
    ("S 2p", 1.18, 0.02),  # xpsfitting.com; liquid jet, doi:10.1038/s41467-024-53186-5: 1.2
    ("P 2p", 0.87, 0.03),  # Thermo Fisher learning centre
    ("Cl 2p", 1.60, 0.05),  # NIST SRD 20, median of 24
    ("Si 2p", 0.60, 0.03),  # NIST SRD 20
    ("In 3d", 7.54, 0.06),  # NIST SRD 20, range 7.54-7.60
    ("Sn 3d", 8.41, 0.05),  # NIST SRD 20, range 8.40-8.44
    ("Nb 3d", 2.78, 0.08),  # doi:10.1116/6.0003962: 2.8
    ("Ag 3d", 6.00, 0.05),  # NIST SRD 20
    ("Mo 3d", 3.13, 0.05),  # NIST SRD 20, median of 102: 3.1
    ("Au 4f", 3.67, 0.02),  # NIST SRD 20, median of 33: 3.66
    ("Pt 4f", 3.33, 0.05),  # NIST SRD 20, median of 33: 3.30
    ("W 4f", 2.18, 0.08),  # NIST SRD 20, range 2.1-2.2
    ("Bi 4f", 5.31, 0.05),  # NIST SRD 20, median of 22: 5.30
]


@pytest.mark.parametrize(("name", "splitting", "tolerance"), PUBLISHED)
def test_splitting_agrees_with_the_published_value(name, splitting, tolerance):
    assert core_level(name).require_splitting() == pytest.approx(splitting, abs=tolerance)


def states(line: str) -> int:
    """Return 2j + 1 of a line such as ``"2p3/2"``."""
    return int(line[2:].removesuffix("/2")) + 1


def test_area_ratios_count_the_states_of_both_lines():
    for level in DOUBLETS:
        first, second = map(states, level.lines)
        assert level.area_ratio == pytest.approx(second / first, rel=1e-15), level.name


@pytest.mark.parametrize(
    ("name", "lines", "ratio"),
    [
        ("S 2p", ("2p3/2", "2p1/2"), 1 / 2),
        ("Mo 3d", ("3d5/2", "3d3/2"), 2 / 3),
        ("Au 4f", ("4f7/2", "4f5/2"), 3 / 4),
    ],
)
def test_p_d_and_f_levels_have_the_textbook_lines_and_ratios(name, lines, ratio):
    level = core_level(name)
    assert level.lines == lines
    assert level.area_ratio == pytest.approx(ratio, rel=1e-15)


def test_the_line_with_larger_j_binds_less():
    for level in KNOWN:
        first, second = level.lines
        assert states(first) > states(second), level.name
        assert level.require_splitting() > 0, level.name


def test_every_level_names_its_sources_and_its_status():
    for level in core_levels().values():
        assert level.status in STATUSES, level.name
        assert level.splitting_source, level.name
        assert level.nominal_source, level.name


def test_splittings_grow_with_the_atomic_number_along_the_2p_levels():
    """Spin-orbit coupling grows steeply with the nuclear charge."""
    splittings = [core_level(f"{element} 2p").require_splitting() for element in ROW_2P]
    assert splittings == sorted(splittings)


def test_3d_splittings_follow_the_fourth_power_of_the_screened_charge():
    """Sommerfeld: splitting = c (Z - s)^4, one c and s for the row; 5.74 eV for Ag would fail."""
    roots = [core_level(f"{element} 3d").require_splitting() ** 0.25 for element in ROW_4D]
    charge = np.arange(39, 39 + len(ROW_4D))
    slope, intercept = np.polyfit(charge, roots, 1)
    law = (slope * charge + intercept) ** 4
    assert np.array(roots) ** 4 == pytest.approx(law, rel=0.03)


@pytest.mark.parametrize("text", ["S 2p", "S2p", "s 2p", " s2P ", "S_2p", "S-2p"])
def test_usual_spellings_of_a_level_are_understood(text):
    assert core_level(text) == core_level("S 2p")


@pytest.mark.parametrize(
    ("text", "line"),
    [("S 2p3/2", "2p3/2"), ("s2p1/2", "2p1/2"), ("S 2p 3/2", "2p3/2"), ("S 2p_{3/2}", "2p3/2")],
)
def test_a_line_is_understood_as_its_level_and_line(text, line):
    level = core_level(text)
    assert (level.name, level.line) == ("S 2p", line)


def test_an_impossible_line_is_refused_with_the_possible_ones():
    with pytest.raises(ModelError, match=r"no line '2p5/2'.*2p3/2 and 2p1/2"):
        core_level("S 2p5/2")


def test_an_unknown_shell_names_the_shells_of_the_element():
    with pytest.raises(ModelError, match=r"'S 3d'.*S has .*2p"):
        core_level("S 3d")


def test_an_unknown_element_suggests_what_looks_like_it():
    with pytest.raises(ModelError, match=r"'Ss 2p'.*Did you mean .*2p"):
        core_level("Ss 2p")


@pytest.mark.parametrize("text", ["", "sulfur", "2p", "S 2p3/2 extra", "S 9p", "O KLL"])
def test_what_is_no_level_is_refused_with_an_example(text):
    with pytest.raises(ModelError, match=r'like "S 2p"'):
        core_level(text)


@pytest.mark.parametrize("level", UNKNOWN, ids=lambda level: level.name)
def test_a_level_without_a_usable_splitting_says_why_and_asks_for_one(level):
    assert level.status == "unconfirmed"
    assert level.note
    with pytest.raises(ModelError, match=r"no usable spin-orbit splitting.*splitting = "):
        level.require_splitting()


def test_a_pair_printed_in_the_wrong_order_gives_no_splitting():
    assert core_level("Na 2p").splitting_ev is None


def test_an_s_level_is_one_line_without_splitting_or_ratio():
    level = core_level("C 1s")
    assert level.lines == ("1s",)
    with pytest.raises(ModelError, match="single line"):
        level.require_splitting()
    with pytest.raises(ModelError, match="single line"):
        _ = level.area_ratio


@pytest.mark.parametrize("element", ["Na", "Mg", "Al", *ROW_2P])
def test_the_2p_levels_of_battery_elements_are_there(element):
    assert core_level(f"{element} 2p").nominal_ev > 0


@pytest.mark.parametrize(
    ("name", "energy"),
    [  # NIST SRD 20 medians of the elements
        ("Au 4f", 83.99),
        ("Ag 3d", 368.2),
        ("Si 2p", 99.4),
        ("Sn 3d", 484.9),
        ("In 3d", 443.8),
        ("Ge 3d", 29.2),
    ],
)
def test_nominal_energies_of_elements_lie_on_the_nist_medians(name, energy):
    assert core_level(name).nominal_ev == pytest.approx(energy, abs=0.4)


ROW = """
schema = "doublet-core-levels/1"
[sources]
"a" = "somewhere"
[levels]
rows = [{ id = "S 2p", splitting_ev = 1.18, status = "A", sources = ["a"], nominal_ev = 162.0,
nominal_source = "a" }]
""".replace("162.0,\n", "162.0, ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.18", "-1.18", "not positive"),
        ('"A"', '"certain"', "status 'certain'"),
        ('["a"]', '["b"]', "source 'b' is not listed"),
        ('["a"]', "[]", "lacks a source"),
        ("splitting_ev", "spliting_ev", "key 'spliting_ev' is unknown"),
        ("splitting_ev = 1.18, ", "", "a splitting is missing"),
        ('"S 2p"', '"S 2s"', "s level has no splitting"),
        ("levels/1", "levels/9", "schema"),
        ("= 1.18", "= = 1.18", "not TOML"),
    ],
)
def test_a_wrong_row_is_refused_by_name(tmp_path, old, new, message):
    path = tmp_path / "levels.toml"
    path.write_text(ROW.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_core_levels(path)


def test_a_right_row_is_read(tmp_path):
    path = tmp_path / "levels.toml"
    path.write_text(ROW, encoding="utf-8")
    assert read_core_levels(path)["S 2p"].splitting_ev == 1.18
